"""What this process counts of its own work, for whoever scrapes it.

Labels come from small sets: states, codes, providers, and the models of the catalogue.
Never a name, a title or a text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from conversations import spans
from conversations.catalogue import offered

if TYPE_CHECKING:
    from conversations.messages_api import RateLimit
    from conversations.models import Turn

logger = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()
OTHER = "other"
_RATE_KINDS = frozenset(
    f"{tier}{kind}"
    for tier in ("", "priority-", "fast-")
    for kind in ("requests", "tokens", "input-tokens", "output-tokens")
)
# Codes of errors and ids of requests, as providers make them.
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")

TURNS_ENDED = Counter(
    "chatsite_turns_ended",
    "Turns that this process brought to their final state.",
    ("status", "provider", "model"),
    registry=REGISTRY,
)
FALLBACKS = Counter(
    "chatsite_fallbacks",
    "Turns that another model took over before the first word, by reason.",
    ("provider", "model", "reason"),
    registry=REGISTRY,
)
FIRST_WORD = Histogram(
    "chatsite_first_word_seconds",
    "From the moment a turn could run to the first word of its answer.",
    ("provider", "model"),
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 40, 80),
    registry=REGISTRY,
)
FRAME_DELAY = Histogram(
    "chatsite_frame_delay_seconds",
    "From the arrival of the oldest delta of a frame to the frame's leaving.",
    buckets=(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5),
    registry=REGISTRY,
)
SOCKETS = Gauge(
    "chatsite_sockets", "Websockets that are open in this process.", registry=REGISTRY
)
SOCKET_MESSAGES = Counter(
    "chatsite_socket_messages",
    "Messages that this process sent over websockets.",
    registry=REGISTRY,
)
DATABASE_ERRORS = Counter(
    "chatsite_database_errors",
    "Calls of the database that failed in this process, by class of error.",
    ("error",),
    registry=REGISTRY,
)
UPLOADS_REFUSED = Counter(
    "chatsite_uploads_refused",
    "Files, and choices of files, that were not taken, by reason.",
    ("reason",),
    registry=REGISTRY,
)


RATE_LIMIT = Gauge(
    "chatsite_rate_limit",
    "What a back end last said that its rate limit takes in all, by kind.",
    ("provider", "kind"),
    registry=REGISTRY,
)
RATE_LIMIT_REMAINING = Gauge(
    "chatsite_rate_limit_remaining",
    "What a back end last said was left of its rate limit, by kind.",
    ("provider", "kind"),
    registry=REGISTRY,
)


def rate_limits_told(provider: str, limits: Iterable[RateLimit]) -> None:
    """Keep the newest of what the heads of a back end's answers say."""
    for bucket in limits:
        if bucket.kind not in _RATE_KINDS:
            continue
        if bucket.limit is not None:
            RATE_LIMIT.labels(provider, bucket.kind).set(bucket.limit)
        if bucket.remaining is not None:
            RATE_LIMIT_REMAINING.labels(provider, bucket.kind).set(bucket.remaining)


def model_label(model_id: str) -> str:
    """The id of a model on offer; all others, however many, are one."""
    return model_id if offered.model_info(model_id) else OTHER


def _named(word: str | None) -> str:
    """A name that a provider gave, if it is one: whatever else it said stays out."""
    return word if word and _NAME.fullmatch(word) else "without a name"


def turn_ended(turn: Turn, facts: Mapping[str, Any]) -> None:
    """Count how a turn ended, and say in the log why one failed."""
    status, model = str(facts["status"]), model_label(turn.model)
    TURNS_ENDED.labels(status, turn.provider, model).inc()
    spans.note(status=status, error=facts.get("error_code") or None)
    first_word_at = facts.get("first_delta_at")
    if first_word_at is not None:
        waited_s = (first_word_at - turn.created_at).total_seconds()
        FIRST_WORD.labels(turn.provider, model).observe(max(waited_s, 0.0))
    if facts.get("error_code"):
        logger.warning(
            "Turn %s failed: %s (provider %s, its request %s)",
            turn.pk,
            _named(facts["error_code"]),
            turn.provider,
            _named(facts.get("request_id")),
        )
