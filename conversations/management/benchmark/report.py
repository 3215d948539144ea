"""Results beside what is to be reached, for people and as JSON."""

import math
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from conversations.management.benchmark.runs import Level, Results

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
    for streams, level in results.levels.items():
        found += _of_level(streams, level)
    return [*found, *_of_site(results), *_of_growth(results), *_of_page(results)]


def _of_level(streams: int, level: Level) -> Iterator[Row]:
    site, relay = level.site, level.relay
    load = f"{streams} stream{'s' if streams > 1 else ''}"
    first, late, cpu = _LIMITS.get(streams, (math.nan, math.nan, False))
    lost = site.streams - site.whole
    yield Row(load=load, name="texts not whole", unit="", site=lost, limit=0)
    for name, unit, limit in (
        ("first_word_ms", "ms", first),
        ("first_word_p99_ms", "ms", math.nan),
        ("added_ms", "ms", math.nan),
        ("added_p99_ms", "ms", late),
        ("cpu_streaming_s", "s", relay.cpu_streaming_s if cpu else math.nan),
        ("cpu_s", "s", relay.cpu_s if cpu else math.nan),
        ("frames_per_delta", "", math.nan),
        ("bytes_per_delta", "B", math.nan),
        ("clients_share", "", math.nan),
    ):
        mine, theirs = getattr(site, name), getattr(relay, name)
        yield Row(
            load=load,
            name=_NAMES[name],
            unit=unit,
            site=mine,
            relay=theirs,
            limit=limit,
        )
    peaks = site.peak_bytes / 1e6, relay.peak_bytes / 1e6
    yield Row(load=load, name="peak memory", unit="MB", site=peaks[0], relay=peaks[1])


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


# Streams: first word and 99th percentile in ms, and whether the relay's CPU counts.
_LIMITS = {1: (40.0, 60.0, False), 100: (100.0, 150.0, True)}
_NAMES = {
    "first_word_ms": "prompt to first word, median",
    "first_word_p99_ms": "prompt to first word, p99",
    "added_ms": "added per delta, median",
    "added_p99_ms": "added per delta, p99",
    "cpu_streaming_s": "CPU per 1,000 deltas, all streaming",
    "cpu_s": "CPU per 1,000 deltas, starts and ends too",
    "frames_per_delta": "frames per delta",
    "bytes_per_delta": "characters sent per delta",
    "clients_share": "a core's share taken by the clients",
}
