"""PostgreSQL and Redis end and start again while answers stream: nothing is lost."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conversations.providers.scripted_text import long_text
from tests import parts
from tests.browser.serving import Site
from tests.faults.asking import client, question
from tests.faults.conftest import Note
from tests.faults.findings import chance, times
from tests.faults.store import Answer, answers, call_statuses
from tests.faults.test_kill import until_none_runs

pytestmark = pytest.mark.team
WORDS = 240
AWAY_S = 1.5
PATIENCE_S = 30.0


def test_what_streams_while_postgresql_restarts_is_whole(
    tmp_path: Path, note: Note
) -> None:
    drawn = chance()
    restarts = times(1, 10)
    acknowledged: set[uuid.UUID] = set()
    stored: dict[uuid.UUID, Answer] = {}
    with parts.postgres_cluster() as cluster:
        with parts.postgres_server(cluster):
            servers = {**parts.chosen(), "DATABASE_URL": cluster.url}
            site = Site(tmp_path, **parts.of_site(str(tmp_path), servers))
            person = site.people({"ada": 0})["ada"]
            site.start()
        with client(site, person) as page:
            for _ in range(restarts):
                with parts.postgres_server(cluster):
                    acknowledged |= _asked(page)
                    time.sleep(drawn.uniform(0.5, 4))
                time.sleep(AWAY_S)
                with parts.postgres_server(cluster):
                    stored = until_none_runs(site)
        with parts.postgres_server(cluster):
            calls = call_statuses(site)
            site.end()

    assert acknowledged <= stored.keys()
    assert {answer.status for answer in stored.values()} == {"complete"}
    assert {answer.text for answer in stored.values()} == {long_text(WORDS)}
    assert set(calls) <= {"settled", "failed", "unknown"}
    note("PostgreSQL restarted while answers stream", restarts, lost=0)


def test_what_streams_while_redis_restarts_is_whole(tmp_path: Path, note: Note) -> None:
    drawn = chance()
    restarts = times(1, 10)
    port = parts.free_port()
    servers = {**parts.chosen(), "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    site = Site(tmp_path, **parts.of_site(str(tmp_path), servers))
    acknowledged: set[uuid.UUID] = set()
    stored: dict[uuid.UUID, Answer] = {}
    with _serving(site, port):
        person = site.people({"ada": 0})["ada"]
    with client(site, person) as page:
        for _ in range(restarts):
            with parts.redis_server(port):
                acknowledged |= _asked(page)
                time.sleep(drawn.uniform(0.5, 4))
            time.sleep(AWAY_S)
            stored = until_none_runs(site)
    site.end()

    assert acknowledged <= stored.keys()
    assert {answer.status for answer in stored.values()} == {"complete"}
    assert {answers(site)[key].text for key in acknowledged} == {long_text(WORDS)}
    note("Redis restarted while answers stream", restarts, lost=0)


@contextmanager
def _serving(site: Site, port: int) -> Iterator[None]:
    with parts.redis_server(port):
        yield
        site.start()


def _asked(page: httpx.Client) -> set[uuid.UUID]:
    """Ask in two new conversations; a server that was away may need a moment."""
    deadline = time.monotonic() + PATIENCE_S
    taken: set[uuid.UUID] = set()
    while len(taken) < 2:
        form = question(f"/long {WORDS}")
        if page.post("/c/", data=form).status_code == 201:
            taken.add(uuid.UUID(form["key"]))
        assert time.monotonic() < deadline, "The site does not come back."
    return taken
