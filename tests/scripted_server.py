"""A loopback HTTP/1.1 server that answers with exactly the bytes it was told.

Each connection's request is read whole and answered by the next script of the list
(the last one repeats). A script is a coroutine that owns the connection; the usual
ones are made by `answer`, `event_stream` and `raw`.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "ScriptedServer"

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def until_client_closes(self) -> None:
        """Wait for the end of the connection, and note that it came."""
        with suppress(ConnectionError):
            await self.reader.read()
        self.server.closed_by_client.set()

    def reset(self) -> None:
        self.writer.transport.abort()


type Script = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True)
class ScriptedServer:
    """What the tests look at: where it listens, what it was sent, who hung up."""

    scripts: list[Script]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closed_by_client: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        connection = Connection(reader, writer, self)
        try:
            while (request := await read_request(reader)) is not None:
                script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
                self.requests.append(request)
                await script(connection)
        except ConnectionError:
            self.closed_by_client.set()
        finally:
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _version = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def scripted_server(
    *scripts: Script, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedServer]:
    """A server on a free port of 127.0.0.1 for as long as the context lasts."""
    state = ScriptedServer(list(scripts))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await state.handle(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20, ssl=tls)
    scheme = "https" if tls else "http"
    state.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def head(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def raw(*pieces: bytes) -> Script:
    """Send these bytes, head included, and close."""

    async def script(connection: Connection) -> None:
        for piece in pieces:
            await connection.send(piece)
        connection.writer.close()

    return script


def answer(
    status: int, body: bytes | dict[str, Any], *headers: str, kind: str = ""
) -> Script:
    """A whole response with its length; a dict is sent as JSON."""
    if isinstance(body, dict):
        body, kind = json.dumps(body).encode(), kind or "application/json"
    content_type = [f"content-type: {kind}"] if kind else []
    start = head(status, *content_type, *headers, f"content-length: {len(body)}")

    async def script(connection: Connection) -> None:
        await connection.send(start + body)

    return script


STREAM_HEADERS = (
    "content-type: text/event-stream; charset=utf-8",
    "request-id: req_scripted",
    "transfer-encoding: chunked",
)


def event_stream(chunks: Iterable[bytes], then: Script | None = None) -> Script:
    """A chunked event stream, whole unless `then` takes over after the chunks."""
    pieces: Sequence[bytes] = list(chunks)

    async def script(connection: Connection) -> None:
        await connection.send(head(200, *STREAM_HEADERS))
        for piece in pieces:
            await connection.send_chunk(piece)
        if then is None:
            await connection.send(b"0\r\n\r\n")
        else:
            await then(connection)

    return script


async def hang(connection: Connection) -> None:
    """Say nothing more until the client goes."""
    await connection.until_client_closes()


async def reset(connection: Connection) -> None:
    """End the connection the hard way."""
    connection.reset()


async def hang_up(connection: Connection) -> None:
    """End the connection in the middle of the body."""
    connection.writer.close()
