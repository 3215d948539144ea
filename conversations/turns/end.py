"""Running and ending a turn: claim, checkpoint, and the one way into a final state."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations import measures
from conversations.database import shared_now
from conversations.feed import (
    conversation_group,
    publish_on_commit,
    turn_group,
)
from conversations.ledger.calls import (
    REQUEST_ID_LENGTH,
    cost_of_turn,
    settle_call,
    settle_open_calls,
)
from conversations.ledger.models import Call
from conversations.ledger.prices import cost_of_call, day_of
from conversations.messages_api import text_of
from conversations.models import Conversation, Message, Turn
from conversations.turns.start import (
    Claim,
    next_version,
    promoted,
    redraw_queue,
    reserve,
    unfinished_of,
)

# A running turn gives a sign of life with every checkpoint, once a second.
SILENCE_LIMIT = timedelta(seconds=30)
# What a provider may name a reason with, in characters; the rest is cut.
WORD_LENGTH = 64

_CALL_STATUS = {
    Turn.Status.COMPLETE: Call.Status.SETTLED,
    Turn.Status.STOPPED: Call.Status.STOPPED,
    Turn.Status.FAILED: Call.Status.FAILED,
    Turn.Status.INTERRUPTED: Call.Status.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a running turn has received so far."""

    turn_id: uuid.UUID
    answer_id: uuid.UUID
    content: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a turn ended, and all that was received until then.

    `call_usage` is what its last call used, None if there was no other.
    """

    status: Turn.Status
    content: Sequence[dict[str, Any]] = ()
    text: str = ""
    html: str = ""
    renderer_version: int = 0
    stop_reason: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    call_usage: dict[str, Any] | None = None
    request_id: str = ""
    error_code: str = ""
    error_detail: str = ""
    retry_at: datetime | None = None
    first_delta_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What an end means for the conversation: its version, and what follows.

    `following` is the queued turn that may run now; `alone` says that no other turn
    of the conversation runs or waits.
    """

    version: int
    following: Turn | None
    alone: bool


@transaction.atomic
def begin_turn(turn: Turn, claim: Claim) -> bool:
    """Claim a pending turn for one process and reserve its call; False if taken."""
    columns = claim.columns()
    free = Turn.objects.filter(pk=turn.pk, status=Turn.Status.PENDING, worker=None)
    if not free.update(**columns):
        return False
    _set(turn, columns)
    reserve(turn, call_id=claim.call_id)
    return True


def note_omission(turn: Turn, messages: int) -> None:
    """Note how many older messages a running turn leaves out to fit its model."""
    turn.omitted_messages = messages
    Turn.objects.filter(pk=turn.pk).update(omitted_messages=messages)


@transaction.atomic
def next_attempt(
    turn: Turn,
    call_id: uuid.UUID,
    *,
    attempt: int,
    error_code: str,
    request_id: str,
    wait_s: float = 0.0,
) -> Call:
    """Settle the call that failed and reserve the one that follows it in `wait_s`."""
    turn.attempts = attempt
    turn.retry_at = timezone.now() + timedelta(seconds=wait_s)
    # The turn before its call, as whoever ends it locks them.
    Turn.objects.filter(pk=turn.pk).update(attempts=attempt, retry_at=turn.retry_at)
    settle_call(
        call_id, Call.Status.FAILED, error_code=error_code, request_id=request_id
    )
    return reserve(turn, attempt=attempt)


@transaction.atomic
def next_call(
    turn: Turn, call_id: uuid.UUID | None, *, usage: Mapping[str, Any], request_id: str
) -> Call:
    """Settle the call whose answer paused, and reserve the one that goes on with it."""
    turn.attempts += 1
    Turn.objects.filter(pk=turn.pk).update(attempts=turn.attempts)
    if call_id is not None:
        settle_call(
            call_id,
            Call.Status.SETTLED,
            usage=usage,
            request_id=request_id,
            model=turn.model,
        )
    return reserve(turn, attempt=turn.attempts)


@transaction.atomic
def withdraw_attempt(turn: Turn, call_id: uuid.UUID) -> None:
    """Take back the reserved call of an attempt that never began."""
    Call.objects.filter(pk=call_id, status=Call.Status.RESERVED).delete()
    turn.attempts -= 1
    Turn.objects.filter(pk=turn.pk).update(attempts=turn.attempts)


@transaction.atomic
def checkpoint(
    worker: uuid.UUID, reached: Sequence[Checkpoint]
) -> dict[uuid.UUID, Turn.Status]:
    """Keep what running turns have received; returns those to be cut short, and how.

    A turn is stopped when someone asked for it, and interrupted when it is no longer
    this worker's.
    """
    mine = Turn.objects.running().filter(
        worker=worker, pk__in=[point.turn_id for point in reached]
    )
    # First of all: from here on nobody else ends these turns before this is written.
    mine.update(heartbeat_at=shared_now())
    stops = dict(mine.values_list("pk", "stop_requested_at"))
    begun = [point for point in reached if point.content and point.turn_id in stops]
    mine.filter(
        status=Turn.Status.PENDING, pk__in=[point.turn_id for point in begun]
    ).update(status=Turn.Status.STREAMING)
    for point in begun:
        Message.objects.filter(pk=point.answer_id).update(content=list(point.content))
    lost = {point.turn_id for point in reached} - stops.keys()
    return {
        **dict.fromkeys(lost, Turn.Status.INTERRUPTED),
        **{key: Turn.Status.STOPPED for key, asked_at in stops.items() if asked_at},
    }


