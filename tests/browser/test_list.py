"""The list of conversations: name, find, delete, take back; also on a telephone."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import ADDRESS, Chat, action, controls
from tests.browser.conftest import Visit
from tests.browser.serving import Person
from tests.browser.watching import Watch

# A line that breaks: closing a socket from the page is no reason to open it again.
_SOCKETS_BREAK_JS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.push(this);
  }
  set onclose(close) {
    super.onclose = () => close(new CloseEvent("close", { code: 1006 }));
  }
};
"""
TELEPHONE = {"width": 360, "height": 740}


def row(chat: Chat, title: str) -> Locator:
    """The conversation of that title in the list."""
    return chat.list.get_by_role("listitem").filter(
        has=chat.page.get_by_role("link", name=title, exact=True)
    )


def choose(chat: Chat, title: str, item: str) -> None:
    """Pick one thing that can be done with the conversation of that title."""
    action(row(chat, title), "Conversation actions").click()
    chat.page.get_by_role("menuitem", name=item, exact=True).click()


def test_a_conversation_is_named_by_its_first_words_and_listed_first(
    going: Chat,
) -> None:
    going.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(going.page).to_have_url(re.compile("/c/new/$"))
    going.asked("/echo Ebb.")
    title = going.page.get_by_role("heading", level=1)
    expect(title).to_have_text("/echo Ebb.")
    expect(going.list.get_by_role("listitem").first).to_contain_text("/echo Ebb.")
    expect(going.list.get_by_role("listitem")).to_have_count(2)


def test_a_conversation_is_renamed_in_every_open_page(
    going: Chat, visit: Visit, regular: Person
) -> None:
    other = visit(regular).new_page()
    other.goto(going.page.url)
    choose(going, "Question 1", "Rename")
    going.page.get_by_role("textbox", name="Title", exact=True).fill("Tides & <moons>")
    going.page.keyboard.press("Enter")
    for page in (going.page, other):
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Tides & <moons>")
        expect(page.get_by_role("link", name="Tides & <moons>")).to_be_visible()
        expect(page).to_have_title(re.compile("^Tides & <moons>"))


def test_the_list_is_searched_by_title(going: Chat) -> None:
    search = going.list.get_by_role("searchbox")
    search.fill("no such thing")
    expect(going.list.get_by_role("link", name="Question 1")).to_have_count(0)
    expect(going.list).to_contain_text("Nothing found")
    search.fill("quest")
    expect(going.list.get_by_role("link", name="Question 1")).to_be_visible()


def test_a_deleted_conversation_can_be_taken_back(going: Chat) -> None:
    going.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(going.page).to_have_url(re.compile("/c/new/$"))
    choose(going, "Question 1", "Delete")
    expect(row(going, "Question 1")).to_have_count(0)
    undo = going.page.get_by_role("status").filter(has=action(going.page, "Undo"))
    action(undo, "Undo").click()
    expect(row(going, "Question 1")).to_have_count(1)
    expect(action(going.page, "Undo")).to_have_count(0)
    row(going, "Question 1").get_by_role("link").click()
    expect(going.page).to_have_url(ADDRESS)
    expect(going.answers).to_have_count(1)


def test_a_conversation_deleted_elsewhere_says_so(
    going: Chat, visit: Visit, regular: Person
) -> None:
    other = visit(regular).new_page()
    other.goto(going.page.url)
    choose(going, "Question 1", "Delete")
    expect(other.get_by_role("alert")).to_contain_text("no longer available")
    expect(going.page.get_by_text("In the trash")).to_be_visible()
    action(going.page, "Restore").click()
    expect(going.answers).to_have_count(1)


def test_what_was_deleted_long_ago_is_found_in_the_trash(going: Chat) -> None:
    page = going.page
    choose(going, "Question 1", "Delete")
    expect(page.get_by_text("In the trash")).to_be_visible()
    going.list.get_by_role("link", name="Trash", exact=True).click()
    rows = page.get_by_role("list", name="Deleted conversations").get_by_role(
        "listitem"
    )
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Question 1")
    assert faults_at_all_widths(page) == []
    action(page, "Restore").press("Enter")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert faults_at_all_widths(page) == []
    row(going, "Question 1").get_by_role("link").click()
    expect(page).to_have_url(ADDRESS)
    expect(going.answers).to_have_count(1)


