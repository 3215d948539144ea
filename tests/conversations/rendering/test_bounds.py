"""What has too many marks is shown as typed, by rules of the text alone."""

import pytest

from conversations.rendering import IncrementalMarkdown, render_markdown
from conversations.rendering.bounds import (
    MARKS_LIMIT,
    TEXT_MARKS_LIMIT,
    Allowance,
    parted,
)
from conversations.rendering.budget import (
    CODE_LIMIT_CHARS,
    FORMULA_CHARS,
    FORMULAS_LIMIT_CHARS,
)
from tests.conversations.rendering.hostile import faults
from tests.conversations.rendering.page import Page, follow

FENCE = "```\n"
# Quick to render: code is not read. The fence counts 4 and 5 marks, a line of it 100.
FULL = FENCE + ("<" * 99 + "\n") * ((MARKS_LIMIT - 9) // 100) + FENCE
# Texts of formulas and code that reach their bounds within some last ones.
FORMULA = "x + " * 900 + "y"
FORMULAS = FORMULAS_LIMIT_CHARS // (len(FORMULA) + FORMULA_CHARS)
CODE = "x = 1\n" * 1_000
CODES = CODE_LIMIT_CHARS // len(CODE)
LEFT = MARKS_LIMIT - 8 - (MARKS_LIMIT - 9) // 100 * 100
FULL += "<" * (LEFT - 1) + "\n"


def test_a_text_with_many_marks_is_shown_as_typed() -> None:
    few = "*a* " * (TEXT_MARKS_LIMIT // 2)
    assert "<em>a</em>" in render_markdown(few + "b")
    assert render_markdown(few + "*b") == f"<p>{few}*b</p>\n"


def test_one_dense_paragraph_changes_no_other() -> None:
    rendered = render_markdown("*a*\n\n" + "[" * 5_000 + "\n\n*b*")
    assert rendered.startswith("<p><em>a</em></p>")
    assert rendered.endswith("<p><em>b</em></p>\n")


def test_a_document_is_read_up_to_the_line_with_a_mark_too_many() -> None:
    assert parted(FULL) == (FULL, "")
    assert parted(f"{FULL}so\n*and*\n\n- so <b>\n") == (
        FULL,
        "so\n*and*\n\n- so <b>\n",
    )


def test_the_rest_of_a_document_is_shown_as_typed() -> None:
    rendered = render_markdown(f"{FULL}so\n*and*\n\n- so <b>\n")
    rest = '<div class="plain">so\n*and*\n\n- so &lt;b&gt;\n</div>'
    assert rendered.endswith("&lt;</p>\n" + rest)
    assert faults(rendered) == []


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8])
def test_marks_are_counted_the_same_however_a_text_is_cut(cut: int) -> None:
    text = "- a\n1. b\nhttps://h.test/ ```\n  c\n" * 6_000
    whole = Allowance().take(text)
    assert whole is not None
    allowance, at = Allowance(), 0
    while (over := allowance.take(text[at : at + cut])) is None:
        at += cut
    assert at + over == whole


@pytest.mark.parametrize(
    ("above", "more"),
    [
        ("", "more *of*\n\n- it\n"),
        ("[^1]: note\n\n", "and[^1]\n\n[^2]: x\n\nb"),
        ("", "```\ncode\n"),
        ("", "*" * 9 + " a\xa0<b>&"),
        ("", "\n\n\n\nwords\r\nthen\r"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n```\ncode\n"])
def test_a_page_that_follows_it_equals_a_fresh_one(
    above: str, more: str, end: str
) -> None:
    whole = above + FULL[:-25] + end
    text = whole + more * 8
    follow(text, [len(whole) - 1, 1, 1, 1, 2, 9, 30])


def test_the_rest_grows_by_what_is_typed() -> None:
    markdown, page = IncrementalMarkdown(FULL + "so\nand"), Page()
    page.apply(markdown.update())
    markdown.feed(" *more*\n\n# <b>")
    update = markdown.update()
    page.apply(update)
    assert update is not None
    assert (update.closed, update.open, update.grow) == ("", None, " *more*\n\n# <b>")
    page.apply(markdown.finish())
    assert page.html == render_markdown(FULL + "so\nand *more*\n\n# <b>")


def test_formulas_beyond_their_bound_are_shown_as_tex() -> None:
    rendered = render_markdown(f"$$\n{FORMULA}\n$$\n\n" * (FORMULAS + 2) + "*a* $b$")
    assert rendered.count("<math") == FORMULAS
    assert rendered.count(f'<code class="math">{FORMULA}</code>') == 2
    assert rendered.endswith('<em>a</em> <code class="math">b</code></p>\n')


def test_code_beyond_its_bound_has_no_colours() -> None:
    rendered = render_markdown(f"```python\n{CODE}```\n" * (CODES + 1))
    figures = rendered.split("<figure")[1:]
    assert ["<span class" in figure for figure in figures] == [True] * CODES + [False]


def test_a_page_that_follows_past_these_bounds_equals_a_fresh_one() -> None:
    formulas = f"$$\n{FORMULA}\n$$\n\na[^1] $b$\n\n[^1]: $c$\n\n" * (FORMULAS + 1)
    code = f"- ```python\n  {CODE[:5]}\n  ```\n\n```python\n{CODE}```\n" * (CODES + 1)
    follow(formulas + code, [1_801, 7, 900, 2, 3, 1, 4_000])
