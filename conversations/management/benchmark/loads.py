"""What many people at once cost: idle sockets, sending together, reading slowly."""

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from subprocess import Popen
from typing import Any

import psutil

from conversations.management.benchmark.crowd import Crowd
from conversations.management.benchmark.figures import Figures, figures_of, percentile
from conversations.management.benchmark.plans import Plan
from conversations.management.benchmark.processes import (
    PARTS,
    Processes,
    free_port,
    memory_mb,
    wait_for_page,
    wait_for_port,
)
from conversations.management.benchmark.report import Row
from conversations.management.benchmark.simulator import MODEL, Script

PEOPLE = 50
SOCKETS, FEWER_SOCKETS = 2_000, 1_000
VISITS = 100
SENDING_ROUNDS = 5
STREAMS, RATE, STREAMING_S = 20, 30.0, 10.0
SLOW_READERS, SLOW_BYTES_PER_S = 5, 1024
# So much that a reader who takes a kilobyte a second never catches up.
LONG_QUESTION = Script(deltas=4_000, rate=300.0)
IDLE_MEMORY_MB = 300.0
SLOW_MEMORY_MB = 20.0
PAGE_P95_MS, FIRST_WORD_MS, ACKNOWLEDGED_P99_MS = 200.0, 300.0, 1_000.0
# "Unchanged": what one measurement differs from the next by chance.
SPREAD, SPREAD_MS = 1.25, 15.0
LOCKED = "database is locked"

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Open files of a process, and how many it may open."""

    open: int
    limit: int

    @classmethod
    def of(cls, pid: int) -> "Descriptors":
        """Those of a running process."""
        process = psutil.Process(pid)
        return cls(process.num_fds(), process.rlimit(psutil.RLIMIT_NOFILE)[0])


class CrowdedSite:
    """A site of its own with people who are signed in, and its simulated provider."""

    def __init__(self, processes: Processes, say: Say) -> None:
        """Prepare nothing yet; `say` hears what is going on."""
        self.processes = processes
        self.say = say
        self.port, self._provider_port = free_port(), free_port()
        self.password = secrets.token_urlsafe(24)
        self.people: list[dict[str, str]] = []
        self.lists: dict[str, list[tuple[str, str]]] = {}

    def start(self, conversations: Mapping[str, int]) -> Popen[bytes]:
        """Make the lists of so many empty conversations, then serve."""
        self.say("a fresh site")
        self.processes.migrate()
        lists = {k: {"count": n, "messages": 0} for k, n in conversations.items()}
        plan = {"people": PEOPLE, "password": None, "lists": lists}
        seeded = self.processes.ask("-m", f"{PARTS}.seed", question=plan)
        self.people, self.lists = seeded["sessions"], seeded["lists"]
        self.processes.environment |= {
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self._provider_port}",
            "DEFAULT_MODEL": MODEL,
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "DJANGO_SUPERUSER_USERNAME": "administrator",
            "DJANGO_SUPERUSER_EMAIL": "administrator@example.com",
            "DJANGO_SUPERUSER_PASSWORD": self.password,
        }
        self.processes.start("-m", f"{PARTS}.simulator", str(self._provider_port))
        wait_for_port(self._provider_port)
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        server = self.processes.start("manage.py", "serve", *where)
        wait_for_page(self.port, "/accounts/login/")
        return server

    def crowd(self, task: Any, name: str, count: int, **more: Any) -> dict[str, Any]:
        """The question to a crowd in the first `count` conversations of a list."""
        return Crowd(
            task=task,
            port=self.port,
            people=self.people,
            conversations=self.lists[name][:count],
            **more,
        ).as_json()

    def asked(self, task: Any, name: str, count: int, **more: Any) -> dict[str, Any]:
        """What a crowd reports."""
        question = self.crowd(task, name, count, **more)
        found: dict[str, Any] = self.processes.ask(
            "-m", f"{PARTS}.crowd", question=question
        )
        return found

    def streamed(self, name: str, pid: int, seconds: float = STREAMING_S) -> Figures:
        """The figures of one answer in every conversation of a list."""
        script = Script(deltas=round(seconds * RATE), rate=RATE)
        plan = Plan(
            target="site",
            port=self.port,
            pid=pid,
            question=f"Tell me of rivers. {script.words}",
            deltas=script.deltas,
            conversations=self.lists[name],
            people=self.people,
        )
        return figures_of(self.processes.load(plan))


class Loads:
    """The measurements, one after the other, on one site."""

    def __init__(self, processes: Processes, say: Say) -> None:
        """Measure with these processes; `say` hears what is going on."""
        self.processes = processes
        self.say = say
        self.site = CrowdedSite(processes, say)

    def all(self) -> list[Row]:
        """Make the site, measure everything."""
        lists = {"idle": SOCKETS, "one": 1, "other": 1, "send": PEOPLE}
        lists |= {"quick": SLOW_READERS, "slow": SLOW_READERS}
        lists |= {"beside quick": STREAMS, "beside slow": STREAMS}
        server = self.site.start(lists)
        self.site.streamed("one", server.pid, 2)
        rows = self._sending()
        rows += self._slow_readers(server.pid)
        return rows + self._idle_sockets(server.pid)

    def _sending(self) -> list[Row]:
        self.say(f"{PEOPLE} people send at once")
        words = Script(deltas=1).words
        found = self.site.asked(
            "send", "send", PEOPLE, question=words, times=SENDING_ROUNDS
        )
        refused = sum(found["statuses"].values()) - found["statuses"].get("201", 0)
        late_ms = percentile(found["taken_ms"], 0.99)
        name = f"{PEOPLE} people send at once"
        return [
            _row(f"{name}: not acknowledged", "", refused, 0),
            _row(f"{name}: lines of a locked database", "", self._locked(), 0),
            _row(f"{name}: acknowledged, p99", "ms", late_ms, ACKNOWLEDGED_P99_MS),
        ]

    def _locked(self) -> int:
        return self.processes.log().count(LOCKED)

    def _slow_readers(self, pid: int) -> list[Row]:
        self.say(f"{STREAMS} streams beside {SLOW_READERS} quick readers")
        quick, quick_mb, _ = self._beside("quick", pid, bytes_per_s=0)
        self.say(f"{STREAMS} streams beside {SLOW_READERS} slow readers")
        slow, slow_mb, reading = self._beside("slow", pid, bytes_per_s=SLOW_BYTES_PER_S)
        name = f"{STREAMS} streams beside {SLOW_READERS} readers of 1 KB/s"
        limit_ms = max(quick.added_p99_ms * SPREAD, quick.added_p99_ms + SPREAD_MS)
        added_mb = slow_mb - quick_mb
        return [
            _row(f"{name}: not even there", "", SLOW_READERS - reading, 0),
            _row(f"{name}: texts not whole", "", slow.streams - slow.whole, 0),
            _row(f"{name}: added, p99", "ms", slow.added_p99_ms, limit_ms),
            _row("the same, had they read quickly", "ms", quick.added_p99_ms),
            _row(f"{name}: memory added", "MB", added_mb, SLOW_MEMORY_MB),
        ]

    def _beside(
        self, name: str, pid: int, *, bytes_per_s: int
    ) -> tuple[Figures, float, int]:
        """Streams beside longer ones, the most memory since, and how many read."""
        others = self.site.crowd(
            "read",
            name,
            SLOW_READERS,
            question=LONG_QUESTION.words,
            bytes_per_s=bytes_per_s,
        )
        with self.processes.held("-m", f"{PARTS}.crowd", question=others) as found:
            streamed = self.site.streamed(f"beside {name}", pid)
            rss_mb, _ = memory_mb([pid])
        return streamed, rss_mb, found.ready["reading"]

    def _idle_sockets(self, pid: int) -> list[Row]:
        half, rest = FEWER_SOCKETS, SOCKETS - FEWER_SOCKETS
        self.say(f"{half:,} idle sockets")
        first = self.site.crowd("idle", "idle", half)
        with self.processes.held("-m", f"{PARTS}.crowd", question=first) as found:
            visits = self.site.asked("visit", "idle", PEOPLE, times=VISITS)
            word = self.site.streamed("other", pid, 3)
            self.say(f"{SOCKETS:,} idle sockets")
            second = self.site.crowd("idle", "idle", SOCKETS)
            second["conversations"] = second["conversations"][half:]
            with self.processes.held("-m", f"{PARTS}.crowd", question=second) as more:
                rss_mb, _ = memory_mb([pid])
                descriptors = Descriptors.of(pid)
        closed = half - found.ready["open"], rest - more.ready["open"]
        return [
            _row(f"{half:,} idle sockets: not open", "", closed[0], 0),
            _row(
                f"{half:,} idle sockets: page, p95",
                "ms",
                percentile(visits["taken_ms"], 0.95),
                PAGE_P95_MS,
            ),
            _row(
                f"{half:,} idle sockets: prompt to first word",
                "ms",
                word.first_word_ms,
                FIRST_WORD_MS,
            ),
            _row(f"{SOCKETS:,} idle sockets: not open", "", sum(closed), 0),
            _row(f"{SOCKETS:,} idle sockets: memory", "MB", rss_mb, IDLE_MEMORY_MB),
            _row(
                f"{SOCKETS:,} idle sockets: descriptors",
                "",
                descriptors.open,
                descriptors.limit,
            ),
        ]


def _row(name: str, unit: str, value: float, limit: float = math.nan) -> Row:
    return Row(load="load", name=name, unit=unit, site=value, limit=limit)
