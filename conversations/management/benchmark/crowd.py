"""Many people at once, in a process of their own: a `Crowd` on stdin, JSON on stdout.

Those who idle and those who read along say when they are there, and stay until stdin
ends; the others report what they saw.
"""

import asyncio
import json
import socket
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

import aiohttp

from conversations.management.benchmark.plans import Person
from conversations.management.benchmark.simulator import MODEL

# Handshakes at once: a crowd comes in a rush, but not in one moment.
OPENING_AT_ONCE = 50
BUFFER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What many people do; each conversation has its owner among the people."""

    task: Literal["idle", "send", "visit", "read"]
    port: int
    people: Sequence[dict[str, str]]
    conversations: Sequence[tuple[str, str]]
    question: str = ""
    times: int = 1
    # What of an answer is read each second; 0: as much as comes.
    bytes_per_s: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values that make an equal crowd."""
        return asdict(self)

    def person_of(self, index: int) -> Person:
        """Whose conversation the one at `index` is."""
        return Person(**self.people[index % len(self.people)])

    def headers_of(self, index: int) -> dict[str, str]:
        """What a page of that person sends with each request."""
        return {
            "Cookie": self.person_of(index).cookie,
            "Origin": f"http://127.0.0.1:{self.port}",
            "HX-Request": "true",
        }

    def url(self, path: str) -> str:
        """An address of the site."""
        return f"http://127.0.0.1:{self.port}{path}"


async def ask(
    http: aiohttp.ClientSession, crowd: Crowd, index: int, text: str
) -> tuple[int, float]:
    """Send a question: the status of its answer, and milliseconds until it came."""
    conversation, _ = crowd.conversations[index]
    form = {
        "csrfmiddlewaretoken": crowd.person_of(index).token,
        "key": str(uuid.uuid4()),
        "text": text,
        "model": MODEL,
        "parent": "",
    }
    begun = time.monotonic()
    async with http.post(
        crowd.url(f"/c/{conversation}/turns"),
        data=form,
        headers=crowd.headers_of(index),
    ) as response:
        await response.read()
    return response.status, 1000 * (time.monotonic() - begun)


async def idle(crowd: Crowd, http: aiohttp.ClientSession) -> None:
    """Hold the socket of every conversation open."""
    free = asyncio.Semaphore(OPENING_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        opening = [
            group.create_task(_opened(crowd, http, index, free))
            for index in range(len(crowd.conversations))
        ]
    sockets = [task.result() for task in opening]
    say({"open": sum(each is not None and not each.closed for each in sockets)})
    await asyncio.to_thread(sys.stdin.read)


async def _opened(
    crowd: Crowd, http: aiohttp.ClientSession, index: int, free: asyncio.Semaphore
) -> aiohttp.ClientWebSocketResponse | None:
    url = crowd.url(f"/ws/c/{crowd.conversations[index][0]}/?version=0")
    headers = crowd.headers_of(index)
    async with free:
        with suppress(aiohttp.ClientError, OSError):
            opened = await http.ws_connect(url, headers=headers, max_msg_size=0)
            # The greeting; what comes later is read by the library, pings included.
            await opened.receive()
            task = asyncio.create_task(_heard(opened))
            _hearing.add(task)
            return opened
    return None


_hearing: set[asyncio.Task[None]] = set()


async def _heard(opened: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in opened:
        pass


async def send(crowd: Crowd, http: aiohttp.ClientSession) -> None:
    """All at the same moment, again and again: when each was acknowledged."""
    statuses: Counter[int] = Counter()
    taken_ms: list[float] = []
    for _ in range(crowd.times):
        everyone = range(len(crowd.conversations))
        asked = [ask(http, crowd, index, crowd.question) for index in everyone]
        for status, took_ms in await asyncio.gather(*asked):
            statuses[status] += 1
            taken_ms.append(took_ms)
        # The answers end before the next question.
        await asyncio.sleep(2)
    say({"statuses": statuses, "taken_ms": taken_ms})


async def visit(crowd: Crowd, http: aiohttp.ClientSession) -> None:
    """Open pages one after the other: how long each took."""
    statuses: Counter[int] = Counter()
    taken_ms: list[float] = []
    for number in range(crowd.times):
        index = number % len(crowd.conversations)
        url = crowd.url(f"/c/{crowd.conversations[index][0]}/")
        headers = {"Cookie": crowd.headers_of(index)["Cookie"]}
        begun = time.monotonic()
        async with http.get(url, headers=headers) as response:
            await response.read()
        taken_ms.append(1000 * (time.monotonic() - begun))
        statuses[response.status] += 1
    say({"statuses": statuses, "taken_ms": taken_ms})


async def read(crowd: Crowd, http: aiohttp.ClientSession) -> None:
    """Ask for answers, and take so many bytes a second of each."""
    everyone = range(len(crowd.conversations))
    tasks = [asyncio.create_task(_trickled(crowd, index)) for index in everyone]
    await asyncio.sleep(1)
    for index in everyone:
        await ask(http, crowd, index, crowd.question)
    say({"reading": sum(not task.done() for task in tasks)})
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


async def _trickled(crowd: Crowd, index: int) -> None:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    raw.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", crowd.port))
    headers = {
        "Host": f"127.0.0.1:{crowd.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "c2xvd2x5LCBzdXJlbHkuLg==",
        "Sec-WebSocket-Version": "13",
        **crowd.headers_of(index),
    }
    lines = [f"GET /ws/c/{crowd.conversations[index][0]}/?version=0 HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await loop.sock_sendall(raw, "\r\n".join([*lines, "", ""]).encode())
    with raw:
        size = crowd.bytes_per_s or BUFFER_BYTES
        while await loop.sock_recv(raw, size):
            if crowd.bytes_per_s:
                await asyncio.sleep(1)


def say(value: Any) -> None:
    """Answer who started this process."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


TASKS = {"idle": idle, "send": send, "visit": visit, "read": read}


async def gather(crowd: Crowd) -> None:
    """Do what the crowd does."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        await TASKS[crowd.task](crowd, http)


if __name__ == "__main__":
    asyncio.run(gather(Crowd(**json.loads(sys.stdin.readline()))))
