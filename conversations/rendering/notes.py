"""Numbered notes in an answer, and the sources that they stand for.

Blocks of text become one source of Markdown; behind what is cited stand marks, made of
characters that no text can hold, which the parser turns into notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.rendering.sanitising import mark, unmarked
from conversations.rendering.toolsteps import Link, link_to, shown_line, shown_text

type Block = Mapping[str, Any]

SOURCES_LIMIT = 200
"""Notes of one answer; what is cited beyond them goes without."""
# A mark behind such a line would change what the line is.
_MARKUP_LINES = ("```", "~~~", "$$", "===", "---", "|")


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands: a page of the web, or a place in a document."""

    number: int
    title: str
    place: str
    quote: str
    link: Link | None


class Notes:
    """The sources of one answer, numbered as they are first cited."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def numbers(self, citations: object) -> Iterable[int]:
        """Return the number of each source that a block cites, once."""
        if not isinstance(citations, Sequence) or isinstance(citations, str):
            return []
        found = (self._number(each) for each in citations if isinstance(each, Mapping))
        return [number for number in dict.fromkeys(found) if number]

    def _number(self, citation: Block) -> int:
        link = link_to(citation.get("url") or citation.get("source"))
        # A page is one source, a document has as many as there are places in it.
        names = ("document_index", *_PLACES, "cited_text") if link is None else ()
        key = (link and link.url, *(str(citation.get(name)) for name in names))
        if key not in self._numbers:
            if len(self.sources) >= SOURCES_LIMIT:
                return 0
            self._numbers[key] = len(self.sources) + 1
            self.sources.append(_source(len(self.sources) + 1, citation))
        return self._numbers[key]


class AnswerText:
    """The Markdown of an answer, from its blocks; every method returns what is new."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._citations: object = None
        self._is_apart = False
        self._line = ""
        self._last = ""

    def begin(self, block: Block) -> str:
        """Take a block that begins, with all that it has so far."""
        marks = self.end()
        text = block.get("text")
        if block.get("type") != "text":
            self._is_apart = True
        elif isinstance(text, str):
            return marks + self.feed(text)
        return marks

    def feed(self, text: str) -> str:
        """Take more text of the block that began last."""
        if not text:
            return ""
        apart = self._is_apart and self._last not in {"", "\n"}
        self._is_apart, self._last = False, text[-1]
        line = "" if apart or "\n" in text else self._line
        self._line = (line + text[text.rfind("\n") + 1 :][:8])[:8]
        clean = unmarked(text)
        return f"\n\n{clean}" if apart else clean

    def complete(self, block: Block) -> None:
        """Take what a block cites, once it is whole."""
        if block.get("type") == "text":
            self._citations = block.get("citations")

    def end(self) -> str:
        """Return the marks that stand behind the last block."""
        numbers = self.notes.numbers(self._citations)
        self._citations = None
        if self._line.lstrip().startswith(_MARKUP_LINES):
            return ""
        return "".join(mark(number) for number in numbers)


def marked_text(content: Iterable[Block]) -> str:
    """The Markdown of an answer that has ended."""
    text = AnswerText()
    parts: list[str] = []
    for block in content:
        parts.append(text.begin(block))
        text.complete(block)
    return "".join([*parts, text.end()])


def sources_of(content: Iterable[Block]) -> Sequence[Source]:
    """The sources that an answer cites, by their numbers."""
    notes = Notes()
    for block in content:
        if block.get("type") == "text" and block.get("citations"):
            notes.numbers(block["citations"])
    return notes.sources


def _source(number: int, citation: Block) -> Source:
    title = citation.get("title") or citation.get("document_title")
    link = link_to(citation.get("url") or citation.get("source"), title)
    index = citation.get("document_index")
    named = f"Document {index + 1}" if isinstance(index, int) else "Source"
    return Source(
        number=number,
        title=shown_line(title) or named,
        place=_place(citation),
        quote=shown_text(citation.get("cited_text")),
        link=link,
    )


def _place(citation: Block) -> str:
    first, end = citation.get("start_page_number"), citation.get("end_page_number")
    if not isinstance(first, int):
        return ""
    last = end - 1 if isinstance(end, int) else first
    return f"page {first}" if last <= first else f"pages {first} to {last}"


_PLACES = (
    "start_char_index",
    "end_char_index",
    "start_page_number",
    "end_page_number",
    "start_block_index",
    "end_block_index",
)
