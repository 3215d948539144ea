"""Every recorded stream becomes its message, wherever its bytes are cut."""

import pytest

from conversations.messages_api import Accumulator, SseDecoder, SseRecord, parse_event
from tests import corpus


def records(chunks: list[bytes]) -> list[SseRecord]:
    decoder = SseDecoder()
    found = [record for chunk in chunks for record in decoder.feed(chunk)]
    decoder.finish()
    return found


@pytest.mark.parametrize("name", corpus.NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000_000])
def test_a_stream_becomes_its_message_at_any_chunk_size(name: str, size: int) -> None:
    accumulator = corpus.accumulated(corpus.chunked(corpus.body(name), size))

    assert corpus.without_future(accumulator.message) == corpus.expected(name)
    assert accumulator.text == corpus.visible_text(corpus.expected(name))
    assert accumulator.done == (name in corpus.WHOLE_NAMES)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_cut_at_any_byte_changes_no_record(name: str) -> None:
    data = corpus.body(name)
    whole = records([data])

    for cut in range(len(data) + 1):
        assert records([data[:cut], data[cut:]]) == whole, cut


@pytest.mark.parametrize("name", corpus.NAMES)
@pytest.mark.parametrize("line_end", [b"\r", b"\r\n"])
def test_line_ends_do_not_matter(name: str, line_end: bytes) -> None:
    plain = corpus.body(name).replace(b"\r\n", b"\n")
    data = b"\xef\xbb\xbf" + plain.replace(b"\n", line_end)

    for size in (1, 7, len(data)):
        assert records(list(corpus.chunked(data, size))) == records([plain])


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_stream_cut_short_is_never_done_and_its_text_is_a_prefix(name: str) -> None:
    data = corpus.body(name)
    whole_text = corpus.visible_text(corpus.expected(name))
    decoder, accumulator = SseDecoder(), Accumulator()

    # The blank line after the last record is what dispatches it.
    for end in range(len(data.rstrip()) + 1):
        for record in decoder.feed(data[end : end + 1]):
            accumulator.feed(parse_event(record))
        assert not accumulator.done, end
        assert whole_text.startswith(accumulator.text), end
