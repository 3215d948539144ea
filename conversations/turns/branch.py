"""Moving on the tree: another try, another version, a question taken back."""

import uuid

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Attachment, Conversation, Message, Turn
from conversations.turns.start import (
    Conflict,
    Question,
    empty_answer,
    new_turn,
    next_version,
)

RETRIED = (Turn.Status.FAILED, Turn.Status.INTERRUPTED, Turn.Status.STOPPED)


@transaction.atomic
def retry_turn(turn: Turn, *, key: uuid.UUID, model: str, provider: str) -> Turn:
    """Ask the same question again: a sibling of the answer that did not succeed.

    Questions that waited behind the old answer wait behind the new one. Raises
    Conflict if the answer is not one to be retried, or if another one runs.
    """
    conversation = turn.conversation
    version = next_version(conversation)
    turn.refresh_from_db(fields=("status",))
    if turn.status not in RETRIED or conversation.turns.running().exists():
        raise Conflict("Another answer is being written.")
    question = turn.question
    question.conversation = conversation
    answer = empty_answer(question)
    answer.save(force_insert=True)
    again = new_turn(
        question,
        answer,
        status=Turn.Status.PENDING,
        version=version,
        question=Question(key=key, text="", model=model, provider=provider),
    )
    followers = Message.objects.filter(
        parent_id=turn.answer_id, turns__status=Turn.Status.QUEUED
    )
    moved = Message.objects.filter(pk__in=list(followers.values_list("pk", flat=True)))
    if not moved.update(parent=again.answer):
        conversation.leaf = again.answer
    conversation.turns.queued().update(version=version)
    _redraw(conversation)
    return again


@transaction.atomic
def show_version(message: Message) -> None:
    """Show the branch through `message`, down to what was said last on it."""
    conversation = message.conversation
    next_version(conversation)
    conversation.leaf_id = newest_below(message.pk)
    _redraw(conversation)


@transaction.atomic
def withdraw_turn(turn: Turn) -> Message:
    """Take a queued question back; its pictures are unsent again.

    Returns the question as it was. Raises Conflict once the question was sent.
    """
    conversation = turn.conversation
    next_version(conversation)
    turn.refresh_from_db()
    if turn.status != Turn.Status.QUEUED:
        raise Conflict("The question is no longer waiting.")
    question = turn.question
    Message.objects.filter(parent_id=turn.answer_id).update(
        parent_id=question.parent_id
    )
    if conversation.leaf_id == turn.answer_id:
        conversation.leaf_id = question.parent_id
    _redraw(conversation)
    # Unsent from now on: the day after which they are erased begins anew.
    Attachment.objects.filter(message=question).update(
        message=None, created_at=timezone.now()
    )
    Message.objects.filter(pk=question.pk).delete()
    return question


def _redraw(conversation: Conversation) -> None:
    conversation.branch_version = conversation.version
    conversation.save(update_fields=("leaf", "branch_version"))


# Children are written after their parents, so the newest row below a message ends
# a branch, the one that was worked on last.
_NEWEST_SQL = """
WITH RECURSIVE below(id, created_at) AS (
    SELECT id, created_at FROM conversations_message WHERE id = %s
    UNION ALL
    SELECT m.id, m.created_at
    FROM conversations_message m JOIN below ON m.parent_id = below.id
)
SELECT id FROM below ORDER BY created_at DESC LIMIT 1
"""


def newest_below(message_id: uuid.UUID) -> uuid.UUID:
    """The end of the branch through a message that was worked on last."""
    native = connection.features.has_native_uuid_field
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_SQL, [message_id if native else message_id.hex])
        (found,) = cursor.fetchone()
    return found if native else uuid.UUID(found)
