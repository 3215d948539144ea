"""The first minute of a new site: its first administrator."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Site
from tests.browser.watching import Watch


@pytest.fixture
def new_site(
    chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site that nobody has used yet."""
    site = Site(tmp_path_factory.mktemp("new-site"))
    site.start()
    yield site
    site.end()


def test_the_printed_link_makes_the_first_administrator(
    new_site: Site, visit: Visit, watch: Watch
) -> None:
    link = new_site.set_up_link()
    watch.origin = new_site.url
    page = visit(base_url=new_site.url).new_page()
    page.goto(link)
    assert faults_at_all_widths(page) == []
    page.reload()
    page.get_by_label("Username", exact=True).fill("founder")
    page.get_by_label("Email", exact=True).fill("founder@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Create administrator").click()
    expect(page.get_by_text("The administrator is made.")).to_be_visible()
    page.get_by_label("Username", exact=True).fill("founder")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Sign in").click()
    expect(Chat(page).box).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_role("main")).to_contain_text("Conversations")
