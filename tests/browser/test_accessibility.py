"""axe-core finds nothing to object to, on any page, light or dark, wide or narrow."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import LOOKS, faults
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import Person
from tests.browser.watching import Watch


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a browser is asked to look like."""
    return LOOKS[request.param]


def test_pages_for_those_who_are_not_signed_in(
    visit: Visit, watch: Watch, look: dict[str, Any]
) -> None:
    watch.allow("404")
    page = visit(**look).new_page()
    for address in ("/accounts/login/", "/accounts/password/reset/", "/setup/void/"):
        page.goto(address)
        assert faults(page) == [], address


def test_a_conversation_in_its_states(
    visit: Visit, person: Person, look: dict[str, Any]
) -> None:
    page = visit(person, **look).new_page()
    page.goto("/c/new/")
    assert faults(page) == []
    chat = Chat(page)
    chat.ask("/slow")
    chat.begins()
    assert faults(page) == []
    chat.stop.click()
    chat.ends("stopped")
    chat.ask("/fail")
    chat.ends("failed")
    chat.page.get_by_text("Details", exact=True).click()
    assert faults(page) == []


def test_an_answer_that_was_thought_about(chat: Chat) -> None:
    chat.ask("/thinking")
    chat.begins()
    chat.stop.click()
    chat.answer.get_by_text("Thinking", exact=True).click()
    expect(chat.answer.get_by_text("That is all there is to plan.")).to_be_visible()
    assert faults(chat.page) == []


def test_a_long_answer(visit: Visit, tourist: Person, look: dict[str, Any]) -> None:
    page = visit(tourist, **look).new_page()
    page.goto("/")
    Chat(page).ends("complete")
    assert faults(page) == []


def test_a_conversation_in_the_trash(
    visit: Visit, regular: Person, look: dict[str, Any]
) -> None:
    page = visit(regular, **look).new_page()
    page.goto("/")
    if look["viewport"]["width"] < 900:
        action(page.get_by_role("main"), "Sidebar").click()
    assert faults(page) == []
    action(page, "Conversation actions").click()
    assert faults(page) == []
    page.get_by_role("menuitem", name="Delete", exact=True).click()
    expect(action(page, "Undo")).to_be_visible()
    assert faults(page) == []
    page.goto(f"/c/{regular.conversation}/")
    expect(page.get_by_text("In the trash")).to_be_visible()
    assert faults(page) == []


def test_pages_about_ones_account(
    visit: Visit, person: Person, look: dict[str, Any]
) -> None:
    page = visit(person, **look).new_page()
    page.goto("/accounts/password/change/")
    assert faults(page) == []


def test_pages_of_the_admin(
    visit: Visit, administrator: Person, reader: Person, look: dict[str, Any]
) -> None:
    page = visit(administrator, **look).new_page()
    for address in (
        "/admin/",
        "/admin/conversations/conversation/",
        f"/admin/conversations/conversation/{reader.conversation}/transcript/",
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        assert faults(page) == [], address
