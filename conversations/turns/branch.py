"""Moving on the tree: another try, another version, a question taken back."""

import uuid

from django.db import transaction
from django.utils import timezone

from conversations.models import Attachment, Conversation, Message, Turn
from conversations.querysets import newest_below
from conversations.turns.start import (
    Claim,
    Conflict,
    Question,
    empty_answer,
    new_turn,
    next_open_version,
)

RETRIED = (Turn.Status.FAILED, Turn.Status.INTERRUPTED, Turn.Status.STOPPED)


@transaction.atomic
def retry_turn(
    turn: Turn,
    *,
    key: uuid.UUID,
    model: str,
    provider: str,
    claim: Claim | None = None,
) -> Turn:
    """Ask the same question again: a sibling of the answer that did not succeed.

    Questions that waited behind the old answer wait behind the new one. Raises
    Conflict if the answer is not one to be retried, if another one runs, and in the
    trash.
    """
    conversation = turn.conversation
    version = next_open_version(conversation)
    if _status_of(turn) not in RETRIED or conversation.turns.running().exists():
        raise Conflict("Another answer is being written.")
    question = turn.question
    question.conversation = conversation
    answer = empty_answer(question)
    answer.save(force_insert=True)
    again = new_turn(
        question,
        answer,
        status=Turn.Status.PENDING,
        question=Question(key=key, text="", model=model, provider=provider),
        claim=claim,
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
    """Show the branch through `message`, down to what was said last on it.

    Raises Conflict in the trash.
    """
    conversation = message.conversation
    next_open_version(conversation)
    conversation.leaf_id = newest_below(message.pk)
    _redraw(conversation)


@transaction.atomic
def withdraw_turn(turn: Turn) -> Message:
    """Take a queued question back; its pictures are unsent again.

    Returns the question as it was. Raises Conflict once the question was sent or
    withdrawn, and in the trash.
    """
    conversation = turn.conversation
    next_open_version(conversation)
    if _status_of(turn) != Turn.Status.QUEUED:
        raise Conflict("The question is no longer waiting.")
    # Another withdrawal may have moved it up.
    question = Message.objects.get(pk=turn.question_id)
    Message.objects.filter(parent_id=turn.answer_id).update(
        parent_id=question.parent_id
    )
    # Unsent from now on: the day after which they are erased begins anew.
    Attachment.objects.filter(message=question).update(
        message=None, created_at=timezone.now()
    )
    was_shown = conversation.leaf_id == turn.answer_id
    Message.objects.filter(pk=question.pk).delete()
    if was_shown:
        conversation.leaf_id = question.parent_id or _newest_end(conversation)
    _redraw(conversation)
    return question


def _status_of(turn: Turn) -> str | None:
    """Where the turn stands now; None if it is gone."""
    rows = Turn.objects.filter(pk=turn.pk)
    return rows.values_list("status", flat=True).first()


def _newest_end(conversation: Conversation) -> uuid.UUID | None:
    """The end of the branch that was begun last; None if nothing was ever said."""
    begun = conversation.messages.filter(parent=None).order_by("-created_at", "-id")
    first = begun.values_list("pk", flat=True).first()
    return None if first is None else newest_below(first)


def _redraw(conversation: Conversation) -> None:
    conversation.branch_version = conversation.version
    conversation.save(update_fields=("leaf", "branch_version"))
