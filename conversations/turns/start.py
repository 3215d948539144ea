"""Asking: a question, the empty row of its answer, and the turn between them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import Truncator

from conversations import uploads
from conversations.models import Attachment, Conversation, Message, Turn

if TYPE_CHECKING:
    from chatsite.accounts.models import User

TITLE_FROM_TEXT_LENGTH = 60  # characters
# What another change may have moved since the row was read.
_MOVING = ("version", "branch_version", "leaf", "title", "is_renamed", "trashed_at")


class Conflict(Exception):  # noqa: N818 - a state, said in the words of HTTP
    """The rows are no longer in the state that the change starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person sends: text, pictures, and the model that is to answer."""

    key: uuid.UUID
    text: str
    model: str
    provider: str
    attachment_ids: Sequence[uuid.UUID] = ()


def turn_of_key(key: uuid.UUID, person: User) -> Turn | None:
    """The turn that an earlier POST with this key made, if `person` may see it."""
    visible = Conversation.objects.visible_to(person)
    turns = Turn.objects.select_related("conversation")
    return turns.filter(key=key, conversation__in=visible).first()


@transaction.atomic
def start_conversation(*, owner: User, question: Question) -> Turn:
    """Make a conversation with its first turn, which is pending."""
    conversation = Conversation.objects.create(owner=owner)
    return start_turn(conversation=conversation, parent_id=None, question=question)


@transaction.atomic
def start_turn(
    *, conversation: Conversation, parent_id: uuid.UUID | None, question: Question
) -> Turn:
    """Ask below the answer `parent_id`; queued while another answer runs or waits.

    A page that was behind names an older answer, and makes a branch. Raises Conflict
    for a parent that is no answer of this conversation, Refused for pictures that
    cannot be sent, and IntegrityError if the key is taken.
    """
    version = next_version(conversation)
    if parent_id is not None and parent_id != conversation.leaf_id:
        _require_answer(conversation, parent_id)
    is_first = not conversation.turns.unfinished().exists()
    status = Turn.Status.PENDING if is_first else Turn.Status.QUEUED
    asked, answer = _write_messages(conversation, parent_id, question)
    turn = new_turn(asked, answer, status=status, version=version, question=question)
    asked.asked_turns = [turn]
    _move_to(conversation, turn, appended=parent_id == conversation.leaf_id)
    if status == Turn.Status.QUEUED:
        promote_oldest(conversation, version)
    return turn


@transaction.atomic
def send_queued(conversation: Conversation) -> Turn | None:
    """Start the question that waits longest, unless an answer is running."""
    return promote_oldest(conversation, next_version(conversation))


def next_version(conversation: Conversation) -> int:
    """Lock the conversation's row, count its version up, and read it anew."""
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(version=F("version") + 1)
    conversation.refresh_from_db(fields=_MOVING)
    return conversation.version


def empty_answer(asked: Message) -> Message:
    """The answer of a question before its first word; not yet written."""
    return Message(
        conversation=asked.conversation, parent=asked, role=Message.Role.ASSISTANT
    )


def new_turn(
    asked: Message,
    answer: Message,
    *,
    status: Turn.Status,
    version: int,
    question: Question,
) -> Turn:
    """The turn of a question and an empty answer that are already written."""
    return Turn.objects.create(
        key=question.key,
        conversation=asked.conversation,
        question=asked,
        answer=answer,
        status=status,
        version=version,
        model=question.model,
        provider=question.provider,
    )


def promote_oldest(conversation: Conversation, version: int) -> Turn | None:
    """Let the oldest queued turn run if none runs; every waiting one is redrawn."""
    unfinished = list(conversation.turns.unfinished())
    waiting = [turn for turn in unfinished if turn.status == Turn.Status.QUEUED]
    if waiting:
        conversation.turns.queued().update(version=version)
    if not waiting or len(waiting) < len(unfinished):
        return None
    turn = waiting[0]
    Turn.objects.filter(pk=turn.pk, status=Turn.Status.QUEUED).update(
        status=Turn.Status.PENDING, created_at=timezone.now()
    )
    turn.refresh_from_db()
    return turn


def _require_answer(conversation: Conversation, message_id: uuid.UUID) -> None:
    answers = conversation.messages.filter(role=Message.Role.ASSISTANT)
    if not answers.filter(pk=message_id).exists():
        raise Conflict("The message that this one follows is gone.")


def _write_messages(
    conversation: Conversation, parent_id: uuid.UUID | None, question: Question
) -> tuple[Message, Message]:
    pictures = uploads.chosen(owner=conversation.owner, ids=question.attachment_ids)
    content = [picture.content_block for picture in pictures]
    if question.text:
        content.append({"type": "text", "text": question.text})
    asked = Message(
        conversation=conversation,
        parent_id=parent_id,
        role=Message.Role.USER,
        content=content,
        text=question.text,
    )
    answer = empty_answer(asked)
    Message.objects.bulk_create([asked, answer])
    asked.pictures = pictures
    for position, picture in enumerate(pictures):
        unsent = Attachment.objects.filter(pk=picture.pk, message=None)
        if not unsent.update(message=asked, position=position):
            raise Conflict("A picture was sent already, from another page.")
    return asked, answer


def _move_to(conversation: Conversation, turn: Turn, *, appended: bool) -> None:
    conversation.leaf = turn.answer
    conversation.model = turn.model
    conversation.updated_at = turn.created_at
    conversation.title = conversation.title or title_from(turn.question)
    if not appended:
        conversation.branch_version = conversation.version
    conversation.save(
        update_fields=("leaf", "model", "updated_at", "title", "branch_version")
    )


def title_from(message: Message) -> str:
    """The first words of a message, or the name of its first picture."""
    words = " ".join(message.text.split())
    if not words:
        words = message.pictures[0].name if message.pictures else ""
    return Truncator(words).chars(TITLE_FROM_TEXT_LENGTH)
