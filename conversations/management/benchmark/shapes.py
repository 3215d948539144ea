"""Pieces whose repetition makes a parser look far ahead, back, or deep."""

PIECES = (
    *(
        "[",
        "![",
        "[a](",
        "[](",
        "[a][",
        "[[a]",
        "]",
        "](",
        "[x] ",
        "[^a]",
        "[a]: b 'c\n",
    ),
    *("[^1]: x\n\n", "[a]:\n", "*", "*a ", "**a", "*a _b ", "a**b*", "_a", "~~a", "`"),
    *(
        "`a",
        "``",
        "```\n",
        "<",
        "<a",
        "<!--",
        "</",
        "&",
        "&#x",
        "&lt;",
        "\\",
        "> ",
        ">",
    ),
    *("> - ", "- ", "  - a\n", "1. ", "# ", "a\n===\n", "| a ", "|-|\n", "a|b\n-|-\n"),
    *("$a", "$$\n", "\\(", "\\[", "$\\frac{", "http://a", "http://a.b ", "mailto:a@"),
    *("a@b.c ", "(", '"', "'", "\t- a", "\n", "\r", " ", "x", "é", "a\n", "  \n"),
)


def text_of(piece: str, length_chars: int) -> str:
    """That piece again and again, at most so long."""
    return piece * (length_chars // len(piece))