@transaction.atomic
def end_turn(
    turn: Turn,
    outcome: Outcome,
    *,
    worker: uuid.UUID,
    call_id: uuid.UUID | None = None,
    promote: bool = True,
) -> Ending | None:
    """Bring a running turn to its final state, keep what it said, settle its call.

    None if the turn was ended already. A turn that was given up as interrupted while
    its process was merely slow still takes in what that process received. `turn` and
    its answer are brought up to date. Without `promote` what waits goes on waiting.
    """
    conversation = turn.conversation
    version = next_version(conversation)
    theirs = Q(worker=worker) & (
        Q(status__in=Turn.RUNNING) | Q(status=Turn.Status.INTERRUPTED)
    )
    columns = _columns(turn, outcome, version)
    if not Turn.objects.filter(theirs, pk=turn.pk).update(**columns):
        return None
    said = _said(outcome)
    Message.objects.filter(pk=turn.answer_id).update(**said)
    if call_id is not None:
        _settle(call_id, turn, outcome)
    if turn.attempts > 1:
        columns |= _cost_of_all_calls(turn)
    _set(turn, columns)
    _set(turn.answer, said)
    queue = unfinished_of(conversation)
    redraw_queue(conversation, queue, version)
    # Nothing follows by itself what did not go well: the waiting ones offer it.
    follows = promote and outcome.status == Turn.Status.COMPLETE
    following = promoted(queue) if follows else None
    return Ending(version, following, alone=not queue)


@transaction.atomic
def put_back(turn_id: uuid.UUID) -> None:
    """Let a promoted turn that nobody has claimed wait again, to be sent by hand."""
    turn = Turn.objects.select_related("conversation").get(pk=turn_id)
    version = next_version(turn.conversation)
    unclaimed = Turn.objects.filter(pk=turn_id, status=Turn.Status.PENDING, worker=None)
    unclaimed.update(status=Turn.Status.QUEUED)
    redraw_queue(turn.conversation, unfinished_of(turn.conversation), version)
    publish_on_commit(
        conversation_group(turn.conversation_id),
        {"type": "turn.changed", "version": version},
    )


@transaction.atomic
def request_stop(conversation: Conversation) -> bool:
    """Ask whichever process runs the conversation's answer to stop it."""
    turn = conversation.turns.running().first()
    if turn is None:
        return False
    Turn.objects.filter(pk=turn.pk, stop_requested_at=None).update(
        stop_requested_at=timezone.now()
    )
    publish_on_commit(
        turn_group(turn.pk), {"type": "stop.wanted", "turn": str(turn.pk)}
    )
    return True


def interrupt_silent_turns(
    silence: timedelta = SILENCE_LIMIT, *, alive: Collection[uuid.UUID] = ()
) -> int:
    """Give up the turns whose process has died; their text stays. Returns how many.

    Turns that are known to be `alive` may be silent: their process could not write.
    """
    silent = Turn.objects.silent_since(shared_now() - silence).exclude(pk__in=alive)
    return sum(_interrupt(turn_id) for turn_id in silent.values_list("pk", flat=True))


@transaction.atomic
def _interrupt(turn_id: uuid.UUID) -> bool:
    turn = Turn.objects.select_related("conversation", "answer").get(pk=turn_id)
    version = next_version(turn.conversation)
    # Someone who had asked to stop got what they wanted.
    status = Turn.Status.STOPPED if turn.stop_requested_at else Turn.Status.INTERRUPTED
    ended = Turn.objects.running().filter(pk=turn_id, heartbeat_at=turn.heartbeat_at)
    if not ended.update(status=status, version=version, finished_at=timezone.now()):
        return False
    text = text_of(turn.answer.content)
    Message.objects.filter(pk=turn.answer_id).update(text=text)
    settle_open_calls(turn_id, Call.Status.UNKNOWN)
    transaction.on_commit(partial(measures.turn_ended, turn, {"status": status}))
    redraw_queue(turn.conversation, unfinished_of(turn.conversation), version)
    publish_on_commit(
        conversation_group(turn.conversation_id),
        {"type": "turn.changed", "version": version},
    )
    return True


def _columns(turn: Turn, outcome: Outcome, version: int) -> dict[str, Any]:
    day = day_of(turn.started_at or timezone.now())
    return {
        "cost_picodollars": cost_of_call(turn.model, outcome.usage, day),
        "version": version,
        "finished_at": timezone.now(),
        "status": outcome.status,
        "stop_reason": str(outcome.stop_reason)[:WORD_LENGTH],
        "usage": outcome.usage,
        "request_id": outcome.request_id[:REQUEST_ID_LENGTH],
        "error_code": outcome.error_code[:WORD_LENGTH],
        "error_detail": outcome.error_detail,
        "retry_at": outcome.retry_at,
        "first_delta_at": outcome.first_delta_at,
    }


def _cost_of_all_calls(turn: Turn) -> dict[str, Any]:
    """The cost of a turn that took several calls, written down."""
    columns = {"cost_picodollars": cost_of_turn(turn.pk)}
    Turn.objects.filter(pk=turn.pk).update(**columns)
    return columns


def _said(outcome: Outcome) -> dict[str, Any]:
    return {
        "content": list(outcome.content),
        "text": outcome.text,
        "html": outcome.html,
        "renderer_version": outcome.renderer_version,
    }


def _set(row: Turn | Message, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _settle(call_id: uuid.UUID, turn: Turn, outcome: Outcome) -> None:
    first_token = None
    if outcome.first_delta_at and turn.started_at and outcome.call_usage is None:
        first_token = outcome.first_delta_at - turn.started_at
    settle_call(
        call_id,
        _CALL_STATUS[outcome.status],
        usage=outcome.usage if outcome.call_usage is None else outcome.call_usage,
        request_id=outcome.request_id,
        error_code=outcome.error_code[:WORD_LENGTH],
        first_token=first_token,
        # A first call is reserved together with the claim.
        reserved_at=turn.started_at if turn.attempts == 1 else None,
        model=turn.model,
    )
