"""The main job: sign in, ask, watch the answer arrive, stop it, come back to it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chat import ADDRESS, Chat, action, body, words_of
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Person


def test_signing_in_leads_to_an_empty_conversation(
    visit: Visit, person: Person
) -> None:
    page = visit().new_page()
    page.goto("/")
    page.get_by_label("Username", exact=True).fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Sign in").click()
    expect(page).to_have_url(re.compile("/c/new/$"))
    expect(Chat(page).box).to_be_focused()


def test_a_wrong_password_is_told_without_saying_which_was_wrong(visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Username", exact=True).fill("nobody")
    page.get_by_label("Password", exact=True).fill("nothing")
    action(page, "Sign in").click()
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("username and password")


def test_the_address_is_the_conversations_before_the_first_word(chat: Chat) -> None:
    chat.ask("/wait 30")
    expect(chat.page).to_have_url(ADDRESS)
    expect(chat.answer).to_have_attribute("data-status", "pending")
    expect(chat.answer).to_have_attribute("aria-busy", "true")
    assert words_of(chat.answer) == ""
    chat.stop.click()
    chat.ends("stopped")


def test_words_arrive_before_the_end(chat: Chat) -> None:
    chat.ask("/slow")
    chat.begins()
    expect(chat.answer).to_have_attribute("aria-busy", "true")
    assert "weather into her book" not in words_of(chat.answer)
    chat.stop.click()
    chat.ends("stopped")


def test_an_answer_ends_with_exactly_what_the_model_said(chat: Chat) -> None:
    chat.asked("/echo Ebb and **flow**, twice a day.")
    assert words_of(chat.answer) == "Ebb and flow, twice a day."
    assert chat.answer.get_attribute("aria-busy") is None
    expect(chat.answer.locator("footer")).to_contain_text("tokens in")


def test_stop_keeps_what_was_said(chat: Chat) -> None:
    chat.ask("/slow")
    chat.says("harbour")
    chat.stop.click()
    chat.ends("stopped")
    expect(body(chat.answer)).to_contain_text("The harbour")
    expect(chat.answer).to_contain_text("You stopped this answer.")
    expect(chat.stop).to_be_hidden()


def test_escape_stops_too(chat: Chat) -> None:
    chat.ask("/slow")
    chat.says("harbour")
    chat.page.keyboard.press("Escape")
    chat.ends("stopped")
    expect(body(chat.answer)).to_contain_text("The harbour")


def test_a_page_reloaded_in_the_middle_goes_on_to_the_same_end(chat: Chat) -> None:
    text = " ".join(f"wave{number}" for number in range(1, 61))
    chat.ask(f"/echo {text}")
    chat.says("wave5")
    chat.page.reload()
    chat.says("wave6")
    chat.ends("complete")
    assert words_of(chat.answer) == text


def test_other_tabs_and_other_devices_follow(
    chat: Chat, visit: Visit, person: Person
) -> None:
    text = " ".join(f"wave{number}" for number in range(1, 76))
    chat.asked("/echo First.")
    others = [_opened(chat.page.context.new_page(), chat.page.url)]
    others += [_opened(visit(person).new_page(), chat.page.url)]
    chat.ask(f"/echo {text}")
    for other in others:
        other.begins()
    for each in (chat, *others):
        each.ends("complete")
        assert words_of(each.answer) == text


def test_any_open_page_can_stop_the_answer(
    chat: Chat, visit: Visit, person: Person
) -> None:
    chat.ask("/slow")
    other = _opened(visit(person).new_page(), chat.page.url)
    other.says("harbour")
    other.stop.click()
    chat.ends("stopped")
    other.ends("stopped")
    assert words_of(chat.answer) == words_of(other.answer)


def _opened(page: Page, url: str) -> Chat:
    page.goto(url)
    return Chat(page)
