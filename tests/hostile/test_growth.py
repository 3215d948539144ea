"""Twice the text costs twice the work, not four times: counted, not timed."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from conversations.management.benchmark.shapes import (
    IN_CODE,
    NUMBERED,
    PIECES,
    code_of,
    text_of,
)
from conversations.messages_api import SseDecoder
from conversations.rendering import IncrementalMarkdown, render_markdown, render_plain
from conversations.rendering.budget import CODE_LIMIT_CHARS

LENGTH_CHARS = 1_500
GROWTH = 2.4
# A megabyte is read no further than the bounds of rendering allow.
LONG_CHARS = 1_000_000
LONG_CALLS = 5_000_000
# What any text costs, however short.
FLOOR_CALLS = 2_000


def calls_of(work: Callable[[str], object], text: str) -> int:
    """How many functions, of Python or C, `work` calls for `text`."""
    count = 0

    def counted(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work(text)
    finally:
        sys.setprofile(before)
    return count


def live(text: str) -> None:
    markdown = IncrementalMarkdown(text)
    markdown.update()
    markdown.finish()


def decoded(text: str) -> None:
    decoder = SseDecoder()
    for at in range(0, len(text), 100):
        decoder.feed(text[at : at + 100].encode())


@pytest.mark.parametrize("work", [render_markdown, live, render_plain, decoded])
@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_with_the_text(work: Callable[[str], object], piece: str) -> None:
    once, twice = (calls_of(work, text_of(piece, n * LENGTH_CHARS)) for n in (1, 2))
    assert twice <= GROWTH * once + FLOOR_CALLS


@pytest.mark.parametrize("work", [render_markdown, live])
@pytest.mark.parametrize("piece", ["[", "![", "_a", "&", "`a", "http://a", "  - a\n"])
def test_a_megabyte_costs_no_more_than_its_bounds(
    work: Callable[[str], object], piece: str
) -> None:
    assert calls_of(work, text_of(piece, LONG_CHARS)) <= LONG_CALLS


@pytest.mark.parametrize("piece", NUMBERED[4:8:3], ids=["formula", "code"])
def test_nor_does_one_of_which_nothing_is_remembered(piece: str) -> None:
    assert calls_of(render_markdown, text_of(piece, LONG_CHARS)) <= LONG_CALLS


def test_nor_does_code_whose_lexer_looks_far_ahead() -> None:
    language, piece = IN_CODE[0]
    text = code_of(language, piece, CODE_LIMIT_CHARS // 4)
    assert calls_of(render_markdown, text) <= LONG_CALLS
