"""A summary in the place of what was said: begun, ended, undone; nothing is deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from conversations.feed import conversation_group, publish_on_commit
from conversations.ledger.calls import reserve_call, settle_call
from conversations.ledger.models import Call
from conversations.models import Compaction, Conversation, Turn
from conversations.turns.start import Conflict, next_open_version, next_version

_BUSY = "An answer is being written. Compact the conversation once it has ended."
_NOTHING = "There is nothing to summarise yet."


@transaction.atomic
def start_compaction(
    conversation: Conversation, *, key: uuid.UUID, model: str, provider: str
) -> Compaction | None:
    """Begin a summary of the shown branch; returns it if it is to be made by a model.

    None where that is under way or done, and where one that was undone is taken again.
    Raises Conflict while an answer is written or waited for, where nothing was said,
    and in the trash.
    """
    version = next_open_version(conversation)
    if conversation.turns.unfinished().exists():
        raise Conflict(_BUSY)
    turn = Turn.objects.filter(answer_id=conversation.leaf_id).first()
    if turn is None:
        raise Conflict(_NOTHING)
    _redraw(turn.pk, version)
    begun = Compaction.objects.filter(turn=turn).first()
    if begun is None:
        return Compaction.objects.create(
            key=key,
            conversation=conversation,
            turn=turn,
            model=model,
            provider=provider,
        )
    if begun.status == Compaction.Status.COMPLETE or begun.is_in_hand:
        return None
    if begun.status == Compaction.Status.UNDONE:
        _move(begun, Compaction.Status.UNDONE, status=Compaction.Status.COMPLETE)
        return None
    begun.key, begun.model, begun.provider = key, model, provider
    begun.status, begun.created_at = Compaction.Status.PENDING, timezone.now()
    begun.error_code, begun.finished_at = "", None
    begun.save()
    return begun


def reserve_compaction(compaction: Compaction) -> Call:
    """Reserve the call of the model that makes a summary."""
    return reserve_call(
        person=compaction.conversation.owner,
        purpose=Call.Purpose.COMPACTION,
        provider=compaction.provider,
        model=compaction.model,
        conversation_id=compaction.conversation_id,
    )


@transaction.atomic
def end_compaction(
    compaction: Compaction,
    call_id: uuid.UUID | None,
    *,
    text: str = "",
    usage: Mapping[str, Any] | None = None,
    error_code: str = "",
    call_status: Call.Status = Call.Status.SETTLED,
) -> bool:
    """Keep a summary, or why there is none; False if the row was taken over since."""
    version = next_version(compaction.conversation)
    if call_id is not None:
        settle_call(call_id, call_status, usage=usage, error_code=error_code)
    error_code = error_code or ("" if text else "empty")
    status = Compaction.Status.FAILED if error_code else Compaction.Status.COMPLETE
    ended = _move(
        compaction,
        Compaction.Status.PENDING,
        status=status,
        text=text,
        error_code=error_code,
        finished_at=timezone.now(),
    )
    _redraw(compaction.turn_id, version)
    publish_on_commit(
        conversation_group(compaction.conversation_id),
        {"type": "turn.changed", "version": version},
    )
    return ended


@transaction.atomic
def undo_compaction(compaction: Compaction) -> None:
    """Have the whole history sent again. Raises Conflict if that is so, or trashed."""
    version = next_open_version(compaction.conversation)
    undone = Compaction.Status.UNDONE
    if not _move(compaction, Compaction.Status.COMPLETE, status=undone):
        raise Conflict("The summary is no longer used.")
    _redraw(compaction.turn_id, version)


def _move(compaction: Compaction, old: Compaction.Status, **columns: Any) -> bool:
    same = Compaction.objects.filter(pk=compaction.pk, key=compaction.key, status=old)
    return same.update(**columns) == 1


def _redraw(turn_id: uuid.UUID, version: int) -> None:
    """Let open pages draw the answer anew at whose end the summary stands."""
    Turn.objects.filter(pk=turn_id).update(version=version)
