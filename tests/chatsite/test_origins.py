"""Only the site's own pages open a websocket."""

from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from chatsite.asgi import application
from chatsite.origins import SameOrigin


async def accept(_scope: Any, receive: Any, send: Any) -> None:
    """Let everyone in."""
    await receive()
    await send({"type": "websocket.accept"})


async def connects(host: str, origin: str | None) -> bool:
    """Whether a page of `origin` may connect to `host`."""
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    communicator = WebsocketCommunicator(SameOrigin(accept), "/ws/", headers)
    connected, _ = await communicator.connect()
    return bool(connected)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("127.0.0.1:4711", "http://127.0.0.1:4711"),
        ("localhost:4711", "http://LOCALHOST:4711"),
        ("[::1]:4711", "http://[::1]:4711"),
    ],
)
async def test_a_page_connects_to_where_it_came_from(host: str, origin: str) -> None:
    """Whatever the port."""
    assert await connects(host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", None),
        ("127.0.0.1:8000", "null"),
        ("127.0.0.1:8000", ""),
        ("127.0.0.1:8000", "https://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:9999"),
        ("127.0.0.1:8000", "http://127.0.0.1"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000.evil.example"),
        ("127.0.0.1:8000", "http://evil.example"),
        ("evil.example", "http://evil.example"),
    ],
)
async def test_a_foreign_page_does_not(host: str, origin: str | None) -> None:
    """Nor one that does not say where it came from."""
    assert not await connects(host, origin)


async def test_an_address_that_does_not_exist_is_said_so() -> None:
    """With a code that the page hears, after which it stays away."""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    communicator = WebsocketCommunicator(application, "/ws/nothing/", headers)
    connected, _ = await communicator.connect()
    assert connected
    assert await communicator.receive_output() == {
        "type": "websocket.close",
        "code": 4404,
    }


async def test_an_https_site_takes_no_plain_page(settings: Settings) -> None:
    """Scheme and host are the public ones, behind a proxy too."""
    settings.HTTPS = True
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example.org"]
    assert await connects("chat.example.org", "https://chat.example.org")
    assert not await connects("chat.example.org", "http://chat.example.org")
    assert not await connects("chat.example.org", "https://sub.chat.example.org")
