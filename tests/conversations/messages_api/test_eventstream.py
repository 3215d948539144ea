"""Amazon's event stream: frames from bytes, however they are cut or spoilt."""

import json
import struct
from collections.abc import Iterable

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from conversations.messages_api import SseRecord, StreamError
from conversations.messages_api.eventstream import (
    FRAME_LIMIT_BYTES,
    EventStreamDecoder,
)
from tests import aws_frames, corpus

DELTA = {"type": "ping", "text": "Grüße\u2028"}
FRAME = aws_frames.chunk(DELTA)
THROTTLED = aws_frames.exception("throttlingException", "Too many requests.")


def read(chunks: Iterable[bytes]) -> list[SseRecord]:
    decoder = EventStreamDecoder()
    records = [record for chunk in chunks for record in decoder.feed(chunk)]
    decoder.finish()
    return records


def fault_of(*chunks: bytes) -> StreamError:
    with pytest.raises(StreamError) as caught:
        read([*chunks, b""])
    assert caught.value.code == "malformed_stream"
    return caught.value


def test_a_chunk_holds_one_event() -> None:
    [record] = read([FRAME])
    assert json.loads(record.data) == DELTA


@pytest.mark.parametrize("at", range(len(FRAME + THROTTLED) + 1))
def test_a_cut_at_any_byte_changes_nothing(at: int) -> None:
    whole = FRAME + THROTTLED
    assert read([whole[:at], whole[at:]]) == read([whole])


def test_byte_after_byte_is_read_as_the_whole() -> None:
    whole = b"".join(aws_frames.of_events(corpus.body("tool_use")))
    assert read(corpus.chunked(whole, 1)) == read([whole])


def test_amazons_own_decoder_reads_the_frames_of_these_tests() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(FRAME + THROTTLED)
    kinds = [message.headers[":message-type"] for message in buffer]
    assert kinds == ["event", "exception"]


@pytest.mark.parametrize("at", range(len(FRAME)))
def test_one_spoilt_byte_is_a_fault_or_an_end_too_early(at: int) -> None:
    spoilt = bytearray(FRAME)
    spoilt[at] ^= 0x01
    decoder = EventStreamDecoder()
    with pytest.raises(StreamError):
        assert decoder.feed(bytes(spoilt)) == []
    with pytest.raises(StreamError):
        decoder.feed(FRAME)


def test_what_came_before_a_fault_is_handed_out_first() -> None:
    decoder = EventStreamDecoder()
    assert len(decoder.feed(FRAME + b"\0" * 16)) == 1
    with pytest.raises(StreamError):
        decoder.feed(b"")


def test_an_unfinished_frame_is_discarded_at_the_end() -> None:
    assert read([FRAME, FRAME[:-1]]) == read([FRAME])


def test_a_frame_longer_than_the_limit_is_refused_by_its_first_bytes() -> None:
    lengths = struct.pack("!II", FRAME_LIMIT_BYTES + 1, 0)
    assert "claims" in str(fault_of(lengths + aws_frames.checksum(lengths)))


@pytest.mark.parametrize(("total", "headers"), [(0, 0), (15, 0), (16, 1), (20, 5)])
def test_lengths_that_cannot_be_are_refused(total: int, headers: int) -> None:
    lengths = struct.pack("!II", total, headers)
    fault_of(lengths + aws_frames.checksum(lengths))


def test_an_exception_is_an_error_by_its_name() -> None:
    [record] = read([THROTTLED])
    assert record.event == "error"
    assert json.loads(record.data) == {
        "type": "error",
        "error": {"type": "throttlingException", "message": "Too many requests."},
    }


def test_an_error_frame_is_told_by_its_headers() -> None:
    headers = {
        ":message-type": "error",
        ":error-code": "InternalFailure",
        ":error-message": "Oh.",
    }
    [record] = read([aws_frames.frame(headers, b"")])
    assert json.loads(record.data)["error"] == {
        "type": "InternalFailure",
        "message": "Oh.",
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {":message-type": "event", ":event-type": "initial-response"},
        {":message-type": "tomorrow"},
    ],
)
def test_frames_of_other_kinds_are_passed_over(headers: dict[str, str]) -> None:
    assert read([aws_frames.frame(headers, b"?")]) == []


def test_headers_of_every_type_are_passed_over() -> None:
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    head = b"".join(
        aws_frames.header(f"h{kind}", kind, b"x" * size) for kind, size in sizes.items()
    )
    head += aws_frames.header("h6", 6, struct.pack("!H", 3) + b"abc")
    head += b"".join(
        map(aws_frames.string_header, aws_frames.EVENT, aws_frames.EVENT.values())
    )
    payload = json.dumps({"bytes": "e30="}).encode()
    assert [record.data for record in read([aws_frames.framed(head, payload)])] == [
        "{}"
    ]


@pytest.mark.parametrize(
    "head",
    [
        b"\x05:mess",
        b"\x01a",
        aws_frames.header("a", 7, b"\x00"),
        aws_frames.header("a", 7, b"\x00\x09short"),
        aws_frames.header("a", 4, b"xx"),
        aws_frames.header("a", 10, b""),
        aws_frames.header("a", 7, b"\x00\x01\xff"),
    ],
)
def test_headers_that_cannot_be_read_are_a_fault(head: bytes) -> None:
    fault_of(aws_frames.framed(head, b""))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"bytes": 7}',
        b'{"bytes": "%%%%"}',
        b'{"bytes": ""}',
        b'{"bytes": "/w=="}',
        b"\xff",
    ],
)
def test_a_chunk_without_an_event_is_a_fault_that_quotes_nothing(
    payload: bytes,
) -> None:
    fault = fault_of(aws_frames.frame(aws_frames.EVENT, payload))
    assert fault.__cause__ is None
    assert "%%%%" not in str(fault)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_are_read_or_refused_by_name(chunks: list[bytes]) -> None:
    decoder = EventStreamDecoder()
    try:
        for piece in chunks:
            decoder.feed(piece)
        decoder.finish()
    except StreamError as error:
        assert error.code == "malformed_stream"  # noqa: PT017 - either end is right
