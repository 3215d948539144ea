"""Plays prepared answers, byte for byte as a server of the Messages API would.

It serves the demonstration without a credential and the tests: it fails on demand.
"""

import asyncio
import base64
import itertools
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, override

from conversations.messages_api import (
    Accumulator,
    Attempt,
    Event,
    EventReader,
    MessageRequest,
    RequestError,
)
from conversations.messages_api.attempts import OnAttempt
from conversations.providers import scripted_text, scripted_tools
from conversations.providers.base import ModelInfo
from conversations.providers.pictures import picture_size
from conversations.providers.scripted_text import Document, Picture
from conversations.providers.scripted_wire import Script, play

MODEL_ID = "scripted"
LONGEST_WAIT_S = 30.0
LONGEST_TEXT_WORDS = 20_000
BUSY_RETRY_AFTER_S = 30.0
# Enough for the size of every picture whose metadata was stripped.
PICTURE_HEAD_BASE64_CHARS = 128 * 1024

_COMMAND = re.compile(
    r"(?:^|\s)/(fail|cut|refuse|long|slow|echo|limit|busy|thinking|wait|search|pause)(?=\s|$)\s?(.*)",
    re.DOTALL,
)
_PICTURE_NAME = re.compile(r"\[picture: (.*)\]", re.DOTALL)
# As most writers of PDF name a page; those that pack their objects hide it.
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_END = (0.0, b"")
# Gathered at once at most: what is played without waits would hold up everyone else.
GATHERED_CHUNKS = 32
_numbers = itertools.count(1)


class ScriptedProvider:
    """The scripted model.

    `pace` multiplies every wait: 1 plays at the pace of a person reading along, 0 as
    fast as the event loop goes.
    """

    name = "scripted"

    def __init__(self, *, pace: float = 1.0) -> None:
        self.known: Sequence[ModelInfo] = [_MODEL]
        self._pace = pace

    async def models(self) -> Sequence[ModelInfo]:
        return self.known

    @asynccontextmanager
    async def stream(
        self,
        request: MessageRequest,
        *,
        on_attempt: OnAttempt | None = None,
    ) -> AsyncIterator["ScriptedStream"]:
        if on_attempt is not None:
            on_attempt(Attempt(1, 0.0, None))
        request_id = f"req_scripted_{next(_numbers):06d}"
        script = _script_for(_asked(request), request_id)
        head = {
            "id": request_id.replace("req_", "msg_", 1),
            "model": request.model,
            "usage": {"input_tokens": _tokens(request), "output_tokens": 1},
        }
        stream = ScriptedStream(request_id, play(script, head), self._pace)
        try:
            yield stream
        finally:
            stream.close()

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        answer = Accumulator()
        async with self.stream(request) as stream:
            async for event in stream:
                answer.feed(event)
        return answer.message

    async def count_tokens(self, request: MessageRequest) -> int | None:
        return _tokens(request)

    async def aclose(self) -> None:
        """Nothing to end: each stream ends with its context."""


class ScriptedStream(AsyncIterator[Event]):
    """One played answer; reads its own bytes as those of a server are read."""

    attempt = 1
    rate_limits = ()

    def __init__(
        self, request_id: str, chunks: Iterator[tuple[float, bytes]], pace: float
    ) -> None:
        self.request_id = request_id
        self._chunks = chunks
        self._next = next(chunks, _END)
        self._pace = pace
        self._reader = EventReader()
        self._events: deque[Event] = deque()
        self._due_at = asyncio.get_running_loop().time()
        self._closed = False

    def close(self) -> None:
        """Nothing more is played; who still iterates is at the end."""
        self._closed = True

    @override
    async def __anext__(self) -> Event:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            await self._read_on()
        return self._events.popleft()

    async def gathered(self) -> Sequence[Event]:
        while not self._events and not self._closed:
            await self._read_on()
        for _ in range(GATHERED_CHUNKS):
            if self._closed or self._wait_s() > 0:
                break
            await self._read_on()
        events = [*self._events]
        self._events.clear()
        return events

    def _wait_s(self) -> float:
        """How long until the next chunk is played."""
        wait_s, _ = self._next
        # Counted from the beginning: one late chunk does not delay the others.
        due_at = self._due_at + wait_s * self._pace
        return due_at - asyncio.get_running_loop().time()

    async def _read_on(self) -> None:
        left_s, (wait_s, chunk) = self._wait_s(), self._next
        if wait_s:
            self._due_at += wait_s * self._pace
            await asyncio.sleep(max(0.0, left_s))
        self._next = next(self._chunks, _END)
        if chunk:
            self._events.extend(self._reader.feed(chunk))
        else:
            self._closed = True
            self._reader.finish()


@dataclass(frozen=True, slots=True)
class _Question:
    """The newest question: its text, its files, the messages before it.

    `goes_on` says that the answer paused, and is to go on.
    """

    text: str
    pictures: Sequence[Picture]
    documents: Sequence[Document]
    earlier: int
    goes_on: bool = False


