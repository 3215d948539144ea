"""The channel layer loses, doubles and mixes up messages: no page is ever wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import Visit
from tests.browser.serving import Site
from tests.browser.watching import Watch
from tests.faults.comparing import COMPARED_EVERY, assert_all_show_the_same
from tests.faults.conftest import Note
from tests.faults.findings import times
from tests.faults.lossy_layers import LOST

WORDS = 90
# Words of an answer whose own frame was lost: the page asks for what it lacks.
NOT_THERE_YET = "htmx:oobErrorNoTarget, #message-"


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
    opened: Callable[[], Chat], watch: Watch, note: Note
) -> None:
    watch.allow(NOT_THERE_YET)
    answers = times(2, 40)
    asker, follower = opened(), opened()
    for number in range(answers):
        asker.ask(f"/long {WORDS}")
        for chat in (asker, follower):
            expect(chat.answers).to_have_count(number + 2, timeout=60_000)
            chat.ends("complete")
        if (number + 1) % COMPARED_EVERY == 0 or number + 1 == answers:
            assert_all_show_the_same((asker, follower), opened())
    note(
        f"channel layer that loses {LOST:.0%}, doubles and mixes up as many",
        answers,
        pages_not_identical=0,
    )
