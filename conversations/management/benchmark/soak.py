"""Whether mixed traffic for long leaves the process as it was."""

import math
import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import override

import psutil

from conversations.management.benchmark.loads import CrowdedSite
from conversations.management.benchmark.processes import PARTS, Processes
from conversations.management.benchmark.report import Row

VISITORS = 20
SAMPLE_INTERVAL_S, SHORT_INTERVAL_S = 60.0, 10.0
SHORT_MINUTES = 5.0
# Below this the growth of the caches is all that a slope would show.
JUDGED_MINUTES = 60.0
# What the process has learned by then, it keeps.
WARM_UP_SHARE = 0.25
QUIET_S = 5.0
SLOPE_MB_PER_H = 1.0
_GAUGE = re.compile(r"^(chatsite_\w+)(?:\{[^}]*\})? ([\d.e+-]+)$", re.MULTILINE)
# What the traffic itself brings about: answers that are to fail, and say so.
_EXPLAINED = re.compile(r"Turn \S+ failed: |serves on|Administrator \S+ is made|^\s*$")

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The serving process at one moment."""

    at_s: float
    rss_mb: float
    descriptors: int
    threads: int
    tasks: float
    turns: float
    sockets: float

    @override
    def __str__(self) -> str:
        return (
            f"{self.at_s / 60:5.1f} min: {self.rss_mb:.1f} MB,"
            f" {self.descriptors} descriptors, {self.threads} threads,"
            f" {self.tasks:.0f} tasks, {self.turns:.0f} turns,"
            f" {self.sockets:.0f} sockets"
        )


class Soak:
    """A site of its own under mixed traffic."""

    def __init__(self, processes: Processes, say: Say, *, minutes: float) -> None:
        """Let the traffic flow for so many minutes; `say` hears each sample."""
        self.processes = processes
        self.say = say
        self.minutes = minutes
        self.site = CrowdedSite(processes, say)
        self.states: list[State] = []

    def all(self) -> list[Row]:
        """Make the site, let the traffic flow, judge what it left."""
        pid = self.site.start({"none": 0}).pid
        begun_at = time.monotonic()
        before = self._state(pid, begun_at)
        traffic = self.site.crowd(
            "send", "none", 0, question=self.site.password, times=VISITORS
        )
        short = self.minutes < SHORT_MINUTES
        interval_s = SHORT_INTERVAL_S if short else SAMPLE_INTERVAL_S
        with self.processes.held("-m", f"{PARTS}.traffic", question=traffic) as flow:
            while (left_s := begun_at + 60 * self.minutes - time.monotonic()) > 0:
                time.sleep(min(interval_s, left_s))
                self.states.append(self._state(pid, begun_at))
            done = flow.finish()
        time.sleep(QUIET_S)
        after = self._state(pid, begun_at)
        return rows(self.states, before, after, done, self.unexplained())

    def _state(self, pid: int, begun_at: float) -> State:
        gauges = self._gauges()
        process = psutil.Process(pid)
        state = State(
            at_s=time.monotonic() - begun_at,
            rss_mb=process.memory_info().rss / 1e6,
            descriptors=process.num_fds(),
            threads=process.num_threads(),
            tasks=gauges.get("chatsite_background_tasks", math.nan),
            turns=gauges.get("chatsite_turns", 0),
            sockets=gauges.get("chatsite_sockets", math.nan),
        )
        self.say(str(state))
        return state

    def _gauges(self) -> dict[str, float]:
        url = f"http://127.0.0.1:{self.site.port}/metrics"
        with urllib.request.urlopen(url, timeout=30) as response:
            return sums(response.read().decode())

    def unexplained(self) -> list[str]:
        """The lines of the log that the traffic does not account for."""
        lines = self.processes.log().splitlines()
        return [line for line in lines if not _EXPLAINED.search(line)]


def sums(exposition: str) -> dict[str, float]:
    """The site's own figures by name, those of all labels together."""
    found: dict[str, float] = {}
    for name, value in _GAUGE.findall(exposition):
        found[name] = found.get(name, 0.0) + float(value)
    return found


def slope_mb_per_h(states: Sequence[State]) -> float:
    """How memory grows after the warm-up, by least squares; nan for too few."""
    last_s = states[-1].at_s if states else 0.0
    warm = [state for state in states if state.at_s >= WARM_UP_SHARE * last_s]
    if len(warm) < 3:
        return math.nan
    mean_s = sum(state.at_s for state in warm) / len(warm)
    mean_mb = sum(state.rss_mb for state in warm) / len(warm)
    over = sum((s.at_s - mean_s) * (s.rss_mb - mean_mb) for s in warm)
    return 3600 * over / sum((state.at_s - mean_s) ** 2 for state in warm)


def rows(
    states: Sequence[State],
    before: State,
    after: State,
    done: dict[str, int],
    unexplained: Sequence[str],
) -> list[Row]:
    """What was done, what went wrong, and what is left of it.

    At rest a process holds no more than it did when it was first busy.
    """
    minutes = after.at_s / 60
    busy = max(states[: 1 + len(states) // 2], key=lambda state: state.descriptors)
    limit = SLOPE_MB_PER_H if minutes >= JUDGED_MINUTES else math.nan
    wrong = {name: count for name, count in done.items() if "went wrong" in name}
    counted = [
        _row(f"times: {name}", "", count, 0 if name in wrong else math.nan)
        for name, count in sorted(done.items())
    ]
    return [
        *counted,
        _row("acts that went wrong", "", sum(wrong.values()), 0),
        _row("memory before", "MB", before.rss_mb),
        _row("memory after", "MB", after.rss_mb),
        _row("memory after the warm-up", "MB/h", slope_mb_per_h(states), limit),
        _row("descriptors after", "", after.descriptors, busy.descriptors),
        _row("threads after", "", after.threads, busy.threads),
        _row("tasks after", "", after.tasks, 0),
        _row("turns after", "", after.turns, 0),
        _row("sockets after", "", after.sockets, 0),
        _row("lines of the log without explanation", "", len(unexplained), 0),
        *(_row(f"log: {line[:120]}", "", 1, 0) for line in unexplained[:20]),
    ]


def _row(name: str, unit: str, value: float, limit: float = math.nan) -> Row:
    return Row(load="soak", name=name, unit=unit, site=value, limit=limit)
