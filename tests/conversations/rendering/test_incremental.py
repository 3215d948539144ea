"""A text that arrives in pieces looks at every moment as if it had come whole."""

import json
import os
from collections.abc import Iterator
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.rendering import IncrementalMarkdown, render_markdown
from conversations.rendering.codeblocks import LIVE_LIMIT_CHARS
from conversations.rendering.incremental import HEAVY_CHARS, OPEN_LIMIT_CHARS
from tests.conversations.rendering.corpus import ALL_EXAMPLES, EXAMPLES, PIECES
from tests.conversations.rendering.page import Page, follow, fresh

DEEP = int(os.environ.get("MARKDOWN_EXAMPLES_FACTOR", "1"))
"""How many times the usual number of random documents is tried."""
MORE_EXAMPLES = os.environ.get("MARKDOWN_EXAMPLES_FILE", "")
"""A JSON list of objects with a `markdown` text, such as CommonMark's own examples."""

STARTS = [
    *(
        "It is",
        "5 of",
        "Its **name** is",
        "**Name** of",
        "`x` is",
        "So\n(as 1",
        'So\n"It',
    ),
    *("It is\nand", "## Of a", "- of", "* a\n* b", "1. The", "- a\n  - b", "> so"),
    *("- a\n\n  b", "> - a\nlazy", "- [ ] do\n- it", "A\n\n- b", "a < b > c $5 or"),
    *("- ```\n  x\n  ```\n  and", "No &amp;\n\n- b", "*open and", "```\nx\n```\nand"),
]
"""Texts whose last words can grow."""
NO_STARTS = [
    *("1", "-", "*", "a *", "a **b*", "a `b`", "[a", "see [a](", "a &am", "| a |"),
    *("a|b\n-|-\nc", "https://h.te", "a http:/", "[a]: b", "[a]: https://h.test\n'c"),
    *(
        "[^1]: a",
        "    code",
        "$$\na",
        "a\n",
        "a\n\n",
        "a\\",
        "a $",
        "# a #",
        "a\n===",
        "'a",
        "(a",
    ),
    *('"a', "> text\n> [^1]: text", "[a]: https://h.test\n(c\nd"),
]
"""Texts whose last words may become something else by the next."""
MORE = [
    *(" ", "  ", ". ", "1. ", "- ", "-", "**", "*", "`", "_", "~~", "\n", "\n\n"),
    *("[", "](", ")", ":", "://", "h.test", ";", "&", "#", "|", "=", "\\", "$", "\t"),
    *("\n- ", "\n---\n", "\n|-|\n", "\n```\n", "\xa0", "\u0301", "\u2028", "!", "[^1]"),
]

