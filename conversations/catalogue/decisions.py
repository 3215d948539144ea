"""What administrators decided about a model, laid over what its server says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from conversations.providers.base import ModelInfo

WARNED_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """A price of the site's own: picodollars by class, from a day on."""

    since: date
    amounts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decisions on one model.

    Only members of `groups` may use it, everyone if there are none. `changes` are
    fields of ModelInfo. `fallbacks` are ids, in the order in which they are asked.
    """

    enabled: bool = True
    groups: frozenset[int] = frozenset()
    fallbacks: Sequence[str] = ()
    prices: Sequence[OwnPrice] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)


NONE_TAKEN = Decision()


def decided(told: ModelInfo, decision: Decision, now: datetime) -> ModelInfo:
    """The model as it is offered, with a warning in time before it retires."""
    info = replace(told, **decision.changes)
    if info.output_limit_tokens is not None:
        limit = min(info.max_output_tokens, info.output_limit_tokens)
        info = replace(info, max_output_tokens=limit)
    warning = retirement_warning(info.retires_at, now)
    return replace(info, note=f"{info.note} {warning}".strip()) if warning else info


def retirement_warning(retires_at: datetime | None, now: datetime) -> str:
    """What is to be said of a retirement, empty as long as that is far away."""
    if retires_at is None or retires_at - now > WARNED_BEFORE:
        return ""
    day = f"{retires_at.day} {retires_at:%B %Y}"
    if retires_at <= now:
        return f"Its retirement was announced for {day}: it may be gone any day."
    return f"It retires on {day}; after that another model has to be chosen."


def end_of(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max, UTC)


def words_in(text: str) -> frozenset[str]:
    """The words of a decision; the word “none” stands for none."""
    words = frozenset(filter(None, (word.strip() for word in text.split(","))))
    return frozenset() if words == {"none"} else words
