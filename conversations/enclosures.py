"""What of the attachments of a history goes into a request, and in which form.

Each is planned without its file, from rows alone, and filled later. The plan depends
on what stands above it and never on what follows: a history is sent the same again.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conversations.models import Attachment
from conversations.uploads import read_bytes, read_text

if TYPE_CHECKING:
    from conversations.providers.base import ModelInfo

TOKENS_PER_PICTURE = 1600
# A request has 32 MB in all, and base64 makes four bytes of three.
MAX_REQUEST_BYTES = 22 * 1024 * 1024
MAX_PAGES = 600
MAX_PAGES_OF_SMALL_WINDOWS = 100
LARGE_WINDOW_TOKENS = 1_000_000
KINDS = frozenset({"image", "document"})

type Block = dict[str, Any]

logger = logging.getLogger(__name__)


def ids_in(contents: Iterable[Iterable[Block]]) -> list[str]:
    """The attachments that stored questions name."""
    return [
        block["source"]["attachment_id"]
        for content in contents
        for block in content
        if block["type"] in KINDS
    ]


def max_pages(model: ModelInfo) -> int:
    """The pages of PDF that a request to `model` may have in all."""
    window = model.context_tokens or LARGE_WINDOW_TOKENS
    return MAX_PAGES if window >= LARGE_WINDOW_TOKENS else MAX_PAGES_OF_SMALL_WINDOWS


@dataclass(slots=True)
class Enclosing:
    """Plans the attachments of one request, from the oldest to the newest.

    `attachments` holds them by id. What a PDF would be too much of is sent as its
    text, as to a model that reads no documents.
    """

    model: ModelInfo
    attachments: Mapping[str, Attachment]
    size_bytes: int = 0
    pages: int = 0

    def planned(self, block: Block) -> Iterator[Block]:
        """The blocks that stand for one stored block of a question."""
        if block["type"] not in KINDS:
            yield block
            return
        attachment = self.attachments[block["source"]["attachment_id"]]
        if attachment.is_picture:
            yield from self._picture(attachment, block)
        else:
            yield _planned(attachment, self._form_of(attachment))

    def _picture(self, attachment: Attachment, block: Block) -> Iterator[Block]:
        if self.model.names_pictures or not self.model.images:
            yield _name_of(attachment)
        if self.model.images:
            self.size_bytes += attachment.size_bytes
            yield block

    def _form_of(self, attachment: Attachment) -> str:
        if not self.model.documents:
            return "words"
        if not attachment.is_pdf:
            return "text"
        size_bytes = self.size_bytes + attachment.size_bytes
        pages = self.pages + (attachment.pages or 0)
        if size_bytes > MAX_REQUEST_BYTES or pages > max_pages(self.model):
            return "text" if attachment.text_digest else "words"
        self.size_bytes, self.pages = size_bytes, pages
        return "pdf"


def _planned(attachment: Attachment, form: str) -> Block:
    source = {"type": "attachment", "attachment_id": str(attachment.pk), "form": form}
    return {"type": "document", "source": source}


def _name_of(attachment: Attachment) -> Block:
    kind = "picture" if attachment.is_picture else "document"
    return {"type": "text", "text": f"[{kind}: {attachment.name}]"}


def tokens(block: Block, attachments: Mapping[str, Attachment]) -> int | None:
    """About what a planned block takes of the window; None if it is no attachment."""
    if block["type"] == "image":
        return TOKENS_PER_PICTURE
    if block["type"] != "document":
        return None
    source = block["source"]
    attachment = attachments[source["attachment_id"]]
    return attachment.tokens if source["form"] == "pdf" else attachment.text_tokens


def alone(attachment: Attachment, model: ModelInfo) -> int:
    """About what `model` would need for this one, not sent yet, if it has the room."""
    if attachment.is_picture:
        return TOKENS_PER_PICTURE
    seen = attachment.is_pdf and model.documents
    return attachment.tokens if seen else attachment.text_tokens or 0


def filled(block: Block, attachments: Mapping[str, Attachment]) -> Block:
    """A planned block with what its file holds. Reads files, and no database."""
    if block["type"] not in KINDS:
        return block
    attachment = attachments[block["source"]["attachment_id"]]
    try:
        return _filled(attachment, block["source"].get("form", "picture"))
    except FileNotFoundError:
        # A restored database may be newer than the files beside it.
        logger.exception("The file of attachment %s is lost", attachment.pk)
        return _name_of(attachment)


def _filled(attachment: Attachment, form: str) -> Block:
    if form == "picture":
        return {"type": "image", "source": _in_base64(attachment)}
    if form == "words":
        return {"type": "text", "text": _in_words(attachment)}
    text = {"type": "text", "media_type": "text/plain"}
    return {
        "type": "document",
        "source": _in_base64(attachment)
        if form == "pdf"
        else {**text, "data": read_text(attachment)},
        "title": attachment.name,
        # All of a request, or none: otherwise it is refused.
        "citations": {"enabled": True},
    }


def _in_base64(attachment: Attachment) -> Block:
    data = base64.b64encode(read_bytes(attachment)).decode("ascii")
    return {"type": "base64", "media_type": attachment.media_type, "data": data}


def _in_words(attachment: Attachment) -> str:
    if text := read_text(attachment):
        return f"[document: {attachment.name}]\n{text}"
    return f"[document: {attachment.name}, whose pages have no text to be sent]"
