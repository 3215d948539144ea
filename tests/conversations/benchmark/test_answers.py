"""The stamped text of the simulated provider."""

import pytest

from conversations.management.benchmark.answers import (
    deltas,
    is_whole,
    stamp,
    stamped_indexes,
    stamps,
)
from conversations.rendering import IncrementalMarkdown, render_markdown


def answer(count: int) -> str:
    return "".join(
        text.replace("@", stamp(1_000_000 + index, index))
        for index, text in enumerate(deltas(count))
    )


def test_a_stamp_tells_its_time_and_place() -> None:
    assert stamps(f"a {stamp(123456, 7)}, b") == [(123456, 7)]


def test_words_that_look_like_half_a_stamp_are_none() -> None:
    assert stamps("t12 n3 tn t5nx") == []


def test_an_answer_is_whole_with_every_delta_in_its_place() -> None:
    assert is_whole(answer(120), 120)


@pytest.mark.parametrize("broken", [answer(119), answer(120)[9:], answer(120) + "x"])
def test_an_answer_is_not_whole_with_less_or_more(broken: str) -> None:
    assert not is_whole(broken, 120)


def test_an_answer_is_not_whole_with_two_deltas_exchanged() -> None:
    exchanged = answer(60).replace("n7", "nx").replace("n8", "n7").replace("nx", "n8")
    assert not is_whole(exchanged, 60)


def test_every_stamp_survives_rendering_in_order_and_once() -> None:
    shown = [index for _, index in stamps(render_markdown(answer(200)))]
    assert shown == stamped_indexes(200)


def test_every_stamp_is_in_some_live_frame() -> None:
    seen = set()
    markdown = IncrementalMarkdown()
    for index, text in enumerate(deltas(120)):
        markdown.feed(text.replace("@", stamp(index, index)))
        if (update := markdown.update()) is not None:
            parts = (update.closed, update.open or "", update.grow)
            seen |= {found for part in parts for _, found in stamps(part)}
    assert seen == set(stamped_indexes(120))
