"""A person's page without a browser: its requests, its socket, and what is stored."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import psycopg
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from tests.browser.serving import Person, Site

TOKEN = "a" * 32
# Longer than a silent process is waited for, and than the sweep that looks.
PATIENCE_S = 60.0
INTERVAL_S = 0.1
FRAME = re.compile(r'data-base="(\d+)" data-end="(\d+)"')


class Page:
    """One page of one person at one process of the site."""

    def __init__(self, site: Site, person: Person) -> None:
        self.site, self.person = site, person
        self.client = httpx.Client(
            base_url=site.url,
            cookies={"session": person.session, "csrf": TOKEN},
            headers={"HX-Request": "true", "X-CSRFToken": TOKEN},
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def ask(self, text: str) -> str:
        """Begin a conversation; returns its address, with a slash at the end."""
        data = {"key": str(uuid.uuid4()), "text": text, "model": "scripted"}
        response = self.client.post("/c/", data=data)
        assert response.status_code == 201, response.text
        return str(response.headers["HX-Push-Url"])

    def post(self, address: str, **data: str) -> httpx.Response:
        """Send a form."""
        return self.client.post(address, data=data)

    def watch(self, conversation: str) -> ClientConnection:
        """The socket of the page of a conversation that knows nothing yet."""
        return connect(
            f"ws://127.0.0.1:{self.site.port}/ws{conversation}?version=0",
            origin=Origin(self.site.url),
            additional_headers={"Cookie": f"session={self.person.session}"},
            max_size=None,
        )


def until(socket: ClientConnection, found: Callable[[str], bool]) -> str:
    """The next message of a socket that is the one."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        text = str(socket.recv(timeout=deadline - time.monotonic()))
        if found(text):
            return text


def frame_beyond(end: int) -> Callable[[str], bool]:
    """Whether a message brings the answer beyond this many characters."""
    return lambda text: any(int(found[2]) > end for found in FRAME.finditer(text))


def end_of(text: str) -> int:
    """How many characters of its answer a page has after this message."""
    return max(int(found[2]) for found in FRAME.finditer(text))


def stored(variables: Mapping[str, str]) -> list[tuple[uuid.UUID, str, str]]:
    """Turn, state and text of the answers, the oldest first."""
    sql = (
        "SELECT t.id, t.status, m.text FROM conversations_turn t"
        " JOIN conversations_message m ON m.id = t.answer_id ORDER BY t.created_at"
    )
    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        return connection.execute(sql).fetchall()


def until_stored(variables: Mapping[str, str], *wanted: str) -> list[Any]:
    """What is stored, once the answers are in these states."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        rows = stored(variables)
        if tuple(status for _, status, _ in rows) == wanted:
            return rows
        assert time.monotonic() < deadline, rows
        time.sleep(INTERVAL_S)
