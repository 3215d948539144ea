"""A turn runs in one process, and is watched and stopped from another."""

import uuid
from contextlib import ExitStack

import pytest

from conversations.providers.scripted_text import long_text, slow_text
from tests import parts
from tests.browser.serving import Person, Site
from tests.team.conftest import Another
from tests.team.visiting import (
    Page,
    end_of,
    frame_beyond,
    until,
    until_stored,
)

pytestmark = pytest.mark.team


@pytest.fixture
def here(one: Site, ada: Person) -> Page:
    """Her page at the process that runs the answers."""
    one.start()
    return Page(one, ada)


@pytest.fixture
def there(here: Page, another: Another) -> Page:
    """Her page at another process."""
    two = another("two")
    two.start()
    return Page(two, here.person)


def test_an_answer_is_watched_reloaded_and_stopped_from_another_process(
    here: Page, another: Another, variables: dict[str, str]
) -> None:
    conversation = here.ask("/slow")
    with here.watch(conversation) as socket:
        end = end_of(until(socket, frame_beyond(0)))
        # It starts while the answer runs, and does not take it for a dead one.
        two = another("two")
        two.start()
        there = Page(two, here.person)
        reloaded = there.client.get(conversation)
        assert 'data-status="streaming"' in reloaded.text
        with there.watch(conversation) as other:
            end = end_of(until(other, frame_beyond(end)))
            until(other, frame_beyond(end))
            assert there.post(f"{conversation}stop").status_code in {200, 204, 302}
            for each in (socket, other):
                until(each, lambda text: 'data-status="stopped"' in text)

    ((_, _, text),) = until_stored(variables, "stopped")
    assert text
    assert slow_text().startswith(text)
    assert text.split()[-1] in there.client.get(conversation).text


def test_an_answer_ends_on_the_page_of_another_process(
    here: Page, there: Page, variables: dict[str, str]
) -> None:
    conversation = here.ask("/long 300")
    with there.watch(conversation) as socket:
        until(socket, lambda text: 'data-status="complete"' in text)

    ((_, _, text),) = until_stored(variables, "complete")
    assert text == long_text(300)


def test_what_a_killed_process_was_saying_is_kept_and_retried_at_another(
    here: Page, there: Page, variables: dict[str, str]
) -> None:
    conversation = here.ask("/slow")
    with there.watch(conversation) as socket:
        until(socket, frame_beyond(20))
        here.site.kill()
        until(socket, lambda text: 'data-status="interrupted"' in text)
        ((turn, _, text),) = until_stored(variables, "interrupted")
        assert text
        assert slow_text().startswith(text)

        retried = there.post(f"/turns/{turn}/retry", key=str(uuid.uuid4()))

        assert retried.status_code == 201
        until(socket, frame_beyond(0))
        there.post(f"{conversation}stop")
    until_stored(variables, "interrupted", "stopped")


def test_pages_go_on_after_redis_was_away(
    variables: dict[str, str], another: Another
) -> None:
    port = parts.free_port()
    variables["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    one, two = another("one"), another("two")
    ada = one.people({"ada": 0})["ada"]
    with ExitStack() as sockets:
        with parts.redis_server(port):
            one.start()
            two.start()
            here, there = Page(one, ada), Page(two, ada)
            first = here.ask("/slow")
            socket = sockets.enter_context(there.watch(first))
            end = end_of(until(socket, frame_beyond(0)))
        # Begun while Redis is away.
        second = here.ask("/slow")
        with parts.redis_server(port):
            other = sockets.enter_context(there.watch(second))
            until(socket, frame_beyond(end + 10))
            until(other, frame_beyond(0))
            for address, each in ((first, socket), (second, other)):
                assert there.post(f"{address}stop").status_code in {200, 204, 302}
                until(each, lambda text: 'data-status="stopped"' in text)
            one.end()
            two.end()

    rows = until_stored(variables, "stopped", "stopped")
    assert all(slow_text().startswith(text) for _, _, text in rows)


def test_processes_that_start_at_once_make_one_database_and_one_link(
    another: Another, variables: dict[str, str]
) -> None:
    sites = [another(name) for name in ("one", "two", "three")]
    for site in sites:
        site.begin()
    for site in sites:
        site.wait()

    said = [site.set_up_link() for site in sites]

    assert sorted("/setup/" in words for words in said) == [False, False, True]
    (link,) = [words for words in said if "/setup/" in words]
    for site in sites:
        path = link[link.index("/setup/") :]
        page = Page(site, Person("nobody", "", ""))
        assert page.client.get(path).status_code == 200
