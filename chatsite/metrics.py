"""What Prometheus may know of the site: counts and times, at `/metrics`.

Figures of the process are counted where they happen (`conversations.measures`);
figures of the whole site are read from the database when someone asks.
"""

import asyncio
import hmac
import ipaddress
import platform
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import override

import django
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import Histogram, Info, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from chatsite.headers import Handler
from conversations import database, tasks
from conversations.catalogue import offered
from conversations.ledger.totals import COUNT, TOKEN_CLASSES, RunningTotals
from conversations.measures import REGISTRY, model_label
from conversations.providers.breaker import State
from conversations.querysets import unfinished_turns

PATH = "/metrics"
LAG_INTERVAL_S = 0.5
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")

LOOP_LAG = Histogram(
    "chatsite_event_loop_lag_seconds",
    "How late the event loop of this process runs what is due.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=REGISTRY,
)


class SiteCollector(Collector):
    """Figures that are there to be read at the time of a scrape."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._totals = RunningTotals()

    def describe(self) -> list[Metric]:
        """Nothing ahead: registering must not ask the database."""
        return []

    @override
    def collect(self) -> Iterator[Metric]:
        """The process's queues, then what the database says, if it says anything."""
        yield GaugeMetricFamily(
            "chatsite_database_waiting",
            "Database calls of this process that wait for a thread.",
            database.waiting(),
        )
        yield GaugeMetricFamily(
            "chatsite_background_tasks",
            "Background work of this process, such as titles.",
            tasks.running(),
        )
        yield _breakers()
        try:
            stored = [_unfinished(), *self._ledger()]
        except DatabaseError:
            stored = []
        yield GaugeMetricFamily(
            "chatsite_database_up",
            "Whether the database answered this scrape.",
            int(bool(stored)),
        )
        yield from stored

    def _ledger(self) -> list[Metric]:
        calls: Counter[tuple[str, ...]] = Counter()
        errors: Counter[tuple[str, ...]] = Counter()
        tokens: Counter[tuple[str, ...]] = Counter()
        for kind, sums in self._totals.now().items():
            model = model_label(kind.model)
            calls[kind.purpose, kind.provider, model, kind.status] += sums[COUNT]
            if kind.error_code:
                errors[kind.provider, kind.error_code] += sums[COUNT]
            for name in TOKEN_CLASSES:
                tokens[name, kind.provider, model] += sums[name]
        return [
            _counted(
                "chatsite_calls",
                "Provider calls in the ledger of the whole site.",
                ("purpose", "provider", "model", "status"),
                calls,
            ),
            _counted(
                "chatsite_provider_errors",
                "Provider calls of the whole site that failed, by code.",
                ("provider", "code"),
                errors,
            ),
            _counted(
                "chatsite_tokens",
                "Tokens in the ledger of the whole site, by class.",
                ("class", "provider", "model"),
                tokens,
            ),
        ]


def _breakers() -> Metric:
    gauge = GaugeMetricFamily(
        "chatsite_breaker",
        "How this process stands to a back end: 1 at the state that holds.",
        labels=("provider", "state"),
    )
    for provider, current in offered.breaker_states().items():
        for state in State:
            gauge.add_metric((provider, state), int(state is current))
    return gauge


def _unfinished() -> Metric:
    gauge = GaugeMetricFamily(
        "chatsite_turns",
        "Turns of the whole site that run or wait.",
        labels=("status", "model"),
    )
    found: Counter[tuple[str, str]] = Counter()
    for status, model, count in unfinished_turns():
        found[status, model_label(model)] += count
    for labels, count in found.items():
        gauge.add_metric(labels, count)
    return gauge


def _counted(
    name: str, words: str, labels: tuple[str, ...], counts: Counter[tuple[str, ...]]
) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family


def _build() -> dict[str, str]:
    project = settings.BASE_DIR / "pyproject.toml"
    about = tomllib.loads(project.read_text())["project"] if project.exists() else {}
    return {
        "version": about.get("version", "unknown"),
        "python": platform.python_version(),
        "django": django.get_version(),
    }


REGISTRY.register(SiteCollector())
ProcessCollector(registry=REGISTRY)
Info("chatsite_build", "What this process runs.", registry=REGISTRY).info(_build())


async def watch_loop() -> None:
    """For as long as the process serves: measure how late its event loop runs."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_INTERVAL_S
        await asyncio.sleep(LAG_INTERVAL_S)
        LOOP_LAG.observe(max(loop.time() - due, 0.0))


def may_scrape(request: HttpRequest) -> bool:
    """Whoever knows METRICS_TOKEN; without one, only this very machine."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "").encode()
        wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
        return hmac.compare_digest(sent, wanted)
    behind_proxy = settings.TRUSTED_PROXIES or any(
        name in request.headers for name in PROXY_HEADERS
    )
    return not behind_proxy and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


async def _answer(request: HttpRequest) -> HttpResponse | None:
    if request.path != PATH or not may_scrape(request):
        return None
    return HttpResponse(
        # The first one of a process sums up the whole ledger.
        await database.aside(generate_latest, REGISTRY),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


@sync_and_async_middleware
def answer_scrapes(get_response: Handler) -> Handler:
    """Answer /metrics to those who may; to others it is a page that is not there."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return await _answer(request) or await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = async_to_sync(_answer)(request) or get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows a sync chain
        return response

    return answer
