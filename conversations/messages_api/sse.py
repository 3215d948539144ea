"""Server-sent events from bytes: a push decoder that does no I/O.

Lines end at LF, CR or CRLF and nowhere else: JSON may carry U+2028 and its kin
unescaped. Bytes are split first and decoded as whole lines, so that no cut between
two chunks can break a character.
"""

import contextlib
import re
from dataclasses import dataclass

from conversations.messages_api.errors import StreamError

LINE_LIMIT_BYTES = 4 * 1024 * 1024

# The usual form of a record. What it misses of the others is read line by line.
_USUAL = re.compile(rb"event: ([^\r\n]+)\ndata: ([^\r\n]*)\n\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseRecord:
    """One dispatched record: its event name (`message` if unnamed) and its data."""

    event: str
    data: str


class SseDecoder:
    """Turns chunks of bytes, cut anywhere, into records.

    Raises `StreamError` (`malformed_stream`) for a line or record past
    `LINE_LIMIT_BYTES` and for bytes that are not UTF-8; records completed before the
    fault are handed out first, and the fault is raised by the next call.
    """

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._after_cr = False
        self._first = True
        self._event = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._fault: StreamError | None = None

    def feed(self, chunk: bytes) -> list[SseRecord]:
        """The records that this chunk completes."""
        self._raise_fault()
        if self._is_between_records() and (usual := _usual_records(chunk)):
            self._first = False
            return usual
        if self._after_cr and chunk:
            # The CR ended its line at once; an LF right behind it is the same line end.
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        records: list[SseRecord] = []
        try:
            for line in self._lines(chunk):
                self._take(line, records)
        except StreamError as fault:
            self._fault = fault
            if not records:
                self._raise_fault()
        return records

    def finish(self) -> None:
        """End of input: an unfinished record is discarded, as the standard says."""
        self._raise_fault()
        self._held.clear()
        self._data.clear()

    def _is_between_records(self) -> bool:
        return not (self._held or self._data or self._event or self._after_cr)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _lines(self, chunk: bytes) -> list[bytes]:
        if b"\n" not in chunk and b"\r" not in chunk:
            self._hold(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        whole = b"".join((*self._held, chunk))
        self._held.clear()
        self._held_bytes = 0
        lines = whole.splitlines()
        if not whole.endswith((b"\n", b"\r")):
            self._hold(lines.pop())
        return lines

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._held_bytes += len(piece)
        _check_size(self._held_bytes)

    def _take(self, line: bytes, records: list[SseRecord]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(records)
        elif line.startswith(b"data:"):
            self._add(line[6:] if line[5:6] == b" " else line[5:])
        elif line.startswith(b"event:"):
            self._event = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._add(b"")

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value) + 1
        _check_size(self._data_bytes)

    def _dispatch(self, records: list[SseRecord]) -> None:
        event, data = self._event, self._data
        self._event, self._data, self._data_bytes = b"", [], 0
        if data:
            whole = data[0] if len(data) == 1 else b"\n".join(data)
            records.append(SseRecord(_decoded(event) or "message", _decoded(whole)))


def _usual_records(chunk: bytes) -> list[SseRecord]:
    """The records of a chunk of nothing but usual ones; else none."""
    records: list[SseRecord] = []
    end = 0
    if len(chunk) <= LINE_LIMIT_BYTES:
        with contextlib.suppress(UnicodeDecodeError):
            while match := _USUAL.match(chunk, end):
                records.append(SseRecord(match[1].decode(), match[2].decode()))
                end = match.end()
    return records if end == len(chunk) else []


def _check_size(size: int) -> None:
    if size > LINE_LIMIT_BYTES:
        raise StreamError(
            "malformed_stream", f"A line is longer than {LINE_LIMIT_BYTES} bytes."
        )


def _decoded(line: bytes) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        return line.decode()
    raise StreamError("malformed_stream", f"{len(line)} bytes are not UTF-8.")
