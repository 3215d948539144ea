"""From rows to a request: the branch above a question, as the Messages API has it.

History is append-only and byte-stable: what was sent once is sent the same again, so
that a provider's prompt cache hits and thinking blocks stay valid.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conversations.messages_api import MessageRequest
from conversations.models import Attachment, Message, Turn
from conversations.querysets import branch_ids
from conversations.uploads import read_bytes

if TYPE_CHECKING:
    from conversations.providers.base import ModelInfo

# A rough size of text where the model's own count is not to be had: about 3.5 bytes
# of UTF-8 to a token, and a little for the frame of each message.
BYTES_PER_TOKEN = 3.5
TOKENS_PER_MESSAGE = 8
TOKENS_PER_PICTURE = 1600
HISTORY_LIMIT = 100_000  # messages, the most that the API takes

type Block = dict[str, Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A request, and how many older messages were left out of it to fit."""

    request: MessageRequest
    omitted_messages: int


def build_request(turn: Turn, model: ModelInfo) -> Transcript:
    """The request that asks `turn.question` of `model`, with all that came before."""
    said = [
        {"role": message.role, "content": content}
        for message in _history(turn)
        if (content := _sent_content(message, model))
    ]
    kept = _fitting(said, model)
    request = MessageRequest(
        model=model.id,
        messages=kept,
        max_tokens=model.max_output_tokens,
        system=model.system,
        parameters=model.parameters,
    )
    return Transcript(request=request, omitted_messages=len(said) - len(kept))


def _history(turn: Turn) -> list[Message]:
    ids = branch_ids(turn.question_id, limit=HISTORY_LIMIT)
    rows = Message.objects.select_related("turn").prefetch_related("attachments")
    found = rows.in_bulk(ids)
    messages = [found[key] for key in ids]
    refused = {message.parent_id for message in messages if _is_refusal(message)} - {
        turn.question_id
    }
    # A refused question is taken out with its refusal, or the next one is refused too.
    return [
        message
        for message in messages
        if message.pk not in refused and not _is_refusal(message)
    ]


def _is_refusal(message: Message) -> bool:
    return (
        message.role == Message.Role.ASSISTANT and message.turn.stop_reason == "refusal"
    )


def _sent_content(message: Message, model: ModelInfo) -> list[Block]:
    if message.role == Message.Role.USER:
        return list(_question_blocks(message, model))
    said = [block for block in message.content if not _is_blank(block)]
    if message.turn.status == Turn.Status.COMPLETE:
        return said
    return [block for block in said if _survives_a_cut(block)]


def _is_blank(block: Block) -> bool:
    """Whether it is a text of nothing, which some servers send and none takes."""
    return block.get("type") == "text" and not block.get("text", "").strip()


def _survives_a_cut(block: Block) -> bool:
    if block.get("type") == "text":
        return True
    return block.get("type") == "thinking" and bool(block.get("signature"))


def _question_blocks(message: Message, model: ModelInfo) -> Iterable[Block]:
    pictures = {str(picture.pk): picture for picture in message.attachments.all()}
    for block in message.content:
        if block["type"] != "image":
            yield block
            continue
        picture = pictures[block["source"]["attachment_id"]]
        image = _image_block(picture) if model.images else None
        if model.names_pictures or image is None:
            yield {"type": "text", "text": f"[picture: {picture.name}]"}
        if image is not None:
            yield image


def _image_block(picture: Attachment) -> Block | None:
    try:
        data = base64.b64encode(read_bytes(picture)).decode("ascii")
    except FileNotFoundError:
        # A restored database may be newer than the files beside it.
        logger.exception("The file of attachment %s is lost", picture.pk)
        return None
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": picture.media_type, "data": data},
    }


def _fitting(said: Sequence[Block], model: ModelInfo) -> list[Block]:
    """The newest messages that leave room for the answer, from a question on."""
    if model.context_tokens is None:
        return list(said)
    room = model.context_tokens - model.max_output_tokens - _tokens(model.system or "")
    start = len(said) - 1
    room -= _message_tokens(said[start])
    while start > 0 and (room := room - _message_tokens(said[start - 1])) >= 0:
        start -= 1
    while start < len(said) - 1 and said[start]["role"] != "user":
        start += 1
    return list(said[start:])


def _message_tokens(message: Block) -> int:
    size = TOKENS_PER_MESSAGE
    for block in message["content"]:
        if block["type"] == "image":
            size += TOKENS_PER_PICTURE
        else:
            size += _tokens(block.get("text") or block.get("thinking") or "")
    return size


def _tokens(text: Any) -> int:
    return round(len(str(text).encode()) / BYTES_PER_TOKEN)
