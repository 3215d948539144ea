"""From rows to a request: the branch above a question, as the Messages API has it.

History is append-only and byte-stable: what was sent once is sent the same again, so
that a provider's prompt cache hits and thinking blocks stay valid.
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple

from conversations import enclosures
from conversations.enclosures import Enclosing
from conversations.messages_api import (
    MessageRequest,
    with_breakpoints,
    without_thinking,
)
from conversations.models import Attachment, Compaction, Message, Turn
from conversations.providers.asking import parameters_of
from conversations.querysets import branch_ids
from conversations.uploads import BYTES_PER_TOKEN

if TYPE_CHECKING:
    from conversations.providers.base import ModelInfo

# For the frame of each message.
TOKENS_PER_MESSAGE = 8
# What a full window keeps of its room when older messages are left out: they go many
# at once, or each request would begin otherwise and none be read from a cache.
KEPT_SHARE = 0.75
HISTORY_LIMIT = 100_000  # messages, the most that the API takes
ROWS_AT_ONCE = 500
_KEPT_OF_CUT_ANSWERS = frozenset(
    {"text", "thinking", "redacted_thinking", "server_tool_use"}
)
SUMMARY_INTRODUCTION = (
    "This conversation is longer than what follows. A summary of what was said before:"
)

type Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A request, and how many older messages were left out of it to fit.

    `attachments` are those whose bytes the request still lacks: see `with_files`.
    `caching` says that the model takes marks of the prompt's cache.
    """

    request: MessageRequest
    omitted_messages: int
    attachments: Mapping[str, Attachment]
    caching: bool = False

    @property
    def marked(self) -> MessageRequest:
        """The request as it is sent, once it has its files: marks stand on them."""
        return with_breakpoints(self.request) if self.caching else self.request


