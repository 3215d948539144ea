"""Bodies of any length, read as they arrive and never held whole."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from conversations.messages_api.attempts import with_retries
from conversations.messages_api.connection import Call, Connection, Response
from conversations.messages_api.errors import InvalidRequestError, StreamError
from conversations.messages_api.reader import ANSWER_LIMIT_BYTES

_ID = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,255}")


def id_in_path(field: str, value: str) -> str:
    """An id that may stand in a path; it is the provider's own and never escaped."""
    if _ID.fullmatch(value) is None:
        raise InvalidRequestError(field, "This is no id of the provider.")
    return value


@asynccontextmanager
async def downloaded(
    connection: Connection, call: Call
) -> AsyncIterator[AsyncGenerator[bytes]]:
    """The body of an answer as it comes; leaving the context ends it.

    Retries until there is an answer. Silence in it is `stalled`.
    """
    now = asyncio.get_running_loop().time
    ends_at = now() + connection.timeouts.total

    async def attempt(_number: int) -> Response:
        head_at = min(now() + connection.timeouts.first_byte, ends_at)
        return await connection.send(call, head_at=head_at)

    response = await with_retries(attempt, ends_at=ends_at, secrets=connection.secrets)
    try:
        yield _watched(response, connection.timeouts.idle)
    finally:
        await response.aclose()


async def lines_of(
    chunks: AsyncIterator[bytes], limit_bytes: int = ANSWER_LIMIT_BYTES
) -> AsyncGenerator[bytes]:
    """The lines of a body, without blank ones; one past the limit is malformed."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            held.append(line)
            if joined := b"".join(held).strip():
                yield joined
            held, size = [], 0
        held.append(rest)
        size += len(rest)
        if size > limit_bytes:
            words = f"A line is longer than {limit_bytes} bytes."
            raise StreamError("malformed_stream", words)
    if joined := b"".join(held).strip():
        yield joined


async def _watched(response: Response, idle_s: float) -> AsyncGenerator[bytes]:
    while True:
        chunk: bytes | None = b""
        try:
            async with asyncio.timeout(idle_s):
                chunk = await anext(response.chunks, None)
        except TimeoutError:
            break
        if chunk is None:
            return
        yield chunk
    raise StreamError("stalled", f"Nothing came for {idle_s:g} seconds.")
