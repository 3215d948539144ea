"""Blocks of Markdown become safe HTML, one top-level block at a time."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import thread_time

from django.utils.safestring import SafeString
from markdown_it.token import Token

from conversations.rendering.bounds import as_typed, parted
from conversations.rendering.budget import Budget
from conversations.rendering.codeblocks import HIGHLIGHT_LIMIT_CHARS, figure
from conversations.rendering.growth import growing_words
from conversations.rendering.inlines import HTML, inline_markup
from conversations.rendering.markdown import Block, Env, blocks
from conversations.rendering.sanitising import (
    LINE_END,
    filled,
    normalise,
    sanitise,
    slot,
)

_CHECKBOX = '<input type="checkbox" disabled aria-label="To do"> '
_CHECKED_BOX = '<input type="checkbox" disabled checked aria-label="Done"> '
_DIRECTED = {"bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"}
_AROUND = {
    "table_open": ('<div class="table" tabindex="0">', ""),
    "table_close": ("", "</div>"),
}
_LETTER = re.compile(r"[^\W\d_]")
_TASKS = {"[ ] ": _CHECKBOX, "[x] ": _CHECKED_BOX, "[X] ": _CHECKED_BOX}


@dataclass(slots=True)
class Memo:
    """Parts of the open block as rendered before: what is unchanged costs little.

    Parts that the last rendering did not use are dropped.
    """

    old: dict[tuple[str, ...], str] = field(default_factory=dict)
    new: dict[tuple[str, ...], str] = field(default_factory=dict)

    def begin(self) -> None:
        """Start another rendering."""
        self.old, self.new = self.new, {}

    def get(self, key: tuple[str, ...], make: Callable[[], str]) -> str:
        """Return the part `key`, made by `make` where it is not known."""
        made = self.new.get(key) or self.old.get(key) or make()
        self.new[key] = made
        return made


@dataclass(slots=True)
class Rendered:
    """Sanitised HTML of some blocks, and of the footnotes defined in them."""

    body: str
    notes: list[str]
    growing: bool
    """Whether all of it is one fence whose closing line is not there yet."""
    unclosed: bool
    """Whether its last block is a fence or formula without a closing line."""
    words: bool
    """Whether it ends in words to which others can be appended (if rendered live)."""


def render_markdown(text: str) -> SafeString:
    """Return safe HTML of a finished text.

    Code up to HIGHLIGHT_LIMIT_CHARS is coloured: call it off the event loop for texts
    with more than LIVE_LIMIT_CHARS of it.
    """
    renderer = Renderer({}, HIGHLIGHT_LIMIT_CHARS)
    read, typed = parted(normalise(LINE_END.sub("\n", text)))
    rendered = renderer.render(read)
    rest = as_typed(typed, grow=False)
    return safe(rendered.body + rest + footnotes(rendered.notes))


def safe(sanitised: str) -> SafeString:
    """Mark what has been through `sanitise` as HTML."""
    return SafeString(sanitised)


@dataclass(slots=True)
class Renderer:
    """Renders top-level blocks under the definitions seen so far.

    `live` leaves code plain whose closing line is not there yet; code longer than
    `limit_chars` stays plain. `budget` is what the blocks above have left.
    """

    env: Env
    limit_chars: int
    live: bool = False
    memo: Memo = field(default_factory=Memo)
    budget: Budget = field(default_factory=Budget)
    _last_line: int = 0
    _definitions: int = 0

    def render(self, source: str, found: Iterable[Block] | None = None) -> Rendered:
        """Return the HTML of `source`, which begins at a top-level block.

        `found` are its blocks where they are known, and define nothing.
        """
        bodies, notes = list[str](), list[str]()
        last: Token | None = None
        words: Token | None = None
        ended = source.rstrip(" \t").endswith("\n")
        self._last_line = source.count("\n") + (not ended)
        self._definitions = len(self.env.setdefault("references", {}))
        self.memo.begin()
        for block in blocks(source, self.env) if found is None else found:
            body, footnotes = _parted(block.tokens)
            if self.live and block.end >= len(source):
                words = growing_words(source, body)
            if words is not None:
                words.attrs["data-grow"] = ""
            bodies.append(self._safe(self._markup(body)) if body else "")
            notes += [self._note(note) for note in footnotes]
            last = body[0] if body else None
        growing = len(bodies) == 1 and last is not None and self._is_open(last)
        unclosed = last is not None and last.meta.get("closed") is False
        return Rendered("".join(bodies), notes, growing, unclosed, words is not None)

    def _is_open(self, token: Token) -> bool:
        """Tell whether this is a fence that goes on where the source ends."""
        if not self.live or token.type != "fence" or token.meta["closed"]:
            return False
        return token.map is not None and token.map[1] >= self._last_line

    def _note(self, tokens: list[Token]) -> str:
        label = html.escape(tokens[0].meta["label"])
        inside = self._markup(tokens[1:-1])
        return self._safe(f'<div class="footnote"><sup>[{label}]</sup>{inside}</div>')

    def _safe(self, markup: str) -> str:
        return filled(sanitise(markup), self.budget)

    def _markup(self, tokens: list[Token]) -> str:
        return "".join(self._part(tokens, index) for index in range(len(tokens)))

    def _part(self, tokens: list[Token], index: int) -> str:
        token = tokens[index]
        if token.type in _DIRECTED:
            _direct(tokens, index)
        match token.type:
            case "inline":
                return self._text(token.content, task=_is_task(tokens, index - 2))
            case "fence" | "code_block":
                return self._code(token)
            case "math_block":
                return _formula(token)
            case "list_item_open" if _is_task(tokens, index):
                token.attrs["class"] = "task"
            case "th_open" | "td_open":
                _align(token)
        before, after = _AROUND.get(token.type, ("", ""))
        return f"{before}{_tag(tokens, index)}{after}"

    def _text(self, content: str, *, task: bool) -> str:
        box, content = (_TASKS[content[:4]], content[4:]) if task else ("", content)
        if len(self.env["references"]) != self._definitions:
            # A definition in the open block itself may still change.
            return box + inline_markup(content, self.env)
        key = ("text", content)
        return box + self.memo.get(key, lambda: inline_markup(content, self.env))

    def _code(self, token: Token) -> str:
        if self._is_open(token):
            grow = token.level == 0
            return figure(token.info, token.content, limit_chars=0, grow=grow)
        info, code = token.info, token.content
        limit = self.limit_chars if self.budget.colours(code) else 0
        key = ("code", info, code, "" if limit else "plain")
        return self.memo.get(key, lambda: self._figure(info, code, limit))

    def _figure(self, info: str, code: str, limit_chars: int) -> str:
        begun_s, limit_s = thread_time(), self.budget.colours_s
        made = figure(info, code, limit_chars=limit_chars, limit_s=limit_s)
        self.budget.colours_s -= thread_time() - begun_s
        return made


def footnotes(notes: Sequence[str]) -> str:
    """Return the section that ends a text with footnotes; "" without any."""
    return f'<section class="footnotes">{"".join(notes)}</section>' if notes else ""


def _parted(tokens: list[Token]) -> tuple[list[Token], list[list[Token]]]:
    """Part a block's tokens from the footnotes defined anywhere in it."""
    body, notes, depth = list[Token](), list[list[Token]](), 0
    for token in tokens:
        if token.type == "footnote_reference_open":
            depth += 1
            if depth == 1:
                notes.append([])
        (notes[-1] if depth else body).append(token)
        if token.type == "footnote_reference_close":
            depth -= 1
    return body, notes


