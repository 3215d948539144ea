"""One turn from its claim to its final state.

Whatever happens on the way (an error of the provider, a stop, the end of the process)
what had arrived is kept, and the turn ends in exactly one final state.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.utils import timezone

from conversations import attachment_files, correlation, feed, measures, spans, tasks
from conversations.articles import changes_of_end, changes_since
from conversations.catalogue import offered
from conversations.database import in_thread
from conversations.generation.substitutes import (
    claim_of,
    hand_over,
    models_to_ask,
    worth_asking,
)
from conversations.messages_api import (
    ProviderError,
    is_about_thinking,
    text_of,
    without_thinking,
)
from conversations.models import Conversation, Turn
from conversations.notices import rate_limit_words
from conversations.providers.breaker import is_trouble
from conversations.rendering import RENDERER_VERSION, render_answer
from conversations.transcript import Transcript, build_request, with_files
from conversations.turns import (
    Ending,
    Outcome,
    begin_turn,
    end_turn,
    next_attempt,
    next_call,
    note_omission,
    withdraw_attempt,
)

if TYPE_CHECKING:
    from conversations.generation.pace import Pace
    from conversations.generation.run import Run
    from conversations.generation.worker import Worker
    from conversations.messages_api import MessageRequest
    from conversations.messages_api.attempts import Attempt

logger = logging.getLogger(__name__)

FINISH_RETRY_S = 1.0
# How often a model that paused in the middle of its work is asked to go on.
CONTINUATIONS_LIMIT = 10

type _Ended = tuple[feed.TurnArticles | feed.TurnChanged, uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A turn that is this process's to answer, and its reserved call."""

    turn: Turn
    call_id: uuid.UUID


async def answer(run: Run, worker: Worker) -> uuid.UUID | None:
    """Make the answer of a pending turn; returns the queued turn that follows it."""
    await worker.listen_to(run.turn_id)
    try:
        ending = await _attend(run, worker)
    finally:
        await worker.leave(run.turn_id)
    return ending


async def _attend(run: Run, worker: Worker) -> uuid.UUID | None:
    claimed = run.claimed or await in_thread(_claimed, run.turn_id, worker.id)
    if claimed is None:
        return None
    _tell_apart(claimed.turn)
    run.turn, run.call_id, run.claimed = claimed.turn, claimed.call_id, None
    run.receiving = asyncio.create_task(_receive(run, claimed.turn, worker.pace))
    if run.cut is not None:
        run.receiving.cancel()
    try:
        outcome = await _outcome(run, run.turn, run.receiving)
    finally:
        run.receiving = None
    return await _end(run, run.turn, outcome, worker)


def _tell_apart(turn: Turn) -> None:
    person = turn.conversation.owner_id
    correlation.add(conversation=turn.conversation_id, person=person)
    spans.note(provider=turn.provider, model=turn.model)


def _claimed(turn_id: uuid.UUID, worker_id: uuid.UUID) -> Claimed | None:
    turns = Turn.objects.select_related("conversation__owner", "question", "answer")
    turn = turns.get(pk=turn_id)
    claim = claim_of(turn.model, worker_id, turn.conversation.settings)
    return Claimed(turn, claim.call_id) if begin_turn(turn, claim) else None


async def _outcome(
    run: Run, turn: Turn, receiving: asyncio.Task[None]
) -> dict[str, Any]:
    """How the answer ended; only reading it is ever cancelled, never this."""
    await asyncio.wait([receiving])
    if receiving.cancelled():
        return {"status": run.cut or Turn.Status.INTERRUPTED}
    match receiving.exception():
        case None:
            return {"status": Turn.Status.COMPLETE}
        case ProviderError() as error:
            return _failure(error)
        case offered.UnknownModel():
            return {"status": Turn.Status.FAILED, "error_code": "unknown_model"}
        case attachment_files.Unreachable() as error:
            logger.error("Turn %s lacks its files", turn.pk, exc_info=error)
            return {"status": Turn.Status.FAILED, "error_code": "storage"}
        case error:
            logger.error("Turn %s failed on this site", turn.pk, exc_info=error)
            return {"status": Turn.Status.FAILED, "error_code": "internal"}


