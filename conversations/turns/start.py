"""Asking: a question, the empty row of its answer, and the turn between them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from conversations import uploads
from conversations.database import shared_now
from conversations.ledger.calls import reserve_call
from conversations.ledger.models import Call
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.querysets import count_version

if TYPE_CHECKING:
    from chatsite.accounts.models import User

TITLE_FROM_TEXT_LENGTH = 60  # characters
TRASHED = "This conversation is in the trash. Restore it to go on."
RUNNING = "Another answer is being written."


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The process that makes an answer, and the parameters that it asks with.

    `settings` are what the parameters were made of, kept for another try and for
    another model. `call_id` is the key of the row in the ledger that is reserved with
    the claim.
    """

    worker: uuid.UUID
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    call_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def columns(self) -> dict[str, Any]:
        """What the row of a turn says once it is claimed."""
        return {
            "worker": self.worker,
            "heartbeat_at": shared_now(),
            "started_at": timezone.now(),
            "attempts": 1,
            "settings": dict(self.settings),
            "parameters": dict(self.parameters),
        }


def turn_of_key(key: uuid.UUID, person: User) -> Turn | None:
    """The turn that an earlier POST with this key made, if `person` may see it."""
    visible = Conversation.objects.visible_to(person)
    turns = Turn.objects.select_related("conversation")
    return turns.filter(key=key, conversation__in=visible).first()


@transaction.atomic
def start_conversation(
    *,
    owner: User,
    question: Question,
    claim: Claim | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Turn:
    """Make a conversation with its first turn, which is pending, or claimed."""
    conversation = Conversation(owner=owner, version=1, settings=dict(settings or {}))
    asked, answer = _write_messages(conversation, None, question)
    pending = Turn.Status.PENDING
    turn = new_turn(asked, answer, status=pending, question=question, claim=claim)
    _move_to(conversation, turn)
    # The last row, for it names the others: keys are checked at the commit.
    conversation.save(force_insert=True)
    return turn


@transaction.atomic
def start_turn(
    *,
    conversation: Conversation,
    parent_id: uuid.UUID | None,
    question: Question,
    claim: Claim | None = None,
) -> Turn:
    """Ask below the answer `parent_id`; queued while another answer runs or waits.

    A turn that need not wait is written as claimed, if there is a claim. A page that
    was behind names an older answer, and makes a branch. Raises Conflict in the trash
    and for a parent that is no answer of this conversation, Refused for pictures that
    cannot be sent, and IntegrityError if the key is taken.
    """
    next_open_version(conversation)
    return ask_below(conversation, parent_id, question, claim)


def ask_below(
    conversation: Conversation,
    parent_id: uuid.UUID | None,
    question: Question,
    claim: Claim | None,
) -> Turn:
    """The same in a conversation whose version is counted up already."""
    version = conversation.version
    appended = parent_id == conversation.leaf_id
    if parent_id is not None and not appended:
        _require_answer(conversation, parent_id)
    is_first = not conversation.turns.unfinished().exists()
    status = Turn.Status.PENDING if is_first else Turn.Status.QUEUED
    asked, answer = _write_messages(conversation, parent_id, question)
    turn = new_turn(asked, answer, status=status, question=question, claim=claim)
    _move_to(conversation, turn)
    if not appended:
        conversation.branch_version = version
    conversation.save(
        update_fields=("leaf", "model", "updated_at", "title", "branch_version")
    )
    if status == Turn.Status.QUEUED:
        promote_oldest(conversation, version)
    return turn


@transaction.atomic
def send_queued(conversation: Conversation) -> Turn | None:
    """Start the question that waits longest, unless an answer is running.

    Raises Conflict in the trash.
    """
    return promote_oldest(conversation, next_open_version(conversation))


def next_version(conversation: Conversation) -> int:
    """Lock the conversation's row, count its version up, and read it anew."""
    _count(conversation)
    return conversation.version


def next_open_version(conversation: Conversation) -> int:
    """The same for what a person does; raises Conflict in the trash."""
    if _count(conversation):
        raise Conflict(TRASHED)
    return conversation.version


def _count(conversation: Conversation) -> bool:
    counted = count_version(conversation.pk)
    if counted is None:
        raise Conversation.DoesNotExist
    conversation.version = counted.version
    conversation.branch_version = counted.branch_version
    conversation.leaf_id = counted.leaf_id
    conversation.title = counted.title
    return counted.is_trashed


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
    question: Question,
    claim: Claim | None,
) -> Turn:
    """The turn of a question and an empty answer that are already written.

    A claim goes to a pending turn alone, and reserves its call.
    """
    claimed = claim if status == Turn.Status.PENDING else None
    turn = Turn.objects.create(
        key=question.key,
        conversation=asked.conversation,
        question=asked,
        answer=answer,
        status=status,
        version=asked.conversation.version,
        model=question.model,
        provider=question.provider,
        **(claimed.columns() if claimed else {}),
    )
    asked.asked_turns = [turn]
    if claimed:
        reserve(turn, call_id=claimed.call_id)
    return turn


