"""Who has to wait sees for how long, and when asking again makes sense."""

from playwright.sync_api import expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action

BUSY_MS = 31_000


def test_the_seconds_until_a_retry_run_down_in_the_page(chat: Chat) -> None:
    chat.ask("/busy")
    chat.ends("failed")
    alert = chat.answer.get_by_role("alert")
    timer = alert.get_by_role("timer")
    expect(timer).to_contain_text(" s")
    first = timer.inner_text()
    expect(timer).not_to_have_text(first)
    retry = action(chat.answer, "Retry")
    assert faults_at_all_widths(chat.page) == []

    chat.page.clock.install()
    chat.page.clock.fast_forward(BUSY_MS)

    expect(alert).to_contain_text("It may be asked again now.")
    expect(timer).to_have_count(0)
    expect(retry).to_have_accessible_description("It may be asked again now.")