def test_the_list_is_a_drawer_on_a_telephone(visit: Visit, regular: Person) -> None:
    page = visit(regular, viewport=TELEPHONE, is_mobile=True).new_page()
    page.goto(f"/c/{regular.conversation}/")
    chat = Chat(page)
    link = page.get_by_role("link", name="Question 1", exact=True)
    expect(link).not_to_be_in_viewport()
    action(page.get_by_role("main"), "Sidebar").click()
    expect(link).to_be_in_viewport()
    assert ("textbox", "Message") not in controls(page)
    page.keyboard.press("Escape")
    expect(link).not_to_be_in_viewport()
    expect(chat.box).to_be_visible()
    chat.asked("/echo | a | b |\n| - | - |\n| " + "wide " * 9 + "| wider |")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_messages_and_code_are_copied(visit: Visit, regular: Person) -> None:
    context = visit(regular, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"/c/{regular.conversation}/")
    chat = Chat(page)
    chat.asked("/echo **Ebb**\n\n```python\ntide = 1\n```")
    for button, copied in (
        (action(chat.answer, "Copy"), "**Ebb**\n\n```python\ntide = 1\n```"),
        (action(chat.answer, "Copy code"), "tide = 1\n"),
        (action(chat.question, "Copy"), "/echo **Ebb**\n\n```python\ntide = 1\n```"),
    ):
        page.evaluate("navigator.clipboard.writeText('')")
        button.click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        page.wait_for_function(
            "async (text) => (await navigator.clipboard.readText()) === text",
            arg=copied,
        )


def test_every_open_page_has_the_same_list(
    going: Chat, visit: Visit, regular: Person
) -> None:
    other = visit(regular).new_page()
    other.goto("/c/new/")
    beside = Chat(other)
    going.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(going.page).to_have_url(re.compile("/c/new/$"))
    going.asked("/echo Ebb.")
    for chat in (going, beside):
        expect(titles(chat)).to_have_text(["/echo Ebb.", "Question 1"])
    choose(beside, "/echo Ebb.", "Rename")
    other.get_by_role("textbox", name="Title", exact=True).fill("Tides")
    other.keyboard.press("Enter")
    for chat in (going, beside):
        expect(titles(chat)).to_have_text(["Tides", "Question 1"])
    choose(going, "Question 1", "Delete")
    for chat in (going, beside):
        expect(titles(chat)).to_have_text(["Tides"])
    action(going.page, "Undo").click()
    for chat in (going, beside):
        expect(titles(chat)).to_have_text(["Tides", "Question 1"])
    other.goto(f"/c/{regular.conversation}/")
    beside.asked("/echo Flow.")
    for chat in (going, beside):
        expect(titles(chat)).to_have_text(["Question 1", "Tides"])
    expect(going.list.locator("[aria-current]")).to_have_text("Tides")
    expect(beside.list.locator("[aria-current]")).to_have_text("Question 1")


def test_a_search_is_not_disturbed_by_what_it_does_not_find(
    going: Chat, visit: Visit, regular: Person
) -> None:
    search = going.list.get_by_role("searchbox")
    search.fill("moon")
    expect(titles(going)).to_have_count(0)
    other = visit(regular).new_page()
    other.goto("/c/new/")
    Chat(other).asked("/echo Tides.")
    other.goto("/c/new/")
    Chat(other).asked("/echo Moonlight.")
    expect(titles(going)).to_have_text(["/echo Moonlight."])
    search.fill("")
    expect(titles(going)).to_have_text(
        ["/echo Moonlight.", "/echo Tides.", "Question 1"]
    )


def test_what_a_list_missed_is_there_once_the_line_is_back(
    going: Chat, visit: Visit, regular: Person, watch: Watch
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|htmx|WebSocket")
    page = visit(regular).new_page()
    page.add_init_script(_SOCKETS_BREAK_JS)
    page.goto("/c/new/")
    page.wait_for_function("() => sockets.at(-1)?.readyState === WebSocket.OPEN")
    page.context.set_offline(True)
    page.evaluate("sockets.at(-1).close()")
    going.list.get_by_role("link", name="New conversation", exact=True).click()
    expect(going.page).to_have_url(re.compile("/c/new/$"))
    going.asked("/echo Ebb.")
    choose(going, "Question 1", "Delete")
    expect(titles(going)).to_have_text(["/echo Ebb."])
    expect(titles(Chat(page))).to_have_text(["Question 1"])
    page.context.set_offline(False)
    expect(titles(Chat(page))).to_have_text(["/echo Ebb."])


def titles(chat: Chat) -> Locator:
    """The links of the list, from its top."""
    return chat.list.get_by_role("listitem").get_by_role("link")
