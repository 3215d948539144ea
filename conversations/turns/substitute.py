"""Handing a turn whose model cannot answer to another model, before its first word."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from conversations.feed import conversation_group, publish_on_commit
from conversations.ledger.calls import settle_call
from conversations.ledger.models import Call
from conversations.models import Turn
from conversations.turns.start import next_version, reserve

# The reason where the model was not even asked.
NOT_ASKED = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """Who answers instead, with which parameters, and why.

    `reason` is the code of the error that the call before ended with, or `NOT_ASKED`.
    """

    model: str
    provider: str
    parameters: Mapping[str, Any]
    reason: str
    request_id: str = ""


@transaction.atomic
def substitute_model(
    turn: Turn, call_id: uuid.UUID | None, substitute: Substitute
) -> Call | None:
    """Let another model answer; the call reserved for it, or None if the turn is lost.

    The call before is settled as failed, or taken back if it was never made. Which
    model was asked for first stays on the turn; open pages draw its answer anew.
    """
    version = next_version(turn.conversation)
    was_asked = substitute.reason != NOT_ASKED
    columns = {
        "asked_model": turn.asked_model or turn.model,
        "fallback_reason": turn.fallback_reason or substitute.reason,
        "model": substitute.model,
        "provider": substitute.provider,
        "parameters": dict(substitute.parameters),
        "attempts": turn.attempts + (1 if was_asked else 0),
        "version": version,
    }
    running = Turn.objects.running().filter(pk=turn.pk, worker=turn.worker)
    if not running.update(**columns):
        return None
    for name, value in columns.items():
        setattr(turn, name, value)
    if call_id is not None:
        _close(call_id, substitute, was_asked=was_asked)
    publish_on_commit(
        conversation_group(turn.conversation_id),
        {"type": "turn.changed", "version": version},
    )
    return reserve(turn, attempt=turn.attempts)


def _close(call_id: uuid.UUID, substitute: Substitute, *, was_asked: bool) -> None:
    if was_asked:
        settle_call(
            call_id,
            Call.Status.FAILED,
            error_code=substitute.reason,
            request_id=substitute.request_id,
        )
    else:
        Call.objects.filter(pk=call_id, status=Call.Status.RESERVED).delete()