def reserve(turn: Turn, *, attempt: int = 1, call_id: uuid.UUID | None = None) -> Call:
    """Reserve the call of one attempt at a turn."""
    return reserve_call(
        call_id=call_id,
        person=turn.conversation.owner,
        purpose=Call.Purpose.ANSWER,
        provider=turn.provider,
        model=turn.model,
        conversation_id=turn.conversation_id,
        turn_id=turn.pk,
        attempt=attempt,
    )


def promote_oldest(conversation: Conversation, version: int) -> Turn | None:
    """Let the oldest queued turn run if none runs; every waiting one is redrawn."""
    queue = unfinished_of(conversation)
    redraw_queue(conversation, queue, version)
    return promoted(queue)


def unfinished_of(conversation: Conversation) -> list[tuple[uuid.UUID, str]]:
    """The turns that run or wait, each with its status, the oldest first."""
    return list(conversation.turns.unfinished().values_list("pk", "status"))


def redraw_queue(
    conversation: Conversation, queue: Sequence[tuple[uuid.UUID, str]], version: int
) -> None:
    """Let open pages draw every waiting question anew: what it offers has changed."""
    if any(status == Turn.Status.QUEUED for _, status in queue):
        conversation.turns.queued().update(version=version)


def promoted(queue: Sequence[tuple[uuid.UUID, str]]) -> Turn | None:
    """The oldest turn of a queue made pending, unless one of the queue runs."""
    if not queue or any(status != Turn.Status.QUEUED for _, status in queue):
        return None
    oldest, _ = queue[0]
    Turn.objects.filter(pk=oldest, status=Turn.Status.QUEUED).update(
        status=Turn.Status.PENDING, created_at=timezone.now()
    )
    return Turn.objects.get(pk=oldest)


def _require_answer(conversation: Conversation, message_id: uuid.UUID) -> None:
    answers = conversation.messages.filter(role=Message.Role.ASSISTANT)
    if not answers.filter(pk=message_id).exists():
        raise Conflict("The message that this one follows is gone.")


def _write_messages(
    conversation: Conversation, parent_id: uuid.UUID | None, question: Question
) -> tuple[Message, Message]:
    named = question.attachment_ids
    pictures = uploads.chosen(owner=conversation.owner, ids=named) if named else []
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


def _move_to(conversation: Conversation, turn: Turn) -> None:
    conversation.leaf = turn.answer
    conversation.model = turn.model
    conversation.updated_at = turn.created_at
    conversation.title = conversation.title or title_from(turn.question)


def title_from(message: Message) -> str:
    """The first words of a message, or the name of its first picture."""
    words = " ".join(message.text.split())
    if not words:
        words = message.pictures[0].name if message.pictures else ""
    return Truncator(words).chars(TITLE_FROM_TEXT_LENGTH)
