"""A served site with one administrator, who is signed in and asks."""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx

from tests.prepared import prepare
from tests.served import Served, serving

NAME, PASSWORD = "grace", "canary-password-71c2"
PATIENCE_S = 30.0
INTERVAL_S = 0.05


class SignedIn:
    """What one person does with the site, over HTTP."""

    def __init__(self, served: Served, browser: httpx.AsyncClient) -> None:
        self.served = served
        self.browser = browser

    async def ask(self, text: str, model: str = "scripted") -> str:
        """Ask in a new conversation; returns its id."""
        form = {"key": str(uuid.uuid4()), "text": text, "model": model}
        response = await self.browser.post("/c/", data=form)
        assert response.status_code == 201, response.text
        return response.headers["HX-Push-Url"].split("/")[2]

    async def page(self, path: str) -> str:
        """What stands at a path."""
        return (await self.browser.get(path)).text

    async def until(self, path: str, holds: Callable[[str], Any]) -> str:
        """Get a page again and again until it is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds(text := await self.page(path)):  # noqa: ASYNC110 - it is HTTP
                await asyncio.sleep(INTERVAL_S)
        return text

    def log(self) -> list[str]:
        """End the site; all that it printed since it began to serve."""
        self.served.process.terminate()
        printed, _ = self.served.process.communicate(timeout=60)
        return printed.splitlines()


@contextlib.asynccontextmanager
async def signed_in(data_dir: Path, **variables: str) -> AsyncIterator[SignedIn]:
    """Serve with these variables until the test is over."""
    prepare(data_dir, variables)
    with serving(
        *("manage.py", "serve", "--port", "0"),
        data_dir=data_dir,
        DJANGO_SUPERUSER_USERNAME=NAME,
        DJANGO_SUPERUSER_EMAIL="grace@example.org",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        DRAIN_SECONDS="0",
        **variables,
    ) as served:
        (address,) = re.findall(r"http://\S+\d", served.lines_until("serves on")[-1])
        served.lines_until("is made.")
        async with httpx.AsyncClient(base_url=address) as browser:
            await browser.get("/accounts/login/")
            browser.headers["X-CSRFToken"] = browser.cookies["csrf"]
            form = {"login": NAME, "password": PASSWORD}
            response = await browser.post("/accounts/login/", data=form)
            assert "session" in browser.cookies, response.text
            browser.headers["X-CSRFToken"] = browser.cookies["csrf"]
            browser.headers["HX-Request"] = "true"
            yield SignedIn(served, browser)
