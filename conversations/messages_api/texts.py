"""The words of an answer, apart from all that it did besides."""

from collections.abc import Iterable, Mapping
from typing import Any


def text_of(content: Iterable[Mapping[str, Any]]) -> str:
    """The text of content blocks, joined as it was streamed.

    Blocks of text are parts of one text; where something was done in between, a new
    paragraph begins.
    """
    parts: list[str] = []
    is_apart = False
    for block in content:
        text = block.get("text")
        if block.get("type") != "text":
            is_apart = True
        elif isinstance(text, str) and text:
            if is_apart and parts and not parts[-1].endswith("\n"):
                parts.append("\n\n")
            parts.append(text)
            is_apart = False
    return "".join(parts)
