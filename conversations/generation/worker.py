"""The process's answers: starts them, keeps them, hears who wants them stopped."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import connection

from conversations import correlation, feed, spans, tasks
from conversations.database import in_thread
from conversations.generation.answer import Claimed, answer
from conversations.generation.pace import Pace
from conversations.generation.run import Run
from conversations.generation.substitutes import claim_of
from conversations.ledger.calls import settle_lost_calls
from conversations.models import Turn
from conversations.turns import (
    Claim,
    checkpoint,
    interrupt_silent_turns,
    put_back,
)

logger = logging.getLogger(__name__)

# Whose turns these are: of this process, whichever event loop runs them.
WORKER_ID = uuid.uuid4()
CHECKPOINT_INTERVAL_S = 1.0
SWEEP_INTERVAL_S = 10.0
# Longer than any call may take.
CALL_IS_LOST_AFTER = timedelta(hours=1)
# At start-up nothing is alive, also not what a clock that went back wrote.
WHENEVER = -timedelta(days=3650)


class Worker:
    """The running answers of one event loop, and what is done for all of them.

    Its two background tasks live only while there is an answer to keep.
    """

    def __init__(self) -> None:
        self.id = WORKER_ID
        self.runs: dict[uuid.UUID, Run] = {}
        self.pace = Pace()
        self.draining = False
        self.channel = ""
        self._opening = asyncio.Lock()
        self._background: list[asyncio.Task[None]] = []

    def begin(self, turn_id: uuid.UUID, claimed: Claimed | None = None) -> None:
        """Start the answer of a pending turn, unless this process already has it."""
        if self.draining or turn_id in self.runs:
            return
        run = self.runs[turn_id] = Run(turn_id, claimed)
        self.pace.streams = len(self.runs)
        # Not in the context of the request, which ends before the answer.
        context = correlation.handed_on()
        run.task = asyncio.create_task(self._run(run), context=context)
        if not self._background:
            self._background = [_detached(self._keep()), _detached(self._listen())]

    async def _run(self, run: Run) -> None:
        following: uuid.UUID | None = None
        correlation.add(turn=run.turn_id)
        try:
            with spans.span("turn", turn=run.turn_id):
                following = await answer(run, self)
            if following is not None and self.draining:
                await in_thread(put_back, following)
        except Exception:  # the task's edge: no fault may leave it in `runs`
            logger.exception("Turn %s ended in an error of this site", run.turn_id)
        finally:
            del self.runs[run.turn_id]
            self.pace.streams = len(self.runs)
            if following is not None:
                correlation.begin()
                self.begin(following)
            if not self.runs:
                self._rest()

    def _rest(self) -> None:
        for task in self._background:
            task.cancel()
        self._background = []
        # Who stops receiving gives the channel up, so the next answer opens another.
        self.channel = ""

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_INTERVAL_S)
            reached = [
                run.checkpoint(run.turn) for run in self.runs.values() if run.turn
            ]
            if not reached:
                continue
            try:
                cuts = await in_thread(checkpoint, self.id, reached)
            except Exception:  # noqa: BLE001 - a busy database gets the next checkpoint
                logger.warning("A checkpoint of %s turns failed", len(reached))
                continue
            for turn_id, status in cuts.items():
                if run := self.runs.get(turn_id):
                    run.cut_short(status)

    async def listen_to(self, turn_id: uuid.UUID) -> None:
        """Hear what pages want of a turn: to stop it, or a snapshot of it."""
        try:
            channel = await self._own_channel()
            await feed.layer().group_add(feed.turn_group(turn_id), channel)
        except Exception:  # noqa: BLE001 - a broken layer costs liveliness, no answer
            logger.warning("Pages cannot reach turn %s", turn_id)

    async def leave(self, turn_id: uuid.UUID) -> None:
        """Hear no more of a turn."""
        with suppress(Exception):  # as above; a layer forgets its groups after a day
            await feed.layer().group_discard(feed.turn_group(turn_id), self.channel)

    async def _own_channel(self) -> str:
        async with self._opening:
            if not self.channel:
                self.channel = await feed.layer().new_channel("generation")
        return self.channel

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear(await feed.layer().receive(await self._own_channel()))
            except Exception:  # noqa: BLE001 - a broken layer may come back
                logger.warning("What pages want is not heard")
                await asyncio.sleep(CHECKPOINT_INTERVAL_S)
                await self._listen_again()

    async def _listen_again(self) -> None:
        for turn_id in list(self.runs):
            await self.listen_to(turn_id)

    async def _hear(self, event: dict[str, Any]) -> None:
        if event["type"] == "layer.restored":
            # What was begun while the layer was away is in no group yet.
            await self._listen_again()
            return
        run = self.runs.get(uuid.UUID(event["turn"]))
        if run is None or run.turn is None:
            return
        if event["type"] == "stop.wanted":
            run.cut_short(Turn.Status.STOPPED)
        elif event["type"] == "snapshot.wanted":
            await run.send_snapshot(run.turn, event["channel"])

    async def drain(self, seconds: float) -> None:
        """Take no new answer, let the running ones end, then cut off the rest."""
        self.draining = True
        answers = [run.task for run in self.runs.values() if run.task]
        if answers:
            await asyncio.wait(answers, timeout=seconds)
        for run in self.runs.values():
            run.cut_short(Turn.Status.INTERRUPTED)
        await asyncio.gather(*answers, return_exceptions=True)
        await tasks.give_up()


def _detached(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, context=contextvars.Context())


_workers: dict[asyncio.AbstractEventLoop, Worker] = {}


def worker() -> Worker:
    """The worker of the running event loop."""
    loop = asyncio.get_running_loop()
    for closed in [other for other in _workers if other.is_closed()]:
        del _workers[closed]
    return _workers.setdefault(loop, Worker())


def claim(model_id: str, settings: Mapping[str, Any] | None = None) -> Claim:
    """The claim of this process on a turn that is to be answered by this model."""
    return claim_of(model_id, WORKER_ID, settings)


def claimed(turn: Turn, claim: Claim) -> Claimed | None:
    """The turn as `begin` takes it, if it was started with this claim."""
    return Claimed(turn, claim.call_id) if turn.worker == claim.worker else None


def begin(turn_id: uuid.UUID, claimed: Claimed | None = None) -> None:
    """Start the answer of a pending turn as a task of the running event loop."""
    worker().begin(turn_id, claimed)


async def drain(seconds: float) -> None:
    """Let running answers end for `seconds`; what is left becomes interrupted."""
    await worker().drain(seconds)


def recover() -> int:
    """At start-up: give up what died with an earlier process. Returns how many.

    On SQLite there is only one serving process, so whatever runs is a leftover; on a
    database server another process may be at work, and only silence tells.
    """
    if connection.vendor == "sqlite":
        given_up = interrupt_silent_turns(WHENEVER)
        settle_lost_calls(WHENEVER)
        return given_up
    return interrupt_silent_turns()


async def sweep() -> None:
    """For as long as the process serves: give up turns whose process has died."""
    while True:
        await asyncio.sleep(SWEEP_INTERVAL_S)
        with suppress(Exception):  # a busy database gets the next sweep
            await in_thread(_sweep, set(worker().runs))


def _sweep(alive: set[uuid.UUID]) -> None:
    interrupt_silent_turns(alive=alive)
    settle_lost_calls(CALL_IS_LOST_AFTER)
