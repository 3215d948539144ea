"""Has a child read a document: what it is, how many pages it has, and its text."""

from dataclasses import dataclass
from pathlib import Path

from conversations import confined

# More than the processor time that the child allows itself: the machine may be busy.
DEADLINE_S = 60.0
READER = Path(__file__).with_name("document_reader.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the child found: `text_path` holds UTF-8, nothing where there is no text.

    `pages` is None for what has none of its own.
    """

    text_path: Path
    media_type: str
    pages: int | None


def read(original: Path, *, deadline_s: float = DEADLINE_S) -> Document:
    """Read `original` in a child; its text is written beside it.

    Blocks as `confined.run` does. Raises Undecodable: type, binary, encrypted, broken,
    pages (too many), words (too many), blank, bomb and busy.
    """
    text = original.with_name("text")
    found = confined.run(READER, original, text, deadline_s=deadline_s)
    return Document(text_path=text, **found)
