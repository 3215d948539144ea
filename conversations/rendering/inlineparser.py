"""The parser's loop over a text, which asks only the rules that a sign may concern.

The parser's own asks all of them at each sign, which is most of what a text with many
signs costs.
"""

import re
from typing import override

from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.rules_inline import StateInline

from conversations.rendering.sanitising import MARK_SIGN

# Which rules look at a text from the sign on where it stands, in the parser's order.
_RULE_NAMES = {
    "\n": ("newline",),
    ":": ("linkify",),
    "$": ("math_inline",),
    "\\": ("math_inline", "escape"),
    "`": ("backticks",),
    "~": ("strikethrough",),
    "*": ("emphasis",),
    "_": ("emphasis",),
    "[": ("link", "footnote_ref"),
    "!": ("image",),
    "<": ("autolink",),
    "&": ("entity",),
    MARK_SIGN: ("note",),
    # It ends a label, which is looked for between tokens.
    "]": (),
}
_SIGN = re.compile(rf"[{re.escape(''.join(_RULE_NAMES))}]")


class InlineParser(ParserInline):
    """Takes the place of `other`, with the rules that it has by now."""

    def __init__(self, other: ParserInline, max_nesting: int) -> None:
        super().__init__()
        self.ruler, self.ruler2 = other.ruler, other.ruler2
        self._max_nesting = max_nesting
        active = other.ruler.get_active_rules()
        known = dict(zip(active, other.ruler.getRules(""), strict=True))
        self._rules: dict[str, list[RuleFuncInlineType]] = {
            sign: [known[name] for name in names] for sign, names in _RULE_NAMES.items()
        }

    @override
    def skipToken(self, state: StateInline) -> None:
        """Move over one token, as the parser's own does."""
        start = state.pos
        if start in state.cache:
            state.pos = state.cache[start]
            return
        if state.level >= self._max_nesting:
            state.pos = state.posMax
        elif (rules := self._rules.get(state.src[start])) is None:
            state.pos = _next_sign(state)
        else:
            state.level += 1
            if not any(rule(state, True) for rule in rules):  # noqa: FBT003 - silently
                state.pos += 1
            state.level -= 1
        state.cache[start] = state.pos

    @override
    def tokenize(self, state: StateInline) -> None:
        """Make the tokens of a text, as the parser's own does."""
        src, end = state.src, state.posMax
        while state.pos < end:
            start = state.pos
            rules = self._rules.get(src[start])
            if rules is None:
                state.pos = _next_sign(state)
                state.append_pending(src[start : state.pos])
            elif state.level >= self._max_nesting or not any(
                rule(state, False)  # noqa: FBT003 - making tokens
                for rule in rules
            ):
                state.append_pending(src[start])
                state.pos += 1
        if state.pending:
            state.pushPending()


def _next_sign(state: StateInline) -> int:
    found = _SIGN.search(state.src, state.pos, state.posMax)
    return found.start() if found else state.posMax
