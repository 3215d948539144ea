"""A summary is begun once, ends once, can be undone, and leaves all that was said."""

import uuid
from datetime import timedelta

import pytest

from conversations import turns
from conversations.ledger.models import Call
from conversations.models import Compaction, Conversation, Message
from conversations.turns import Conflict
from tests import factories

pytestmark = pytest.mark.django_db


def begun(
    conversation: Conversation, key: uuid.UUID | None = None
) -> Compaction | None:
    key = key or uuid.uuid4()
    return turns.start_compaction(
        conversation, key=key, model="scripted", provider="scripted"
    )


def ended(conversation: Conversation, text: str = "All of it.") -> Compaction:
    compaction = begun(conversation)
    assert compaction is not None
    call = turns.reserve_compaction(compaction)
    turns.end_compaction(compaction, call.pk, text=text, usage={"output_tokens": 3})
    compaction.refresh_from_db()
    return compaction


def test_a_summary_ends_at_the_answer_that_is_shown_last() -> None:
    conversation = factories.conversation(None, "One", "Two")

    compaction = begun(conversation)

    assert compaction is not None
    assert compaction.turn.answer_id == conversation.leaf_id
    assert compaction.status == Compaction.Status.PENDING


def test_pages_are_told_to_draw_that_answer_anew_each_time() -> None:
    conversation = factories.conversation()
    before = conversation.version

    compaction = ended(conversation)

    assert compaction.turn.version == before + 2
    conversation.refresh_from_db()
    assert conversation.version == before + 2


def test_it_is_made_once_however_often_one_asks() -> None:
    conversation = factories.conversation()
    key = uuid.uuid4()

    assert begun(conversation, key) is not None
    assert begun(conversation, key) is None
    assert begun(conversation) is None
    assert Compaction.objects.count() == 1


def test_its_call_stands_in_the_ledger_with_a_purpose_of_its_own() -> None:
    compaction = ended(factories.conversation())

    call = Call.objects.get(purpose=Call.Purpose.COMPACTION)
    assert (call.status, call.output_tokens) == (Call.Status.SETTLED, 3)
    assert call.conversation_id == compaction.conversation_id


def test_nothing_that_was_said_is_touched() -> None:
    conversation = factories.conversation(None, "One", "Two")
    said = list(Message.objects.values_list("pk", "content"))

    ended(conversation)

    assert list(Message.objects.values_list("pk", "content")) == said


def test_an_answer_that_runs_or_waits_is_not_cut_off() -> None:
    conversation = factories.conversation()
    factories.asked(conversation)

    with pytest.raises(Conflict, match="is being written"):
        begun(conversation)
    assert not Compaction.objects.exists()


def test_a_failure_leaves_everything_as_it_was_and_can_be_tried_again() -> None:
    conversation = factories.conversation()
    compaction = begun(conversation)
    assert compaction is not None
    call = turns.reserve_compaction(compaction)

    turns.end_compaction(
        compaction, call.pk, error_code="overloaded", call_status=Call.Status.FAILED
    )

    compaction.refresh_from_db()
    call.refresh_from_db()
    assert (compaction.status, compaction.error_code) == ("failed", "overloaded")
    assert call.status == Call.Status.FAILED
    assert begun(conversation) is not None


def test_a_summary_of_nothing_is_a_failure() -> None:
    assert ended(factories.conversation(), text="").status == Compaction.Status.FAILED


def test_what_was_undone_is_taken_again_without_another_call() -> None:
    conversation = factories.conversation()
    compaction = ended(conversation)

    turns.undo_compaction(compaction)
    compaction.refresh_from_db()
    assert compaction.status == Compaction.Status.UNDONE
    assert begun(conversation) is None

    compaction.refresh_from_db()
    assert compaction.status == Compaction.Status.COMPLETE
    assert compaction.text == "All of it."


def test_it_is_undone_once() -> None:
    compaction = ended(factories.conversation())
    turns.undo_compaction(compaction)

    with pytest.raises(Conflict):
        turns.undo_compaction(compaction)


def test_a_lost_one_is_begun_anew_and_its_late_end_changes_nothing() -> None:
    conversation = factories.conversation()
    lost = begun(conversation)
    assert lost is not None
    long_ago = lost.created_at - Compaction.PATIENCE - timedelta(seconds=1)
    Compaction.objects.update(created_at=long_ago)

    again = begun(conversation)

    assert again is not None
    assert not turns.end_compaction(lost, None, text="Too late.")
    again.refresh_from_db()
    assert again.status == Compaction.Status.PENDING
