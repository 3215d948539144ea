"""Sums over all calls of the site, for whoever watches it.

Calls of earlier days are summed once; afterwards only recent ones are read.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Sum
from django.utils import timezone

from conversations.ledger.models import Call

# Longer than any call takes to be settled, or to be given up.
STILL_CHANGING = timedelta(hours=3)
TOKEN_CLASSES = (
    "input",
    "cache_write_5m",
    "cache_write_1h",
    "cache_read",
    "output",
)
COUNT = "calls"
EARLIEST = datetime.min.replace(tzinfo=UTC)


class Kind(NamedTuple):
    """What calls are told apart by."""

    purpose: str
    provider: str
    model: str
    status: str
    error_code: str


# How many calls there were of a kind (`calls`), and their tokens by class.
type Totals = dict[Kind, Counter[str]]


@dataclass(slots=True)
class RunningTotals:
    """The sums of one process; safe to ask from any thread."""

    _until: datetime = EARLIEST
    _settled: Totals = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> Totals:
        """The sums over all calls up to this moment."""
        with self._lock:
            horizon = timezone.now() - STILL_CHANGING
            settled = _totals(self._until, horizon)
            self._until, self._settled = horizon, _added(self._settled, settled)
            return _added(self._settled, _totals(horizon, None))


def _totals(since: datetime, until: datetime | None) -> Totals:
    calls = Call.objects.filter(reserved_at__gte=since)
    if until is not None:
        calls = calls.filter(reserved_at__lt=until)
    sums = {name: Sum(f"{name}_tokens", default=0) for name in TOKEN_CLASSES}
    rows = calls.order_by().values(*Kind._fields).annotate(calls=Count("pk"), **sums)
    return {
        Kind(*(row[name] for name in Kind._fields)): Counter(
            {name: row[name] for name in (COUNT, *TOKEN_CLASSES)}
        )
        for row in rows
    }


def _added(first: Totals, second: Totals) -> Totals:
    empty: Counter[str] = Counter()
    kinds = first.keys() | second.keys()
    return {kind: first.get(kind, empty) + second.get(kind, empty) for kind in kinds}
