"""How long lexers are silent: while one looks for its next word, nothing else runs."""

import itertools
from collections.abc import Iterator
from time import thread_time

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name

from conversations.rendering.languages import COLOURED

LENGTH_CHARS = 3_000
# A word of so short a code that takes this long has a cost that is not linear.
SILENT_S = 0.05
ENOUGH_S = 0.1
OPENINGS = ("", '"', "'", "/*", '<a b="', "`", "%", "${")
PIECES = (
    *(" ", "\n", "\t", "x\n", "a", "a ", "_a", "a.", "a:", "a,", "a=", "1", "1."),
    *('"', "'", "`", "\\", "\\a", '\\"', "(", "{", "[", "<", "<a ", "<!--", "<%"),
    *("/*", "//", "-", "#", "%", "=", "$", "@a"),
)


def silences() -> Iterator[tuple[str, str, float]]:
    """The languages and texts with a word that takes too long, and how many seconds."""
    texts = [
        opening + (piece * LENGTH_CHARS)[:LENGTH_CHARS]
        for opening, piece in itertools.product(OPENINGS, PIECES)
    ]
    for language in sorted(COLOURED):
        lexer_class = find_lexer_class_by_name(language)
        for text in texts:
            silent_s = _longest_s(lexer_class(stripnl=False, ensurenl=False), text)
            if silent_s > SILENT_S:
                yield language, text[:12], silent_s


def _longest_s(lexer: Lexer, text: str) -> float:
    """The longest time between two words, looked for no longer than is enough."""
    begun_s = last_s = thread_time()
    longest_s = 0.0
    for _ in lexer.get_tokens(text):
        now_s = thread_time()
        longest_s, last_s = max(longest_s, now_s - last_s), now_s
        if now_s - begun_s > ENOUGH_S:
            break
    return max(longest_s, thread_time() - last_s)