def _is_task(tokens: Sequence[Token], item: int) -> bool:
    """Tell whether the list item at index `item` begins with a checkbox."""
    if item < 0 or tokens[item].type != "list_item_open" or item + 2 >= len(tokens):
        return False
    text = tokens[item + 2]
    return text.type == "inline" and text.content[:4] in _TASKS


def _direct(tokens: Sequence[Token], index: int) -> None:
    """Let a block with words put its markers and columns where these begin.

    Digits alone have no direction: they keep to that of what stands around them.
    """
    level = tokens[index].level
    for at in range(index + 1, len(tokens)):
        token = tokens[at]
        if token.level == level:
            break
        if token.type == "inline" and _LETTER.search(token.content):
            tokens[index].attrs["dir"] = "auto"
            break


def _tag(tokens: Sequence[Token], index: int) -> str:
    """The markup of a block's beginning or end, as the parser's renderer makes it."""
    token = tokens[index]
    if token.hidden:
        return ""
    if token.nesting < 0:
        return f"</{token.tag}>\n"
    before = "\n" if index and tokens[index - 1].hidden else ""
    attributes = HTML.renderAttrs(token) if token.attrs else ""
    return f"{before}<{token.tag}{attributes}>{_line_end(tokens, index)}"


def _line_end(tokens: Sequence[Token], index: int) -> str:
    token, below = tokens[index], tokens[index + 1 : index + 2]
    if token.nesting == 0 or not below:
        return "\n"
    empty = below[0].nesting < 0 and below[0].tag == token.tag
    return "" if empty or below[0].hidden or below[0].type == "inline" else "\n"


def _align(cell: Token) -> None:
    """Give a cell's alignment as an attribute; a style would need another policy."""
    style = str(cell.attrs.pop("style", ""))
    if style:
        cell.attrs["align"] = style.removeprefix("text-align:")


def _formula(token: Token) -> str:
    if token.meta["closed"] and token.content:
        return f'<div class="math">{slot(token.content, display=True)}</div>'
    tex = html.escape(token.content, quote=False)
    return f'<pre tabindex="0"><code class="math">{tex}</code></pre>'
