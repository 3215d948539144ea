"""Folds stream events into the message they tell, in the wire's own shape.

No I/O and no copying per delta: pieces of text wait in a list and are joined when
somebody looks. What arrived stays readable whatever happens afterwards.
"""

from bisect import bisect_left
from typing import Any

from conversations.messages_api.errors import StreamError
from conversations.messages_api.events import (
    CitationsDelta,
    CompactionDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Delta,
    Event,
    InputJsonDelta,
    Json,
    MessageDelta,
    MessageStart,
    MessageStop,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    UnknownDelta,
    load_object,
)


class Accumulator:
    """One message in the making.

    `done` turns true with `message_stop` alone. `partial_inputs` holds, by position
    in `content`, the raw text of every tool input that was cut or is no JSON object;
    its block keeps the `input` it started with, as no private key may enter a block.
    Raises `StreamError` (`malformed_stream`) for events out of order. An error event
    changes nothing: reading the stream raises it.
    """

    def __init__(self) -> None:
        self.done = False
        self._message: Json = {"content": []}
        self._started = False
        self._indexes: list[int] = []
        self._blocks: dict[int, Json] = {}
        self._open: set[int] = set()
        self._inputs: dict[int, list[str]] = {}
        self._pieces: dict[tuple[int, str], list[str]] = {}
        self._text = ""
        self._text_is_old = False

    def feed(self, event: Event) -> None:
        """Take in one event; costs the same however long the message is."""
        match event:
            case ContentBlockDelta():
                self._take_delta(event)
            case ContentBlockStart():
                self._start_block(event)
            case ContentBlockStop():
                self._stop_block(event)
            case MessageStart():
                self._start_message(event)
            case MessageDelta():
                self._take_message_delta(event)
            case MessageStop():
                self._stop_message()

    @property
    def message(self) -> Json:
        """The message as far as it is told, shaped as the API would return it."""
        self._join_pieces()
        return self._message

    @property
    def content(self) -> list[Json]:
        """The content blocks so far, in order of their index."""
        content: list[Json] = self.message["content"]
        return content

    def block(self, index: int) -> Json:
        """The block of that index, as far as it is told; its text may be behind."""
        return self._blocks[index]

    @property
    def usage(self) -> Json:
        """Token counts as last reported; empty if none were."""
        usage: Json = self._message.get("usage") or {}
        return usage

    @property
    def stop_reason(self) -> str | None:
        """Why the model stopped, or None as long as it has not said."""
        reason: str | None = self._message.get("stop_reason")
        return reason

    @property
    def text(self) -> str:
        """The visible text: all text blocks one after the other."""
        if self._text_is_old:
            self._text_is_old = False
            self._text = "".join(
                block["text"] for block in self.content if block.get("type") == "text"
            )
        return self._text

    @property
    def partial_inputs(self) -> dict[int, str]:
        """Raw tool input that is not (yet) a JSON object, by position in `content`."""
        return {
            position: raw
            for position, index in enumerate(self._indexes)
            if (raw := "".join(self._inputs.get(index, ())))
        }

    def sendable_content(self) -> list[Json]:
        """The blocks that may be kept of a cut answer and sent back to the API.

        Left out is what the API refuses: blank text, tool calls whose input is cut,
        thinking without signature, blocks of other kinds that never ended, and server
        tool calls without their result (unless the answer is to go on at them).
        """
        return [
            block
            for index, block in zip(self._indexes, self.content, strict=True)
            if self._is_sendable(index, block)
        ]

    def _is_sendable(self, index: int, block: Json) -> bool:
        match block.get("type"):
            case "text":
                return bool(block["text"].strip())
            case "thinking":
                return bool(block.get("signature"))
            case "server_tool_use" | "mcp_tool_use":
                return self._is_whole(index) and self._is_answered(block)
        return self._is_whole(index)

    def _is_whole(self, index: int) -> bool:
        return index not in self._open and index not in self._inputs

    def _is_answered(self, call: Json) -> bool:
        return self.stop_reason in _WITH_OPEN_CALLS or any(
            block.get("tool_use_id") == call.get("id") for block in self.content
        )

    def _join_pieces(self) -> None:
        for (index, key), pieces in self._pieces.items():
            block = self._blocks[index]
            block[key] = block[key] + "".join(pieces)
        self._pieces.clear()

    def _start_message(self, event: MessageStart) -> None:
        if self._started:
            raise _out_of_order("A second message_start.")
        self._started = True
        self._message = {**event.message, "content": []}
        self._message["usage"] = dict(event.message.get("usage") or {})

    def _start_block(self, event: ContentBlockStart) -> None:
        index, block = event.index, dict(event.content_block)
        if not self._started or self.done:
            raise _out_of_order("A content block outside of the message.")
        if index in self._blocks:
            raise _out_of_order(f"Content block {index} started twice.")
        for key in _TEXT_KEYS.get(block.get("type"), ()):
            if not isinstance(block.get(key), str):
                block[key] = ""
        position = bisect_left(self._indexes, index)
        self._indexes.insert(position, index)
        self._message["content"].insert(position, block)
        self._blocks[index] = block
        if model := _model_taking_over(block):
            self._message["model"] = model
        self._open.add(index)
        self._text_is_old = True

    def _take_delta(self, event: ContentBlockDelta) -> None:
        index, delta = event.index, event.delta
        if isinstance(delta, UnknownDelta):
            return
        if index not in self._open:
            raise _out_of_order(f"A delta for content block {index}, not open.")
        match delta:
            case TextDelta(text):
                self._add_piece(index, "text", text)
                self._text_is_old = True
            case ThinkingDelta(thinking):
                self._add_piece(index, "thinking", thinking)
            case _:
                self._change_block(index, delta)

    def _change_block(self, index: int, delta: Delta) -> None:
        block = self._blocks[index]
        kind = block.get("type")
        match delta:
            case InputJsonDelta(partial_json) if str(kind).endswith("tool_use"):
                self._inputs.setdefault(index, []).append(partial_json)
            case SignatureDelta(signature) if kind == "thinking":
                block["signature"] = signature
            case CitationsDelta(citation) if kind == "text":
                block["citations"] = [*(block.get("citations") or []), citation]
            case CompactionDelta(content, encrypted) if kind == "compaction":
                block["content"], block["encrypted_content"] = content, encrypted

    def _add_piece(self, index: int, key: str, piece: str) -> None:
        kind = self._blocks[index].get("type")
        if key in _TEXT_KEYS.get(kind, ()):
            self._pieces.setdefault((index, key), []).append(piece)
        elif kind in _KNOWN_KINDS:
            raise _out_of_order(f"Content block {index} takes no {key}.")

    def _stop_block(self, event: ContentBlockStop) -> None:
        if event.index not in self._open:
            raise _out_of_order(f"Content block {event.index} stopped unopened.")
        self._open.remove(event.index)
        raw = "".join(self._inputs.get(event.index, ()))
        tool_input = _parsed_input(raw)
        if tool_input is not None:
            self._blocks[event.index]["input"] = tool_input
        if tool_input is not None or not raw:
            self._inputs.pop(event.index, None)

    def _take_message_delta(self, event: MessageDelta) -> None:
        if not self._started:
            raise _out_of_order("message_delta before message_start.")
        message = self._message
        for key, value in {**event.more, **event.delta}.items():
            # A null says "nothing new": a later one must not erase a stop reason.
            if value is not None or message.get(key) is None:
                message[key] = value
        totals = {key: value for key, value in event.usage.items() if value is not None}
        message["usage"].update(totals)

    def _stop_message(self) -> None:
        if not self._started:
            raise _out_of_order("message_stop before message_start.")
        self.done = True


# The next answer brings the results that are missing.
_WITH_OPEN_CALLS = frozenset({"pause_turn", "tool_use"})

# The text that grows by deltas, by type of block.
_TEXT_KEYS: dict[Any, tuple[str, ...]] = {
    "text": ("text",),
    "thinking": ("thinking", "signature"),
}
# What other kinds of block do with text is not known, so it is let pass.
_KNOWN_KINDS = frozenset(
    {*_TEXT_KEYS, "redacted_thinking", "tool_use", "server_tool_use"}
)


def _model_taking_over(block: Json) -> str | None:
    """The model that answers from a block of type fallback on."""
    successor = block.get("to") if block.get("type") == "fallback" else None
    model = successor.get("model") if isinstance(successor, dict) else None
    return model if isinstance(model, str) else None


def _out_of_order(words: str) -> StreamError:
    return StreamError("malformed_stream", words)


def _parsed_input(raw: str) -> Json | None:
    try:
        return load_object(raw) if raw.strip() else None
    except StreamError:
        return None
