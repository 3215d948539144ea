r"""Where a formula begins and ends in Markdown: `$..$`, `$$..$$`, `\(..\)`, `\[..\]`.

A formula of several lines begins at a line that holds its opening alone and ends, like
a fence, at its closing or at the end: no later line changes what an earlier one is.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_CLOSINGS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_OPENING_LINE = re.compile(r"(\$\$|\\\[)\s*(\\begin\{[a-zA-Z]+\*?\}.*)?")
_WHOLE_LINE = re.compile(r"\$\$([^$]+)\$\$|\\\[((?:(?!\\\]).)+)\\\]")
# Escaped brackets around an escaped backslash are no formula.
_NOTHING = "\\ \t\n"
_DOLLAR = re.compile(r"(?<!\\)\$")
# "$5 a month and 10$" speaks of money.
_MONEY = re.compile(r"\d[^\\^_={}+*<>|/]*\s[^\\^_={}+*<>|/]*")


def math_rules(md: MarkdownIt) -> None:
    """Teach `md` the tokens `math_block` and `math_inline`."""
    md.block.ruler.before(
        "fence",
        "math_block",
        _math_block,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )
    md.inline.ruler.before("escape", "math_inline", _math_inline)


def _line(state: StateBlock, line: int) -> str:
    start = state.bMarks[line] + state.tShift[line]
    return state.src[start : state.eMarks[line]].rstrip()


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    if state.is_code_block(start):
        return False
    text = _line(state, start)
    if not text.startswith(("$$", "\\[")):
        return False
    if whole := _WHOLE_LINE.fullmatch(text):
        tex = whole[1] or whole[2]
        if not tex.strip(_NOTHING):
            return False
        if not silent:
            _push_block(state, tex, (start, start + 1), closed=True)
        return True
    opening = _OPENING_LINE.fullmatch(text)
    if opening is None:
        return False
    if not silent:
        _push_lines(state, start, end, opening[1])
    return True


def _push_lines(state: StateBlock, start: int, end: int, opening: str) -> None:
    closing = _CLOSINGS[opening]
    lines = [_line(state, start).removeprefix(opening)]
    line, closed = start + 1, lines[0].endswith(closing)
    while line < end and not closed:
        text = _line(state, line)
        if text and state.sCount[line] < state.blkIndent:
            break
        closed = text.endswith(closing)
        lines.append(text)
        line += 1
    tex = "\n".join(lines)
    _push_block(state, tex.removesuffix(closing), (start, line), closed=closed)


def _push_block(
    state: StateBlock, tex: str, lines: tuple[int, int], *, closed: bool
) -> None:
    state.line = lines[1]
    token = state.push("math_block", "", 0)
    token.content = tex.strip()
    token.map = list(lines)
    token.meta = {"closed": closed}


def _math_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    sign = state.src[state.pos]
    if sign not in "$\\":
        return False
    opening = state.src[state.pos : state.pos + 2]
    if opening in _CLOSINGS:
        tex = _between(state, _CLOSINGS[opening])
    elif sign == "$":
        opening = sign
        tex = _between_dollars(state)
    else:
        return False
    if not tex or not tex.strip(_NOTHING):
        return False
    if not silent:
        token = state.push("math_inline", "", 0)
        token.content = tex.strip()
        token.meta = {"display": opening in {"$$", "\\["}}
    state.pos += len(tex) + 2 * len(opening)
    return True


def _between(state: StateInline, closing: str) -> str | None:
    start = state.pos + 2
    # One failed search is enough: without it many openings cost their square.
    # (Positions in this cache are never negative, so such keys are free.)
    searched = -(ord(closing[1]) + 256 * state.posMax)
    if start >= state.cache.get(searched, state.posMax):
        return None
    end = state.src.find(closing, start, state.posMax)
    if end < 0:
        state.cache[searched] = start
        return None
    if closing == "\\]" and state.src[end + 2 : end + 3] in {"(", "[", ":"}:
        # Brackets of a link, escaped to be shown.
        return None
    return state.src[start:end]


def _between_dollars(state: StateInline) -> str | None:
    """The formula of a single dollar, or None where the sign is only a sign."""
    src, start = state.src, state.pos + 1
    before = src[state.pos - 1 : state.pos]
    if start >= state.posMax or src[start].isspace() or before.isalnum():
        return None
    closing = _DOLLAR.search(src, start, state.posMax)
    if closing is None or closing.start() == start:
        return None
    end = closing.start()
    after = src[end + 1 : end + 2]
    if src[end - 1].isspace() or after == "$" or after.isdigit() or after.isupper():
        return None
    tex = src[start:end]
    return None if _MONEY.fullmatch(tex) else tex
