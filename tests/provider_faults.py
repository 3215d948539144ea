"""What can go wrong between here and a provider, and the error that names it."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from conversations.messages_api import (
    Accumulator,
    Attempt,
    MessageRequest,
    MessagesClient,
    ProviderError,
)
from conversations.messages_api.sse import LINE_LIMIT_BYTES
from tests import corpus
from tests.scripted_server import (
    Connection,
    Script,
    answer,
    event_stream,
    hang,
    hang_up,
    head,
    raw,
    reset,
)

CANARY = "sk-canary-0123456789abcdef"
REQUEST = MessageRequest(
    model="m", messages=[{"role": "user", "content": "Hello"}], max_tokens=64
)
BODY = corpus.body("text")
TEXT = corpus.visible_text(corpus.expected("text"))
START = BODY[: BODY.index(b"event: content_block_start")]
HALF = BODY[: BODY.index(b"**green**")]
EARLY = BODY[: BODY.index(b"event: content_block_delta", BODY.index(b"Three"))]
MIDSTREAM = corpus.body("overloaded_midstream")
ERROR_EVENT = MIDSTREAM[MIDSTREAM.index(b"event: error") :]

# Only what waits for a limit gets a short one: elsewhere a slow machine would turn
# the fault that is meant into another.
LIMITS_S: dict[str, dict[str, float]] = {
    "silence": {"first_byte": 0.5},
    "stall": {"idle": 0.3},
    "signs of life without content": {"content": 0.6},
    "content without end": {"total": 1.2},
}


@dataclass
class Outcome:
    error: ProviderError | None
    accumulator: Accumulator

    @property
    def code(self) -> str | None:
        return self.error.code if self.error else None


def stop_at_the_first_error(attempt: Attempt) -> None:
    if attempt.error is not None:
        raise attempt.error


async def outcome(client: MessagesClient) -> Outcome:
    """How the first attempt ended, and what it had brought."""
    accumulator = Accumulator()
    error = None
    try:
        async with client.stream(REQUEST, on_attempt=stop_at_the_first_error) as stream:
            async for event in stream:
                accumulator.feed(event)
    except ProviderError as caught:
        error = caught
    return Outcome(error, accumulator)


def json_error(kind: str, **more: Any) -> dict[str, Any]:
    error = {"type": kind, "message": f"No: {CANARY}", **more}
    return {"type": "error", "error": error, "request_id": "req_body"}


HTML = b"<!doctype html><title>413</title>"
SPENT = json_error(
    "rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}
)
STATUS_FAULTS: dict[str, tuple[Script, str, bool]] = {
    "400": (answer(400, json_error("invalid_request_error")), "invalid_request", False),
    "401": (answer(401, json_error("authentication_error")), "authentication", False),
    "403": (answer(403, json_error("permission_error")), "permission", False),
    "404": (answer(404, json_error("not_found_error")), "not_found", False),
    "408": (answer(408, b""), "timeout", True),
    "409": (answer(409, json_error("conflict_error")), "conflict", True),
    "413 HTML": (answer(413, HTML, kind="text/html"), "too_large", False),
    "429": (answer(429, json_error("rate_limit_error")), "rate_limited", True),
    "429 spent": (answer(429, SPENT), "spend_limit", False),
    "500": (answer(500, json_error("api_error")), "api_error", True),
    "500 long": (answer(500, b"x" * 200_000, kind="text/plain"), "api_error", True),
    "502 HTML": (answer(502, HTML, kind="text/html"), "api_error", True),
    "529": (answer(529, json_error("overloaded_error")), "overloaded", True),
    "529 HTML": (answer(529, HTML, kind="text/html"), "overloaded", True),
    "302": (
        answer(302, b"", "location: http://127.0.0.1:1/"),
        "unexpected_response",
        False,
    ),
    "200 HTML": (answer(200, HTML, kind="text/html"), "unexpected_response", False),
    "200 other JSON": (answer(200, {"ok": True}), "unexpected_response", False),
    "200 half JSON": (
        answer(200, b'{"type": "mess', kind="application/json"),
        "unexpected_response",
        False,
    ),
    "a body that is cut": (
        raw(head(500, "content-length: 100") + b'{"error"'),
        "api_error",
        True,
    ),
}


NOT_STARTED: dict[str, tuple[Script, str]] = {
    "closed without a word": (hang_up, "connection_lost"),
    "reset without a word": (reset, "connection_lost"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "connection_lost"),
    "closed in the head": (raw(b"HTTP/1.1 200 OK\r\ncontent-ty"), "connection_lost"),
    "silence": (hang, "timeout"),
    "closed before content": (event_stream([START], hang_up), "stream_cut"),
    "ended before content": (event_stream([START]), "stream_cut"),
    "empty": (event_stream([]), "stream_cut"),
    "error event before content": (event_stream([START + ERROR_EVENT]), "overloaded"),
    "error event first of all": (event_stream([ERROR_EVENT]), "overloaded"),
}


async def drip(connection: Connection) -> None:
    for _ in range(1000):
        await connection.send_chunk(b": still here\n\n")
        await asyncio.sleep(0.02)


async def drip_text(connection: Connection) -> None:
    delta = {"type": "text_delta", "text": "."}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    for _ in range(1000):
        await connection.send_chunk(b"data: %s\n\n" % json.dumps(event).encode())
        await asyncio.sleep(0.02)


UNTIL_CLOSE = head(200, "content-type: text/event-stream", "connection: close")
IN_MIDSTREAM: dict[str, tuple[Script, str]] = {
    "reset": (event_stream([HALF], reset), "stream_cut"),
    "cut chunks": (event_stream([HALF], hang_up), "stream_cut"),
    "a cut body without length": (raw(UNTIL_CLOSE + HALF), "stream_cut"),
    "a clean end without message_stop": (event_stream([HALF]), "stream_cut"),
    "stall": (event_stream([HALF], hang), "stalled"),
    "signs of life without content": (event_stream([EARLY], drip), "stalled"),
    "content without end": (event_stream([EARLY], drip_text), "stalled"),
    "a line cut before an error event": (
        event_stream([HALF + b"\n\n", ERROR_EVENT]),
        "malformed_stream",
    ),
    "error event after text": (event_stream([EARLY + ERROR_EVENT]), "overloaded"),
    "malformed JSON": (
        event_stream([EARLY + b'data: {"type": "content\n\n']),
        "malformed_stream",
    ),
    "truncated UTF-8": (event_stream([EARLY + b"data: \xc3\n\n"]), "malformed_stream"),
    "a huge line": (
        event_stream([EARLY] + [b"x" * 2**20] * (LINE_LIMIT_BYTES // 2**20 + 1), hang),
        "malformed_stream",
    ),
}


ALL_FAULTS = {
    **{name: script for name, (script, *_) in STATUS_FAULTS.items()},
    **{name: script for name, (script, _) in NOT_STARTED.items()},
    **{name: script for name, (script, _) in IN_MIDSTREAM.items()},
}
