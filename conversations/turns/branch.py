"""Moving on the tree: another try, other words, another version, a question back."""

import copy
import uuid
from collections.abc import Container, Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from conversations.models import Attachment, Conversation, Message, Turn
from conversations.querysets import newest_below
from conversations.turns.start import (
    RUNNING,
    Claim,
    Conflict,
    Question,
    ask_below,
    empty_answer,
    new_turn,
    next_open_version,
)

RETRIED = (Turn.Status.FAILED, Turn.Status.INTERRUPTED, Turn.Status.STOPPED)
WAITING = "A question is still waiting. Let it be sent, or withdraw it first."
ENDED = (*RETRIED, Turn.Status.COMPLETE)


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
    next_open_version(conversation)
    asked = Question(key=key, text="", model=model, provider=provider)
    return _ask_again(turn, RETRIED, asked, claim)


@transaction.atomic
def regenerate_turn(
    turn: Turn,
    *,
    key: uuid.UUID,
    model: str,
    provider: str,
    claim: Claim | None = None,
) -> Turn:
    """Have a question answered once more: a sibling of its answer, however it ended.

    Raises Conflict while an answer runs, while questions wait on another branch (they
    would be sent unseen), and in the trash.
    """
    conversation = turn.conversation
    next_open_version(conversation)
    elsewhere = conversation.turns.queued().exclude(question__parent=turn.answer_id)
    if not conversation.turns.running().exists() and elsewhere.exists():
        raise Conflict(WAITING)
    asked = Question(key=key, text="", model=model, provider=provider)
    return _ask_again(turn, ENDED, asked, claim)


@transaction.atomic
def edit_question(
    message: Message, *, question: Question, claim: Claim | None = None
) -> Turn:
    """Ask in other words: a sibling of `message`, which stays as it was.

    `question.attachment_ids` names those of its attachments that are kept. Raises
    Conflict for an answer, while an answer runs or a question waits, and in the trash,
    Refused for attachments that it does not have, and IntegrityError if the key is
    taken.
    """
    conversation = message.conversation
    next_open_version(conversation)
    if message.role != Message.Role.USER:
        raise Conflict("Only what you asked yourself can be changed.")
    if conversation.turns.running().exists():
        raise Conflict(RUNNING)
    if conversation.turns.queued().exists():
        raise Conflict(WAITING)
    copies = _unsent_copies(message, question.attachment_ids)
    changed = replace(question, attachment_ids=copies)
    return ask_below(conversation, message.parent_id, changed, claim)


def _ask_again(
    turn: Turn, allowed: Container[str | None], asked: Question, claim: Claim | None
) -> Turn:
    conversation = turn.conversation
    version = conversation.version
    if _status_of(turn) not in allowed or conversation.turns.running().exists():
        raise Conflict(RUNNING)
    question = turn.question
    question.conversation = conversation
    answer = empty_answer(question)
    answer.save(force_insert=True)
    again = new_turn(
        question,
        answer,
        status=Turn.Status.PENDING,
        question=asked,
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


def _unsent_copies(message: Message, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Rows of the same files, for a message belongs to its attachments alone.

    An id that is no attachment of `message` stays as it is.
    """
    kept = message.attachments.in_bulk(list(ids))
    copies = {key: _copy_of(attachment) for key, attachment in kept.items()}
    Attachment.objects.bulk_create(copies.values())
    return [copies[key].pk if key in copies else key for key in ids]


def _copy_of(attachment: Attachment) -> Attachment:
    duplicate = copy.copy(attachment)
    duplicate.pk, duplicate.created_at = uuid.uuid4(), timezone.now()
    duplicate.message = None
    return duplicate


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
