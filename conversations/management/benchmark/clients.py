"""The readers of all streams, in one process: a `Plan` on stdin, a `Record` on stdout.

Readers do what a page does: they hold a websocket open, POST the question, and look
for the stamps in the markup that arrives.
"""

import asyncio
import gc
import json
import re
import sys
import time
import uuid
from contextlib import suppress

import aiohttp
import psutil

from conversations.management.benchmark.answers import (
    is_whole,
    stamped_indexes,
    stamps,
)
from conversations.management.benchmark.plans import Plan, Record, Sample, Stream
from conversations.management.benchmark.simulator import MODEL

SAMPLE_INTERVAL_S = 0.25
# How long the server is left alone before the first question.
IDLE_S = 1.0
_ENDED = re.compile(
    r'data-message-id="([0-9a-f-]+)"[^>]* data-role="assistant"'
    r' data-status="(complete|failed|stopped|interrupted)"'
)


class Reader:
    """One page with its stream; the relay's pages have a socket alone."""

    def __init__(self, plan: Plan, index: int, http: aiohttp.ClientSession) -> None:
        """Prepare to read stream `index` of the plan."""
        self.plan = plan
        self.stream = Stream()
        self.answer_id = ""
        self._conversation, self._leaf = plan.conversations[index]
        self._index = index
        self._http = http
        self._seen: set[int] = set()
        self._wanted = stamped_indexes(plan.deltas)

    async def open(self) -> None:
        """Open the socket, past the state that the site greets a page with."""
        address, headers = f"ws://127.0.0.1:{self.plan.port}/", {}
        if self.plan.target == "site":
            address += f"ws/c/{self._conversation}/?version=0"
            headers = self._headers()
        self._socket = await self._http.ws_connect(
            address, headers=headers, max_msg_size=0
        )
        if self.plan.target == "site":
            await self._socket.receive()

    async def run(self) -> None:
        """Ask, and read until the answer has ended or patience has."""
        self.stream.asked_us = _now_us()
        asking = asyncio.create_task(self._ask())
        with suppress(TimeoutError):
            async with asyncio.timeout(self.plan.patience_s):
                await self._read()
        await asking

    async def close(self) -> None:
        """Close the socket; on the site, read what was kept of the answer."""
        await self._socket.close()
        if self.plan.target == "site" and self.answer_id:
            url = self._url(f"/messages/{self.answer_id}/text")
            async with self._http.get(url, headers=self._headers()) as response:
                kept = await response.text()
            self.stream.whole &= is_whole(kept, self.plan.deltas)

    async def _ask(self) -> None:
        if self.plan.target == "relay":
            await self._socket.send_str(self.plan.question)
            return
        form = {
            "csrfmiddlewaretoken": self.plan.person_of(self._index).token,
            "key": str(uuid.uuid4()),
            "text": self.plan.question,
            "model": MODEL,
            "parent": self._leaf,
        }
        url = self._url(f"/c/{self._conversation}/turns")
        headers = {**self._headers(), "HX-Request": "true"}
        async with self._http.post(url, data=form, headers=headers) as response:
            words = await response.text()
        self.stream.accepted_us = _now_us()
        if response.status != 201:
            raise RuntimeError(f"A question was refused: {response.status} {words}")

    async def _read(self) -> None:
        async for message in self._socket:
            self._take(str(message.data), _now_us())
            if self.stream.ended_us:
                return

    def _take(self, frame: str, at_us: int) -> None:
        stream = self.stream
        stream.frames += 1
        stream.frame_bytes += len(frame)
        for sent_us, index in stamps(frame):
            if index not in self._seen:
                self._seen.add(index)
                stream.first_us = stream.first_us or at_us
                stream.sent_us.append(sent_us)
                stream.added_us.append(at_us - sent_us)
        if self.plan.target == "relay":
            self._end_by_count(at_us)
        elif ended := _ENDED.search(frame):
            self.answer_id, stream.status = ended[1], ended[2]
            stream.ended_us = at_us
            shown = [index for _, index in stamps(frame)]
            stream.whole = stream.status == "complete" and shown == self._wanted

    def _end_by_count(self, at_us: int) -> None:
        if len(self._seen) == len(self._wanted):
            self.stream.status, self.stream.whole = "complete", True
            self.stream.ended_us = at_us

    def _headers(self) -> dict[str, str]:
        cookie = self.plan.person_of(self._index).cookie
        return {"Cookie": cookie, "Origin": self._url("")}

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.plan.port}{path}"


async def load(plan: Plan) -> Record:
    """Carry the plan out."""
    record = Record(deltas=plan.deltas, streams=[], samples=[])
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        indexes = range(len(plan.conversations))
        readers = [Reader(plan, index, http) for index in indexes]
        for reader in readers:
            await reader.open()
        sampling = asyncio.create_task(_sample(plan.pid, record.samples))
        await asyncio.sleep(IDLE_S)
        used_s = time.process_time()
        await _run(readers, plan)
        record.clients_cpu_s = time.process_time() - used_s
        await asyncio.sleep(2 * SAMPLE_INTERVAL_S)
        sampling.cancel()
        for reader in readers:
            await reader.close()
    record.streams = [reader.stream for reader in readers]
    return record


async def _run(readers: list[Reader], plan: Plan) -> None:
    # The collector of garbage would show up as the server's lateness.
    gc.collect()
    gc.disable()
    loop = asyncio.get_running_loop()
    begun_at = loop.time()
    async with asyncio.TaskGroup() as group:
        for index, reader in enumerate(readers):
            due = begun_at + plan.spread_s * index / len(readers)
            await asyncio.sleep(max(0.0, due - loop.time()))
            group.create_task(reader.run())
    gc.enable()


async def _sample(pid: int, samples: list[Sample]) -> None:
    process = psutil.Process(pid)
    while True:
        with process.oneshot():
            samples.append(
                Sample(
                    at_us=_now_us(),
                    cpu_s=sum(process.cpu_times()[:4]),
                    rss_bytes=process.memory_info().rss,
                )
            )
        await asyncio.sleep(SAMPLE_INTERVAL_S)


def _now_us() -> int:
    return time.monotonic_ns() // 1000


if __name__ == "__main__":
    wanted = Plan(**json.load(sys.stdin))
    json.dump(asyncio.run(load(wanted)).as_json(), sys.stdout)
