"""A browser in which nothing of what a text wants may happen, and all of it is seen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import override
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Request

from tests.browser.chromium import PATIENCE_MS
from tests.browser.serving import Person, Site, session_cookie
from tests.browser.watching import Watch
from tests.conversations.rendering.hostile import faults

# What every text calls; and what htmx would do on its behalf.
_CANARY_JS = """
globalThis.__x = (n) => { console.error(`a text ran: ${n}`); return ""; };
addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest?.("[data-part=body]"))
    console.error(`a text asked by htmx: ${event.detail.pathInfo.requestPath}`);
});
"""
# The bodies as the browser has read them, and as it reads what it would write of them.
_BODIES_JS = """
(root) => [...root.querySelectorAll("[data-part=body]")].flatMap((body) => {
  const again = document.implementation.createHTMLDocument("").body;
  again.innerHTML = body.innerHTML;
  return [body.innerHTML, again.innerHTML];
})
"""
# The paths that texts name as their own.
_TEXTS_PATHS = re.compile(r"^/(x\b|u$|accounts/logout)")


@dataclass
class Hearing(Watch):
    """A watch that also hears dialogs, and requests to where only a text leads."""

    @override
    def over(self, context: BrowserContext) -> None:
        super().over(context)
        context.add_init_script(_CANARY_JS)
        context.on("dialog", self._asked_for)
        context.on("request", self._led)

    def _asked_for(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _led(self, request: Request) -> None:
        if _TEXTS_PATHS.match(urlsplit(request.url).path):
            self.faults.append(f"request of a text: {request.url}")


@dataclass
class Visitor:
    """A person's browser, and whatever it heard."""

    context: BrowserContext
    hearing: Hearing
    markup: list[str] = field(default_factory=list)

    def look(self, shown: Locator) -> int:
        """Judge the bodies in what is shown; how many there are."""
        bodies: list[str] = shown.evaluate(_BODIES_JS)
        found = [fault for body in bodies for fault in faults(body)]
        # Whose address no browser could read has lost it, and leads nowhere.
        self.markup += [fault for fault in found if fault != "a href="]
        return len(bodies) // 2

    @property
    def found(self) -> list[str]:
        """Everything that should not have been."""
        return [*self.hearing.unexpected(), *self.markup]


@contextmanager
def visiting(browser: Browser, site: Site, person: Person) -> Iterator[Visitor]:
    """A browser of its own for `person`; at its end nothing may have been heard."""
    hearing = Hearing(site.url)
    context = browser.new_context(base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    hearing.over(context)
    context.add_cookies([session_cookie(site, person)])
    visitor = Visitor(context, hearing)
    yield visitor
    context.close()
