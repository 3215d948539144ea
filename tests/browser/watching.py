"""Everything that must not happen in a browser, whatever a test is about."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

# Told through the console: the page's own policy may not be weakened to hear it.
_VIOLATION = "violation of the content security policy:"
_REPORT_VIOLATIONS = f"""
addEventListener("securitypolicyviolation", (event) => {{
  const words = `${{event.violatedDirective}} ${{event.blockedURI}} ${{event.sample}}`;
  console.error(`{_VIOLATION} ${{words}}`);
}});
"""
_LOCAL = ("data:", "blob:", "about:blank")
# A page that is replaced at once leaves a socket that had just begun to open.
_NO_FAULTS = (
    "WebSocket is closed before the connection is established",
    "[object Event]",
)


@dataclass
class Watch:
    """What one browser's pages said and asked for that they should not have."""

    origin: str
    allowed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of `context`, also those that are opened later."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", self._broken)
        context.on("request", self._asked)
        context.on("page", self._opened)

    def allow(self, pattern: str) -> None:
        """Expect a message of the console that matches, as a refusal makes one."""
        self.allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """The faults that no test expects."""
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.allowed)
            and not any(words in fault for words in _NO_FAULTS)
        ]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = message.location["url"]
            self.faults.append(f"{message.type}: {message.text} ({where})")

    def _broken(self, error: WebError) -> None:
        self.faults.append(f"page error: {error.error}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", *_LOCAL)):
            self.faults.append(f"request to elsewhere: {request.url}")

    def _opened(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._connected(socket.url))

    def _connected(self, url: str) -> None:
        if not url.startswith(self.origin.replace("http", "ws", 1) + "/"):
            self.faults.append(f"socket to elsewhere: {url}")
