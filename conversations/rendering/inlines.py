"""The text inside a block: emphasis, links, formulas and marks of footnotes.

Images never load anything: each becomes a link that says it is one.
"""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore, linkify, text_join
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from conversations.rendering.bounds import is_dense
from conversations.rendering.markdown import ADDRESS_LIMIT_CHARS, PARSER, Env
from conversations.rendering.sanitising import MARK_SIGN, note_slot, slot

# What may be more than text; blanks beside a line's end are dropped or break the line.
_SYNTAX = re.compile(rf"[\\`*_~\[\]<>&${MARK_SIGN}]|://|\s\n|\n\s")


class InlineHTML(RendererHTML):
    """The parser's renderer with the three tokens that it does not know."""

    def math_inline(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Env
    ) -> str:
        """Return the slot of a formula."""
        return slot(tokens[idx].content, display=tokens[idx].meta["display"])

    def footnote_ref(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Env
    ) -> str:
        """Return a footnote's mark, which is its label."""
        label = html.escape(tokens[idx].content)
        return f'<sup class="footnote-ref">[{label}]</sup>'

    def note(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Env
    ) -> str:
        """Return the slot of a note."""
        return note_slot(tokens[idx].meta["number"])


HTML = InlineHTML(PARSER)


def inline_markup(content: str, env: Env) -> str:
    """Return unsanitised HTML of a block's text, under the definitions in `env`."""
    if _SYNTAX.search(content) is None or is_dense(content):
        return html.escape(content, quote=False)
    children: list[Token] = []
    PARSER.inline.parse(content, PARSER, env, children)
    parent = Token("inline", "", 0, content=content, children=children)
    state = StateCore(content, PARSER, env, [parent])
    if "://" in content and max(map(len, content.split())) <= ADDRESS_LIMIT_CHARS:
        linkify(state)
    text_join(state)
    shown = list(_shown(parent.children or []))
    return HTML.renderInline(shown, PARSER.options, env)


def _shown(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out links that lead nowhere, and turn images into links or texts."""
    link = ""
    for token in tokens:
        if token.type == "link_open":
            link = str(token.attrs.get("href", ""))
        if token.type == "image":
            yield from _image_link(token, linked=bool(link))
        elif token.tag != "a" or link:
            yield token
        if token.type == "link_close":
            link = ""


def _image_link(image: Token, *, linked: bool) -> Iterator[Token]:
    """Name an image; a link to it cannot stand in another link."""
    label = Token("text", "", 0, content=_label(image))
    if linked or not image.attrs["src"]:
        yield label
        return
    yield Token("link_open", "a", 1, attrs={"href": image.attrs["src"]})
    yield label
    yield Token("link_close", "a", -1)


def _label(image: Token) -> str:
    name = image.content.strip()
    return f"Image: {name or urlsplit(str(image.attrs['src'])).netloc}"
