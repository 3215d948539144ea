"""Sites of several processes, on one database, one Redis and one bucket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import parts
from tests.browser.serving import Person, Site


class Server:
    """A Redis of the test's own, which comes back on the same port."""

    def __init__(self) -> None:
        self.port = parts.free_port()
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Let it answer."""
        self._running.enter_context(parts.redis_server(self.port))

    def end(self) -> None:
        """Kill it."""
        self._running.close()


type Another = Callable[[str], Site]


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """What every process of the site is told."""
    return parts.of_site(str(tmp_path))


@pytest.fixture
def another(tmp_path: Path, variables: dict[str, str]) -> Iterator[Another]:
    """Makes one more process of the site, with a data folder of its own."""
    with ExitStack() as ends:

        def process(name: str) -> Site:
            folder = tmp_path / name
            folder.mkdir()
            site = Site(folder, **variables)
            ends.callback(site.end)
            return site

        yield process


@pytest.fixture
def one(another: Another) -> Site:
    """The first process."""
    return another("one")


@pytest.fixture
def ada(one: Site) -> Person:
    """Someone with an account."""
    return one.people({"ada": 0})["ada"]


@pytest.fixture
def server() -> Iterator[Server]:
    """It answers."""
    server = Server()
    server.start()
    yield server
    server.end()
