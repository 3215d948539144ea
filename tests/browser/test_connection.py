"""When the line breaks, or the person is no longer let in."""

from playwright.sync_api import Page, Route, expect

from tests.browser.chat import Chat, action, words_of
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Person
from tests.browser.watching import Watch

NEW_PASSWORD = "the other harbour"
# As where something between browser and site lets no socket through.
_NO_SOCKETS_JS = """
window.WebSocket = class extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.onclose?.(new CloseEvent("close", { code: 1006 })));
  }
  close() {}
};
"""


def test_without_a_socket_the_answer_is_fetched(visit: Visit, regular: Person) -> None:
    page = visit(regular).new_page()
    page.add_init_script(_NO_SOCKETS_JS)
    page.goto(f"/c/{regular.conversation}/")
    chat = Chat(page)
    text = " ".join(f"wave{number}" for number in range(1, 61))
    chat.ask(f"/echo {text}")
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    chat.begins()
    chat.ends("complete")
    assert words_of(chat.answer) == text


def test_a_page_goes_on_when_the_password_is_changed_elsewhere(
    visit: Visit, person: Person
) -> None:
    context = visit(person)
    page, other = context.new_page(), context.new_page()
    page.goto("/c/new/")
    chat = Chat(page)
    chat.asked("/echo Ebb.")
    other.goto("/accounts/password/change/")
    other.get_by_label("Current Password", exact=True).fill(PASSWORD)
    other.get_by_label("New Password", exact=True).fill(NEW_PASSWORD)
    other.get_by_label("New Password (again)", exact=True).fill(NEW_PASSWORD)
    other.get_by_label("New Password (again)", exact=True).press("Enter")
    expect(other.get_by_text("Password successfully changed.")).to_be_visible()
    other.goto(page.url)
    Chat(other).ask("/echo Flow.")
    expect(chat.answers).to_have_count(2)
    chat.ends("complete")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_signed_out_elsewhere_says_so_and_keeps_the_words(
    visit: Visit, person: Person, watch: Watch
) -> None:
    watch.allow("401")
    context = visit()
    page, other = context.new_page(), context.new_page()
    page.goto("/c/new/")
    _sign_in(page, person)
    chat = Chat(page)
    chat.asked("/echo Ebb.")
    address = page.url
    other.goto(address)
    chat.box.fill("Not sent yet")
    action(Chat(other).list, f"Account {person.name}").click()
    other.get_by_role("menuitem", name="Sign out", exact=True).click()
    expect(action(other, "Sign in")).to_be_visible()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("You are signed out.")
    chat.send.click()
    expect(alert).to_contain_text("What you wrote is still here.")
    expect(chat.box).to_have_value("Not sent yet")
    alert.get_by_role("link", name="Sign in again", exact=True).click()
    _sign_in(page, person)
    expect(page).to_have_url(address)
    expect(chat.answers).to_have_count(1)
    expect(chat.box).to_have_value("Not sent yet")


def test_a_title_given_while_the_line_was_down_is_shown_when_it_is_back(
    going: Chat, visit: Visit, regular: Person
) -> None:
    page = visit(regular).new_page()
    page.add_init_script(_NO_SOCKETS_JS)
    page.goto(going.page.url)
    action(going.page, "Rename conversation").click()
    title = going.page.get_by_role("textbox", name="Title", exact=True)
    title.fill("Tides")
    title.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tides")
    expect(page).to_have_title("Tides · Chatsite")


def test_someone_who_is_deactivated_is_signed_out_at_once(
    going: Chat, visit: Visit, regular: Person, administrator: Person, watch: Watch
) -> None:
    watch.allow("401")
    admin = visit(administrator).new_page()
    admin.goto(f"/admin/accounts/user/?q={regular.name}")
    admin.get_by_role("link", name=regular.name, exact=True).click()
    admin.get_by_label("Active", exact=True).uncheck()
    action(admin, "Save").click()
    expect(going.page.get_by_role("alert")).to_contain_text("You are signed out.")
    going.page.goto("/")
    expect(action(going.page, "Sign in")).to_be_visible()


def test_without_a_line_what_one_wrote_is_kept(going: Chat, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|htmx:")
    going.model.select_option("scripted")
    going.page.context.set_offline(True)
    going.box.fill("/echo Ebb.")
    going.send.click()
    alert = going.page.get_by_role("alert")
    expect(alert).to_contain_text("cannot be reached")
    expect(going.box).to_have_value("/echo Ebb.")
    going.page.context.set_offline(False)
    going.send.click()
    expect(going.answers).to_have_count(2)
    going.ends("complete")
    expect(alert).to_have_count(0)
    expect(going.questions).to_have_count(2)


def test_a_question_that_nobody_took_is_sent_again_by_itself(
    going: Chat, watch: Watch
) -> None:
    watch.allow("503|htmx:")
    going.model.select_option("scripted")
    going.page.route(
        "**/turns", lambda route: route.fulfill(status=503, body="Restarting."), times=2
    )
    going.box.fill("/echo Ebb.")
    going.send.click()
    expect(going.page.get_by_text("Trying again…")).to_be_visible()
    expect(going.answers).to_have_count(2)
    going.ends("complete")
    expect(going.page.get_by_text("Trying again…")).to_have_count(0)
    expect(going.box).to_have_value("")


def test_a_question_whose_answer_was_lost_is_asked_once(
    going: Chat, watch: Watch
) -> None:
    watch.allow("ERR_FAILED|htmx:")
    going.model.select_option("scripted")
    going.page.route("**/turns", _taken_and_lost, times=1)
    going.box.fill("/echo Ebb.")
    going.send.click()
    expect(going.box).to_have_value("")
    expect(going.answers).to_have_count(2)
    going.ends("complete")
    expect(going.questions).to_have_count(2)


def test_words_that_were_changed_after_a_lost_answer_are_a_question_of_their_own(
    going: Chat, watch: Watch
) -> None:
    watch.allow("ERR_FAILED|htmx:")
    going.model.select_option("scripted")
    going.page.route("**/turns", _taken_and_lost, times=1)
    going.box.fill("/echo Ebb.")
    with going.page.expect_event("requestfailed"):
        going.send.click()
    going.box.fill("/echo Flow.")
    going.send.click()
    expect(going.questions).to_have_count(3)
    expect(going.box).to_have_value("")
    expect(going.answers).to_have_count(3)
    going.ends("complete")
    assert words_of(going.answer) == "Flow."


def _taken_and_lost(route: Route) -> None:
    route.fetch()
    route.abort()


def _sign_in(page: Page, person: Person) -> None:
    page.get_by_label("Username", exact=True).fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Sign in").click()
    expect(Chat(page).box).to_be_visible()
