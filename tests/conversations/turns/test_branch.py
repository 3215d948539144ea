"""Another try, another version, a question taken back."""

import io
import uuid

import pytest

from conversations import turns, uploads
from conversations.models import Attachment, Message, Turn
from tests import factories
from tests.pictures import png

pytestmark = pytest.mark.django_db


def retried(turn: Turn) -> Turn:
    return turns.retry_turn(
        turn, key=uuid.uuid4(), model="scripted", provider="scripted"
    )


def picture(name: str = "a.png") -> Attachment:
    data = png()
    return uploads.accept(
        owner=factories.person(),
        name=name,
        stream=io.BytesIO(data),
        size_bytes=len(data),
    )


def regenerated(turn: Turn, model: str = "scripted") -> Turn:
    return turns.regenerate_turn(
        turn, key=uuid.uuid4(), model=model, provider="scripted"
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


@pytest.mark.parametrize("status", ["complete", "failed", "interrupted", "stopped"])
def test_an_answer_is_made_once_more_by_another_model(status: str) -> None:
    turn = factories.ended(factories.started(), "First", status=Turn.Status(status))

    again = regenerated(turn, model="another")

    assert again.status == Turn.Status.PENDING
    assert again.model == "another"
    assert again.answer.parent == turn.question
    assert again.conversation.leaf == again.answer
    assert Message.objects.get(pk=turn.answer_id).text == "First"


def test_what_followed_the_old_answer_stays_with_it() -> None:
    first = factories.ended(factories.started())
    followed = factories.ended(factories.asked(first.conversation))

    regenerated(first)

    followed.question.refresh_from_db()
    assert followed.question.parent == first.answer


def test_no_answer_is_made_once_more_while_one_runs() -> None:
    first = factories.ended(factories.started())
    factories.asked(first.conversation)

    with pytest.raises(turns.Conflict, match="is being written"):
        regenerated(first)


def test_a_question_that_waits_on_another_branch_is_not_left_behind() -> None:
    first = factories.ended(factories.started())
    second = factories.asked(first.conversation, "Second")
    third = factories.asked(first.conversation, "Third")
    factories.ended(second, status=Turn.Status.FAILED)

    with pytest.raises(turns.Conflict, match="waiting"):
        regenerated(first)
    with pytest.raises(turns.Conflict, match="waiting"):
        turns.edit_question(first.question, question=factories.question("Else"))

    again = regenerated(second)
    third.question.refresh_from_db()
    assert third.question.parent == again.answer


def test_a_changed_question_stands_beside_the_old_one() -> None:
    first = factories.ended(factories.started())
    old = factories.ended(factories.asked(first.conversation, "Old words"))

    turn = turns.edit_question(old.question, question=factories.question("New words"))

    assert turn.status == Turn.Status.PENDING
    assert turn.question.parent == first.answer
    assert turn.question.text == "New words"
    assert turn.conversation.leaf == turn.answer
    assert turn.conversation.branch_version == turn.version
    assert Message.objects.get(pk=old.question_id).text == "Old words"


def test_the_first_question_of_a_conversation_is_changed_too() -> None:
    old = factories.ended(factories.started())

    turn = turns.edit_question(old.question, question=factories.question("New words"))

    assert turn.question.parent is None
    turns.show_version(old.question)
    old.conversation.refresh_from_db()
    assert old.conversation.leaf == old.answer


def test_a_changed_question_keeps_the_files_that_are_named() -> None:
    owner = factories.person()
    kept, dropped = (picture(name) for name in ("a.png", "b.png"))
    ids = (kept.pk, dropped.pk)
    asked = factories.question(attachment_ids=ids)
    old = factories.ended(turns.start_conversation(owner=owner, question=asked))

    changed = factories.question("New words", attachment_ids=[kept.pk])
    turn = turns.edit_question(old.question, question=changed)

    (copied,) = Attachment.objects.filter(message=turn.question)
    assert copied.pk not in ids
    assert (copied.digest, copied.name) == (kept.digest, "a.png")
    assert turn.question.content[0] == copied.content_block
    assert old.question.attachments.count() == 2


def test_a_changed_question_takes_no_file_of_another_message() -> None:
    owner = factories.person()
    theirs = picture()
    asked = factories.question(attachment_ids=[theirs.pk])
    turns.start_conversation(owner=owner, question=asked)
    other = factories.ended(factories.started())

    stolen = factories.question("New words", attachment_ids=[theirs.pk])
    with pytest.raises(uploads.Refused):
        turns.edit_question(other.question, question=stolen)

    assert Attachment.objects.count() == 1


def test_an_answer_is_not_edited() -> None:
    turn = factories.ended(factories.started())

    with pytest.raises(turns.Conflict):
        turns.edit_question(turn.answer, question=factories.question("My words"))


def test_nothing_is_edited_or_made_once_more_in_the_trash() -> None:
    turn = factories.ended(factories.started())
    turn.conversation.trashed_at = turn.created_at
    turn.conversation.save()

    with pytest.raises(turns.Conflict, match="trash"):
        regenerated(turn)
    with pytest.raises(turns.Conflict, match="trash"):
        turns.edit_question(turn.question, question=factories.question("Else"))
