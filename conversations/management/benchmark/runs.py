"""What is measured, in which order: every part of it against a freshly made site."""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from subprocess import Popen

from conversations.management.benchmark import browser, figures
from conversations.management.benchmark.browser import Visit
from conversations.management.benchmark.figures import Figures, percentile
from conversations.management.benchmark.person import sign_in
from conversations.management.benchmark.plans import Person, Plan, Record
from conversations.management.benchmark.processes import (
    PARTS,
    Processes,
    free_port,
    memory_mb,
    wait_for_page,
    wait_for_port,
)
from conversations.management.benchmark.simulator import MODEL, Script

RATE = 30.0  # deltas a second
PEOPLE = 5  # each signs in through the form, which is throttled
# The machine's own speed drifts: a load that is judged goes through relay and site in
# turns, so that the two of a pair had about the same machine.
PAIRS = 3
PAIRED_LEVELS = (1, 100)
PAIRED_SHARE = 0.6  # of the seconds of a load, for each run of a pair
STARTS = 3
MESSAGES = 20
HELD_S = 3.0  # for so long the provider keeps its first word back
SIDE_STREAMS = 20
LONG_RATE = 100.0
LONG_CHARS = 60_000
ROUNDS = 2
SHORT_HISTORY = 10
LONG_HISTORY = 1_000
FIRST_PAGE = "/accounts/login/"

type Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Pair:
    """The same load through the bare relay and then through the site."""

    site: Figures
    relay: Figures


@dataclass(slots=True, kw_only=True)
class Results:
    """Everything that was measured. Megabytes have 10⁶ bytes; nan is not measured.

    `cpu_at_length_s` maps characters of an answer, `cpu_at_history_s` messages of a
    conversation, to processor seconds for 1,000 deltas there.
    """

    levels: dict[int, list[Pair]] = field(default_factory=dict)
    start_s: float = float("nan")
    idle_rss_mb: float = float("nan")
    idle_uss_mb: float = float("nan")
    after_rss_mb: float = float("nan")
    first_added_p99_ms: float = float("nan")
    message_cpu_ms: float = float("nan")
    message_whole_cpu_ms: float = float("nan")
    cpu_at_length_s: dict[int, float] = field(default_factory=dict)
    cpu_at_history_s: dict[int, float] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)


