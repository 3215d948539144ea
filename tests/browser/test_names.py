"""The names that programs and assistive tools know the page by."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chat import Chat, action, controls
from tests.browser.conftest import Visit
from tests.browser.serving import Person
from tests.browser.watching import Watch
from tests.pictures import png

RESERVED = ("message", "password", "send", "stop")


def reserved_names(page: Page) -> list[tuple[str, str]]:
    """The controls whose names contain a word that one control alone may bear."""
    return sorted(
        (role, name)
        for role, name in controls(page)
        if any(word in name.lower() for word in RESERVED)
    )


def test_an_empty_conversation_has_the_controls_to_begin_one(chat: Chat) -> None:
    expect(chat.box).to_be_visible()
    expect(chat.send).to_be_visible()
    expect(chat.files).to_be_attached()
    expect(chat.log).to_be_attached()
    options = chat.model.locator("option")
    values = options.evaluate_all("options => options.map((option) => option.value)")
    assert values == ["local", "scripted"]
    assert chat.model.input_value() == "local"
    expect(
        chat.list.get_by_role("link", name="New conversation", exact=True)
    ).to_be_visible()
    expect(
        chat.list.get_by_role("searchbox", name="Search conversations", exact=True)
    ).to_be_visible()


def test_a_conversation_in_the_list_has_its_menu(going: Chat) -> None:
    action(going.list, "Conversation actions").click()
    names = [
        item.inner_text().strip()
        for item in going.list.get_by_role("menu", name="Conversation actions")
        .get_by_role("menuitem")
        .all()
    ]
    assert names == ["Rename", "Delete"]
    for name in names:
        expect(
            going.page.get_by_role("menuitem", name=name, exact=True)
        ).to_be_visible()


def test_messages_say_whose_they_are_and_in_what_state(going: Chat) -> None:
    for article in going.log.get_by_role("article").all():
        assert re.fullmatch(
            "[0-9a-f-]{36}", article.get_attribute("data-message-id") or ""
        )
        assert article.get_attribute("data-status") == "complete"
        assert article.get_attribute("aria-busy") is None
        expect(article.locator("[data-part=body]")).to_have_count(1)
        expect(action(article, "Copy")).to_be_visible()
    roles = going.log.get_by_role("article").evaluate_all(
        "all => all.map((article) => article.dataset.role)"
    )
    assert roles == ["user", "assistant"]


def test_an_address_without_a_conversation_for_one_is_not_found(
    going: Chat, visit: Visit, person: Person, watch: Watch
) -> None:
    watch.allow("404")
    page = visit(person).new_page()
    answer = page.goto(going.page.url)
    assert answer is not None
    assert answer.status == 404


def test_no_other_control_of_the_page_bears_a_reserved_word(going: Chat) -> None:
    page = going.page
    asking = [("button", "Send"), ("textbox", "Message")]
    assert reserved_names(page) == asking
    going.files.set_input_files(
        {"name": "harbour.png", "mimeType": "image/png", "buffer": png()}
    )
    expect(action(page, "Remove harbour.png")).to_be_visible()
    assert reserved_names(page) == asking
    going.ask("/slow")
    going.begins()
    running = sorted([*asking, ("button", "Stop")])
    assert reserved_names(page) == running
    going.ask("/fail")
    assert reserved_names(page) == running
    going.stop.click()
    # Named as the question that waits is to be offered.
    waiting = action(page, "Send now")
    expect(waiting).to_be_visible()
    assert reserved_names(page) == sorted([*asking, ("button", "Send now")])
    waiting.click()
    going.ends("failed")
    assert reserved_names(page) == asking
    action(going.list, "Conversation actions").click()
    assert reserved_names(page) == asking
    page.keyboard.press("Escape")
    action(going.list, f"Account {_name(going)}").click()
    assert reserved_names(page) == asking


def _name(chat: Chat) -> str:
    return chat.list.locator(".account-name").inner_text()


def test_the_sign_in_page_has_two_fields_and_two_ways_in(visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/accounts/login/")
    assert [each for each in controls(page) if each[0] != "link"] == [
        ("textbox", "Username"),
        ("textbox", "Password"),
        ("button", "Sign in"),
        ("button", "Use a passkey"),
    ]
