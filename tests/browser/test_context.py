"""How much of the window the next turn takes is shown while one writes, and quietly."""

from playwright.sync_api import expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat
from tests.browser.watching import Watch


def test_the_use_of_the_window_follows_the_draft_and_never_gets_in_the_way(
    chat: Chat, watch: Watch
) -> None:
    watch.allow("ERR_FAILED")
    shown = chat.page.locator("#context")
    expect(shown).to_be_empty()
    chat.model.select_option("local")
    chat.box.fill("word " * 5400)
    expect(shown.get_by_role("meter", name="Context")).to_have_attribute("max", "7168")
    expect(shown).to_contain_text("The model's window is full.")
    assert faults_at_all_widths(chat.page) == []

    chat.page.route("**/context", lambda route: route.abort())
    with chat.page.expect_event("requestfailed"):
        chat.box.fill("Why?")
    expect(chat.page.get_by_role("alert")).to_have_count(0)
    expect(chat.send).to_be_enabled()
