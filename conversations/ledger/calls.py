"""Reserving and settling the row of one provider call."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from conversations.ledger.models import Call
from conversations.ledger.prices import cost_of_call, day_of
from conversations.messages_api import token_count

if TYPE_CHECKING:
    from chatsite.accounts.models import User


# 24 days, the most that the columns hold: a site may have been down for longer.
LONGEST_MS = 2**31 - 1
REQUEST_ID_LENGTH = 200  # characters
_COST = ("cost_picodollars", "usage")


def reserve_call(
    *,
    person: User,
    purpose: Call.Purpose,
    provider: str,
    model: str,
    conversation_id: uuid.UUID | None,
    turn_id: uuid.UUID | None = None,
    attempt: int = 1,
    call_id: uuid.UUID | None = None,
) -> Call:
    """Write the row of a call that is about to be made, under a key of its own."""
    return Call.objects.create(
        pk=call_id or uuid.uuid4(),
        person=person,
        person_name=person.get_username(),
        purpose=purpose,
        provider=provider,
        model=model,
        conversation_id=conversation_id,
        turn_id=turn_id,
        attempt=attempt,
    )


def settle_call(
    call_id: uuid.UUID,
    status: Call.Status,
    *,
    usage: Mapping[str, Any] | None = None,
    request_id: str = "",
    error_code: str = "",
    first_token: timedelta | None = None,
    reserved_at: datetime | None = None,
    model: str | None = None,
) -> bool:
    """Say once how a call ended and what it used; False if that was said before.

    A call that was given up as unknown may still turn out otherwise. `usage` has the
    shape of the Messages API; a class of tokens that it does not mention stays unknown.
    `reserved_at` and `model` are looked up unless they are given: the price is that
    of the day on which the call was made.
    """
    if reserved_at is None or model is None:
        row = Call.objects.values_list("reserved_at", "model")
        reserved_at, model = row.get(pk=call_id)
    now = timezone.now()
    unsaid = (Call.Status.RESERVED, Call.Status.UNKNOWN)
    settled = Call.objects.filter(pk=call_id, status__in=unsaid).update(
        status=status,
        settled_at=now,
        usage=dict(usage or {}),
        request_id=request_id[:REQUEST_ID_LENGTH],
        error_code=error_code,
        first_token_ms=_milliseconds(first_token),
        duration_ms=_milliseconds(now - reserved_at),
        cost_picodollars=cost_of_call(model, usage or {}, day_of(reserved_at)),
        **_tokens(usage or {}),
    )
    return settled == 1


def settle_open_calls(turn_id: uuid.UUID, status: Call.Status) -> None:
    """Settle what a process left reserved for a turn when it died."""
    open_calls = Call.objects.filter(turn_id=turn_id, status=Call.Status.RESERVED)
    for call_id in list(open_calls.values_list("pk", flat=True)):
        settle_call(call_id, status)


def settle_lost_calls(older_than: timedelta) -> None:
    """Settle what died with its process outside of any turn, as titles do."""
    lost = Call.objects.filter(
        status=Call.Status.RESERVED, reserved_at__lt=timezone.now() - older_than
    )
    for call_id in list(lost.values_list("pk", flat=True)):
        settle_call(call_id, Call.Status.UNKNOWN)


def cost_of_turn(turn_id: uuid.UUID) -> int | None:
    """What the calls of a turn cost together, titles left out; None if unknown.

    A call that used nothing adds nothing, whatever it would have cost.
    """
    calls = Call.objects.filter(turn_id=turn_id, purpose=Call.Purpose.ANSWER)
    used = [cost for cost, usage in calls.values_list(*_COST) if usage]
    known = [cost for cost in used if cost is not None]
    return sum(known) if used and len(known) == len(used) else None


def _tokens(usage: Mapping[str, Any]) -> dict[str, int | None]:
    split = usage.get("cache_creation")
    written = split if isinstance(split, Mapping) else {}
    short = token_count(written, "ephemeral_5m_input_tokens")
    if short is None:
        # Without the split, everything was written for the shorter time.
        short = token_count(usage, "cache_creation_input_tokens")
    return {
        "input_tokens": token_count(usage, "input_tokens"),
        "output_tokens": token_count(usage, "output_tokens"),
        "cache_read_tokens": token_count(usage, "cache_read_input_tokens"),
        "cache_write_5m_tokens": short,
        "cache_write_1h_tokens": token_count(written, "ephemeral_1h_input_tokens"),
    }


def _milliseconds(span: timedelta | None) -> int | None:
    if span is None:
        return None
    return min(max(0, round(span.total_seconds() * 1000)), LONGEST_MS)
