"""Markdown that arrives in pieces: only the open block is rendered again.

For every text so far, the closed part and the open part together are the rendering of
that text, so a page that followed the updates equals one that is loaded afresh. Beside
the bounds of any text (see `bounds`) there are two: code above LIVE_LIMIT_CHARS stays
plain until the final rendering, and an open block above OPEN_LIMIT_CHARS grows as plain
text, with its end looked for each time it has grown by an eighth.
"""

import re
from dataclasses import dataclass, replace
from time import perf_counter

from django.utils.safestring import SafeString

from conversations.rendering.bounds import Allowance, as_typed
from conversations.rendering.budget import Budget
from conversations.rendering.codeblocks import LIVE_LIMIT_CHARS
from conversations.rendering.document import Memo, Renderer, footnotes, safe
from conversations.rendering.growth import (
    FENCE,
    FenceGrowth,
    Growth,
    PlainGrowth,
    TypedGrowth,
    WordsGrowth,
)
from conversations.rendering.markdown import Block, Env, finished_blocks
from conversations.rendering.sanitising import LINE_END, normalise, unmarked

OPEN_LIMIT_CHARS = 32_768
RENDER_SPACING = 20
"""An open block is rendered no more often than this many times its last duration."""
HEAVY_CHARS = 4_000
HEAVY_S = 0.02

# Below an empty line, such a beginning is a new block whatever follows it.
_NEW_BLOCK = re.compile(r"[^\W\d_]|[#`~|>]|\*[^\s]")


@dataclass(frozen=True, slots=True)
class Update:
    """What changed in the rendered page since the last update.

    `base` and `end` are offsets in characters of the text as it was fed. `closed` is
    appended to the closed part; `open`, unless None, replaces the open part; `grow` is
    plain text, not HTML, for the open part's element with `data-grow`.
    """

    base: int
    end: int
    closed: SafeString
    open: SafeString | None
    grow: str


