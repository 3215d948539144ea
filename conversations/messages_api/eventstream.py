"""Amazon's binary event stream from bytes: a push decoder that does no I/O.

A frame is its length and that of its headers, a checksum of the two, the headers, the
payload, and a checksum of it all; numbers are big-endian, checksums CRC-32. A chunk's
payload holds one event of the Messages API in base64.
"""

import base64
import binascii
import json
import struct
import zlib

from conversations.messages_api.errors import StreamError
from conversations.messages_api.events import load_object
from conversations.messages_api.sse import SseRecord

MEDIA_TYPE = "application/vnd.amazon.eventstream"
FRAME_LIMIT_BYTES = 8 * 1024 * 1024

_PRELUDE = struct.Struct("!III")
_CRC = struct.Struct("!I")
_SHORT = struct.Struct("!H")
_STRING = 7
# Bytes that the value of a header takes, by its type; 6 and 7 tell their own length.
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_COUNTED = frozenset({6, _STRING})


class EventStreamDecoder:
    """Turns chunks of bytes, cut anywhere, into the records of a stream of events.

    An exception or error frame becomes an `error` record; its type is the exception's
    name. Raises `StreamError` (`malformed_stream`) for a checksum that does not match,
    a frame past `FRAME_LIMIT_BYTES` or one that cannot be read; the records before it
    are handed out first, and the fault is raised by the next call.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._fault: StreamError | None = None

    def feed(self, chunk: bytes) -> list[SseRecord]:
        """The records that this chunk completes."""
        self._raise_fault()
        self._held += chunk
        records: list[SseRecord] = []
        try:
            while (frame := self._frame()) is not None:
                records += _records_in(*frame)
        except StreamError as fault:
            self._fault = fault
        if not records:
            self._raise_fault()
        return records

    def finish(self) -> None:
        """End of input: an unfinished frame is discarded."""
        self._raise_fault()
        self._held.clear()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _frame(self) -> tuple[bytes, bytes] | None:
        """Headers and payload of the next frame, once it is whole."""
        if len(self._held) < _PRELUDE.size:
            return None
        total, headers, crc = _PRELUDE.unpack_from(self._held)
        if zlib.crc32(self._held[: _PRELUDE.size - _CRC.size]) != crc:
            raise _malformed("The checksum of a frame's lengths does not match.")
        if not _PRELUDE.size + headers + _CRC.size <= total <= FRAME_LIMIT_BYTES:
            raise _malformed(f"A frame claims {total} bytes.")
        if len(self._held) < total:
            return None
        frame = bytes(self._held[:total])
        del self._held[:total]
        end = total - _CRC.size
        if zlib.crc32(frame[:end]) != _CRC.unpack_from(frame, end)[0]:
            raise _malformed("The checksum of a frame does not match.")
        payload_at = _PRELUDE.size + headers
        return frame[_PRELUDE.size : payload_at], frame[payload_at:end]


def _records_in(head: bytes, payload: bytes) -> list[SseRecord]:
    headers = _strings_in(head)
    match headers.get(":message-type"):
        case "event" if headers.get(":event-type") == "chunk":
            return [SseRecord("chunk", _event_in(payload))]
        case "exception":
            raw = load_object(_decoded(payload))
            return [_error(headers.get(":exception-type"), raw.get("message"))]
        case "error":
            return [_error(headers.get(":error-code"), headers.get(":error-message"))]
    return []


def _strings_in(head: bytes) -> dict[str, str]:
    """The headers whose values are strings, as all that matter are."""
    strings: dict[str, str] = {}
    at = 0
    try:
        while at < len(head):
            name_end = at + 1 + head[at]
            kind, value_at = head[name_end], name_end + 1
            size = _FIXED.get(kind, 0)
            if kind in _COUNTED:
                [size] = _SHORT.unpack_from(head, value_at)
                value_at += _SHORT.size
            elif kind not in _FIXED:
                raise _malformed(f"A header is of the unknown type {kind}.")
            if kind == _STRING:
                name = _decoded(head[at + 1 : name_end])
                strings[name] = _decoded(head[value_at : value_at + size])
            at = value_at + size
    except (IndexError, struct.error):
        at = -1
    if at != len(head):
        raise _malformed("The headers of a frame are cut.")
    return strings


def _event_in(payload: bytes) -> str:
    encoded = load_object(_decoded(payload)).get("bytes")
    try:
        event = base64.b64decode(encoded or "", validate=True)
    except (TypeError, ValueError, binascii.Error):
        event = b""
    if not event:
        raise _malformed("A chunk holds no event.")
    return _decoded(event)


def _error(kind: str | None, message: object) -> SseRecord:
    error = {"type": kind or "error", "message": message}
    return SseRecord("error", json.dumps({"type": "error", "error": error}))


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        # What was received stays out of the error, its context too.
        raise _malformed("A frame holds bytes that are not UTF-8.") from None


def _malformed(words: str) -> StreamError:
    return StreamError("malformed_stream", words)
