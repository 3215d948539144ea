"""One Chromium for all the tests of a process that follow each other.

While Playwright runs, this thread has a running event loop, which tests without a
browser could not share: before the first of them it ends.
"""

from contextlib import ExitStack

from playwright.sync_api import Browser, expect, sync_playwright

# Longer than another process takes to give a silent one up.
PATIENCE_MS = 60_000
_QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Chromium:
    """The browser; it starts when it is first asked for."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._running = ExitStack()
        self._browser: Browser | None = None

    def browser(self, path: str) -> Browser:
        """The running one; a fresh one, where that crashed."""
        if self._browser is None or not self._browser.is_connected():
            self.end()
            expect.set_options(timeout=PATIENCE_MS)
            playwright = self._running.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(
                executable_path=path, args=_QUIET
            )
            self._running.callback(self._browser.close)
        return self._browser

    def end(self) -> None:
        """End it, and with it the event loop of Playwright."""
        self._browser = None
        self._running.close()


chromium = Chromium()
