"""Formulas become MathML that holds nothing but formulas."""

from xml.etree.ElementTree import fromstring

import pytest

from conversations.rendering import render_markdown
from conversations.rendering.mathml import (
    CHILDREN,
    ELEMENT_LIMIT,
    TEX_LIMIT_CHARS,
    mathml,
)

FORMULAS = [
    r"\frac{a}{b} + \sqrt[3]{x} < 3",
    r"\text{a < b & c}",
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
    r"\begin{gathered} a \\ b \end{gathered}",
    r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}^{-1}",
    r"\begin{cases} x & x > 0 \\ -x & \text{otherwise} \end{cases}",
    r"\left( \sum_{i=1}^{n} x_i \right)^2",
    r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
    r"\mathbb{R} \mathrm{d} \mathcal{L} \hat{y} \vec{v} \overline{z}",
    r"\lim_{x \to 0} \frac{\sin x}{x} = 1",
    r"\binom{n}{k} \underbrace{a+b}_{c} \xrightarrow{f} \boxed{x}",
    r"\unknowncommand x",
    r"x\label{eq:1} \tag{1}",
]


@pytest.mark.parametrize("display", [True, False])
@pytest.mark.parametrize("tex", FORMULAS)
def test_a_formula_is_well_formed_mathml(tex: str, display: bool) -> None:
    tree = fromstring(mathml(tex, display=display))  # noqa: S314 - our own output
    assert tree.tag == "math"
    assert tree.get("display") == ("block" if display else "inline")
    for element in tree.iter():
        if element.tag in CHILDREN:
            assert len(element) == CHILDREN[element.tag]


def test_text_in_a_formula_is_escaped() -> None:
    assert "<mtext>a\xa0&lt;\xa0b</mtext>" in mathml(r"\text{a < b}", display=False)


@pytest.mark.parametrize(
    "tex",
    [
        *("{", "}", "{{a}", r"\frac{a", "x^", "a_b_c", r"\left(", r"\begin{matrix} a"),
        "{" * 200 + "x" + "}" * 200,
        r"\sqrt{" * 80 + "x" + "}" * 80,
        r"\frac" * 700,
        "x" * (TEX_LIMIT_CHARS + 1),
        "x" * 10_000,
        r"\def\a{xx}\def\b{\a\a}\b\b",
        r"\newcommand{\a}{xx}\a\a",
        r"\href{javascript:alert(1)}",
    ],
)
def test_what_cannot_be_converted_is_shown_as_tex(tex: str) -> None:
    shown = mathml(tex, display=True)
    assert shown.startswith('<code class="math">')
    assert shown.count("<") == 2


def test_attributes_outside_the_list_are_dropped() -> None:
    made = mathml(r"\href{javascript:alert(1)}{x} \style{color:red}{y}", display=True)
    assert "javascript" not in made
    assert "style" not in made


def test_the_largest_formula_stays_bounded() -> None:
    made = mathml("x_1 " * (TEX_LIMIT_CHARS // 4), display=True)
    assert made.count("<") < 2 * ELEMENT_LIMIT + 2


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "between $5 and $10, or 20$ at most",
        "US$5 or A$6",
        "$5 per month, or 50$ a year",
        "**$5** to **$10**",
        "$ x $",
        r"\$x\$",
        "`$x$`",
        "$$",
        r"\(",
        r"\[x\](y",
        r"\[\\\]",
    ],
)
def test_money_and_signs_are_no_formulas(text: str) -> None:
    assert "<math" not in render_markdown(text)


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("$x$", "inline"),
        (r"\(x\)", "inline"),
        ("the $n$th of $$x$$ here", "inline"),
        ("$$x$$", "block"),
        (r"\[x\]", "block"),
        ("$$\nx\n$$", "block"),
        ("\\[\nx\n=\ny\n\\]", "block"),
        ("text\n$$\nx\n\n+ y\n$$\ntext", "block"),
        ("$$\\begin{aligned}\na &= b \\\\\n- c &= d\n\\end{aligned}$$", "block"),
        ("- item\n\n  $$\n  x\n  $$", "block"),
        ("| a |\n|---|\n| $x$ |", "inline"),
    ],
)
def test_formulas_are_found(text: str, display: str) -> None:
    assert f'<math display="{display}">' in render_markdown(text)


def test_an_unfinished_formula_is_shown_as_tex() -> None:
    shown = render_markdown("$$\nx < y\n")
    assert '<code class="math">x &lt; y</code>' in shown
