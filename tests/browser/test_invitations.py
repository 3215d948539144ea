"""An invitation, from the admin to the first question."""

from playwright.sync_api import expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Person
from tests.browser.watching import Watch


def test_an_invited_person_joins_by_the_link(
    visit: Visit, administrator: Person, watch: Watch
) -> None:
    watch.allow("404")
    page = visit(administrator).new_page()
    page.goto("/admin/accounts/invitation/add/")
    assert faults_at_all_widths(page) == []
    page.get_by_label("Email", exact=False).fill("newcomer@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    assert faults_at_all_widths(page) == []
    link = page.get_by_label("Link", exact=True).input_value()
    guest = visit().new_page()
    guest.goto(link)
    assert faults_at_all_widths(guest) == []
    guest.get_by_label("Username", exact=True).fill("newcomer")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    action(guest, "Join").click()
    expect(Chat(guest).box).to_be_visible()
    late = visit().new_page()
    late.goto(link)
    expect(late.get_by_role("heading", name="This invitation was used")).to_be_visible()
    assert faults_at_all_widths(late) == []
