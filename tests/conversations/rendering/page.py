"""A page that follows updates as the browser does, on strings of HTML."""

import html
import re
from collections.abc import Iterable

from conversations.rendering import IncrementalMarkdown, Update, render_markdown
from conversations.rendering.bounds import as_typed, parted
from conversations.rendering.codeblocks import LIVE_LIMIT_CHARS
from conversations.rendering.document import Renderer, footnotes
from conversations.rendering.sanitising import LINE_END, normalise


class Page:
    """The closed and the open part, after some updates."""

    def __init__(self) -> None:
        self.closed = self.open = ""
        self.end = 0

    @property
    def html(self) -> str:
        return self.closed + self.open

    def apply(self, update: Update | None) -> None:
        if update is None:
            return
        assert update.base == self.end
        self.end = update.end
        self.closed += update.closed
        if update.open is not None:
            self.open = update.open
        if update.grow:
            self._grow(update.grow)

    def _grow(self, text: str) -> None:
        """Append to the one text node that grows, as the serialised page shows it."""
        assert self.open.count("data-grow") == 1
        end = self._end_of_growing()
        typed = html.escape(text, quote=False).replace("\xa0", "&nbsp;")
        self.open = self.open[:end] + typed + self.open[end:]

    def _end_of_growing(self) -> int:
        """Where the element with `data-grow` ends, whatever is inside."""
        start = self.open.rindex("<", 0, self.open.index("data-grow"))
        tag, depth = re.split(r"\W", self.open[start + 1 :], maxsplit=1)[0], 0
        for match in re.finditer(rf"<(/?){tag}\b", self.open[start:]):
            depth += -1 if match[1] else 1
            if depth == 0:
                return start + match.start()
        raise AssertionError("an element without end")


def fresh(text: str) -> str:
    """The rendering of an unfinished text in one pass over the whole of it."""
    read, typed = parted(normalise(LINE_END.sub("\n", text)))
    rendered = Renderer({}, LIVE_LIMIT_CHARS, live=not typed).render(read)
    return rendered.body + as_typed(typed, grow=True) + footnotes(rendered.notes)


def pieces(text: str, sizes: Iterable[int]) -> Iterable[str]:
    """Cut `text` into pieces of the given sizes, the last as long as it may be."""
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size
    yield text[at:]


def follow(text: str, sizes: Iterable[int] = ()) -> None:
    """Stream `text` and hold the page against a fresh one after every piece.

    Without sizes every piece is one character.
    """
    markdown, page = IncrementalMarkdown(), Page()
    for piece in pieces(text, sizes or [1] * len(text)):
        markdown.feed(piece)
        page.apply(markdown.update())
        so_far = text[: page.end]
        assert (so_far, page.html) == (so_far, fresh(so_far))
        snapshot = markdown.snapshot()
        assert (snapshot.base, snapshot.end) == (0, page.end)
        assert (snapshot.closed, snapshot.open) == (page.closed, page.open)
    page.apply(markdown.finish())
    assert page.end == len(text)
    assert page.html == render_markdown(text)
