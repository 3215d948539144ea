"""How much of a text is read as Markdown: rendering takes bounded time.

Two rules, of the text alone, so that a page that followed an answer equals a fresh one:

- a text within one block that has more than TEXT_MARKS_LIMIT marks is shown as typed;
- from the line on that holds the mark after the first MARKS_LIMIT of a document, all is
  shown as typed: code, tables and lists that stand open there end above that line.
"""

import html
import re
from itertools import islice

from conversations.rendering.sanitising import unmarked

MARKS_LIMIT = 50_000
"""Marks of a document; a megabyte of ordinary prose has fewer."""
TEXT_MARKS_LIMIT = 2_000
"""Marks of one paragraph, heading or cell."""

# A character at which a parser has something to do: a line's end, a line's beginning
# that is no word, a sign of syntax, the blank that completes the marker of a list item.
# An address costs as much as three.
_MARK = re.compile(
    r"[\n\t\\`*_~\[\]<>&$|!]|(?<=\n)[^\w\n]"
    r"|(?<=[-+])[ ]|(?<=\d[.)])[ ]|(?<=:)/|(?<=:/)/|(?<=://)."
)
_LOOKED_BEHIND_CHARS = 3


class Allowance:
    """Counts down the marks of a document that arrives in pieces."""

    def __init__(self) -> None:
        self._left = MARKS_LIMIT
        self._before = ""

    def take(self, text: str) -> int | None:
        """Return the offset in `text` of the first mark that is one too many."""
        known = self._before + text
        begin = len(self._before)
        self._before = known[-_LOOKED_BEHIND_CHARS:]
        count = len(_MARK.findall(known, begin))
        if count <= self._left:
            self._left -= count
            return None
        marks = islice(_MARK.finditer(known, begin), self._left, None)
        self._left = 0
        return next(marks).start() - begin


def parted(source: str) -> tuple[str, str]:
    """Part a document into what is read as Markdown and what is shown as typed."""
    over = Allowance().take(source)
    if over is None:
        return source, ""
    line = source.rfind("\n", 0, over) + 1
    return source[:line], source[line:]


def is_dense(text: str) -> bool:
    """Tell whether the text of one block has too many marks to be read."""
    return len(text) > TEXT_MARKS_LIMIT and len(_MARK.findall(text)) > TEXT_MARKS_LIMIT


def as_typed(text: str, *, grow: bool) -> str:
    """Return safe markup of a text that is not read; "" for none.

    `grow` marks the element that a page appends to.
    """
    if not text:
        return ""
    marked = ' data-grow=""' if grow else ""
    return f'<div class="plain"{marked}>{escaped(text)}</div>'


def escaped(text: str) -> str:
    """Escape text as the sanitiser does."""
    return html.escape(unmarked(text), quote=False).replace("\xa0", "&nbsp;")
