"""What is open and grows by appended text alone, without a new rendering."""

import re
from typing import Protocol

FENCE = re.compile(r"(?:[ \t]*\n)*(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)\n")
"""A text that begins with an opening fence at the left edge."""


class Growth(Protocol):
    """The end of an open block, where text is appended as it comes."""

    def take(self, text: str) -> bool:
        """Tell whether `text` can be appended; if not, the block is rendered anew."""
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

    def take(self, text: str) -> bool:
        """Refuse a text that makes a closing line, also an unfinished one."""
        lines = self._line + text
        if self._closing.search(lines):
            return False
        self._line = lines[lines.rfind("\n") + 1 :]
        return True


class PlainGrowth:
    """The end of an oversized block, shown as typed until it has grown by an eighth.

    Looking for the block's end costs a parse of it all, so it is done ever more seldom.
    """

    def __init__(self, length_chars: int) -> None:
        self._left_chars = length_chars // 8

    def take(self, text: str) -> bool:
        """Refuse when it is time to look whether the block has ended."""
        self._left_chars -= len(text)
        return self._left_chars > 0
