"""Frames of Amazon's binary event stream, made as the specification lays them out."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from conversations.messages_api import SseDecoder
from tests.scripted_server import Connection, Script, head

EVENT = {
    ":message-type": "event",
    ":event-type": "chunk",
    ":content-type": "application/json",
}


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame whose headers are strings."""
    return framed(b"".join(map(string_header, headers, headers.values())), payload)


def framed(headers: bytes, payload: bytes) -> bytes:
    """One frame of headers as bytes and a payload, with its checksums."""
    lengths = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    whole = lengths + checksum(lengths) + headers + payload
    return whole + checksum(whole)


def checksum(data: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(data))


def string_header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return header(name, 7, struct.pack("!H", len(encoded)) + encoded)


def header(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


def chunk(event: Mapping[str, Any]) -> bytes:
    """The frame of one event of an answer."""
    encoded = base64.b64encode(json.dumps(event).encode()).decode()
    return frame(EVENT, json.dumps({"bytes": encoded, "p": "abcd"}).encode())


def exception(kind: str, message: str) -> bytes:
    """The frame of an exception in the middle of an answer."""
    headers = {":message-type": "exception", ":exception-type": kind}
    return frame(headers, json.dumps({"message": message}).encode())


def of_events(body: bytes) -> list[bytes]:
    """The frames that carry the events of a body of server-sent events."""
    return [chunk(json.loads(record.data)) for record in SseDecoder().feed(body)]


def streamed(*frames: bytes, then: Script | None = None) -> Script:
    """An answer in these frames, whole unless `then` takes over."""

    async def script(connection: Connection) -> None:
        kind = "content-type: application/vnd.amazon.eventstream"
        chunked = "transfer-encoding: chunked"
        await connection.send(head(200, kind, "x-amzn-requestid: aws-1", chunked))
        for each in frames:
            await connection.send_chunk(each)
        await (then(connection) if then else connection.send(b"0\r\n\r\n"))

    return script