class Runs:
    """A site with its provider and its rival, and the measurements made on them."""

    def __init__(self, processes: Processes, say: Say, *, seconds: float) -> None:
        """Measure each load for so many `seconds`; `say` hears what is going on."""
        self.processes = processes
        self.say = say
        self.seconds = seconds
        self.results = Results()
        self.people: list[Person] = []
        self.port, self.relay_port, provider_port = (free_port() for _ in range(3))
        self._provider_port = provider_port
        self._lists: dict[str, list[tuple[str, str]]] = {}

    def all(self, levels: Sequence[int], *, briefly: bool) -> Results:
        """Make everything, measure everything."""
        self._prepare(levels)
        server, relay = self._start()
        self._first(server.pid)
        for streams in levels:
            self._level(streams, server.pid, relay.pid)
        self._message_cost(server.pid)
        if not briefly:
            self._lengths(server.pid)
            self._histories(server.pid)
        self.results.after_rss_mb = memory_mb([server.pid])[0]
        self._page()
        self._starts(server, 1 if briefly else STARTS)
        return self.results

    def _prepare(self, levels: Sequence[int]) -> None:
        self.say("a fresh database")
        password = secrets.token_urlsafe(24)
        sizes = {
            f"level {streams} {turn}": (streams, 0)
            for streams in levels
            for turn in range(_pairs_of(streams))
        }
        sizes["first"] = (1, 0)
        sizes["messages"] = (MESSAGES, 0)
        sizes["lengths"] = (SIDE_STREAMS, 0)
        for turn in range(ROUNDS):
            sizes[f"short {turn}"] = (SIDE_STREAMS, SHORT_HISTORY)
            sizes[f"long {turn}"] = (SIDE_STREAMS, LONG_HISTORY)
        lists = {k: {"count": c, "messages": m} for k, (c, m) in sizes.items()}
        plan = {"people": PEOPLE, "password": password, "lists": lists}
        self.processes.migrate()
        seeded = self.processes.ask("-m", f"{PARTS}.seed", question=plan)
        self._names, self._password = seeded["people"], password
        self._lists = seeded["lists"]

    def _start(self) -> tuple[Popen[bytes], Popen[bytes]]:
        self.say("provider, server, relay")
        provider = f"http://127.0.0.1:{self._provider_port}"
        self.processes.environment |= {
            "ANTHROPIC_BASE_URL": provider,
            "DEFAULT_MODEL": MODEL,
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "DJANGO_SUPERUSER_USERNAME": "administrator",
            "DJANGO_SUPERUSER_EMAIL": "administrator@example.com",
            "DJANGO_SUPERUSER_PASSWORD": self._password,
        }
        self.processes.start("-m", f"{PARTS}.simulator", str(self._provider_port))
        wait_for_port(self._provider_port)
        server = self._serve()
        self.people = [sign_in(self.port, name, self._password) for name in self._names]
        time.sleep(1)
        rss_mb, uss_mb = memory_mb([server.pid])
        self.results.idle_rss_mb, self.results.idle_uss_mb = rss_mb, uss_mb
        where = ("-b", "127.0.0.1", "-p", str(self.relay_port), "-v", "0")
        relay = self.processes.start(
            "-m", "daphne", *where, f"{PARTS}.relay:application"
        )
        wait_for_port(self.relay_port)
        return server, relay

    def _serve(self) -> Popen[bytes]:
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        server = self.processes.start("manage.py", "serve", *where)
        wait_for_page(self.port, FIRST_PAGE)
        return server

    def _first(self, pid: int) -> None:
        self.say("the first answer after the start")
        script = Script(deltas=60, rate=RATE)
        record = self._ask("first", script, pid)
        found = figures.figures_of(record)
        self.results.first_added_p99_ms = found.added_p99_ms

    def _level(self, streams: int, server_pid: int, relay_pid: int) -> None:
        turns = _pairs_of(streams)
        seconds = self.seconds if turns == 1 else self.seconds * PAIRED_SHARE
        script = Script(deltas=round(seconds * RATE), rate=RATE)
        pairs = self.results.levels.setdefault(streams, [])
        for turn in range(turns):
            name = f"level {streams} {turn}"
            self.say(f"{streams} streams: relay")
            relay = self._ask_relay(name, script, relay_pid)
            self.say(f"{streams} streams: site")
            site = self._ask(name, script, server_pid)
            pairs.append(
                Pair(site=figures.figures_of(site), relay=figures.figures_of(relay))
            )

    def _ask_relay(self, name: str, script: Script, pid: int) -> Record:
        return self.processes.load(
            Plan(
                target="relay",
                port=self.relay_port,
                pid=pid,
                question=script.words,
                deltas=script.deltas,
                conversations=self._lists[name],
            )
        )

    def _ask(
        self, name: str, script: Script, pid: int, *, spread_s: float = 1.0
    ) -> Record:
        return self.processes.load(
            Plan(
                target="site",
                port=self.port,
                pid=pid,
                question=f"Tell me of rivers. {script.words}",
                deltas=script.deltas,
                conversations=self._lists[name],
                people=[asdict(person) for person in self.people],
                spread_s=spread_s,
            )
        )

    def _message_cost(self, pid: int) -> None:
        self.say("the cost of a message")
        script = Script(deltas=1, wait_s=HELD_S)
        record = self._ask("messages", script, pid, spread_s=HELD_S / 2)
        results = self.results
        results.message_cpu_ms = figures.cpu_before_first_word_ms(record)
        used_s = figures.cpu_between_s(record.samples)
        results.message_whole_cpu_ms = 1000 * used_s / MESSAGES

    def _lengths(self, pid: int) -> None:
        self.say("a long answer")
        script = Script(deltas=figures.deltas_for(LONG_CHARS), rate=LONG_RATE)
        record = self._ask("lengths", script, pid, spread_s=0.5)
        for part in (0.0, 0.15), (0.85, 1.0):
            chars = round(LONG_CHARS * (sum(part) / 2))
            cost_s = figures.cpu_while_streaming_s(record, part)
            self.results.cpu_at_length_s[chars] = cost_s

    def _histories(self, pid: int) -> None:
        script = Script(deltas=round(self.seconds * RATE / ROUNDS), rate=RATE)
        found = self.results.cpu_at_history_s
        for turn in range(ROUNDS):
            # In turns, and the least of each: whatever else the machine does only adds.
            for name, length in ("short", SHORT_HISTORY), ("long", LONG_HISTORY):
                self.say(f"conversations of {length} messages")
                record = self._ask(f"{name} {turn}", script, pid)
                cost_s = figures.cpu_while_streaming_s(record)
                found[length] = min(found.get(length, math.inf), cost_s)

    def _page(self) -> None:
        self.say("the page in a browser")
        # The person at index 0 owns the first conversation of every list.
        conversation, _ = self._lists["short 0"][0]
        path = f"/c/{conversation}/"
        self.results.visits = browser.visits(self.port, path, self.people[0])

    def _starts(self, server: Popen[bytes], times: int) -> None:
        self.say("starting on an existing database")
        taken = []
        for _ in range(times):
            self.processes.end(server)
            begun = time.monotonic()
            server = self._serve()
            taken.append(time.monotonic() - begun)
        self.results.start_s = percentile(taken, 0.5)


def _pairs_of(streams: int) -> int:
    return PAIRS if streams in PAIRED_LEVELS else 1
