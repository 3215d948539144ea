"""Bytes that no server should send, read like a standard says, or refused by name."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.messages_api import SseDecoder
from conversations.messages_api.errors import ProviderError
from conversations.messages_api.reader import EventReader
from conversations.rendering import IncrementalMarkdown, render_markdown
from tests import corpus
from tests.conversations.rendering.hostile import faults
from tests.conversations.rendering.page import follow
from tests.hostile.conftest import FULL
from tests.hostile.payloads import payloads

EXAMPLES = 10_000 if FULL else 300
MUTANTS = 50_000 if FULL else 600
WORDS = (
    *("data:", "data: ", "data", "event:", "event: ", "id: 1", "retry: 9", ":", ": x"),
    *("datas: x", " data: x", "data :x", "message_stop", "{}", '{"type":"ping"}', "x"),
    *("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\ufeff", "é", "😀", "\0"),
    *("\n", "\n", "\n\n", "\r", "\r\n", "\r\n\r\n", "\n\r", "\r\r"),
)
streams = st.tuples(
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.booleans(),
    st.lists(st.integers(1, 9), max_size=30),
)


def read_whole(text: str) -> list[tuple[str, str]]:
    """What the standard's own description makes of a whole stream, letter by letter."""
    records: list[tuple[str, str]] = []
    event, data, line = "", list[str](), ""
    at, text = 0, text.removeprefix("\ufeff")
    while at < len(text):
        letter = text[at]
        at += 2 if text.startswith("\r\n", at) else 1
        if letter not in "\r\n":
            line += letter
            continue
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                records.append((event or "message", "\n".join(data)))
            event, data = "", []
        elif name == "data":
            data.append(value)
        elif name == "event":
            event = value if colon else ""
        line = ""
    return records


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@settings(max_examples=EXAMPLES, deadline=None)
@given(streams)
def test_any_stream_cut_anywhere_is_read_as_the_standard_says(
    stream: tuple[str, bool, list[int]],
) -> None:
    text, with_mark, sizes = stream
    text = "\ufeff" + text if with_mark else text
    decoder = SseDecoder()
    found = [
        (record.event, record.data)
        for piece in pieces(text.encode(), sizes)
        for record in decoder.feed(piece)
    ]
    assert found == read_whole(text)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` after a few of the accidents that bytes meet."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(6):
            case 0:
                del made[at : at + chance.randrange(40)]
            case 1:
                made[at:at] = chance.randbytes(chance.randrange(8))
            case 2:
                made[at:at] = made[at : at + chance.randrange(300)]
            case 3:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 4:
                made[at:at] = chance.choice(WORDS).encode()
            case _:
                made[at:at] = b'{"index":-1,"delta":[],"text":' + b"[" * 900
    return bytes(made)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_damaged_stream_is_read_or_refused_by_name(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - the same each time
    for _ in range(MUTANTS // len(corpus.NAMES)):
        data = mutated(corpus.body(name), chance)
        reader, size = EventReader(), chance.randrange(1, 5_000)
        try:
            for piece in corpus.chunked(data, size):
                reader.feed(piece)
            reader.finish()
        except ProviderError as error:
            assert error.code  # noqa: PT017 - most are refused, and some are not


@settings(max_examples=EXAMPLES // 6, deadline=None)
@given(
    st.lists(st.sampled_from(payloads()), min_size=1, max_size=3).map("\n".join),
    st.lists(st.integers(1, 60), max_size=12),
)
def test_joined_texts_show_the_same_live_and_loaded(
    text: str, sizes: list[int]
) -> None:
    # The page of this test finds what grows by that word, not by an attribute.
    follow(text.replace("data-grow", "data-x")[:600], sizes)


def test_mutants_of_texts_are_rendered_and_stay_texts() -> None:
    chance = random.Random(10)  # noqa: S311 - the same each time
    known = payloads()
    for _ in range(MUTANTS if FULL else 60):
        data = mutated("\n".join(chance.sample(known, 3)).encode(), chance)
        text = data.decode("utf-8", "surrogateescape")
        markdown = IncrementalMarkdown(text)
        markdown.update()
        found = [
            *faults(render_markdown(text)),
            *faults(markdown.snapshot().open or ""),
        ]
        assert [fault for fault in found if fault != "a href="] == [], text
