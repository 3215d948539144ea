"""Content blocks: where which may stand, and what they need."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.messages_api.checks.rules import Rules
from conversations.messages_api.errors import InvalidRequestError

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF_TYPE = "application/pdf"
TEXT_TYPE = "text/plain"

_OF_THE_USER = frozenset({"image", "tool_result"})
_OF_THE_ASSISTANT = frozenset(
    {"thinking", "redacted_thinking", "tool_use", "server_tool_use"}
)
# What each kind of source needs; kinds that are not listed are let pass.
_SOURCE_FIELDS = {"base64": "data", "url": "url", "file": "file_id", "text": "data"}

type Json = Mapping[str, Any]


class BlockCheck:
    """Checks the contents of one request one after the other, and counts its images.

    Raises `InvalidRequestError` that names the block.
    """

    def __init__(self, rules: Rules, *, is_formatted: bool) -> None:
        self._rules = rules
        self._is_formatted = is_formatted
        self._images = 0
        self._is_cited: bool | None = None

    def check(self, path: str, role: str, content: Any) -> None:
        """A text or a list of blocks, neither of them empty."""
        if isinstance(content, str):
            _check_text(path, content)
            return
        if not isinstance(content, Sequence) or not content:
            raise InvalidRequestError(path, "The content is empty.")
        for number, block in enumerate(content):
            self._check_block(f"{path}.{number}", role, block)

    def _check_block(self, path: str, role: str, block: Any) -> None:
        kind = block.get("type") if isinstance(block, Mapping) else None
        if not isinstance(kind, str):
            raise InvalidRequestError(f"{path}.type", "A block has a type.")
        self._check_place(f"{path}.type", role, kind)
        match kind:
            case "text":
                self._check_text_block(path, role, block)
            case "image":
                self._check_image(path, block)
            case "document":
                self._check_document(path, block)
            case "tool_result" if block.get("content"):
                self.check(f"{path}.content", "result", block["content"])
            case "search_result":
                self.check(f"{path}.content", "result", block.get("content"))

    def _check_place(self, path: str, role: str, kind: str) -> None:
        is_foreign = kind in (
            _OF_THE_USER if role == "assistant" else _OF_THE_ASSISTANT
        )
        if is_foreign or (role == "system" and kind != "text"):
            raise InvalidRequestError(path, f"The {role} has no such block.")
        if kind == "document" and role == "assistant" and not self._rules.cited_input:
            raise InvalidRequestError(path, "The assistant has no documents.")

    def _check_text_block(self, path: str, role: str, block: Json) -> None:
        _check_text(f"{path}.text", block.get("text"))
        is_cited = bool(block.get("citations")) and role != "assistant"
        if is_cited and not self._rules.cited_input:
            words = "Only the assistant's words are cited."
            raise InvalidRequestError(f"{path}.citations", words)

    def _check_image(self, path: str, block: Json) -> None:
        if not self._rules.images:
            raise InvalidRequestError(path, "The model sees no images.")
        self._images += 1
        if self._images > self._rules.images_limit:
            words = f"A request has at most {self._rules.images_limit} images."
            raise InvalidRequestError(path, words)
        source = _source_of(path, block)
        if source.get("type") != "base64":
            return
        if source.get("media_type") not in IMAGE_TYPES:
            words = "An image is JPEG, PNG, GIF or WebP."
            raise InvalidRequestError(f"{path}.source.media_type", words)
        if len(source["data"]) > self._rules.image_chars:
            words = f"An image has at most {self._rules.image_chars} characters."
            raise InvalidRequestError(f"{path}.source.data", words, code="too_large")

    def _check_document(self, path: str, block: Json) -> None:
        source = _source_of(path, block)
        kind = source.get("type")
        wanted = {"base64": PDF_TYPE, "text": TEXT_TYPE}.get(str(kind))
        if wanted and source.get("media_type") != wanted:
            words = f"A document of this kind is {wanted}."
            raise InvalidRequestError(f"{path}.source.media_type", words)
        if kind == "base64" and not self._rules.documents:
            raise InvalidRequestError(path, "The model reads no documents.")
        if kind == "content":
            self.check(f"{path}.source.content", "result", source.get("content"))
        self._check_citations(f"{path}.citations.enabled", block)

    def _check_citations(self, path: str, block: Json) -> None:
        is_cited = (block.get("citations") or {}).get("enabled") is True
        if self._is_cited not in {None, is_cited}:
            words = "Either all documents of a request are cited, or none."
            raise InvalidRequestError(path, words)
        if is_cited and self._is_formatted:
            raise InvalidRequestError(path, "An answer with a format cites nothing.")
        self._is_cited = is_cited


def _check_text(path: str, text: Any) -> None:
    if not isinstance(text, str) or not text or text.isspace():
        raise InvalidRequestError(path, "The text is empty.")


def _source_of(path: str, block: Json) -> Json:
    source = block.get("source")
    if not isinstance(source, Mapping):
        raise InvalidRequestError(f"{path}.source", "There is no source.")
    key = _SOURCE_FIELDS.get(str(source.get("type")))
    value = source.get(key) if key else None
    if key and (not isinstance(value, str) or not value):
        raise InvalidRequestError(f"{path}.source.{key}", "The source is empty.")
    if source.get("type") == "base64" and not _is_plain(str(value)):
        words = "Base64 has no line ends and no prefix."
        raise InvalidRequestError(f"{path}.source.data", words)
    return source


def _is_plain(data: str) -> bool:
    return "\n" not in data and "\r" not in data and not data.startswith("data:")
