"""What is asked with every question does not go through a whole conversation."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.querysets import versions_below
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def plan_of(ask: Callable[[], object]) -> str:
    """How SQLite goes about the one query that `ask` makes."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    (query,) = captured.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        return "\n".join(str(step[3]) for step in cursor.fetchall())


def test_versions_are_found_below_their_parent() -> None:
    conversation = factories.conversation()
    parents = {conversation.leaf_id}

    plan = plan_of(lambda: versions_below(conversation.pk, parents))

    assert "parent_id=?" in plan
    assert "conversation_id=?" not in plan


def test_what_runs_or_waits_is_found_by_its_state() -> None:
    conversation = factories.conversation()

    plan = plan_of(lambda: conversation.turns.unfinished().exists())

    assert "turn_in_hand" in plan
    assert "status=?" in plan
