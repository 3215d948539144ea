"""Mixed traffic in a process of its own: a `Crowd` on stdin, counts on stdout.

Each of its people asks, stops, reloads, uploads or is failed, again and again, until
stdin ends; then what is under way is finished.
"""

import asyncio
import json
import random
import re
import sys
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from io import BytesIO

import aiohttp
from PIL import Image

from conversations.management.benchmark.crowd import Crowd, say
from conversations.management.benchmark.person import sign_in
from conversations.management.benchmark.simulator import MODEL, Script

PATIENCE_S = 30.0
PAUSE_S = 0.5
SIGN_IN_EVERY_S = 10.0  # signing in is throttled
ANSWER = Script(deltas=60, rate=60.0)
FAILURE = Script(deltas=1, fails=True)
PICTURE_SIDE = 64
_ENDED = re.compile(
    r'data-role="assistant" data-status="(complete|failed|stopped|interrupted)"'
)
_ATTACHED = re.compile(r'name="attachments" value="([0-9a-f-]+)"')


class Visitor:
    """One person of the traffic, who does one thing after the other."""

    def __init__(self, crowd: Crowd, index: int, http: aiohttp.ClientSession) -> None:
        """Act as the person at `index`; the same index does the same things."""
        self._crowd = crowd
        self._index = index
        self._http = http
        self._random = random.Random(index)  # noqa: S311 - variety, not secrecy
        self._acts = [self.send, self.send, self.stop, self.reload, self.upload]
        self._acts += [self.fail]

    async def live(self, until: asyncio.Event, done: Counter[str]) -> None:
        """Act until the event; count what was done, and what went wrong."""
        while not until.is_set():
            act = self._random.choice(self._acts)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await act()
                done[act.__name__] += 1
            except (aiohttp.ClientError, OSError, RuntimeError, LookupError) as error:
                done[f"{act.__name__} went wrong: {error!r:.100}"] += 1
            await asyncio.sleep(self._random.uniform(0, 2 * PAUSE_S))

    async def send(self) -> None:
        """Ask, and read to the end."""
        await self._read(await self._ask(ANSWER), "complete")

    async def fail(self) -> None:
        """Ask what the provider refuses."""
        await self._read(await self._ask(FAILURE), "failed")

    async def stop(self) -> None:
        """Ask, and think better of it."""

        async def stopped() -> None:
            await asyncio.sleep(PAUSE_S)
            await self._post(f"{path}stop")

        path = await self._ask(ANSWER)
        await self._read(path, "stopped", meanwhile=stopped)

    async def reload(self) -> None:
        """Ask, and open the page anew while the answer is written."""
        path = await self._ask(ANSWER)
        async with self._socket(path) as socket:
            await socket.receive()
        async with self._http.get(self._crowd.url(path), headers=self._headers) as page:
            await page.read()
        await self._read(path, "complete")

    async def upload(self) -> None:
        """Ask with a picture."""
        form = aiohttp.FormData()
        form.add_field("file", _picture(), filename="a.png", content_type="image/png")
        found = _ATTACHED.search(await self._post("/attachments/", form))
        if found is None:
            raise RuntimeError("The picture was not taken.")
        path = await self._ask(ANSWER, attachments=found[1])
        await self._read(path, "complete")

    async def _ask(self, script: Script, **more: str) -> str:
        """Begin a conversation; the path of its page."""
        form = {"key": str(uuid.uuid4()), "text": script.words, "model": MODEL, **more}
        async with self._http.post(
            self._crowd.url("/c/"), data=form, headers=self._headers
        ) as response:
            await response.read()
            if response.status != 201:
                raise RuntimeError(f"A question was refused: {response.status}")
            return response.headers["HX-Push-Url"]

    async def _post(self, path: str, form: aiohttp.FormData | None = None) -> str:
        url = self._crowd.url(path)
        async with self._http.post(url, data=form, headers=self._headers) as response:
            words = await response.text()
            if response.status >= 400:
                raise RuntimeError(f"{path}: {response.status}")
            return words

    async def _read(
        self,
        path: str,
        wanted: str,
        *,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        async with self._socket(path) as socket:
            if meanwhile is not None:
                await meanwhile()
            async for message in socket:
                if ended := _ENDED.search(str(message.data)):
                    break
            else:
                raise RuntimeError(f"The socket was closed: {socket.close_code}")
        if ended[1] not in {wanted, "complete"}:
            raise RuntimeError(f"An answer is {ended[1]}, not {wanted}.")

    def _socket(
        self, path: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        url = self._crowd.url(f"/ws{path}?version=0")
        return self._http.ws_connect(url, headers=self._headers, max_msg_size=0)

    @property
    def _headers(self) -> dict[str, str]:
        token = self._crowd.person_of(self._index).token
        return self._crowd.headers_of(self._index) | {"X-CSRFToken": token}


async def flow(crowd: Crowd) -> None:
    """Let everyone act until stdin ends; then say what was done."""
    done: Counter[str] = Counter()
    until = asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as http,
        asyncio.TaskGroup() as group,
    ):
        for index in range(crowd.times):
            group.create_task(Visitor(crowd, index, http).live(until, done))
        group.create_task(_sign_in(crowd, until, done))
        say({"people": crowd.times})
        await asyncio.to_thread(sys.stdin.read)
        until.set()
    say(done)


async def _sign_in(crowd: Crowd, until: asyncio.Event, done: Counter[str]) -> None:
    # The administrator's password came in place of a question.
    while not until.is_set():
        try:
            await asyncio.to_thread(
                sign_in, crowd.port, "administrator", crowd.question
            )
            done["sign in"] += 1
        except (OSError, RuntimeError) as error:
            done[f"sign in went wrong: {error!r:.100}"] += 1
        await asyncio.wait({asyncio.create_task(until.wait())}, timeout=SIGN_IN_EVERY_S)


def _picture() -> bytes:
    written = BytesIO()
    Image.effect_noise((PICTURE_SIDE, PICTURE_SIDE), 50).save(written, "PNG")
    return written.getvalue()


if __name__ == "__main__":
    asyncio.run(flow(Crowd(**json.loads(sys.stdin.readline()))))