random_documents = settings(
    max_examples=250 * DEEP,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def documents(count: int) -> Iterator[str]:
    """Long real texts: the descriptions of installed packages."""
    found = sorted(distributions(), key=lambda distribution: distribution.name)
    texts = (distribution.read_text("METADATA") or "" for distribution in found)
    return islice((text for text in texts if len(text) > 1_500), count)


@pytest.mark.parametrize("part", EXAMPLES)
def test_every_prefix_equals_a_fresh_rendering(part: str) -> None:
    for text in EXAMPLES[part]:
        follow(text)


@pytest.mark.skipif(
    not MORE_EXAMPLES,
    reason="MARKDOWN_EXAMPLES_FILE does not name the specification's examples",
)
def test_every_prefix_of_given_examples_equals_a_fresh_rendering() -> None:
    for example in json.loads(Path(MORE_EXAMPLES).read_text()):
        follow(example["markdown"])
        follow(example["markdown"].replace("/url", "https://h.test/url"))


@random_documents
@given(
    st.lists(st.sampled_from(ALL_EXAMPLES), min_size=2, max_size=4),
    st.sampled_from(["", "\n", "\n\n"]),
    st.lists(st.integers(1, 9), min_size=1, max_size=200),
)
def test_joined_examples_equal_a_fresh_rendering(
    texts: list[str], joint: str, sizes: list[int]
) -> None:
    follow(joint.join(texts), sizes)


@random_documents
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_random_pieces_of_syntax_equal_a_fresh_rendering(text: str) -> None:
    follow(text)


def test_long_real_documents_equal_a_fresh_rendering() -> None:
    sizes = Random(5)  # noqa: S311 - the same cuts in every run
    for text in documents(6 * DEEP):
        part = text[:6_000]
        step = [sizes.randint(20, 160) for _ in range(len(part) // 20)]
        follow(part, step)


def test_a_block_closes_only_when_a_later_one_has_a_complete_first_line() -> None:
    markdown, page = IncrementalMarkdown("First.\n\nSecond, still going on"), Page()
    page.apply(markdown.update())
    assert page.closed == ""
    markdown.feed("\n")
    page.apply(markdown.update())
    assert page.closed == "<p>First.</p>\n"


def test_a_definition_changes_nothing_that_stands_before_it() -> None:
    text = "[a] first\n\n[a]: https://h.test\n\n[a] then\n"
    rendered = render_markdown(text)
    assert "<p>[a] first</p>" in rendered
    assert rendered.count("<a href") == 1


def test_no_news_is_no_update() -> None:
    markdown = IncrementalMarkdown()
    assert markdown.update() is None
    assert markdown.finish() is None
    markdown.feed("")
    assert markdown.update() is None


def test_a_finished_text_leaves_nothing_open() -> None:
    markdown = IncrementalMarkdown("Some *text")
    update = markdown.finish()
    assert update is not None
    assert (update.closed, update.open) == ("<p>Some *text</p>\n", "")
    assert markdown.snapshot().closed == "<p>Some *text</p>\n"


def test_an_open_fence_grows_by_plain_text() -> None:
    markdown = IncrementalMarkdown("```python\nx = 1")
    first = markdown.update()
    markdown.feed(" < 2\n")
    second = markdown.update()
    assert first is not None
    assert first.open is not None
    assert 'class="language-python" data-grow="">x = 1</code>' in first.open
    assert second is not None
    assert (second.closed, second.open, second.grow) == ("", None, " < 2\n")


@pytest.mark.parametrize("start", STARTS)
def test_words_are_appended_to_words(start: str) -> None:
    markdown = IncrementalMarkdown(start)
    first = markdown.update()
    markdown.feed(" wood, ")
    second = markdown.update()
    markdown.feed('"(it is)" é中 5. ')
    third = markdown.update()
    assert first is not None
    assert first.open is not None
    assert first.open.count(' data-grow=""') == 1
    assert second is not None
    assert (second.closed, second.open, second.grow) == ("", None, " wood,")
    assert third is not None
    assert (third.open, third.grow) == (None, ' "(it is)" é中 5.')


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("more", MORE)
def test_whatever_follows_words_equals_a_fresh_rendering(start: str, more: str) -> None:
    follow(f"{start} so {more}more\n{more} and\n\nThen", [len(start), 3, 1])
    follow(start + more + " more", [len(start), 1, 2, 3, 4])


@random_documents
@given(
    st.sampled_from([*STARTS, *NO_STARTS]),
    st.lists(st.sampled_from([*MORE, *PIECES, *" .,-x("]), max_size=12).map("".join),
)
def test_words_among_syntax_equal_a_fresh_rendering(start: str, more: str) -> None:
    follow(start + more)


@pytest.mark.parametrize("start", NO_STARTS)
def test_nothing_is_appended_where_words_may_be_more_than_words(start: str) -> None:
    markdown = IncrementalMarkdown(start)
    first = markdown.update()
    markdown.feed("a")
    second = markdown.update()
    assert first is not None
    assert second is not None
    assert "data-grow" not in (first.open or "")
    assert second.grow == ""


def test_a_fence_is_coloured_when_it_closes() -> None:
    markdown = IncrementalMarkdown("```python\nx = 1\n")
    markdown.update()
    markdown.feed("```\n")
    update = markdown.update()
    assert update is not None
    assert update.open is not None
    assert '<span class="mi">1</span>' in update.open
    assert "data-grow" not in update.open


def test_a_still_open_fence_is_coloured_at_the_end() -> None:
    markdown = IncrementalMarkdown("```python\nx = 1\n")
    markdown.update()
    update = markdown.finish()
    assert update is not None
    assert '<span class="mi">1</span>' in update.closed


def test_a_repeated_fence_is_sent_although_it_looks_as_an_earlier_one() -> None:
    follow("```\na\n```\n\nb\n\n```\n", [4, 2, 20])


def test_offsets_count_the_characters_that_were_fed() -> None:
    markdown = IncrementalMarkdown()
    for piece, end in (("a\r", 2), ("\n", 3), ("\0\r\nb", 7)):
        markdown.feed(piece)
        update = markdown.update()
        assert update is not None
        assert update.end == markdown.end == end


@pytest.mark.parametrize("line", ["- item number *n*\n", "word `code` word\n"])
def test_an_oversized_block_grows_as_plain_text_until_it_closes(line: str) -> None:
    text = line * (OPEN_LIMIT_CHARS // len(line) + 400)
    markdown, page, grown = IncrementalMarkdown(), Page(), 0
    for start in range(0, len(text), 500):
        markdown.feed(text[start : start + 500])
        update = markdown.update()
        page.apply(update)
        grown += len(update.grow) if update is not None else 0
    assert grown > 2_000
    assert '<div class="plain" data-grow="">' in page.open
    snapshot = markdown.snapshot()
    assert (snapshot.closed, snapshot.open) == (page.closed, page.open)
    markdown.feed("\n\n# After\n\n" + "More.\n\n" * 1_000)
    page.apply(markdown.update())
    assert page.html == fresh(text + "\n\n# After\n\n" + "More.\n\n" * 1_000)
    page.apply(markdown.finish())
    assert page.html == render_markdown(text + "\n\n# After\n\n" + "More.\n\n" * 1_000)


def test_long_code_is_coloured_only_by_the_final_rendering() -> None:
    code = "x = 1\n" * (LIVE_LIMIT_CHARS // 6 + 1)
    text = f"```python\n{code}```\n\nAfter.\n"
    markdown, page = IncrementalMarkdown(text), Page()
    page.apply(markdown.update())
    page.apply(markdown.finish())
    assert '<span class="mi">' not in page.html
    assert '<span class="mi">' in render_markdown(text)


def test_what_a_piece_costs_does_not_grow_with_the_answer() -> None:
    unit = "A paragraph of some words, and then\n\n- an item\n- another\n\n"
    text = unit * 600 + "```\n" + "code\n" * 4_000
    markdown, rendered_chars = IncrementalMarkdown(), 0
    for start in range(0, len(text), 7):
        markdown.feed(text[start : start + 7])
        update = markdown.update()
        if update is not None and update.open is not None:
            rendered_chars = max(rendered_chars, sum(map(len, markdown._tail)))
    assert 0 < rendered_chars < 3 * len(unit)


def test_it_asks_for_time_between_costly_renderings() -> None:
    markdown = IncrementalMarkdown("- a\n" * 500)
    markdown.update()
    rendered_at_s = markdown._rendered_at_s
    assert markdown.last_render_s > 0
    assert not markdown.due(rendered_at_s + 19 * markdown.last_render_s)
    assert markdown.due(rendered_at_s + 21 * markdown.last_render_s)


def test_it_tells_when_an_update_may_take_long() -> None:
    markdown = IncrementalMarkdown("some words")
    assert not markdown.heavy
    markdown.feed("[" * HEAVY_CHARS)
    assert markdown.heavy
