"""The site is killed while it answers: nothing that it acknowledged is lost."""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from conversations.providers.scripted_text import long_text
from tests.browser.serving import Person, Site, session_cookie

TOKEN = "a" * 32
ASKED = 6
PATIENCE_S = 30.0
INTERVAL_S = 0.1
ANSWERS_SQL = """
SELECT t.id, t.key, t.status, m.text, m.content
FROM conversations_turn t JOIN conversations_message m ON m.id = t.answer_id
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The site in a process of its own."""
    site = Site(tmp_path)
    yield site
    site.end()


@pytest.fixture
def person(site: Site) -> Person:
    """Someone with an account there."""
    return site.people({"ada": 0})["ada"]


def browser(site: Site, person: Person) -> httpx.Client:
    cookie = session_cookie(site, person)
    return httpx.Client(
        base_url=site.url,
        cookies={cookie["name"]: cookie["value"], "csrf": TOKEN},
        headers={"HX-Request": "true", "X-CSRFToken": TOKEN},
    )


def question(**fields: Any) -> dict[str, Any]:
    return {"key": str(uuid.uuid4()), "text": "/long", "model": "scripted", **fields}


def rows(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(site.data_dir / "chatsite.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


def said(content: str) -> str:
    return "".join(block["text"] for block in json.loads(content))


def until_all_speak(site: Site) -> dict[str, str]:
    """What is stored of each answer, by key, once something is of every one."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        kept = {key: said(content) for _, key, _, _, content in rows(site, ANSWERS_SQL)}
        if all(kept.values()):
            return kept
        time.sleep(INTERVAL_S)
    raise AssertionError("Not every answer was stored.")


def test_a_killed_site_comes_back_with_all_that_was_said(
    site: Site, person: Person
) -> None:
    site.start()
    asked = [question() for _ in range(ASKED)]
    with browser(site, person) as page:
        for each in asked:
            assert page.post("/c/", data=each).status_code == 201
    kept = until_all_speak(site)

    site.kill()
    site.start()

    answers = {key: rest for key, *rest in _by_key(site)}
    assert answers.keys() == {uuid.UUID(each["key"]).hex for each in asked}
    for key, (status, text, content) in answers.items():
        assert status == "interrupted"
        assert text == said(content)
        assert text.startswith(kept[key])
        assert long_text(400).startswith(text)
    calls = rows(site, "SELECT turn_id, status FROM ledger_call")
    assert [status for _, status in calls] == ["unknown"] * ASKED
    assert len({turn_id for turn_id, _ in calls}) == ASKED


def test_what_a_killed_site_had_taken_is_not_taken_twice_and_can_be_retried(
    site: Site, person: Person
) -> None:
    site.start()
    asked = question()
    with browser(site, person) as page:
        assert page.post("/c/", data=asked).status_code == 201
        site.kill()
        site.start()
        assert page.post("/c/", data=asked).status_code == 201
        ((turn_id, *_),) = rows(site, ANSWERS_SQL)
        address = f"/turns/{uuid.UUID(turn_id)}/retry"

        retried = page.post(address, data={"key": str(uuid.uuid4())})

    assert retried.status_code == 201
    statuses = [status for _, _, status, _, _ in rows(site, ANSWERS_SQL)]
    assert "interrupted" in statuses
    assert len(statuses) == 2


def _by_key(site: Site) -> list[Any]:
    return [row[1:] for row in rows(site, ANSWERS_SQL)]
