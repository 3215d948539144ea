"""axe-core finds nothing to object to, on any page, light or dark, wide or narrow."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults, faults_at_all_widths
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import Person
from tests.browser.watching import Watch

TELEPHONE = {"width": 360, "height": 800}


@pytest.mark.parametrize(
    "address", ["/accounts/login/", "/accounts/password/reset/", "/setup/void/"]
)
def test_pages_for_those_who_are_not_signed_in(
    visit: Visit, watch: Watch, address: str
) -> None:
    watch.allow("404")
    page = visit().new_page()
    page.goto(address)
    assert faults_at_all_widths(page) == []


def test_an_empty_conversation(chat: Chat) -> None:
    assert faults_at_all_widths(chat.page) == []


def test_an_answer_as_it_arrives_with_a_question_that_waits(chat: Chat) -> None:
    chat.ask("/slow")
    chat.begins()
    chat.ask("And then?")
    assert faults_at_all_widths(chat.page) == []
    chat.stop.click()


def test_an_answer_that_was_thought_about_and_stopped(chat: Chat) -> None:
    chat.ask("/thinking")
    chat.begins()
    chat.stop.click()
    chat.answer.get_by_text("Thinking", exact=True).click()
    expect(chat.answer.get_by_text("That is all there is to plan.")).to_be_visible()
    assert faults_at_all_widths(chat.page) == []


def test_an_answer_that_failed(chat: Chat) -> None:
    chat.ask("/fail")
    chat.ends("failed")
    chat.answer.get_by_text("Details", exact=True).click()
    assert faults_at_all_widths(chat.page) == []


def test_a_long_answer(visit: Visit, tourist: Person) -> None:
    page = visit(tourist).new_page()
    page.goto("/")
    Chat(page).ends("complete")
    assert faults_at_all_widths(page) == []


def test_the_list_its_menu_and_the_trash(going: Chat) -> None:
    page = going.page
    action(going.list, "Conversation actions").click()
    assert faults(page) == []
    page.get_by_role("menuitem", name="Delete", exact=True).click()
    expect(action(page, "Undo")).to_be_visible()
    expect(page.get_by_text("In the trash")).to_be_visible()
    assert faults_at_all_widths(page) == []


def test_the_list_as_a_drawer(visit: Visit, regular: Person) -> None:
    page = visit(regular, viewport=TELEPHONE).new_page()
    page.goto("/")
    action(page.get_by_role("main"), "Sidebar").click()
    expect(Chat(page).list).to_be_in_viewport()
    assert faults(page) == []


def test_the_change_of_a_password(page: Page) -> None:
    page.goto("/accounts/password/change/")
    assert faults_at_all_widths(page) == []


@pytest.mark.parametrize("name", ["conversation", "turn"])
def test_a_list_of_the_admin_fits_a_small_desk(
    visit: Visit, administrator: Person, name: str
) -> None:
    page = visit(administrator).new_page()
    page.goto(f"/admin/conversations/{name}/")
    table = page.locator("#changelist .results")
    assert table.evaluate("(it) => it.scrollWidth - it.clientWidth") == 0


def test_pages_of_the_admin(
    visit: Visit, administrator: Person, reader: Person
) -> None:
    page = visit(administrator).new_page()
    for address in (
        "/admin/",
        "/admin/conversations/conversation/",
        f"/admin/conversations/conversation/{reader.conversation}/transcript/",
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        assert faults_at_all_widths(page) == [], address