class _Said(NamedTuple):
    """A stored message as far as a request is made of it; turns are of answers."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    role: str
    content: list[Block]
    status: str | None
    stop_reason: str | None


def build_request(turn: Turn, model: ModelInfo) -> Transcript:
    """The request that asks `turn.question` of `model`, with all that came before.

    Reads the database, and no file: what they hold is put in by `with_files`.
    """
    messages, summary, is_altered = _history(turn)
    attachments = _attachments_of(messages)
    enclosing = Enclosing(model, attachments)
    said = [
        {"role": message.role, "content": content}
        for message in messages
        if (content := _sent_content(message, enclosing))
    ]
    # As it was claimed.
    asked = dict(turn.parameters) or parameters_of({}, model)
    max_tokens = asked.pop("max_tokens", model.max_output_tokens)
    system = asked.pop("system", model.system)
    room = None
    if model.context_tokens is not None:
        taken = max_tokens + _tokens(system or "") + _tokens(summary)
        room = model.context_tokens - taken
    kept = _fitting(said, room, attachments)
    if is_altered or len(kept) < len(said):
        # Thinking is bound to all that stood above it.
        kept = [dict(message) for message in without_thinking(kept)]
    request = MessageRequest(
        model=model.id,
        messages=_after_summary(kept, summary),
        max_tokens=max_tokens,
        system=system,
        parameters=asked,
    )
    omitted = len(said) - len(kept)
    return Transcript(request, omitted, attachments, model.caching)


def with_files(transcript: Transcript) -> Transcript:
    """The same with what its attachments hold. Reads files, and no database."""
    found = transcript.attachments
    messages = [
        {
            **message,
            "content": [enclosures.filled(each, found) for each in message["content"]],
        }
        if message["role"] == Message.Role.USER
        else message
        for message in transcript.request.messages
    ]
    request = replace(transcript.request, messages=messages)
    return replace(transcript, request=request, attachments={})


def _after_summary(said: list[Block], summary: str) -> list[Block]:
    """The messages with a summary of what came before them in the first question."""
    if not summary:
        return said
    first, *others = said
    block = {"type": "text", "text": f"{SUMMARY_INTRODUCTION}\n\n{summary}"}
    return [{**first, "content": [block, *first["content"]]}, *others]


def _history(turn: Turn) -> tuple[list[_Said], str, bool]:
    """What was said up to the question, a summary of what was said before that, and
    whether some of it was answered to another history than this.
    """
    question = turn.question
    asked = _Said(
        question.pk, question.parent_id, question.role, question.content, None, None
    )
    if question.parent_id is None:
        return [asked], "", False
    above, summary, is_altered = _above(question.parent_id, turn.conversation_id)
    messages = [*above, asked]
    refused = {message.parent_id for message in messages if _is_refusal(message)} - {
        turn.question_id
    }
    # A refused question is taken out with its refusal, or the next one is refused too.
    said = [
        message
        for message in messages
        if message.id not in refused and not _is_refusal(message)
    ]
    return said, summary, is_altered


def _above(
    message_id: uuid.UUID, conversation_id: uuid.UUID
) -> tuple[list[_Said], str, bool]:
    ids = branch_ids(message_id, limit=HISTORY_LIMIT)
    complete, undone = Compaction.Status.COMPLETE, Compaction.Status.UNDONE
    compactions = Compaction.objects.filter(
        conversation_id=conversation_id, status__in=(complete, undone)
    )
    kept = compactions.values_list("turn__answer_id", "status", "text")
    made = {answer_id: (status, text) for answer_id, status, text in kept}
    on_branch = [key for key in ids if key in made] if made else []
    # The newest on this branch alone: it was made of those before it.
    held = [key for key in on_branch if made[key][0] == complete]
    summary = made[held[-1]][1] if held else ""
    if held:
        ids = ids[ids.index(held[-1]) + 1 :]
    found: dict[uuid.UUID, _Said] = {}
    for some in batched(ids, ROWS_AT_ONCE, strict=False):
        rows = Message.objects.filter(pk__in=some).order_by()
        for row in rows.values_list(
            "pk", "parent_id", "role", "content", "turn__status", "turn__stop_reason"
        ):
            found[row[0]] = _Said(*row)
    return [found[key] for key in ids], summary, bool(on_branch)


def _attachments_of(messages: Iterable[_Said]) -> dict[str, Attachment]:
    asked = (each.content for each in messages if each.role == Message.Role.USER)
    ids = enclosures.ids_in(asked)
    if not ids:
        return {}
    return {str(key): found for key, found in Attachment.objects.in_bulk(ids).items()}


def _is_refusal(message: _Said) -> bool:
    is_answer = message.role == Message.Role.ASSISTANT
    return is_answer and message.stop_reason == "refusal"


def _sent_content(message: _Said, enclosing: Enclosing) -> list[Block]:
    if message.role == Message.Role.USER:
        return [each for block in message.content for each in enclosing.planned(block)]
    answered = {block.get("tool_use_id") for block in message.content}
    said = [
        block
        for block in message.content
        if not _is_unsendable(block) and not _is_unanswered(block, answered)
    ]
    if message.status == Turn.Status.COMPLETE:
        return said
    # The last block may be cut; these kinds are as good as whole, or were left out.
    return [block for block in said if _is_of_kind(block, _KEPT_OF_CUT_ANSWERS)]


def _is_of_kind(block: Block, kinds: Container[str]) -> bool:
    kind = str(block.get("type"))
    return kind in kinds or kind.endswith("_tool_result")


def _is_unsendable(block: Block) -> bool:
    """Whether it is what some servers send and others refuse.

    That is a text of nothing, and thinking that nobody signed: another model may be
    asked next, or the thinking was cut.
    """
    if block.get("type") == "thinking":
        return not block.get("signature")
    return block.get("type") == "text" and not block.get("text", "").strip()


def _is_unanswered(block: Block, answered: Container[str | None]) -> bool:
    """Whether it calls a tool without a result, which no request may hold.

    A model may ask for a tool unasked, and nobody here has one; only the provider's
    own tools are answered, in the same message.
    """
    kind = str(block.get("type"))
    is_answered = kind != "tool_use" and block.get("id") in answered
    return kind.endswith("tool_use") and not is_answered


def _fitting(
    said: Sequence[Block], room: int | None, attachments: Mapping[str, Attachment]
) -> list[Block]:
    """The newest messages that leave room for the answer, from a question on.

    Where they begin depends on what was said until then alone, and moves in steps.
    """
    if room is None:
        return list(said)
    sizes = [_message_tokens(message, attachments) for message in said]
    start = used = 0
    for place, size in enumerate(sizes):
        used += size
        if said[place]["role"] == Message.Role.USER and used > room:
            kept = round(room * KEPT_SHARE)
            first = start + _first_kept(sizes[start : place + 1], kept)
            while said[first]["role"] != Message.Role.USER:
                first += 1
            used -= sum(sizes[start:first])
            start = first
    return list(said[start:])


def _first_kept(sizes: Sequence[int], room: int) -> int:
    """From where on everything fits; the last one is kept in any case."""
    first = len(sizes) - 1
    room -= sizes[first]
    while first > 0 and (room := room - sizes[first - 1]) >= 0:
        first -= 1
    return first


def estimated_tokens(
    request: MessageRequest, attachments: Mapping[str, Attachment]
) -> int:
    """A rough size of a prompt, where the server does not count.

    `attachments` holds by id those whose bytes it still lacks.
    """
    fixed = _tokens(request.system or "") + _tokens(request.parameters.get("tools", ""))
    messages = (dict(message) for message in request.messages)
    return fixed + sum(_message_tokens(message, attachments) for message in messages)


def _message_tokens(message: Block, attachments: Mapping[str, Attachment]) -> int:
    size = TOKENS_PER_MESSAGE
    for block in message["content"]:
        if (enclosed := enclosures.tokens(block, attachments)) is not None:
            size += enclosed
        else:
            size += _tokens(block.get("text") or block.get("thinking") or "")
    return size


def _tokens(text: Any) -> int:
    return round(len(str(text).encode()) / BYTES_PER_TOKEN)
