"""A block of code with its language, its copy button and its colours."""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from time import thread_time
from typing import Any

from pygments.lexer import DelegatingLexer, Lexer
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.token import STANDARD_TYPES, Token, _TokenType
from pygments.util import ClassNotFound

from conversations.rendering.budget import CODE_LIMIT_CHARS, COLOURS_LIMIT_S
from conversations.rendering.languages import COLOURED

LIVE_LIMIT_CHARS = 50_000
"""Longest code that is highlighted while an answer is streaming."""
HIGHLIGHT_LIMIT_CHARS = CODE_LIMIT_CHARS
"""Longest code that is highlighted at all."""

_INFO = re.compile(r"[\s{.]*([A-Za-z0-9+#-]{1,32})(?![\w+#-])")
_TEXT_NAMES = frozenset({"text", "txt", "plain", "plaintext"})
# Names, punctuation and white space keep the colour of the text.
_UNCOLOURED = frozenset({"", "n", "p", "w", "x"})


def figure(
    info: str,
    code: str,
    *,
    limit_chars: int,
    limit_s: float = COLOURS_LIMIT_S,
    grow: bool = False,
) -> str:
    """Return the unsanitised markup of one code block.

    `info` is what stands behind the opening fence. Code longer than `limit_chars`, or
    that takes longer than `limit_s` to colour, is plain; `grow` marks the element that
    a page appends to.
    """
    language = language_of(info)
    if len(code) > limit_chars:
        inside = html.escape(code, quote=False)
    else:
        inside = highlighted(language, code, limit_s=limit_s)
    marked = " data-grow" if grow else ""
    return (
        f'<figure class="code" data-language="{language}">'
        f'<figcaption data-part="aside"><span>{display_name(info)}</span>'
        '<button type="button" data-copy aria-label="Copy code">Copy code</button>'
        '</figcaption><pre tabindex="0">'
        f'<code class="language-{language}"{marked}>{inside}</code></pre></figure>'
    )


def language_of(info: str) -> str:
    """Return the language of an info string: `[a-z0-9+#-]`, or "text"."""
    match = _INFO.match(info)
    return match[1].lower() if match else "text"


def display_name(info: str) -> str:
    """Return the language as people write it: "C++" for `cpp`."""
    language = language_of(info)
    if language in _TEXT_NAMES:
        return "Text"
    typed = _INFO.match(info)
    return html.escape(_names().get(language, typed[1] if typed else language))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    lexers = get_all_lexers(plugins=False)
    return {alias: name for name, aliases, _, _ in lexers for alias in aliases}


@lru_cache(maxsize=256)
def _lexer_class(language: str) -> type[Lexer] | None:
    """Look among all languages once; a lexer itself may hold state and is not kept."""
    if language in _TEXT_NAMES or language not in _names():
        return None
    try:
        found = find_lexer_class_by_name(language)
    except ClassNotFound:
        return None
    return None if COLOURED.isdisjoint(found.aliases) else found


def highlighted(language: str, code: str, *, limit_s: float = COLOURS_LIMIT_S) -> str:
    """Return `code` escaped, with the classes of Pygments where it is known.

    Without them where that takes more than `limit_s` of the processor.
    """
    lexer_class = _lexer_class(language)
    if lexer_class is None:
        return html.escape(code, quote=False)
    lexer = lexer_class(stripnl=False, ensurenl=False)
    parts, length = [], 0
    for token_class, text in _runs(_tokens(lexer, code, thread_time() + limit_s)):
        length += len(text)
        escaped = html.escape(text, quote=False)
        if token_class in _UNCOLOURED:
            parts.append(escaped)
        else:
            parts.append(f'<span class="{token_class}">{escaped}</span>')
    # A lexer may drop a byte order mark or a line's end, and is left when it takes too
    # long; the text comes first.
    return "".join(parts) if length == len(code) else html.escape(code, quote=False)


def _tokens(lexer: Lexer, code: str, end_s: float) -> Iterator[tuple[_TokenType, str]]:
    """What a lexer finds up to `end_s` of this thread's time."""
    if isinstance(lexer, DelegatingLexer):
        # It hears both to their ends before it says a word.
        lexer.root_lexer = _Bounded(lexer.root_lexer, end_s)
        lexer.language_lexer = _Bounded(lexer.language_lexer, end_s)
    return _until(end_s, lexer.get_tokens(code))


class _Bounded:
    """One of the two lexers of a text in two languages, up to a moment."""

    def __init__(self, lexer: Lexer, end_s: float) -> None:
        self._lexer = lexer
        self._end_s = end_s

    def get_tokens_unprocessed(self, text: str) -> Iterator[Any]:
        return _until(self._end_s, self._lexer.get_tokens_unprocessed(text))


def _until[T](end_s: float, found: Iterator[T]) -> Iterator[T]:
    """The beginning of what is found, up to `end_s` of this thread's time."""
    for each in found:
        if thread_time() > end_s:
            return
        yield each


def _runs(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours of one class, for a smaller page."""
    current, texts = "", list[str]()
    for token_type, text in tokens:
        token_class = _class_of(token_type)
        if token_class != current:
            if texts:
                yield current, "".join(texts)
            current, texts = token_class, []
        texts.append(text)
    if texts:
        yield current, "".join(texts)


@lru_cache(maxsize=256)
def _class_of(token_type: _TokenType) -> str:
    while token_type not in STANDARD_TYPES and token_type is not Token:
        token_type = token_type.parent or Token
    return STANDARD_TYPES[token_type]
