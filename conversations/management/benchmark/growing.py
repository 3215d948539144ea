"""What grows with the data, measured on a large site: pages, list, sending, streaming.

One person has conversations of 50 and of 5,000 messages and 10,000 further ones, amid
a site of as many messages as asked for.
"""

import http.client
import itertools
import secrets
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from conversations.management.benchmark import browser
from conversations.management.benchmark.figures import deltas_for
from conversations.management.benchmark.person import sign_in
from conversations.management.benchmark.plans import Person
from conversations.management.benchmark.processes import (
    PARTS,
    Processes,
    free_port,
    wait_for_page,
    wait_for_port,
)
from conversations.management.benchmark.report import Row
from conversations.management.benchmark.simulator import MODEL, Script

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

SHORT, LONG, LISTED = 50, 5_000, 10_000
PEOPLE_OF_THE_SITE = 200
TIMES = 15
# The address of the list after this many of its pages: as far as anyone scrolls.
SCROLLED = 20
PAGE_LIMIT_MS = 100.0
OPENING_FACTOR = 1.5
SPREAD = 1.25  # "constant": what one measurement differs from the next by chance
ANSWER_CHARS = 200_000
ANSWER_RATE = 100.0  # deltas a second
# A task above this holds a frame up; browsers call it long from 50 ms on.
LONG_TASK_MS = 50.0
PARTS_OF_ANSWER = ((0.05, 0.2), (0.8, 0.95))

type Say = Callable[[str], None]

_OBSERVE = """
window.seen = {tasks: [], frames: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    seen.tasks.push([entry.startTime, entry.duration]);
}).observe({type: "longtask"});
(function next(at) {
  seen.frames.push(at);
  requestAnimationFrame(next);
})(performance.now());
"""
_LENGTH = """
document.querySelector("article:last-of-type [data-part=body]")?.textContent.length
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a browser's page: its clock, and what its main thread has used."""

    at_ms: float
    busy_s: float
    chars: int


