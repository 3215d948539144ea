"""Plain paragraphs take a short way, to what the parser itself makes of them."""

import html

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from conversations.rendering.inlines import inline_markup
from conversations.rendering.markdown import PARSER, blocks
from tests.conversations.rendering.corpus import ALL_EXAMPLES, PIECES

LINES = [
    *("It is\n", "it\n\n", "**so**\n", "`x` y\n", "a | b\n", "\n", " \n", "\t\n"),
    *("-|-\n", "===\n", "- a\n", "  b\n", "1. c\n", "# d\n", "> e\n", "```\n", "$$\n"),
    *(
        "* * *\n",
        "**\n",
        "*a\n",
        "``\n",
        "[a]: b\n",
        "'c'\n",
        "a\x0b\n",
        "\xa0\n",
        "f  ",
    ),
]
random_texts = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def described(tokens: list[Token]) -> list[tuple[object, ...]]:
    return [(t.type, t.content, t.map, t.level, t.block, t.hidden) for t in tokens]


def assert_parsed_as_by_the_parser(source: str) -> None:
    tokens: list[Token] = []
    PARSER.block.parse(source, PARSER, {}, tokens)
    found = [token for block in blocks(source, {}) for token in block.tokens]
    assert described(found) == described(tokens)


@pytest.mark.parametrize("source", ALL_EXAMPLES)
def test_an_example_has_the_tokens_of_the_parser(source: str) -> None:
    source = source.replace("\r", "\n")
    for end in range(len(source) + 1):
        assert_parsed_as_by_the_parser(source[:end])


@random_texts
@given(st.lists(st.sampled_from(LINES), max_size=10).map("".join))
def test_random_lines_have_the_tokens_of_the_parser(source: str) -> None:
    assert_parsed_as_by_the_parser(source)


@pytest.mark.parametrize("source", ["\n\nA\nb\n \nC", "A\n\n\nb  \n\n- c\n\nd"])
def test_a_block_knows_its_place(source: str) -> None:
    shown = [source[block.start : block.end].split() for block in blocks(source, {})]
    assert [words for part in shown for words in part] == source.split()


@random_texts
@given(
    st.lists(st.sampled_from([*PIECES, "\x0b\n", "http:"]), max_size=12).map("".join)
)
def test_text_without_syntax_is_what_the_parser_makes_of_it(text: str) -> None:
    content = text.replace("\r", "\n").replace("\0", "").strip()
    children = PARSER.parseInline(content, {})[0].children or []
    if all(token.type in {"text", "softbreak"} for token in children):
        shown = "".join(token.content or "\n" for token in children)
        assert html.unescape(inline_markup(content, {"references": {}})) == shown
