"""Nothing that a model or a person wrote comes alive on the page."""

import pytest

from conversations.rendering import IncrementalMarkdown, render_markdown, render_plain
from conversations.rendering.incremental import OPEN_LIMIT_CHARS
from tests.conversations.rendering.corpus import ALL_EXAMPLES
from tests.conversations.rendering.hostile import PAYLOADS, faults
from tests.conversations.rendering.page import Page, pieces

CONTEXTS = ("{}", "- {}", "> {}", "a *{}* b", "| a |\n|---|\n| {} |", "# {}", "```\n{}")


def test_the_judge_knows_what_is_bad() -> None:
    assert faults("<p onclick=x>") == ["p onclick"]
    assert faults("<script>") == ["<script>"]
    assert faults("<math><mi href=x>") == ["math mi href"]
    assert faults('<a href="javascript:x" rel="">')


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text(payload: str) -> None:
    for context in CONTEXTS:
        assert faults(render_markdown(context.format(payload))) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_while_it_arrives(payload: str) -> None:
    markdown, page = IncrementalMarkdown(), Page()
    for piece in pieces(payload, [1] * len(payload)):
        markdown.feed(piece)
        page.apply(markdown.update())
        assert faults(page.html) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_of_a_person_stays_text(payload: str) -> None:
    assert faults(render_plain(payload)) == []


def test_the_whole_corpus_shows_nothing_but_the_allowed() -> None:
    for text in ALL_EXAMPLES:
        assert faults(render_markdown(text)) == []


def test_an_oversized_block_is_escaped_where_it_grows() -> None:
    text = "a\n" * OPEN_LIMIT_CHARS + "<script>alert(1)</script>"
    markdown, page = IncrementalMarkdown(text), Page()
    page.apply(markdown.update())
    markdown.feed("<img src=x onerror=alert(1)>")
    page.apply(markdown.update())
    assert faults(page.html) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a chart](https://h.test/c.png)", ">Image: a chart</a>"),
        ("![](https://h.test/c.png)", ">Image: h.test</a>"),
        ("![x](data:image/png;base64,AAAA)", "![x](data:image/png;base64,AAAA)"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](/admin/)", "[x](/admin/)"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
    ],
)
def test_what_is_not_let_through_is_still_shown(text: str, shown: str) -> None:
    rendered = render_markdown(text)
    assert shown in rendered
    assert "<img" not in rendered


def test_a_picture_in_a_link_is_named_in_its_text() -> None:
    rendered = render_markdown("[![a](https://1.test/a.png)](https://2.test)")
    assert rendered.count("<a ") == 1
    assert "Image: a</a>" in rendered
