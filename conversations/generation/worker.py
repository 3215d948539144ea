"""The process's answers: starts them, keeps them, hears who wants them stopped."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import connection

from conversations import feed
from conversations.database import in_thread
from conversations.generation.answer import answer
from conversations.generation.pace import Pace
from conversations.generation.run import Run
from conversations.turns import checkpoint, interrupt_silent_turns

logger = logging.getLogger(__name__)

CHECKPOINT_INTERVAL_S = 1.0
SWEEP_INTERVAL_S = 10.0


class Worker:
    """The running answers of one event loop, and what is done for all of them.

    Its two background tasks live only while there is an answer to keep.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self.runs: dict[uuid.UUID, Run] = {}
        self.pace = Pace()
        self.draining = False
        self.channel = ""
        self._background: list[asyncio.Task[None]] = []

    def begin(self, turn_id: uuid.UUID) -> None:
        """Start the answer of a pending turn, unless this process already has it."""
        if self.draining or turn_id in self.runs:
            return
        run = self.runs[turn_id] = Run(turn_id)
        self.pace.streams = len(self.runs)
        # A context of its own: not that of the request, which ends before the answer.
        run.task = _detached(self._run(run))
        if not self._background:
            self._background = [_detached(self._keep()), _detached(self._listen())]

    async def _run(self, run: Run) -> None:
        following: uuid.UUID | None = None
        try:
            following = await answer(run, self)
        except Exception:
            logger.exception("Turn %s ended in an error of this site", run.turn_id)
        finally:
            del self.runs[run.turn_id]
            self.pace.streams = len(self.runs)
            if following is not None:
                self.begin(following)
            if not self.runs:
                self._rest()

    def _rest(self) -> None:
        for task in self._background:
            task.cancel()
        self._background = []

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_INTERVAL_S)
            reached = [
                run.checkpoint(run.turn) for run in self.runs.values() if run.turn
            ]
            if not reached:
                continue
            try:
                stops = await in_thread(checkpoint, self.id, reached)
            except Exception:  # noqa: BLE001 - a busy database gets the next checkpoint
                logger.warning("A checkpoint of %s turns failed", len(reached))
                continue
            for turn_id in stops:
                self.stop(turn_id)

    def stop(self, turn_id: uuid.UUID) -> None:
        """End an answer of this process because somebody wants it."""
        run = self.runs.get(turn_id)
        if run is None or run.stop_wanted:
            return
        run.stop_wanted = True
        if run.receiving is not None:
            run.receiving.cancel()

    async def listen_to(self, turn_id: uuid.UUID) -> None:
        """Hear what pages want of a turn: to stop it, or a snapshot of it."""
        layer = feed.layer()
        if not self.channel:
            self.channel = await layer.new_channel("generation")
        await layer.group_add(feed.turn_group(turn_id), self.channel)

    async def leave(self, turn_id: uuid.UUID) -> None:
        """Hear no more of a turn."""
        await feed.layer().group_discard(feed.turn_group(turn_id), self.channel)

    async def _listen(self) -> None:
        layer = feed.layer()
        if not self.channel:
            self.channel = await layer.new_channel("generation")
        while True:
            event = await layer.receive(self.channel)
            run = self.runs.get(uuid.UUID(event["turn"]))
            if run is None or run.turn is None:
                continue
            if event["type"] == "stop.wanted":
                self.stop(run.turn_id)
            elif event["type"] == "snapshot.wanted":
                await run.send_snapshot(run.turn, event["channel"])

    async def drain(self, seconds: float) -> None:
        """Take no new answer, let the running ones end, then cut off the rest."""
        self.draining = True
        tasks = [run.task for run in self.runs.values() if run.task]
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=seconds)
        for run in self.runs.values():
            if run.receiving is not None:
                run.receiving.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _detached(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, context=contextvars.Context())


_workers: dict[asyncio.AbstractEventLoop, Worker] = {}


def worker() -> Worker:
    """The worker of the running event loop."""
    loop = asyncio.get_running_loop()
    for closed in [other for other in _workers if other.is_closed()]:
        del _workers[closed]
    return _workers.setdefault(loop, Worker())


def begin(turn_id: uuid.UUID) -> None:
    """Start the answer of a pending turn as a task of the running event loop."""
    worker().begin(turn_id)


async def drain(seconds: float) -> None:
    """Let running answers end for `seconds`; what is left becomes interrupted."""
    await worker().drain(seconds)


def recover() -> int:
    """At start-up: give up what died with an earlier process. Returns how many.

    On SQLite there is only one serving process, so whatever runs is a leftover; on a
    database server another process may be at work, and only silence tells.
    """
    if connection.vendor == "sqlite":
        return interrupt_silent_turns(timedelta(0))
    return interrupt_silent_turns()


async def sweep() -> None:
    """For as long as the process serves: give up turns whose process has died."""
    while True:
        await asyncio.sleep(SWEEP_INTERVAL_S)
        with suppress(Exception):  # a busy database gets the next sweep
            await in_thread(interrupt_silent_turns)