async def _receive(run: Run, turn: Turn, pace: Pace) -> None:
    """Read the answer of the model that was asked, or of the first one that can.

    Before its first word an answer may pass to the model's fallbacks.
    """
    models = [turn.model]
    if offered.fallbacks_of(turn.model):
        models = await in_thread(models_to_ask, turn)
    failure: ProviderError | None = None
    for model_id in worth_asking(models):
        if model_id != turn.model:
            await hand_over(run, turn, model_id, failure)
        failure = await _asked(run, turn, pace)
        if failure is None:
            return
    if failure is not None:
        raise failure


async def _asked(run: Run, turn: Turn, pace: Pace) -> ProviderError | None:
    """Ask the turn's model; the error after which another one may be asked."""
    try:
        await _ask(run, turn, pace)
    except ProviderError as error:
        if run.reached or not is_trouble(error):
            raise
        return error
    return None


async def _ask(run: Run, turn: Turn, pace: Pace) -> None:
    request = await _request(turn)
    try:
        await _call(run, turn, pace, request)
    except ProviderError as error:
        if run.content or not is_about_thinking(error):
            raise
        # Something above it was changed: without its thinking it is taken.
        request = replace(request, messages=without_thinking(request.messages))
        await _repeat(run, turn, error)
        await _call(run, turn, pace, request)
    for _ in range(CONTINUATIONS_LIMIT):
        if not run.is_paused:
            break
        await _call(run, turn, pace, await _continued(run, turn, request))


async def _repeat(run: Run, turn: Turn, error: ProviderError) -> None:
    if run.call_id is not None:
        call = await in_thread(
            next_attempt,
            turn,
            run.call_id,
            attempt=turn.attempts + 1,
            error_code=error.code,
            request_id=error.request_id or "",
        )
        run.call_id = call.pk


async def _continued(run: Run, turn: Turn, request: MessageRequest) -> MessageRequest:
    """What asks a model that paused to go on: all that it said, sent back as it is."""
    container = run.received.message.get("container")
    await _go_on(run, turn)
    said = {"role": "assistant", "content": run.sent_back}
    parameters = dict(request.parameters)
    if isinstance(container, dict) and container.get("id"):
        parameters["container"] = container["id"]
    return replace(request, messages=[*request.messages, said], parameters=parameters)


async def _go_on(run: Run, turn: Turn) -> None:
    usage, request_id = run.received.usage, run.request_id
    writing = asyncio.ensure_future(
        in_thread(next_call, turn, run.call_id, usage=usage, request_id=request_id)
    )
    try:
        await asyncio.shield(writing)
    finally:
        # No stop comes between what is written and what is known of it.
        await asyncio.wait([writing])
        if writing.exception() is None:
            run.call_id = writing.result().pk
            run.go_on()


async def _call(run: Run, turn: Turn, pace: Pace, request: MessageRequest) -> None:
    attempts = _Attempts(run, turn)
    provider, breaker = offered.provider_of(turn.model), offered.breaker_of(turn.model)
    try:
        async with provider.stream(request, on_attempt=attempts.note) as stream:
            run.reached = True
            breaker.answered()
            measures.rate_limits_told(provider.name, stream.rate_limits)
            await run.read(stream, turn, pace)
        breaker.succeeded()
    except ProviderError as error:
        measures.rate_limits_told(provider.name, error.rate_limits)
        if is_trouble(error):
            breaker.failed()
        elif error.status is not None:
            breaker.answered()
        raise
    finally:
        breaker.abandoned()
        await attempts.written()


async def _request(turn: Turn) -> MessageRequest:
    """What is asked of the provider.

    The question is acknowledged before its history is read, which may be long; and it
    stands still above a question, so no transaction has to hold it.
    """
    transcript = await in_thread(_transcript, turn)
    if transcript.attachments:
        # Files may be far away: no thread of the database waits for them.
        transcript = await asyncio.to_thread(with_files, transcript)
    return transcript.marked


def _transcript(turn: Turn) -> Transcript:
    model = offered.model_info(turn.model)
    if model is None:
        raise offered.UnknownModel(turn.model)
    transcript = build_request(turn, model)
    if transcript.omitted_messages:
        note_omission(turn, transcript.omitted_messages)
    return transcript


