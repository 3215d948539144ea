"""What a site has stored, read from its database by nobody but the test."""

import json
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.browser.serving import Site

_ANSWERS = """
SELECT t.id, t.key, t.status, m.text, m.content, q.text, t.conversation_id
FROM conversations_turn t
JOIN conversations_message m ON m.id = t.answer_id
JOIN conversations_message q ON q.id = t.question_id
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn, as it stands in the store."""

    turn: uuid.UUID
    key: uuid.UUID
    status: str
    text: str
    content: str
    question: str
    conversation: uuid.UUID


def rows(site: Site, sql: str) -> list[Any]:
    """The rows of a query, as the driver of the site's database has them."""
    if url := site.variables.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()
    path = site.data_dir / "chatsite.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def answers(site: Site) -> dict[uuid.UUID, Answer]:
    """Every turn by the key that its page minted."""
    found = [
        Answer(_uuid(turn), _uuid(key), status, text, _said(content), asked, _uuid(of))
        for turn, key, status, text, content, asked, of in rows(site, _ANSWERS)
    ]
    return {answer.key: answer for answer in found}


def call_statuses(site: Site) -> list[str]:
    """The status of every row of the ledger."""
    return [status for (status,) in rows(site, "SELECT status FROM ledger_call")]


def is_intact(site: Site) -> bool:
    """Whether the database finds nothing wrong with itself."""
    if "DATABASE_URL" in site.variables:
        return rows(site, "SELECT 1") == [(1,)]
    return rows(site, "PRAGMA integrity_check") == [("ok",)]


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _said(content: Any) -> str:
    blocks = json.loads(content) if isinstance(content, str) else content
    return "".join(block.get("text", "") for block in blocks)
