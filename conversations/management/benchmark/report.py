"""Results beside what is to be reached, for people and as JSON."""

import math
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

from conversations.management.benchmark.runs import Pair, Results

PACKAGES = ("django", "channels", "daphne", "twisted", "httpx", "aiohttp")
# "Does not grow": what one measurement differs from the next by chance.
SPREAD = 1.15
MISSING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure of the site, the relay's beside it where it has one, and its limit."""

    load: str
    name: str
    unit: str
    site: float
    relay: float = math.nan
    limit: float = math.nan

    @property
    def reached(self) -> bool | None:
        """Whether the limit is kept; None without a limit or a figure."""
        if math.isnan(self.limit) or math.isnan(self.site):
            return None
        return self.site <= self.limit


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    found = {
        "system": platform.platform(),
        "cores": str(os.process_cpu_count()),
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": platform.python_version(),
    }
    return found | {name: version(name) for name in PACKAGES}


def rows(results: Results) -> list[Row]:
    """Every figure, in the order of the table."""
    found: list[Row] = []
    for streams, pairs in results.levels.items():
        found += _of_level(streams, pairs)
    return [*found, *_of_site(results), *_of_growth(results), *_of_page(results)]


def _of_level(streams: int, pairs: Sequence[Pair]) -> Iterator[Row]:
    """Medians of the pairs; what relay and site need is compared pair by pair."""
    load = f"{streams} stream{'s' if streams > 1 else ''}"
    first, late, factor = _LIMITS.get(streams, (math.nan, math.nan, math.nan))
    lost = sum(pair.site.streams - pair.site.whole for pair in pairs)
    yield Row(load=load, name="texts not whole", unit="", site=lost, limit=0)
    limits = {"first_word_ms": first, "added_p99_ms": late}
    for field, (name, unit, size) in _NAMES.items():
        yield Row(
            load=load,
            name=name,
            unit=unit,
            site=median(getattr(pair.site, field) / size for pair in pairs),
            relay=median(getattr(pair.relay, field) / size for pair in pairs),
            limit=limits.get(field, math.nan),
        )
        if field in _COMPARED:
            ratio = median(_ratio(each, field) for each in pairs)
            pair = f"{name}, in a pair"
            yield Row(load=load, name=pair, unit="x", site=ratio, relay=1, limit=factor)


def _ratio(pair: Pair, field: str) -> float:
    mine, theirs = getattr(pair.site, field), getattr(pair.relay, field)
    return mine / theirs if theirs else math.nan


def _of_site(results: Results) -> Iterator[Row]:
    whole_ms = results.message_whole_cpu_ms
    for name, unit, value, limit in (
        (
            "added per delta in the first answer after a start, p99",
            "ms",
            results.first_added_p99_ms,
            math.nan,
        ),
        ("CPU of a message before it streams", "ms", results.message_cpu_ms, 15.0),
        ("CPU of a message of one delta, whole", "ms", whole_ms, math.nan),
        ("idle memory, resident", "MB", results.idle_rss_mb, 120.0),
        ("idle memory, not shared", "MB", results.idle_uss_mb, math.nan),
        ("memory after all loads, resident", "MB", results.after_rss_mb, math.nan),
        ("start to first page", "s", results.start_s, 3.0),
    ):
        yield Row(load="process", name=name, unit=unit, site=value, limit=limit)


def _of_growth(results: Results) -> Iterator[Row]:
    for what, costs in (
        ("characters in the answer", results.cpu_at_length_s),
        ("messages in the conversation", results.cpu_at_history_s),
    ):
        least_s = min(costs.values(), default=math.nan)
        for size, cost_s in costs.items():
            limit = math.nan if size == min(costs) else costs[min(costs)] * SPREAD
            name = f"CPU per 1,000 deltas at {size:,} {what}"
            if not math.isnan(least_s):
                yield Row(load="growth", name=name, unit="s", site=cost_s, limit=limit)


def _of_page(results: Results) -> Iterator[Row]:
    if not results.visits:
        return
    first, again = results.visits
    for name, unit, value, limit in (
        ("bytes at the first visit, compressed", "kB", first.kilobytes, 120.0),
        ("requests at the first visit", "", first.requests, 30.0),
        ("requests at a repeated visit", "", again.requests, 3.0),
        ("bytes at a repeated visit", "kB", again.kilobytes, math.nan),
    ):
        yield Row(load="page", name=name, unit=unit, site=value, limit=limit)


def table(found: list[Row]) -> str:
    """The rows as aligned text."""
    heads = ("load", "figure", "unit", "site", "relay", "limit", "reached")
    cells = [heads, *map(_cells, found)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    return "\n".join(_line(line, widths) for line in cells)


def as_json(results: Results) -> dict[str, Any]:
    """All figures as plain values; null is what was not measured."""
    listed = [
        {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in (asdict(row) | {"reached": row.reached}).items()
        }
        for row in rows(results)
    ]
    return {"rows": listed}


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "yes", False: "NO", None: ""}[row.reached]
    numbers = (_number(value) for value in (row.site, row.relay, row.limit))
    return (row.load, row.name, row.unit, *numbers, verdict)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    words = [
        cell.ljust(width) if at < 3 or at == 6 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(words).rstrip()


# Streams: first word and 99th percentile in ms, and CPU as a multiple of the relay's.
_LIMITS = {
    1: (40.0, 60.0, math.nan),
    100: (100.0, 150.0, 1.0),
    200: (math.nan, 250.0, math.nan),
}
_COMPARED = ("cpu_streaming_s", "cpu_s")
# Name, unit, and how many of the figure's own units make one.
_NAMES = {
    "first_word_ms": ("prompt to first word, median", "ms", 1),
    "first_word_p99_ms": ("prompt to first word, p99", "ms", 1),
    "added_ms": ("added per delta, median", "ms", 1),
    "added_p99_ms": ("added per delta, p99", "ms", 1),
    "cpu_streaming_s": ("CPU per 1,000 deltas, all streaming", "s", 1),
    "cpu_s": ("CPU per 1,000 deltas, starts and ends too", "s", 1),
    "frames_per_delta": ("frames per delta", "", 1),
    "bytes_per_delta": ("characters sent per delta", "B", 1),
    "clients_share": ("a core's share taken by the clients", "", 1),
    "peak_bytes": ("peak memory", "MB", 1e6),
}
