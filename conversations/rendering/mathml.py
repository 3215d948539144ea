"""TeX becomes MathML that is built here, element by element, from an allow-list.

The converter's output is only read: its tree is rebuilt with every text escaped, so
nothing of what the formula's author typed can become markup.
"""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

TEX_LIMIT_CHARS = 4_000
NESTING_LIMIT = 60
ELEMENT_LIMIT = 6_000

ALLOWED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "math": frozenset({"display"}),
    "mi": frozenset({"mathvariant"}),
    "mo": frozenset(
        {
            *("fence", "stretchy", "form", "accent", "largeop", "movablelimits"),
            *("minsize", "maxsize", "symmetric", "separator", "lspace", "rspace"),
        }
    ),
    "mspace": frozenset({"width", "height", "depth"}),
    "mpadded": frozenset({"width", "height", "depth", "lspace", "voffset"}),
    "mfrac": frozenset({"linethickness"}),
    "mstyle": frozenset({"displaystyle", "scriptlevel", "mathcolor"}),
    "mtable": frozenset({"displaystyle", "columnspacing", "rowspacing"}),
    "mtd": frozenset({"columnalign", "columnspan"}),
    "menclose": frozenset({"notation"}),
    "munder": frozenset({"accentunder"}),
    "mover": frozenset({"accent"}),
    "munderover": frozenset({"accent", "accentunder"}),
    **dict.fromkeys(
        (
            *("mrow", "mn", "mtext", "msqrt", "mroot", "msub", "msup", "msubsup"),
            *("mtr", "mphantom", "mmultiscripts", "mprescripts", "none"),
        ),
        frozenset[str](),
    ),
}
# These have a fixed number of children; a browser shows an error for any other.
CHILDREN: dict[str, int] = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
# Definitions are refused: a few of them can double their size over and over.
_DEFINES = re.compile(r"\\(?:[egx]?def|let|(?:re)?newcommand|DeclareMathOperator)\b")
_SAFE_VALUE = re.compile(r"[#\w.+% -]{0,40}")
_SAME_ENVIRONMENT = (
    (re.compile(r"\\(begin|end)\{(?:aligned|align)\*?\}"), r"\\\1{split}"),
    (re.compile(r"\\(begin|end)\{gather(?:ed)?\*?\}"), r"\\\1{matrix}"),
    (re.compile(r"\\label\{[^{}]*\}"), ""),
)


class FormulaError(ValueError):
    """A formula that cannot be shown as MathML."""


@lru_cache(maxsize=1024)
def mathml(tex: str, *, display: bool) -> str:
    """Return `tex` as a `<math>` element, or as code where that cannot be done."""
    try:
        _check(tex)
        mode = "block" if display else "inline"
        tree = convert_to_element(_with_known_environments(tex), display=mode)
        return "".join(_rebuilt(tree, _Budget()))
    except Exception:  # noqa: BLE001 - the converter raises anything; the TeX is shown
        return as_tex(tex)


def as_tex(tex: str) -> str:
    """Return a formula as the code that it was typed in."""
    return f'<code class="math">{html.escape(tex)}</code>'


def _check(tex: str) -> None:
    if len(tex) > TEX_LIMIT_CHARS:
        raise FormulaError("too long")
    if _DEFINES.search(tex):
        raise FormulaError("defines commands")
    depth = 0
    for brace in re.findall(r"\\?[{}]", tex):
        depth += (brace == "{") - (brace == "}")
        if not 0 <= depth <= NESTING_LIMIT:
            raise FormulaError("unbalanced or too deep")
    if depth:
        raise FormulaError("unbalanced")


def _with_known_environments(tex: str) -> str:
    for pattern, replacement in _SAME_ENVIRONMENT:
        tex = pattern.sub(replacement, tex)
    return tex


class _Budget:
    """Counts elements and depth while a tree is rebuilt."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def enter(self) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > NESTING_LIMIT or self.elements > ELEMENT_LIMIT:
            raise FormulaError("too large")


def _rebuilt(element: Element, budget: _Budget) -> Iterator[str]:
    tag = element.tag
    if tag not in ALLOWED_ATTRIBUTES:
        raise FormulaError("unknown element")
    budget.enter()
    yield f"<{tag}{_attributes(element)}>"
    # The converter writes characters as references inside its texts.
    yield html.escape(html.unescape(element.text or ""), quote=False)
    yield from _children(element, budget)
    yield f"</{tag}>"
    budget.depth -= 1


def _children(element: Element, budget: _Budget) -> Iterator[str]:
    surplus = len(element) - CHILDREN.get(element.tag, len(element))
    if surplus < 0:
        raise FormulaError("an argument is missing")
    for number, child in enumerate(element):
        if surplus and number == 0:
            yield "<mrow>"
        yield from _rebuilt(child, budget)
        if surplus and number == surplus:
            yield "</mrow>"


def _attributes(element: Element) -> str:
    allowed = ALLOWED_ATTRIBUTES[element.tag]
    return "".join(
        f' {name}="{value}"'
        for name, value in element.items()
        if name in allowed and _SAFE_VALUE.fullmatch(value)
    )