class _Attempts:
    """Writes down each further attempt of a call, in order, while it goes on."""

    def __init__(self, run: Run, turn: Turn) -> None:
        self._run = run
        self._turn = turn
        self._writing: asyncio.Task[None] | None = None
        self._reserved = self._begun = 1
        # Calls before this one: an answer paused, or another model was asked.
        self._earlier = max(turn.attempts, 1) - 1
        self._breaker = offered.breaker_of(turn.model)

    def note(self, attempt: Attempt) -> None:
        """Hear that an attempt is waited for, or begins."""
        if attempt.error is not None and attempt.wait_s > 0:
            if is_trouble(attempt.error):
                self._breaker.failed()
            self._writing = asyncio.create_task(self._write(attempt, self._writing))
        else:
            self._begun = attempt.number

    async def _write(self, attempt: Attempt, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        run, turn, error = self._run, self._turn, attempt.error
        if run.call_id is None or error is None:
            return
        call = await in_thread(
            next_attempt,
            turn,
            run.call_id,
            attempt=self._earlier + attempt.number,
            error_code=error.code,
            request_id=error.request_id or "",
            wait_s=attempt.wait_s,
        )
        run.call_id, self._reserved = call.pk, attempt.number
        await feed.publish(
            feed.conversation_group(turn.conversation_id),
            {
                "type": "turn.waiting",
                "message": str(turn.answer_id),
                "attempt": attempt.number,
                "wait_s": attempt.wait_s,
            },
        )

    async def written(self) -> None:
        """Wait until all that was noted is in the store, and nothing else is."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
            if error := self._writing.exception():
                logger.error("An attempt is not in the ledger", exc_info=error)
        run = self._run
        if self._reserved > self._begun and run.call_id is not None:
            # It was cut short while it waited: that call is never made.
            await in_thread(withdraw_attempt, self._turn, run.call_id)
            run.call_id = None


def _failure(error: ProviderError) -> dict[str, Any]:
    retry_at = None
    if error.retry_after_s is not None:
        retry_at = timezone.now() + timedelta(seconds=error.retry_after_s)
    return {
        "status": Turn.Status.FAILED,
        "error_code": error.code,
        "error_detail": _detail(error),
        "request_id": error.request_id or "",
        "retry_at": retry_at,
    }


def _detail(error: ProviderError) -> str:
    limits = rate_limit_words(error.rate_limits) if error.status == 429 else ""
    return "\n".join(filter(None, (error.provider_message, limits)))


async def _end(
    run: Run, turn: Turn, how: dict[str, Any], worker: Worker
) -> uuid.UUID | None:
    received = run.received
    facts = {
        "content": run.content,
        "text": text_of(run.content),
        "stop_reason": received.stop_reason or "",
        "usage": run.usage,
        "call_usage": dict(received.usage) if run.paused else None,
        "request_id": run.request_id,
        "first_delta_at": run.first_delta_at,
    }
    ended = await _finished(turn, {**facts, **how}, worker, run.call_id)
    if ended is None:
        return None
    measures.turn_ended(turn, {**facts, **how})
    event, following = ended
    await feed.publish(feed.conversation_group(turn.conversation_id), event)
    if how["status"] == Turn.Status.COMPLETE:
        tasks.begin_title(turn)
    return following


async def _finished(
    turn: Turn, facts: dict[str, Any], worker: Worker, call_id: uuid.UUID | None
) -> _Ended | None:
    """Keep an answer, however long the database cannot take it."""
    while True:
        try:
            return await in_thread(_finish, turn, facts, worker, call_id)
        except OperationalError:
            logger.warning("The end of turn %s is not kept yet", turn.pk)
            await asyncio.sleep(FINISH_RETRY_S)


def _finish(
    turn: Turn, facts: dict[str, Any], worker: Worker, call_id: uuid.UUID | None
) -> _Ended | None:
    html = render_answer(facts["content"])
    outcome = Outcome(html=html, renderer_version=RENDERER_VERSION, **facts)
    # What is promoted while the process drains would only be cut off.
    promote = not worker.draining
    ending = end_turn(turn, outcome, worker=worker.id, call_id=call_id, promote=promote)
    if ending is None:
        return None
    following = ending.following
    return _event(turn, ending), following.pk if following else None


def _event(turn: Turn, ending: Ending) -> feed.TurnArticles | feed.TurnChanged:
    try:
        if ending.alone and turn.conversation.leaf_id == turn.answer_id:
            changes = changes_of_end(turn)
        else:
            conversation = Conversation.objects.get(pk=turn.conversation_id)
            changes = changes_since(conversation, ending.version - 1)
    except OperationalError:
        # The answer is kept: whoever shows it looks for itself.
        return {"type": "turn.changed", "version": ending.version}
    return {
        "type": "turn.articles",
        "version": changes.version,
        "started": changes.started,
        "html": changes.html,
    }