def _asked(request: MessageRequest) -> _Question:
    goes_on = len(request.messages) > 1 and request.messages[-1]["role"] == "assistant"
    content: Any = request.messages[-2 if goes_on else -1]["content"]
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    texts: list[str] = []
    pictures: list[Picture] = []
    documents = [_document(each) for each in content if each.get("type") == "document"]
    name = ""
    for block in content:
        if block.get("type") == "image":
            pictures.append(_picture(block, name or f"Picture {len(pictures) + 1}"))
            name = ""
        elif block.get("type") == "text":
            named = _PICTURE_NAME.fullmatch(block["text"])
            name = named[1] if named else ""
            texts += [] if named else [block["text"]]
    earlier = len(request.messages) - (2 if goes_on else 1)
    return _Question("\n\n".join(texts), pictures, documents, earlier, goes_on)


def _picture(block: Mapping[str, Any], name: str) -> Picture:
    source = block.get("source", {})
    head = base64.b64decode(str(source.get("data", ""))[:PICTURE_HEAD_BASE64_CHARS])
    return Picture(name, str(source.get("media_type", "unknown")), picture_size(head))


def _document(block: Mapping[str, Any]) -> Document:
    source = block.get("source", {})
    media_type, data = str(source.get("media_type")), str(source.get("data", ""))
    if source.get("type") == "text":
        length = f"{len(data):,} characters"
    else:
        length = _pages(base64.b64decode(data))
    return Document(str(block.get("title") or "Untitled"), media_type, length)


def _pages(data: bytes) -> str:
    count = len(_PAGE.findall(data))
    if not count:
        return f"{len(data):,} bytes"
    return "1 page" if count == 1 else f"{count} pages"


def _script_for(question: _Question, request_id: str) -> Script:
    """What the first steering word of the question asks for, else the tour."""
    found = _COMMAND.search(question.text)
    command, rest = (found[1], found[2]) if found else ("", "")
    if command == "busy":
        raise RequestError(
            "rate_limited",
            "Too many requests, on demand.",
            retryable=True,
            status=429,
            request_id=request_id,
            retry_after_s=BUSY_RETRY_AFTER_S,
            error_type="rate_limit_error",
        )
    return _SCRIPTS[command](question, rest)


def _tour(question: _Question, _rest: str) -> Script:
    return Script(
        text=scripted_text.demonstration(
            question.text, question.pictures, question.documents, question.earlier
        )
    )


def _failure(_question: _Question, rest: str) -> Script:
    text = scripted_text.BROKEN_OFF if rest.startswith("midway") else ""
    return Script(text=text, ending="error")


def _wait(question: _Question, rest: str) -> Script:
    wait_s = min(_number(rest, 5.0), LONGEST_WAIT_S)
    return replace(_tour(question, rest), first_wait_s=wait_s)


def _long(_question: _Question, rest: str) -> Script:
    words = min(int(_number(rest, 400.0)), LONGEST_TEXT_WORDS)
    return Script(text=scripted_text.long_text(words))


def _pause(question: _Question, _rest: str) -> Script:
    if question.goes_on:
        return Script(blocks=scripted_tools.went_on())
    return Script(blocks=scripted_tools.paused(), stop_reason="pause_turn")


def _number(text: str, default: float) -> float:
    found = re.match(r"\s*(\d{1,6}(?:\.\d{1,3})?)", text)
    return float(found[1]) if found else default


_SCRIPTS: dict[str, Callable[[_Question, str], Script]] = {
    "": _tour,
    "fail": _failure,
    "cut": lambda _question, _rest: Script(text=scripted_text.BROKEN_OFF, ending="cut"),
    "refuse": lambda _question, _rest: Script(text="", stop_reason="refusal"),
    "long": _long,
    "slow": lambda _question, _rest: Script(
        text=scripted_text.slow_text(), interval_s=0.5
    ),
    "echo": lambda _question, rest: Script(text=rest),
    "limit": lambda _question, _rest: Script(
        text=scripted_text.MID_SENTENCE, stop_reason="max_tokens"
    ),
    "thinking": lambda question, rest: replace(
        _tour(question, rest), thinking=scripted_text.THOUGHTS
    ),
    "wait": _wait,
    "search": lambda _question, rest: Script(blocks=scripted_tools.search(rest)),
    "pause": _pause,
}


def _tokens(request: MessageRequest) -> int:
    """About four characters of text to a token, and a thousand tokens a file."""
    text = json.dumps([request.system, *map(_without_files, request.messages)])
    files = text.count('"a file"')
    return max(1, len(text) // 4 + 1000 * files)


def _without_files(message: Mapping[str, Any]) -> Any:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return ["a file" if _is_file(block) else block for block in content or ()]


def _is_file(block: Mapping[str, Any]) -> bool:
    return bool(block.get("source", {}).get("type") == "base64")


_MODEL = ModelInfo(
    id=MODEL_ID,
    name="Scripted demonstration",
    provider=ScriptedProvider.name,
    images=True,
    documents=True,
    names_pictures=True,
    max_output_tokens=32_000,
    thinking=frozenset({"adaptive", "disabled"}),
    efforts=frozenset({"low", "medium", "high"}),
    sampling=True,
    server_tools=frozenset({"web_search"}),
    note="Not a model: it plays prepared text that shows what this page can do.",
)
