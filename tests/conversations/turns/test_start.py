"""Asking a question: what is written, what waits, and what a repeated key does."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from conversations import turns
from conversations.ledger.models import Call
from conversations.models import Conversation, Turn
from conversations.turns import Claim
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_first_question_makes_conversation_question_answer_and_turn() -> None:
    turn = factories.started(text="Why is the sky blue?")

    assert turn.status == Turn.Status.PENDING
    assert turn.question.content == [{"type": "text", "text": "Why is the sky blue?"}]
    assert turn.answer.parent == turn.question
    assert turn.answer.content == []
    assert turn.conversation.leaf == turn.answer
    assert turn.conversation.title == "Why is the sky blue?"


def test_a_long_first_question_gives_the_title_its_first_words() -> None:
    turn = factories.started(text="word " * 40)

    assert len(turn.conversation.title) <= 60
    assert turn.conversation.title.endswith("…")


def test_a_further_question_follows_the_answer_that_is_shown() -> None:
    conversation = factories.conversation()
    shown = conversation.leaf

    turn = factories.asked(conversation)

    assert turn.question.parent == shown
    assert turn.status == Turn.Status.PENDING


def test_a_question_is_queued_while_an_answer_is_written() -> None:
    first = factories.started()

    second = factories.asked(first.conversation)
    third = factories.asked(first.conversation)

    assert [second.status, third.status] == ["queued", "queued"]
    assert second.question.parent == first.answer
    assert third.question.parent == second.answer


def test_the_oldest_queued_question_runs_once_the_answer_is_complete() -> None:
    first = factories.started()
    second = factories.asked(first.conversation)
    third = factories.asked(first.conversation)

    factories.ended(first)

    second.refresh_from_db()
    third.refresh_from_db()
    assert [second.status, third.status] == ["pending", "queued"]


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_a_queued_question_waits_after_an_answer_that_was_not_completed(
    status: str,
) -> None:
    first = factories.started()
    second = factories.asked(first.conversation)

    factories.ended(first, status=Turn.Status(status))

    second.refresh_from_db()
    assert second.status == Turn.Status.QUEUED
    assert second.version == first.version


def test_a_waiting_question_is_sent_by_hand() -> None:
    first = factories.started()
    second = factories.asked(first.conversation)
    factories.ended(first, status=Turn.Status.STOPPED)

    sent = turns.send_queued(first.conversation)

    assert sent == second
    assert sent.status == Turn.Status.PENDING


def test_nothing_is_sent_by_hand_while_an_answer_runs() -> None:
    first = factories.started()
    second = factories.asked(first.conversation)

    assert turns.send_queued(first.conversation) is None
    second.refresh_from_db()
    assert second.status == Turn.Status.QUEUED


def test_a_page_that_was_behind_makes_a_branch_and_overwrites_nothing() -> None:
    conversation = factories.conversation()
    behind = conversation.leaf_id
    newer = factories.ended(factories.asked(conversation, "Asked in another tab"))

    conversation.refresh_from_db()
    turn = turns.start_turn(
        conversation=conversation,
        parent_id=behind,
        question=factories.question("Asked in the old tab"),
    )

    assert turn.question.parent_id == newer.question.parent_id == behind
    conversation.refresh_from_db()
    assert conversation.leaf == turn.answer
    assert conversation.branch_version == conversation.version


def test_a_parent_of_another_conversation_is_refused() -> None:
    theirs = factories.conversation(factories.person("eve"))
    mine = factories.conversation()

    with pytest.raises(turns.Conflict, match="is gone"):
        turns.start_turn(
            conversation=mine,
            parent_id=theirs.leaf_id,
            question=factories.question(),
        )


def test_a_key_is_taken_once() -> None:
    question = factories.question()
    turns.start_conversation(owner=factories.person(), question=question)

    with pytest.raises(IntegrityError), transaction.atomic():
        turns.start_conversation(owner=factories.person(), question=question)

    assert Conversation.objects.count() == 1


def test_a_key_finds_its_turn_for_its_owner_alone() -> None:
    turn = factories.started()

    assert turns.turn_of_key(turn.key, factories.person()) == turn
    assert turns.turn_of_key(turn.key, factories.person("eve")) is None
    assert turns.turn_of_key(uuid.uuid4(), factories.person()) is None


def test_the_database_refuses_a_second_running_answer() -> None:
    turn = factories.started()
    second = factories.asked(turn.conversation)

    with (
        pytest.raises(IntegrityError, match="conversation_id"),
        transaction.atomic(),
    ):
        Turn.objects.filter(pk=second.pk).update(status=Turn.Status.STREAMING)


def test_every_question_counts_the_version_up() -> None:
    turn = factories.started()
    second = factories.asked(turn.conversation)

    assert second.version == turn.version + 1


def test_a_further_question_is_written_in_few_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    conversation = factories.conversation()
    owner, claim = conversation.owner, Claim(worker=factories.WORKER)

    # A savepoint and its end, the lock, what runs, three inserts, what is shown.
    with django_assert_num_queries(8):
        turn = turns.start_turn(
            conversation=conversation,
            parent_id=conversation.leaf_id,
            question=factories.question(),
            claim=claim,
        )

    assert (turn.conversation.owner, turn.worker) == (owner, factories.WORKER)
    assert Call.objects.get(turn_id=turn.pk).pk == claim.call_id


def test_a_question_that_waits_is_claimed_by_nobody() -> None:
    first = factories.started()

    waiting = turns.start_turn(
        conversation=first.conversation,
        parent_id=first.answer_id,
        question=factories.question(),
        claim=Claim(worker=factories.WORKER),
    )

    assert waiting.worker is None
    assert not Call.objects.filter(turn_id=waiting.pk).exists()
