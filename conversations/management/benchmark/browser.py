"""What a conversation page weighs in a browser: bytes on the wire, and requests."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conversations.management.benchmark.plans import Person

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; kilobytes are 1,000 bytes as they travelled, headers included."""

    requests: int
    kilobytes: float


def visits(port: int, path: str, person: Person) -> list[Visit]:
    """A first visit with nothing in the cache, and a repeated one.

    Empty without Playwright or a Chromium for it.
    """
    with _context(person, port) as context:
        if context is None:
            return []
        url = f"http://127.0.0.1:{port}{path}"
        return [_visit(context, url) for _ in range(2)]


@contextlib.contextmanager
def opened(person: Person, port: int) -> "Iterator[Page | None]":
    """A page of someone who is signed in; None without Playwright or Chromium."""
    with _context(person, port) as context:
        yield None if context is None else context.new_page()


@contextlib.contextmanager
def _context(person: Person, port: int) -> "Iterator[BrowserContext | None]":
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield None
        return
    with sync_playwright() as playwright:
        browser = _browser(playwright)
        if browser is None:
            yield None
            return
        context = browser.new_context()
        context.add_cookies(_cookies(person, port))
        yield context
        browser.close()


def _browser(playwright: "Playwright") -> Any:
    from playwright.sync_api import Error

    for name in (None, "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if name and found is None:
            continue
        try:
            return playwright.chromium.launch(executable_path=found)
        except Error:
            continue
    return None


def _visit(context: "BrowserContext", url: str) -> Visit:
    page = context.new_page()
    wire = context.new_cdp_session(page)
    travelled: dict[str, float] = {}
    cached: set[str] = set()
    wire.on("Network.requestServedFromCache", lambda e: cached.add(e["requestId"]))
    wire.on(
        "Network.responseReceived",
        lambda e: _note_cached(e, cached),
    )
    wire.on(
        "Network.loadingFinished",
        lambda e: travelled.update({e["requestId"]: e["encodedDataLength"]}),
    )
    wire.send("Network.enable")
    page.goto(url, wait_until="load")
    # A socket stays open, so the network never rests altogether; what the page
    # fetches by itself is fetched within this time.
    page.wait_for_timeout(1000)
    page.close()
    sizes = [size for key, size in travelled.items() if key not in cached]
    return Visit(requests=len(sizes), kilobytes=sum(sizes) / 1000)


def _note_cached(event: dict[str, Any], cached: set[str]) -> None:
    if event["response"].get("fromDiskCache"):
        cached.add(event["requestId"])


def _cookies(person: Person, port: int) -> Any:
    pairs = (each.split("=", 1) for each in person.cookie.split("; "))
    return [
        {"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}
        for name, value in pairs
    ]
