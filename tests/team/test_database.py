"""PostgreSQL: what waits, what is given back, and who goes first."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, transaction
from pytest_django import Settings

from chatsite.accounts.models import User
from conversations import turns, uploads
from conversations.database import in_thread, take_locks
from conversations.models import Attachment, Turn
from tests import factories

pytestmark = [pytest.mark.team, pytest.mark.django_db(transaction=True)]

CALLS = 60
PATIENCE_S = 20.0


def held() -> int:
    """How many connections of the pool are lent at this moment."""
    pool = connection.pool  # type: ignore[attr-defined] # of PostgreSQL's alone
    stats = pool.get_stats()
    return int(stats["pool_size"] - stats["pool_available"])


def slow_question() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_sleep(0.02)")
        (one,) = cursor.fetchone()
        return int(one)


def test_more_calls_than_connections_wait_and_give_back_what_they_took(
    settings: Settings,
) -> None:
    settings.DATABASE_THREADS = settings.DATABASE_CONNECTIONS + 5
    connection.close()

    async def ask_often() -> list[int]:
        return await asyncio.gather(*(in_thread(slow_question) for _ in range(CALLS)))

    assert async_to_sync(ask_often)() == [1] * CALLS
    assert held() == 0


def test_statements_and_idle_transactions_have_an_end() -> None:
    limits = {}
    with connection.cursor() as cursor:
        for name in ("statement", "lock", "idle_in_transaction_session"):
            cursor.execute(f"SHOW {name}_timeout")
            (limits[name],) = cursor.fetchone()
    assert limits == {
        "statement": "15s",
        "lock": "10s",
        "idle_in_transaction_session": "30s",
    }


def test_a_connection_that_was_cut_is_replaced() -> None:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    connection.close()
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        dbname="postgres",
    ) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", [pid])

    assert slow_question() == 1


def test_locks_by_name_are_held_to_the_end_of_a_transaction() -> None:
    order: list[str] = []
    taken = threading.Event()

    def second() -> None:
        taken.wait(PATIENCE_S)
        with transaction.atomic():
            take_locks(["b", "a"])
            order.append("second")
        connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(second)
        with transaction.atomic():
            take_locks(["a"])
            taken.set()
            order.append("first")
        waiting.result(PATIENCE_S)

    assert order == ["first", "second"]


def unsent(owner: User, count: int) -> list[Attachment]:
    return Attachment.objects.bulk_create(
        Attachment(
            owner=owner,
            name="sky.png",
            media_type="image/png",
            digest=str(number) * 64,
            thumbnail_digest=str(number) * 64,
            size_bytes=1,
            width_px=1,
            height_px=1,
        )
        for number in range(count)
    )


def test_two_messages_with_the_same_pictures_do_not_wait_for_each_other_for_ever(
    alice: User,
) -> None:
    both = threading.Barrier(2)

    def send(ids: list[object]) -> str:
        try:
            both.wait(PATIENCE_S)
            question = factories.question("Both.", attachment_ids=ids)
            with transaction.atomic():
                turns.start_conversation(owner=alice, question=question)
        except (uploads.Refused, turns.Conflict):
            return "refused"
        finally:
            connections.close_all()
        return "sent"

    for _ in range(5):
        Attachment.objects.all().delete()
        ids = [picture.pk for picture in unsent(alice, 8)]
        with ThreadPoolExecutor(2) as threads:
            sent = list(threads.map(send, [ids, ids[::-1]]))
        assert sorted(sent) == ["refused", "sent"]


def test_one_question_of_many_that_are_sent_at_once_runs_and_the_others_wait(
    alice: User,
) -> None:
    conversation = factories.conversation(alice)

    def ask(number: int) -> None:
        try:
            with transaction.atomic():
                factories.asked(conversation, f"Question {number}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(16)))

    states = list(conversation.turns.values_list("status", flat=True))
    assert states.count(Turn.Status.PENDING) == 1
    assert states.count(Turn.Status.QUEUED) == 15
