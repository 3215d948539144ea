"""The channel layer loses, doubles and mixes up messages: no page is ever wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Visit
from tests.browser.serving import Site
from tests.browser.test_live_equals_reload import shown
from tests.faults.conftest import Note
from tests.faults.findings import times
from tests.faults.lossy_layers import LOST

WORDS = 90


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The site, serving on a layer that cannot be trusted."""
    module = "tests.faults.lossy_settings"
    site = Site(tmp_path, DJANGO_SETTINGS_MODULE=module)
    site.people({})
    site.start()
    yield site
    site.end()


@pytest.fixture
def opened(site: Site, visit: Visit) -> Callable[[], Chat]:
    """Opens the conversation of one person in a browser of its own."""
    person = site.people({"ada": 1})["ada"]

    def opened() -> Chat:
        page = visit(person).new_page()
        page.goto(f"/c/{person.conversation}/")
        return Chat(page)

    return opened


def test_pages_on_a_lossy_layer_end_with_what_was_said(
    opened: Callable[[], Chat], note: Note
) -> None:
    answers = times(2, 100)
    asker, follower = opened(), opened()
    for number in range(answers):
        asker.ask(f"/long {WORDS}")
        for chat in (asker, follower):
            expect(chat.answers).to_have_count(number + 2, timeout=60_000)
            chat.ends("complete")
    fresh = shown(opened().page)
    for chat in (asker, follower):
        found = shown(chat.page)
        assert found["texts"] == fresh["texts"]
        assert found["markup"] == fresh["markup"]
    note(
        f"channel layer that loses {LOST:.0%}, doubles and mixes up as many",
        answers,
        pages_not_identical=0,
    )
