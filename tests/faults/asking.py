"""A page without a browser: it asks, and notes how much of each answer it was shown."""

import re
import threading
import time
import uuid
from contextlib import AbstractContextManager, suppress
from typing import Any, override

import httpx
import websockets
from websockets.sync.client import ClientConnection, connect

from tests.browser.serving import Person, Site, session_cookie

TOKEN = "a" * 32
_END = re.compile(r'data-end="(\d+)"')


def client(site: Site, person: Person) -> httpx.Client:
    """Requests as the scripts of a page make them."""
    cookie = session_cookie(site, person)
    return httpx.Client(
        base_url=site.url,
        cookies={cookie["name"]: cookie["value"], "csrf": TOKEN},
        headers={"HX-Request": "true", "X-CSRFToken": TOKEN},
        timeout=30,
    )


def question(text: str = "/long", **fields: Any) -> dict[str, Any]:
    """The form of a first message, with a key of its own."""
    return {"key": str(uuid.uuid4()), "text": text, "model": "scripted", **fields}


def conversation_of(response: httpx.Response) -> str:
    """The key of the conversation that a first message has made."""
    return response.headers["HX-Push-Url"].split("/")[2]


class Reader(threading.Thread):
    """A socket of one conversation: how many characters it had shown, and when."""

    def __init__(self, site: Site, person: Person, conversation: str) -> None:
        super().__init__()
        self.shown: list[tuple[float, int]] = []
        self._opening = opening(site, person, conversation)

    @override
    def run(self) -> None:
        with (
            suppress(websockets.ConnectionClosed, OSError),
            self._opening as socket,
        ):
            for message in socket:
                if found := _END.search(str(message)):
                    self.shown.append((time.monotonic(), int(found[1])))

    def shown_at(self, moment: float) -> int:
        """How many characters the page showed at that moment."""
        return max((end for at, end in self.shown if at <= moment), default=0)


def opening(
    site: Site, person: Person, conversation: str
) -> AbstractContextManager[ClientConnection]:
    """A socket of that conversation's page, to be opened."""
    cookie = session_cookie(site, person)
    return connect(
        f"{site.url.replace('http', 'ws', 1)}/ws/c/{conversation}/?version=0",
        additional_headers={"Cookie": f"{cookie['name']}={cookie['value']}"},
        origin=websockets.Origin(site.url),
        max_size=None,
        close_timeout=1,
    )
