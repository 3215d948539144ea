"""A provider of the Messages API that costs next to nothing: `python -m ... PORT`.

The question steers its answer with words such as `deltas=300 rate=30 wait=0.5`: how
many deltas, how many of them a second, and how many seconds before the first; with
`fail=1` it is refused.
"""

import asyncio
import functools
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

from conversations.management.benchmark.answers import deltas, stamp

MODEL = "claude-simulated"
_STEERING = re.compile(rb"\b(deltas|rate|wait|fail)=([\d.]+)")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Script:
    """What an answer is like; `rate` in deltas a second, `wait_s` before the first."""

    deltas: int = 30
    rate: float = 30.0
    wait_s: float = 0.0
    fails: bool = False

    @classmethod
    def of_question(cls, body: bytes) -> "Script":
        """Read the newest steering words of a request's body."""
        said = {key: float(value) for key, value in _STEERING.findall(body)}
        return cls(
            deltas=int(said.get(b"deltas", 30)),
            rate=said.get(b"rate", 30.0),
            wait_s=said.get(b"wait", 0.0),
            fails=bool(said.get(b"fail", 0)),
        )

    @property
    def words(self) -> str:
        """The words that make a question steer to this script."""
        words = f"deltas={self.deltas} rate={self.rate:g} wait={self.wait_s:g}"
        return f"{words} fail={self.fails:d}"


def head() -> bytes:
    """The events before the first delta."""
    usage = {"input_tokens": 20, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "msg_simulated",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    block = {"type": "text", "text": ""}
    return _event("message_start", message=message) + _event(
        "content_block_start", index=0, content_block=block
    )


def delta(index: int, text: str) -> bytes:
    """One delta, stamped with the time of this call."""
    before, after = _halves(text)
    if after is None:
        return before
    sent_us = time.monotonic_ns() // 1000
    return before + stamp(sent_us, index).encode() + after


def tail(script: Script) -> bytes:
    """The events behind the last delta."""
    usage = {"output_tokens": script.deltas}
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    return (
        _event("content_block_stop", index=0)
        + _event("message_delta", delta=ending, usage=usage)
        + _event("message_stop")
    )


@functools.cache
def _halves(text: str) -> tuple[bytes, bytes | None]:
    piece = {"type": "text_delta", "text": text}
    event = _event("content_block_delta", index=0, delta=piece)
    before, at, after = event.partition(b"@")
    return before, after if at else None


def _event(kind: str, **facts: Any) -> bytes:
    data = json.dumps({"type": kind, **facts}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


async def serve(port: int) -> None:
    """Answer on the loopback until the process is ended."""
    server = await asyncio.start_server(_converse, "127.0.0.1", port, backlog=1000)
    async with server:
        await server.serve_forever()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while request := await reader.readuntil(b"\r\n\r\n"):
            length = _LENGTH.search(request)
            body = await reader.readexactly(int(length[1]) if length else 0)
            await _answer(request, body, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _answer(request: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
    if request.startswith(b"GET /v1/models"):
        _write_json(writer, {"data": [_MODEL], "has_more": False})
    elif b'"stream":true' in body.replace(b" ", b""):
        script = Script.of_question(body)
        if script.fails:
            _write_json(writer, _REFUSAL, status=b"400 Bad Request")
        else:
            await _stream(script, writer)
    else:
        _write_json(writer, _WHOLE)


async def _stream(script: Script, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"request-id: req_simulated\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    begun_at = loop.time() + script.wait_s
    _write_chunk(writer, head())
    for index, text in enumerate(deltas(script.deltas)):
        await asyncio.sleep(max(0.0, begun_at + index / script.rate - loop.time()))
        if writer.is_closing():
            return
        _write_chunk(writer, delta(index, text))
    _write_chunk(writer, tail(script))
    _write_chunk(writer, b"")


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


def _write_json(
    writer: asyncio.StreamWriter, value: dict[str, Any], *, status: bytes = b"200 OK"
) -> None:
    body = json.dumps(value).encode()
    writer.write(
        b"HTTP/1.1 %b\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (status, len(body), body)
    )


_MODEL = {
    "type": "model",
    "id": MODEL,
    "display_name": "Simulated",
    "created_at": "2026-01-01T00:00:00Z",
    "max_input_tokens": 1_000_000,
    "max_tokens": 64_000,
}
_WHOLE = {
    "id": "msg_simulated",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "Rivers and maps"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 20, "output_tokens": 4},
}
_REFUSAL = {
    "type": "error",
    "error": {"type": "invalid_request_error", "message": "Refused as asked."},
}


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
