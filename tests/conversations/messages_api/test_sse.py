"""The decoder of server-sent events: bytes in, records out."""

import pytest

from conversations.messages_api import SseDecoder, SseRecord, StreamError
from conversations.messages_api.sse import LINE_LIMIT_BYTES


def decoded(*chunks: bytes) -> list[tuple[str, str]]:
    decoder = SseDecoder()
    records = [record for chunk in chunks for record in decoder.feed(chunk)]
    decoder.finish()
    return [(record.event, record.data) for record in records]


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b"data: a\n\n", [("message", "a")]),
        (b"event: x\ndata: a\n\n", [("x", "a")]),
        (b"event:x\ndata:a\n\n", [("x", "a")]),
        (b"data:  two blanks\n\n", [("message", " two blanks")]),
        (b"data: a\ndata: b\n\n", [("message", "a\nb")]),
        (b"data: a\rdata: b\r\n\n", [("message", "a\nb")]),
        (b"data\n\n", [("message", "")]),
        (b"data\ndata\n\n", [("message", "\n")]),
        (b": comment\n:\ndata: a\n\n", [("message", "a")]),
        (b"id: 7\nretry: 100\nnonsense\ndata: a\n\n", [("message", "a")]),
        (b"event: x\n\ndata: a\n\n", [("message", "a")]),
        (b"event: x\nevent: y\ndata: a\n\n", [("y", "a")]),
        (b"\n\n\n", []),
        (b"", []),
        (b"data: a: b\n\n", [("message", "a: b")]),
        (b"database: a\n\n", []),
        (b" data: a\n\n", []),
        (b"data: a\n\ndata: b\n\n", [("message", "a"), ("message", "b")]),
        (b"event: x\ndata: a\n\nevent: y\ndata: \n\n", [("x", "a"), ("y", "")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("message", "b")]),
        (b"event: x\ndata: a\n\nevent: y\ndata: b\n", [("x", "a")]),
        (b"event: \ndata: a\n\n", [("message", "a")]),
        (
            "data: a\u2028b\u0085c\u000bd\n\n".encode(),
            [("message", "a\u2028b\x85c\x0bd")],
        ),
    ],
)
def test_a_body_becomes_records(data: bytes, records: list[tuple[str, str]]) -> None:
    assert decoded(data) == records
    assert decoded(*(data[i : i + 1] for i in range(len(data)))) == records


def test_a_byte_order_mark_counts_only_at_the_very_start() -> None:
    mark = b"\xef\xbb\xbf"

    assert decoded(mark + b"data: a\n\n") == [("message", "a")]
    assert decoded(mark[:1], mark[1:] + b"data: a\n\n") == [("message", "a")]
    assert decoded(b"\n" + mark + b"data: a\n\n") == []


def test_a_record_without_its_blank_line_is_discarded_at_the_end() -> None:
    assert decoded(b"data: a\n\ndata: b\n") == [("message", "a")]
    assert decoded(b"data: a\n\ndata: b") == [("message", "a")]


def test_a_carriage_return_ends_its_line_at_once() -> None:
    decoder = SseDecoder()

    assert decoder.feed(b"data: a\r\r") == [SseRecord("message", "a")]
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"data: b\r\n\r") == [SseRecord("message", "b")]


def test_bytes_that_are_not_utf_8_are_an_error_without_their_text() -> None:
    with pytest.raises(StreamError, match="malformed_stream: 7 bytes are not UTF-8"):
        decoded(b"data: secret\xff\n\n"[:6] + b"secret\xff\n\n")


def test_records_before_a_fault_come_out_and_the_fault_follows() -> None:
    decoder = SseDecoder()

    assert decoder.feed(b"data: a\n\ndata: \xff\n\n") == [SseRecord("message", "a")]
    with pytest.raises(StreamError):
        decoder.feed(b"data: b\n\n")
    with pytest.raises(StreamError):
        decoder.finish()


def test_usual_records_before_a_fault_come_out_and_the_fault_follows() -> None:
    decoder = SseDecoder()
    chunk = b"event: x\ndata: a\n\nevent: x\ndata: \xff\n\n"

    assert decoder.feed(chunk) == [SseRecord("x", "a")]
    with pytest.raises(StreamError):
        decoder.feed(chunk)


def test_a_usual_record_ends_what_was_begun_before() -> None:
    decoder = SseDecoder()

    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"event: x\ndata: b\n\n") == [SseRecord("x", "a\nb")]


@pytest.mark.parametrize(
    "piece",
    [
        b"x" * 65536,
        (b"data: " + b"x" * 1018 + b"\n") * 64,
        b"data: " + b"x" * 65536 + b"\n",
    ],
)
def test_a_line_or_record_past_the_limit_is_an_error(piece: bytes) -> None:
    decoder = SseDecoder()

    for _ in range(LINE_LIMIT_BYTES // len(piece) - 1):
        decoder.feed(piece)

    with pytest.raises(StreamError, match=str(LINE_LIMIT_BYTES)):
        decoder.feed(piece * 3)


def test_a_line_below_the_limit_is_read() -> None:
    text = b"x" * (LINE_LIMIT_BYTES - 100)

    assert decoded(b"data: ", text, b"\n\n") == [("message", text.decode())]
