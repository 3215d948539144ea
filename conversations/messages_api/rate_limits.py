"""What the headers of a response tell of the rates that a provider allows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from conversations.messages_api.facts import LARGEST_COUNT

_NAME = re.compile(
    r"anthropic-(?:ratelimit-)?(?P<kind>(?:[a-z]+-)*(?:requests|tokens))"
    r"-(?P<fact>limit|remaining|reset)"
    r"|x-ratelimit-(?P<other_fact>limit|remaining|reset)"
    r"-(?P<other_kind>requests|tokens)"
)
_COUNT = re.compile(r"[0-9]{1,19}")
_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?")
_MILLISECONDS = re.compile(r"(\d{1,12})ms")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One bucket: what fits, what is left of it, and when it is full again.

    `kind` is requests, tokens, input-tokens, output-tokens, or one of these with
    `priority-` or `fast-` before it. None where the provider does not say.
    """

    kind: str
    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None


def rate_limits(headers: Mapping[str, str], *, now: datetime) -> tuple[RateLimit, ...]:
    """The buckets of a response in the order of its headers; none if it names none.

    `headers` have lower-case names. `now` turns the durations of OpenAI-like servers
    into moments.
    """
    facts: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if found := _NAME.fullmatch(name):
            kind = found["kind"] or found["other_kind"]
            facts.setdefault(kind, {})[found["fact"] or found["other_fact"]] = value
    return tuple(_rate_limit(kind, fact, now) for kind, fact in facts.items())


def _rate_limit(kind: str, facts: Mapping[str, str], now: datetime) -> RateLimit:
    return RateLimit(
        kind=kind,
        limit=_count(facts.get("limit", "")),
        remaining=_count(facts.get("remaining", "")),
        reset_at=_moment(facts.get("reset", ""), now),
    )


def _count(text: str) -> int | None:
    if _COUNT.fullmatch(text) is None:
        return None
    return min(int(text), LARGEST_COUNT)


def _moment(text: str, now: datetime) -> datetime | None:
    if (wait := _wait(text)) is not None:
        return now + wait
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wait(text: str) -> timedelta | None:
    if found := _MILLISECONDS.fullmatch(text):
        return timedelta(milliseconds=int(found[1]))
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
