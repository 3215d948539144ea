"""The Markdown parser: CommonMark with tables, strikethrough, footnotes and formulas.

Its block rules decide by the lines up to their own, never by a later block, so that a
text can be cut at a finished top-level block and be parsed in pieces.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock, fence, paragraph, reference
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from conversations.rendering.inlineparser import InlineParser
from conversations.rendering.mathsyntax import math_rules
from conversations.rendering.sanitising import read_mark

type Env = dict[str, Any]

MAX_BLOCK_DEPTH = 20
"""Blocks nested deeper are shown as text (a list counts twice)."""
ADDRESS_LIMIT_CHARS = 2_000
"""Longer words hold no bare links: finding them would cost their square."""
# Beyond its own limit the parser drops blocks; openings in a text cost their product.
_MAX_NESTING = MAX_BLOCK_DEPTH + 4
# Only ASCII: ignoring case, `re` takes the long s of U+017F for an s.
_LINK = re.compile(r"(?ai:https?://|mailto:)\S")
_SPACE = re.compile(r"\s")
# Lines that can only be a paragraph, between empty lines: the rules need not be asked.
_PARAGRAPH = re.compile(
    r"(?:[ \t]*\n)*((?:(?:[^\W\d_]|\*{1,2}[^\W_]|`[^`\n])[^\n]*+(?:\n|\Z))++)"
    r"(?=[ \t]*(?:\n|\Z))"
)
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")
_FOOTNOTE_REFERENCE = re.compile(r"\[\^(\d{1,4}|[A-Za-z]\w[\w-]{1,30})\](?![(\[:])")


def is_link(url: str) -> bool:
    """Tell whether a link may lead there: http, https and mailto only."""
    return _LINK.match(url) is not None


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    if silent or state.level < MAX_BLOCK_DEPTH:
        return False
    return paragraph(state, start, end, silent)


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """A fence that remembers whether its closing line was there."""
    if not fence(state, start, end, silent):
        return False
    if not silent:
        token = state.tokens[-1]
        content_lines = token.content.count("\n")
        content_lines += token.content[-1:] not in {"", "\n"}
        closed = content_lines < state.line - start - 1
        token.meta = {"closed": closed}
        if not closed and state.level == 0 and state.line == state.lineMax:
            token.content += _spaces_at_end(state.src)
    return True


def _spaces_at_end(source: str) -> str:
    """A last line of spaces alone, which is none to the parser but is code as typed."""
    last = source[source.rfind("\n") + 1 :]
    return "" if last.strip(" \t") else last


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """A definition that a setext underline ends, as it ends a paragraph.

    The parser's own rule reads a title across the underline, so that a closing quote
    far below would change a heading that was shown long ago.
    """
    known = state.env.setdefault("references", {})
    before, last_line = len(known), state.lineMax
    if not reference(state, start, end, silent):
        return False
    underline = _underline(state, start)
    if underline is None:
        return True
    if len(known) > before:
        known.popitem()
    state.lineMax = underline
    try:
        return reference(state, start, end, silent)
    finally:
        state.lineMax = last_line


def _underline(state: StateBlock, start: int) -> int | None:
    for line in range(start + 1, state.line):
        begin = state.bMarks[line] + state.tShift[line]
        indent = state.sCount[line] - state.blkIndent
        text = state.src[begin : state.eMarks[line]]
        if 0 <= indent <= 3 and _UNDERLINE.fullmatch(text):
            return line
    return None


def _footnote_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """A footnote's mark, with or without a definition: that may come much later."""
    match = _FOOTNOTE_REFERENCE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _note(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """The mark of a note, which stands behind what is cited."""
    found = read_mark(state.src, state.pos, state.posMax)
    if found is None:
        return False
    number, state.pos = found
    if not silent:
        state.push("note", "", 0).meta = {"number": number}
    return True


def _address(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """A bare link, unless it stands in too long a word to be one."""
    end = state.pos + ADDRESS_LIMIT_CHARS
    if end < state.posMax and not _SPACE.search(state.src, state.pos, end):
        return False
    return linkify(state, silent)


def _parser() -> MarkdownIt:
    options = {"maxNesting": _MAX_NESTING, "html": False, "linkify": True}
    md = MarkdownIt("commonmark", options)
    md.enable(["table", "strikethrough", "linkify"])
    md.disable(["html_block", "html_inline"])
    md.block.ruler.before("table", "too_deep", _too_deep)
    # First, so that no line below an opening fence can make it a table's head.
    everywhere = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("table", "first_fence", _fence, {"alt": everywhere})
    math_rules(md)
    md.disable(["fence"])
    md.block.ruler.at("reference", _reference)
    md.block.ruler.before(
        "reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]}
    )
    md.inline.ruler.at("linkify", _address)
    md.inline.ruler.after("image", "footnote_ref", _footnote_reference)
    md.inline.ruler.after("footnote_ref", "note", _note)
    md.validateLink = is_link  # type: ignore[method-assign] # the parser's documented way
    if md.linkify is not None:
        # A bare name is more often a file (manage.py, README.md) than a host.
        md.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    md.inline = InlineParser(md.inline, _MAX_NESTING)
    return md


PARSER = _parser()
_SILENT = False
_BLOCK_RULES = PARSER.block.ruler.getRules("")


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block: its tokens (none for a link definition) and its place."""

    tokens: list[Token]
    start: int
    """Offset in characters of its first line."""
    end: int
    """Offset of the line after its last."""


def blocks(source: str, env: Env) -> Iterator[Block]:
    """Parse `source` one top-level block at a time; definitions go into `env`.

    Lazy on purpose: a consumer that renders each block before it asks for the next one
    sees exactly the definitions up to it.
    """
    at = 0
    while simple := _PARAGRAPH.match(source, at):
        at = simple.end(1)
        yield Block(_paragraph(source, *simple.span(1)), simple.start(1), at)
    if not source[at:].strip(" \t\n"):
        return
    state = StateBlock(source, PARSER, env, [])
    line = state.skipEmptyLines(source.count("\n", 0, at))
    while line < state.lineMax:
        state.tokens = []
        state.line = line
        start = state.bMarks[line]
        for rule in _BLOCK_RULES:
            if rule(state, line, state.lineMax, _SILENT):
                break
        yield Block(state.tokens, start, state.bMarks[state.line])
        line = state.skipEmptyLines(state.line)


def _paragraph(source: str, start: int, end: int) -> list[Token]:
    """The tokens that the parser's own rule makes of a paragraph."""
    content = mdTrim(source[start:end])
    first = source.count("\n", 0, start)
    lines = [first, first + content.count("\n") + 1]
    return [
        Token("paragraph_open", "p", 1, map=lines, block=True),
        Token("inline", "", 0, content=content, map=lines, level=1, block=True),
        Token("paragraph_close", "p", -1, block=True),
    ]


def finished_blocks(source: str) -> list[Block]:
    """Return the first blocks of `source` that no later text can change.

    A block is finished when a later one has a complete first line. A definition may
    still gain a title from the line below it.
    """
    complete = source[: source.rfind("\n") + 1]
    found = list(blocks(complete, {}))[:-1]
    while found and not found[-1].tokens:
        below = complete[found[-1].end :][:200].lstrip(" \t")
        if below and below[0] not in "\"'(":
            break
        found.pop()
    return found
