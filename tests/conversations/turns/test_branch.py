"""Another try, another version, a question taken back."""

import uuid

import pytest

from conversations import turns
from conversations.models import Message, Turn
from tests import factories

pytestmark = pytest.mark.django_db


def retried(turn: Turn) -> Turn:
    return turns.retry_turn(
        turn, key=uuid.uuid4(), model="scripted", provider="scripted"
    )


@pytest.mark.parametrize("status", ["failed", "interrupted", "stopped"])
def test_a_retry_makes_a_sibling_and_keeps_the_old_text(status: str) -> None:
    turn = factories.ended(factories.started(), "Half a", status=Turn.Status(status))

    again = retried(turn)

    assert again.status == Turn.Status.PENDING
    assert again.answer.parent == turn.question
    assert again.conversation.leaf == again.answer
    assert Message.objects.get(pk=turn.answer_id).text == "Half a"


def test_a_complete_answer_is_not_retried() -> None:
    turn = factories.ended(factories.started())

    with pytest.raises(turns.Conflict):
        retried(turn)


def test_nothing_is_retried_while_another_answer_runs() -> None:
    turn = factories.ended(factories.started(), status=Turn.Status.FAILED)
    retried(turn)

    with pytest.raises(turns.Conflict):
        retried(turn)


def test_questions_that_waited_behind_the_old_answer_wait_behind_the_new() -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation)
    factories.ended(first, status=Turn.Status.FAILED)

    again = retried(first)

    waiting.question.refresh_from_db()
    assert waiting.question.parent == again.answer
    again.conversation.refresh_from_db()
    assert again.conversation.leaf == waiting.answer


def test_an_older_version_is_shown_with_what_followed_it() -> None:
    first = factories.ended(factories.started(), status=Turn.Status.FAILED)
    followed = factories.ended(factories.asked(first.conversation))
    again = factories.ended(retried(first))

    turns.show_version(first.answer)
    first.conversation.refresh_from_db()
    assert first.conversation.leaf == followed.answer

    turns.show_version(again.answer)
    first.conversation.refresh_from_db()
    assert first.conversation.leaf == again.answer


def test_a_withdrawn_question_leaves_no_gap_in_the_queue() -> None:
    first = factories.started()
    second = factories.asked(first.conversation, "Second")
    third = factories.asked(first.conversation, "Third")

    question = turns.withdraw_turn(second)

    third.question.refresh_from_db()
    assert question.text == "Second"
    assert third.question.parent == first.answer
    assert not Turn.objects.filter(pk=second.pk).exists()


def test_withdrawing_the_last_question_shows_the_answer_before_it() -> None:
    first = factories.started()
    second = factories.asked(first.conversation)

    turns.withdraw_turn(second)

    first.conversation.refresh_from_db()
    assert first.conversation.leaf == first.answer


def test_a_question_that_was_sent_is_not_withdrawn() -> None:
    turn = factories.started()

    with pytest.raises(turns.Conflict):
        turns.withdraw_turn(turn)


def test_a_question_is_withdrawn_once() -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation)
    seen_elsewhere = Turn.objects.get(pk=waiting.pk)
    turns.withdraw_turn(waiting)

    with pytest.raises(turns.Conflict):
        turns.withdraw_turn(seen_elsewhere)


def test_withdrawing_a_question_that_begins_anew_shows_what_was_begun_before() -> None:
    first = factories.started()
    anew = turns.start_turn(
        conversation=first.conversation, parent_id=None, question=factories.question()
    )

    turns.withdraw_turn(anew)

    first.conversation.refresh_from_db()
    assert first.conversation.leaf == first.answer


def test_nothing_moves_in_the_trash() -> None:
    failed = factories.ended(factories.started(), status=Turn.Status.FAILED)
    failed.conversation.trashed_at = failed.created_at
    failed.conversation.save()

    with pytest.raises(turns.Conflict):
        retried(failed)
    with pytest.raises(turns.Conflict):
        turns.show_version(failed.answer)
    with pytest.raises(turns.Conflict):
        turns.send_queued(failed.conversation)
