"""What is open and grows by appended text alone, without a new rendering."""

import re
from collections.abc import Sequence
from typing import Protocol

from markdown_it.token import Token

FENCE = re.compile(r"(?:[ \t]*\n)*(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)\n")
"""A text that begins with an opening fence at the left edge."""
# After a letter, a digit or one of these signs, more of them and blanks are only more
# text: they end or begin no emphasis, link, address, entity or formula.
_SIGNS = ".,;:?!'\"()–—…‘’“”、。，：；？！-"  # noqa: RUF001 - signs of other scripts
_OTHER = re.compile(rf"[^\w {_SIGNS}]|_")
_AT_END = re.compile(rf"[^\W_]|[{_SIGNS}]")
# Beginnings of a line of text that no further text can make a line of another kind.
_CERTAIN = re.compile(r"[^\W\d_]|\d+(?: |[^\W\d_])|\*{1,2}[^\W_]|`[^`]|[\"(]")
# Without any, its list may yet come to read in another direction.
_LETTER = re.compile(r"[^\W\d_]")
# With these before it, a sign may complete a link or an entity.
_WAITING = re.compile(r"[\[&]|://")


class Growth(Protocol):
    """The end of an open block, where text is appended as it comes."""

    def take(self, text: str) -> str | None:
        """Return what is appended for `text`; None to render the block anew."""
        ...


class FenceGrowth:
    """Code below an opening fence: everything is its text until a closing line."""

    def __init__(self, source: str) -> None:
        fence = FENCE.match(source)
        if fence is None:
            raise ValueError("not a fence at the left edge")
        marks = fence[1] or fence[2]
        closing = rf"^ {{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$"
        self._closing = re.compile(closing, re.MULTILINE)
        self._line = source[source.rfind("\n") + 1 :]

    def take(self, text: str) -> str | None:
        """Refuse a text that makes a closing line, also an unfinished one."""
        lines = self._line + text
        if self._closing.search(lines):
            return None
        self._line = lines[lines.rfind("\n") + 1 :]
        return text


class WordsGrowth:
    """The last line of a paragraph, item or heading, as `growing_words` found it."""

    def __init__(self, source: str) -> None:
        self._blanks = source[len(source.rstrip(" ")) :]

    def take(self, text: str) -> str | None:
        """Refuse what may be more than text; blanks show when a word follows."""
        if _OTHER.search(text):
            return None
        whole = self._blanks + text
        shown = whole.rstrip(" ")
        self._blanks = whole[len(shown) :]
        return shown


class TypedGrowth:
    """The end of a document that is not read any further."""

    def take(self, text: str) -> str | None:
        """Take everything: nothing ends it."""
        return text


class PlainGrowth:
    """The end of an oversized block, shown as typed until it has grown by an eighth.

    Looking for the block's end costs a parse of it all, so it is done ever more seldom.
    """

    def __init__(self, length_chars: int) -> None:
        self._left_chars = length_chars // 8

    def take(self, text: str) -> str | None:
        """Refuse when it is time to look whether the block has ended."""
        self._left_chars -= len(text)
        return text if self._left_chars > 0 else None


def growing_words(source: str, tokens: Sequence[Token]) -> Token | None:
    """Return the opening of the element that ends in the last line of `source`.

    `tokens` are those of the last block. None where more words might be read as
    something else than words, or change what is above them.
    """
    last = len(tokens) - 1
    while last >= 0 and tokens[last].nesting < 0:
        last -= 1
    if last < 1 or tokens[last - 1].type not in {"paragraph_open", "heading_open"}:
        return None
    opening, text = tokens[last - 1], tokens[last]
    lines = source.count("\n") + 1
    if text.map is None or text.map[1] != lines or not _is_words(source, text.content):
        return None
    return _item_around(tokens[:last]) if opening.hidden else opening


def _is_words(source: str, content: str) -> bool:
    """Tell whether `content` stays what it is when `source` goes on with words."""
    line = content[content.rfind("\n") + 1 :].lstrip()
    return (
        _CERTAIN.match(line) is not None
        and _LETTER.search(line) is not None
        and _AT_END.match(line, len(line) - 1) is not None
        and source.rstrip(" ").endswith(line)
        # It may be the title of a definition above.
        and content[0] not in "\"'("
        and _WAITING.search(content) is None
    )


def _item_around(tokens: Sequence[Token]) -> Token:
    """The list item whose paragraph, the last of `tokens`, is not shown as one."""
    level = tokens[-1].level - 1
    return next(token for token in reversed(tokens) if token.level == level)
