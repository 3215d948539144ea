"""The last step to a page: only listed elements and attributes are let through.

Formulas travel as slots, marked text between two noncharacters that no source can hold,
and become MathML after the sanitiser, which never sees MathML.
"""

import html
import re

import nh3
from pygments.token import STANDARD_TYPES

from conversations.rendering.budget import Budget
from conversations.rendering.mathml import as_tex, mathml

LINE_END = re.compile(r"\r\n?")
SLOT_OPEN, SLOT_CLOSE = "\ufdd0", "\ufdd1"
_FORBIDDEN = re.compile("[\0\ufdd0\ufdd1\ud800-\udfff]")
_SLOT = re.compile(f"{SLOT_OPEN}([din])([^{SLOT_OPEN}{SLOT_CLOSE}]*){SLOT_CLOSE}")
_CODE_CLASS = re.compile(r"language-[a-z0-9+#-]{1,32}|math")
_LANGUAGE = re.compile(r"[a-z0-9+#-]{1,32}")

# A mark begins with a kind of blank, so that the emphasis before it may end there.
MARK_SIGN = "\u1680"
_MARK_ZERO = 0xFDD4
_MARK = re.compile("\u1680\ufdd2([\ufdd4-\ufddd]+)\ufdd3")
_OF_MARKS = re.compile("\u1680?\ufdd2|[\ufdd3-\ufddd]")

ALLOWED_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"),
    *("ul", "ol", "li", "input", "em", "strong", "s", "a", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "section", "sup", "span"),
    *("figure", "figcaption", "button"),
}
ALLOWED_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "code": {"class"},
    "figure": {"data-language"},
}
WORD_TAGS = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6")
ALLOWED_VALUES = {
    "th": {"align": {"left", "center", "right"}},
    "td": {"align": {"left", "center", "right"}},
    "pre": {"tabindex": {"0"}},
    "code": {"data-grow": {""}},
    **{tag: {"data-grow": {""}} for tag in WORD_TAGS},
    **{tag: {"dir": {"auto"}} for tag in ("ul", "ol", "blockquote", "table")},
    "div": {"tabindex": {"0"}, "data-grow": {""}},
    "figcaption": {"data-part": {"aside"}},
    "button": {
        "type": {"button"},
        "data-copy": {""},
        "aria-label": {"Copy code"},
    },
    "input": {
        "type": {"checkbox"},
        "disabled": {""},
        "checked": {""},
        "aria-label": {"Done", "To do"},
    },
}
ALLOWED_CLASSES = {
    "figure": {"code"},
    "div": {"table", "math", "footnote", "plain"},
    "li": {"task"},
    "section": {"footnotes"},
    "sup": {"footnote-ref"},
    "span": set(STANDARD_TYPES.values()) - {""},
}


def normalise(text: str) -> str:
    """Replace what no page can hold: NUL, lone surrogates and the marks of slots."""
    return _FORBIDDEN.sub("\ufffd", text)


def slot(tex: str, *, display: bool) -> str:
    """Markup that stands for a formula until `filled` has run."""
    mode = "d" if display else "i"
    return f"{SLOT_OPEN}{mode}{html.escape(tex, quote=False)}{SLOT_CLOSE}"


def mark(number: int) -> str:
    """What stands in a source of Markdown for the note of that number."""
    digits = "".join(chr(_MARK_ZERO + int(digit)) for digit in str(number))
    return f"{MARK_SIGN}\ufdd2{digits}\ufdd3"


def read_mark(source: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the number and the end of the mark that stands at `start`, if one does."""
    found = _MARK.match(source, start, end)
    if found is None:
        return None
    digits = "".join(str(ord(digit) - _MARK_ZERO) for digit in found[1])
    return int(digits), found.end()


def unmarked(text: str) -> str:
    """Return `text` without marks, where they have no place."""
    return _OF_MARKS.sub("", text)


def note_slot(number: int) -> str:
    """Markup that stands for a note until `filled` has run."""
    return f"{SLOT_OPEN}n{number}{SLOT_CLOSE}"


def sanitise(markup: str) -> str:
    """Return `markup` with nothing but the allowed in it; slots stay."""
    return _CLEANER.clean(markup)


def filled(sanitised: str, budget: Budget) -> str:
    """Fill the slots in: formulas as MathML while `budget` lasts, and then as TeX."""
    if SLOT_OPEN not in sanitised:
        return unmarked(sanitised)
    return unmarked(_SLOT.sub(lambda match: _filling(match, budget), sanitised))


def _filling(match: re.Match[str], budget: Budget) -> str:
    if match[1] == "n":
        # Its number is shown by the style sheet, for it is no part of the text.
        return (
            f'<sup class="cite" data-part="aside"><a href="#note-{match[2]}"'
            f' data-note="{match[2]}" aria-label="Source {match[2]}"></a></sup>'
        )
    tex = html.unescape(match[2])
    if not budget.converts(tex):
        return as_tex(tex)
    return mathml(tex, display=match[1] == "d")


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    if tag == "code" and attribute == "class":
        return value if _CODE_CLASS.fullmatch(value) else None
    if attribute == "data-language":
        return value if _LANGUAGE.fullmatch(value) else None
    if attribute == "start":
        return value if value.isdecimal() else None
    return value


_CLEANER = nh3.Cleaner(
    tags=ALLOWED_TAGS,
    clean_content_tags=set(),
    attributes=ALLOWED_ATTRIBUTES,
    attribute_filter=_filtered,
    tag_attribute_values=ALLOWED_VALUES,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    allowed_classes=ALLOWED_CLASSES,
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)