class Growth:
    """A large site, and the measurements made on it."""

    def __init__(self, processes: Processes, say: Say, *, messages: int) -> None:
        """Measure on a site of so many messages; `say` hears what is going on."""
        self.processes = processes
        self.say = say
        self.messages = messages
        self.port, self._provider_port = free_port(), free_port()

    def all(self) -> list[Row]:
        """Make the site, measure everything."""
        password = secrets.token_urlsafe(24)
        lists = self._fill(password)
        self._start(password)
        person = sign_in(self.port, "reader0", password)
        site = Site(self.port, person)
        found = self._pages(site, lists)
        self.say(f"an answer of {ANSWER_CHARS:,} characters in a browser")
        return found + self._long_answer(person, lists["empty"][0][0])

    def _fill(self, password: str) -> dict[str, list[tuple[str, str]]]:
        self.say(f"a site of {self.messages:,} messages")
        self.processes.migrate()
        size = ("--people", str(PEOPLE_OF_THE_SITE), "--messages", str(self.messages))
        if self.processes.start("manage.py", "demodata", *size).wait():
            raise RuntimeError("The site could not be filled.")
        sizes = {
            "short": (1, SHORT),
            "long": (1, LONG),
            "empty": (1, 0),
            "listed": (LISTED, 2),
        }
        lists = {k: {"count": c, "messages": m} for k, (c, m) in sizes.items()}
        plan = {"people": 1, "password": password, "lists": lists}
        seeded = self.processes.ask("-m", f"{PARTS}.seed", question=plan)
        found: dict[str, list[tuple[str, str]]] = seeded["lists"]
        return found

    def _start(self, password: str) -> None:
        self.processes.environment |= {
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self._provider_port}",
            "DEFAULT_MODEL": MODEL,
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "DJANGO_SUPERUSER_USERNAME": "administrator",
            "DJANGO_SUPERUSER_EMAIL": "administrator@example.com",
            "DJANGO_SUPERUSER_PASSWORD": password,
        }
        self.processes.start("-m", f"{PARTS}.simulator", str(self._provider_port))
        wait_for_port(self._provider_port)
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        self.processes.start("manage.py", "serve", *where)
        wait_for_page(self.port, "/accounts/login/")

    def _pages(
        self, site: "Site", lists: Mapping[str, list[tuple[str, str]]]
    ) -> list[Row]:
        self.say("pages, list, sending")
        (short, short_leaf), (long, long_leaf) = lists["short"][0], lists["long"][0]
        opened = {n: site.get(f"/c/{c}/") for n, c in ((SHORT, short), (LONG, long))}
        size = f"amid {self.messages:,} messages"
        rows = [
            _row(f"opening a conversation of {n:,} messages", "ms", each.ms)
            for n, each in opened.items()
        ]
        rows.append(
            _row(
                f"the same, {LONG:,} to {SHORT}",
                "x",
                opened[LONG].ms / opened[SHORT].ms,
                OPENING_FACTOR,
            )
        )
        rows.append(
            _row(
                f"bytes of the page, {LONG:,} to {SHORT}",
                "x",
                len(opened[LONG].body) / len(opened[SHORT].body),
                OPENING_FACTOR,
            )
        )
        rows += [
            _row(f"list of {LISTED:,}, its first page, {size}", "ms", site.list_ms(1)),
            _row(f"the same, its page {SCROLLED}", "ms", site.list_ms(SCROLLED)),
            _row("the same, a search", "ms", site.get("/conversations/?q=river").ms),
            _row(f"sending below {SHORT}, {size}", "ms", site.send(short, short_leaf)),
            _row(f"sending below {LONG:,}", "ms", site.send(long, long_leaf)),
        ]
        return rows

    def _long_answer(self, person: Person, conversation: str) -> list[Row]:
        script = Script(deltas=deltas_for(ANSWER_CHARS), rate=ANSWER_RATE)
        with browser.opened(person, self.port) as page:
            if page is None:
                return []
            return _watched(page, self.port, conversation, script)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, its body as it travelled; milliseconds to its last byte."""

    ms: float
    body: bytes


class Site:
    """Requests over one connection that stays open, as a browser's does."""

    def __init__(self, port: int, person: Person) -> None:
        """Ask in the name of a person."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._person = person

    def get(self, path: str) -> Answer:
        """The median of some responses."""
        answers = [self._ask("GET", path) for _ in range(TIMES)]
        return sorted(answers, key=lambda answer: answer.ms)[len(answers) // 2]

    def list_ms(self, page: int) -> float:
        """What one page of the list takes, reached as by scrolling."""
        path = "/conversations/"
        for _ in range(page - 1):
            body = self._ask("GET", path).body.decode()
            at = body.rindex("/conversations/?after=")
            path = body[at : body.index('"', at)].replace("&amp;", "&")
        return self.get(path).ms

    def send(self, conversation: str, leaf: str) -> float:
        """Milliseconds until a question is acknowledged, the median of some."""
        taken = []
        for _ in range(TIMES):
            form = {
                "csrfmiddlewaretoken": self._person.token,
                "key": str(uuid.uuid4()),
                "text": Script(deltas=1).words,
                "model": MODEL,
                "parent": leaf,
            }
            answer = self._ask("POST", f"/c/{conversation}/turns", form)
            taken.append(answer.ms)
            # The answer of one delta ends before the next question.
            time.sleep(0.3)
        return median(taken)

    def _ask(
        self, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {
            "Cookie": self._person.cookie,
            "Accept-Encoding": "gzip",
            "HX-Request": "true",
        }
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if path.startswith("/c/") and method == "GET":
            del headers["HX-Request"]
        if path.startswith("/conversations/"):
            # Read as text, to find the next page in it.
            del headers["Accept-Encoding"]
        begun = time.monotonic()
        self._connection.request(
            method, path, urllib.parse.urlencode(form) if form else None, headers
        )
        response = self._connection.getresponse()
        body = response.read()
        took_ms = 1000 * (time.monotonic() - begun)
        if response.status not in {200, 201}:
            raise RuntimeError(f"{method} {path}: {response.status}")
        return Answer(took_ms, body)


def _row(name: str, unit: str, value: float, limit: float | None = None) -> Row:
    if limit is None:
        limit = PAGE_LIMIT_MS
    return Row(load="growth", name=name, unit=unit, site=value, limit=limit)


def _watched(page: "Page", port: int, conversation: str, script: Script) -> list[Row]:
    """Ask in a browser, and look at what its page needs early and late."""
    page.goto(f"http://127.0.0.1:{port}/c/{conversation}/")
    wire = page.context.new_cdp_session(page)
    wire.send("Performance.enable")
    page.evaluate(_OBSERVE)
    page.get_by_role("textbox", name="Message").fill(f"Rivers. {script.words}")
    page.get_by_role("button", name="Send", exact=True).click()
    marks = iter([mark for part in PARTS_OF_ANSWER for mark in part])
    taken: list[Moment] = []
    for mark in marks:
        while (now := _moment(page, wire)).chars < mark * ANSWER_CHARS:
            page.wait_for_timeout(250)
        taken.append(now)
    page.wait_for_selector("article[data-status=complete]", timeout=120_000)
    seen = page.evaluate("window.seen")
    early, late = (taken[0], taken[1]), (taken[2], taken[3])
    return browser_rows(seen, early, late)


def _moment(page: "Page", wire: "CDPSession") -> Moment:
    metrics = wire.send("Performance.getMetrics")["metrics"]
    busy_s = {each["name"]: each["value"] for each in metrics}["TaskDuration"]
    at_ms = page.evaluate("performance.now()")
    return Moment(at_ms, busy_s, page.evaluate(_LENGTH) or 0)


def browser_rows(
    seen: Mapping[str, Any],
    early: tuple[Moment, Moment],
    late: tuple[Moment, Moment],
) -> list[Row]:
    """What the page needed for the same number of characters, early and late."""
    first, last = _busy_ms(early), _busy_ms(late)
    between = [
        span for at, span in seen["tasks"] if early[0].at_ms < at < late[1].at_ms
    ]
    gaps = sorted(b - a for a, b in _frames_in(seen["frames"], late))
    at_end = gaps[int(len(gaps) * 0.99)] if gaps else 0.0
    name = "browser: main thread for 1,000 characters"
    return [
        _row(f"{name}, early in the answer", "ms", first, float("nan")),
        _row(f"{name}, late", "ms", last, first * SPREAD),
        _row("browser: longest task", "ms", max(between, default=0.0), float("nan")),
        _row("browser: tasks above 50 ms", "", len(between), float("nan")),
        _row("browser: time between frames late, p99", "ms", at_end, LONG_TASK_MS),
    ]


def _busy_ms(part: tuple[Moment, Moment]) -> float:
    begun, ended = part
    return 1e6 * (ended.busy_s - begun.busy_s) / (ended.chars - begun.chars)


def _frames_in(
    frames: list[float], part: tuple[Moment, Moment]
) -> list[tuple[float, float]]:
    inside = [at for at in frames if part[0].at_ms <= at <= part[1].at_ms]
    return list(itertools.pairwise(inside))
