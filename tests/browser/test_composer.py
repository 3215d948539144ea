"""Writing a message: the keys, the draft, the one time that it is sent."""

import re

from playwright.sync_api import Route, expect

from tests.browser.chat import ADDRESS, Chat, action, words_of
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Person, Site, session_cookie


def test_shift_and_enter_break_the_line(chat: Chat) -> None:
    chat.model.select_option("scripted")
    chat.box.press_sequentially("/echo one")
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("two")
    expect(chat.box).to_have_value("/echo one\ntwo")
    expect(chat.log.get_by_role("article")).to_have_count(0)
    chat.box.press("Enter")
    chat.ends("complete")
    assert words_of(chat.question) == "/echo one\ntwo"


def test_enter_within_a_composition_sends_nothing(chat: Chat) -> None:
    chat.box.focus()
    wire = chat.page.context.new_cdp_session(chat.page)
    wire.send(
        "Input.imeSetComposition",
        {"text": "みなと", "selectionStart": 3, "selectionEnd": 3},
    )
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_have_value(re.compile("みなと"))
    expect(chat.page).to_have_url(re.compile("/c/new/$"))
    wire.send("Input.insertText", {"text": "港"})
    chat.model.select_option("scripted")
    chat.box.press("Enter")
    expect(chat.question).to_contain_text("港")
    expect(chat.questions).to_have_count(1)
    chat.stop.click()


def test_a_double_click_on_send_sends_once(chat: Chat) -> None:
    chat.model.select_option("scripted")
    chat.box.fill("/echo Once.")
    chat.send.dblclick()
    chat.ends("complete")
    expect(chat.questions).to_have_count(1)
    chat.page.reload()
    expect(chat.questions).to_have_count(1)
    expect(chat.list.get_by_role("listitem")).to_have_count(1)


def test_a_double_click_in_a_conversation_sends_once(going: Chat) -> None:
    going.model.select_option("scripted")
    going.box.fill("/echo Once.")
    going.send.dblclick()
    expect(going.answers).to_have_count(2)
    going.ends("complete")
    going.page.reload()
    expect(going.questions).to_have_count(2)


def test_a_message_sent_while_another_is_on_its_way_follows_it(going: Chat) -> None:
    held: list[Route] = []
    going.page.route(
        "**/turns",
        lambda route: held.append(route),  # noqa: PLW0108 - a list's method takes no marks of Playwright's
        times=1,
    )
    going.model.select_option("scripted")
    with going.page.expect_request("**/turns"):
        going.box.fill("/echo First.")
        going.box.press("Enter")
    going.box.fill("/echo Second.")
    going.box.press("Enter")
    going.box.press("Enter")
    held[0].continue_()
    expect(going.answers).to_have_count(3)
    going.ends("complete")
    expect(going.box).to_have_value("")
    assert words_of(going.questions.nth(1)) == "/echo First."
    assert words_of(going.questions.nth(2)) == "/echo Second."
    expect(going.questions).to_have_count(3)


def test_nothing_is_sent_of_an_empty_message(chat: Chat) -> None:
    chat.box.fill("   ")
    chat.send.click()
    chat.box.press("Enter")
    expect(chat.page).to_have_url(re.compile("/c/new/$"))
    expect(chat.log.get_by_role("article")).to_have_count(0)


def test_a_draft_survives_a_reload_and_goes_with_the_message(going: Chat) -> None:
    going.box.fill("/echo Half a thought")
    going.page.reload()
    expect(going.box).to_have_value("/echo Half a thought")
    going.model.select_option("scripted")
    going.box.press("Enter")
    expect(going.questions).to_have_count(2)
    going.page.reload()
    expect(going.box).to_have_value("")


def test_drafts_of_two_conversations_are_kept_apart(going: Chat) -> None:
    going.box.fill("Half a thought")
    going.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(going.box).to_have_value("")
    going.page.go_back()
    expect(going.page).to_have_url(ADDRESS)
    expect(going.box).to_have_value("Half a thought")


def test_drafts_are_gone_after_signing_out(visit: Visit, person: Person) -> None:
    page = visit().new_page()
    chat = Chat(page)
    page.goto("/c/new/")
    for _ in range(2):
        page.get_by_label("Username", exact=True).fill(person.name)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        action(page, "Sign in").click()
        expect(chat.box).to_have_value("")
        chat.box.fill("Nobody's business")
        action(chat.list, f"Account {person.name}").click()
        page.get_by_role("menuitem", name="Sign out", exact=True).click()
        expect(action(page, "Sign in")).to_be_visible()
        page.goto("/c/new/")


def test_who_signs_in_next_finds_nothing_of_those_before(
    chat: Chat, site: Site, regular: Person
) -> None:
    chat.box.fill("Nobody's business")
    stored = "Object.keys(localStorage).filter((name) => name.startsWith('draft:'))"
    assert len(chat.page.evaluate(stored)) == 1
    chat.page.context.add_cookies([session_cookie(site, regular)])
    chat.page.reload()
    expect(chat.box).to_have_value("")
    assert chat.page.evaluate(stored) == []


def test_the_keyboard_alone_is_enough(going: Chat) -> None:
    page = going.page
    expect(going.box).to_be_focused()
    going.model.select_option("scripted")
    going.box.focus()
    page.keyboard.type("/slow")
    page.keyboard.press("Enter")
    going.says("harbour")
    expect(going.box).to_be_focused()
    page.keyboard.press("Tab")
    expect(going.files).to_be_focused()
    page.keyboard.press("Tab")
    expect(going.model).to_be_focused()
    page.keyboard.press("Tab")
    expect(action(page.get_by_role("main"), "Conversation settings")).to_be_focused()
    page.keyboard.press("Tab")
    expect(going.stop).to_be_focused()
    page.keyboard.press("Enter")
    going.ends("stopped")
    action(going.list, "Conversation actions").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Delete", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(action(going.list, "Conversation actions")).to_be_focused()