class IncrementalMarkdown:
    """Renders a text that is still being written.

    `end` is the number of characters rendered so far; `last_render_s` is how long the
    open part last took, in seconds.
    """

    def __init__(self, text: str = "") -> None:
        self.end = 0
        self.last_render_s = 0.0
        self._rendered_at_s = 0.0
        self._fed = [text] if text else []
        self._after_return = False
        self._tail: list[str] = []
        self._env: Env = {"references": {}}
        self._memo = Memo()
        self._budget = Budget()
        self._closed: list[str] = []
        self._notes: list[str] = []
        self._sealed: list[str] = []
        self._open: str | None = ""
        self._growth: Growth | None = None
        self._allowance = Allowance()
        self._typed = False

    def feed(self, text: str) -> None:
        """Take more text; nothing is rendered before `update`."""
        if text:
            self._fed.append(text)

    def due(self, now_s: float) -> bool:
        """Tell whether an update is worth its cost at `now_s` (of `perf_counter`)."""
        return now_s - self._rendered_at_s >= RENDER_SPACING * self.last_render_s

    @property
    def heavy(self) -> bool:
        """Whether the next update may take long enough to leave the event loop."""
        fed_chars = sum(map(len, self._fed))
        return fed_chars > HEAVY_CHARS or self.last_render_s > HEAVY_S

    def update(self) -> Update | None:
        """Render what was fed since the last update; None when there is nothing new."""
        if not self._fed:
            return None
        base, text = self.end, self._taken()
        closed = self._bounded(text)
        grown = None if self._growth is None else self._growth.take(text)
        if grown is not None:
            self._open = None
            return Update(base, self.end, safe(""), None, unmarked(grown))
        if not self._typed and ("\n" in text or isinstance(self._growth, PlainGrowth)):
            closed = self._close()
        before, self._open = self._open, self._timed_open()
        changed = None if self._open == before else safe(self._open)
        return Update(base, self.end, safe(closed), changed, "")

    def snapshot(self) -> Update:
        """Return the whole as it was last updated, for a page that holds nothing."""
        if self._open is None:
            self._open = self._timed_open()
        closed = "".join(self._closed)
        return Update(0, self.end, safe(closed), safe(self._open), "")

    def finish(self) -> Update | None:
        """Render the rest: the text has ended. None for a text that never began."""
        base, text = self.end, self._taken()
        if not base and not text:
            return None
        closed, source = self._bounded(text), "".join(self._tail)
        rest = as_typed(source, grow=False) if self._typed else self._finished(source)
        last = "".join([*self._sealed, rest, footnotes(self._notes)])
        self._tail, self._growth = [], None
        self._sealed, self._notes, self._open = [], [], ""
        self._closed.append(last)
        return Update(base, self.end, safe(closed + last), safe(""), "")

    def _taken(self) -> str:
        """Move what was fed to the tail; line ends become newlines, also cut ones."""
        fed = "".join(self._fed)
        self._fed.clear()
        self.end += len(fed)
        text = fed.removeprefix("\n") if self._after_return else fed
        self._after_return = fed.endswith("\r") if fed else self._after_return
        text = normalise(LINE_END.sub("\n", text))
        self._tail.append(text)
        return text

    def _bounded(self, text: str) -> str:
        """Close what stands above the line where `text`, the newest, has too much."""
        over = None if self._typed else self._allowance.take(text)
        if over is None:
            return ""
        source = "".join(self._tail)
        line = source.rfind("\n", 0, len(source) - len(text) + over) + 1
        closed = "".join([*self._sealed, self._finished(source[:line])])
        self._tail, self._sealed, self._growth = [source[line:]], [], None
        self._typed = True
        self._closed.append(closed)
        return closed

    def _close(self) -> str:
        """Render the blocks that nothing can change any more, for the last time."""
        source = "".join(self._tail)
        if found := finished_blocks(source):
            above = source[: found[-1].end]
            # Definitions are taken in one by one, as they are rendered.
            known = None if "]:" in above else found
            self._sealed.append(self._finished(above, known))
            self._tail = [source[len(above) :]]
        # What was sealed waited for the line below it, which is complete by now.
        closed = "".join(self._sealed)
        self._sealed = []
        self._closed.append(closed)
        return closed

    def _finished(self, source: str, found: list[Block] | None = None) -> str:
        renderer = self._renderer_in(self._env)
        renderer.budget = self._budget
        rendered = renderer.render(source, found)
        self._notes += rendered.notes
        self._memo = Memo()
        return rendered.body

    def _timed_open(self) -> str:
        started_s = perf_counter()
        markup = self._open_markup()
        self._rendered_at_s = perf_counter()
        self.last_render_s = self._rendered_at_s - started_s
        return markup

    def _open_markup(self) -> str:
        if self._typed:
            self._growth = TypedGrowth()
            rest = as_typed("".join(self._tail), grow=True)
            return rest + footnotes(self._notes)
        source = self._seal("".join(self._tail))
        self._tail, self._growth = [source], None
        if len(source) > OPEN_LIMIT_CHARS and not FENCE.match(source):
            body, notes = self._plain(source), []
        else:
            rendered = self._renderer(source, live=True).render(source)
            body, notes = rendered.body, rendered.notes
            if rendered.growing and FENCE.match(source):
                self._growth = FenceGrowth(source)
            elif rendered.words:
                self._growth = WordsGrowth(source)
        return "".join([*self._sealed, body, footnotes([*self._notes, *notes])])

    def _seal(self, source: str) -> str:
        """Render at once what is sure to close, and return the block below it.

        Written answers hold paragraphs of one long line: while it arrives, what stands
        above it waits for the line's end, but need not be rendered again.
        """
        last_line = source.rfind("\n") + 1
        above = source[:last_line]
        below_empty = above[:-1].rstrip(" \t").endswith("\n")
        if not below_empty or not _NEW_BLOCK.match(source, last_line):
            return source
        renderer = self._renderer_in(self._env_for(above))
        rendered = renderer.render(above)
        if rendered.unclosed:
            return source
        self._env, self._budget = renderer.env, renderer.budget
        self._notes += rendered.notes
        self._sealed.append(rendered.body)
        self._memo = Memo()
        return source[last_line:]

    def _plain(self, source: str) -> str:
        """The beginning of an oversized block as it is, the rest as typed."""
        split = source.rfind("\n", 0, OPEN_LIMIT_CHARS) + 1 or OPEN_LIMIT_CHARS
        head = self._renderer(source, live=False).render(source[:split])
        self._growth = PlainGrowth(len(source))
        return head.body + as_typed(source[split:], grow=True)

    def _renderer(self, source: str, *, live: bool) -> Renderer:
        return self._renderer_in(self._env_for(source), live=live)

    def _renderer_in(self, env: Env, *, live: bool = False) -> Renderer:
        """A renderer that may be thrown away, with the budget that it takes from."""
        budget = replace(self._budget)
        return Renderer(
            env, LIVE_LIMIT_CHARS, live=live, memo=self._memo, budget=budget
        )

    def _env_for(self, source: str) -> Env:
        """The definitions so far, to be added to where `source` may define more."""
        if "]:" not in source:
            return self._env
        return {"references": dict(self._env["references"])}
