"""A site full of hostile words, and a listener that nobody may ever call."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from tests.browser.conftest import chromium_path
from tests.browser.serving import Person, Site

__all__ = ["chromium_path"]  # a fixture

# With HOSTILE=full everything is tried, which takes a quarter of an hour.
FULL = os.environ.get("HOSTILE") == "full"


@dataclass
class Canary:
    """A port of this machine, and what was sent to it."""

    port: int
    heard: list[bytes] = field(default_factory=list)

    @property
    def host(self) -> str:
        """What a hostile text puts behind `//`."""
        return f"127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def canary() -> Iterator[Canary]:
    """A listener that nobody may ever call."""
    with listening() as canary:
        yield canary


@contextmanager
def listening() -> Iterator[Canary]:
    """A listener that remembers every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        canary = Canary(listener.getsockname()[1])
        thread = threading.Thread(target=_listen, args=(listener, canary))
        thread.start()
        try:
            yield canary
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _listen(listener: socket.socket, canary: Canary) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(1)
                canary.heard.append(_head_of(connection))


def _head_of(connection: socket.socket) -> bytes:
    with suppress(OSError):
        return connection.recv(2048)
    return b""


@dataclass(frozen=True, slots=True)
class Infested:
    """The site, who wrote what is on it, who administrates it, and where it is."""

    site: Site
    writer: Person
    reader: Person
    conversations: list[str]


@pytest.fixture(scope="session")
def infested(
    canary: Canary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Infested]:
    """The site in a process of its own, with the whole corpus in its database."""
    site = Site(tmp_path_factory.mktemp("infested"))
    site.people({})
    made = site.run(f"seed({canary.host!r}, full={FULL})", "tests.hostile.seeding")
    writer, reader, conversations = json.loads(made)
    site.start()
    yield Infested(
        site,
        Person("writer", writer, conversations[0]),
        Person("reader", reader, ""),
        conversations,
    )
    site.end()
