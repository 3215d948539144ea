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


NUMBER = "%d"
# With a number each time, so that nothing of the work is remembered.
NUMBERED = (
    *("$a_%d$ ", "so $a_%d$\n\n", "$$\na_%d\n$$\n\n", "\\(\\frac{a}{%d}\\) "),
    "$$\n%d" + "a" * 3_900 + "\n$$\n\n",
    "$$\n%d" + "a_b^c" * 700 + "\n$$\n\n",
    "$$\n\\begin{matrix}%d" + "& a" * 900 + "\\end{matrix}\n$$\n\n",
    "```python\nx = %d\n```\n",
    "```python\n" + "x = [%d, 'a', f(y)]\n" * 60 + "```\n",
)
# Pieces of code, by languages that look far ahead for what is not there.
IN_CODE = (("c", "\n"), ("c", "//"), ("cpp", "  \n"), ("python", "x = f(1)\n"))


def text_of(piece: str, length_chars: int) -> str:
    """That piece again and again, each time numbered if it says so."""
    times = length_chars // len(piece)
    if NUMBER not in piece:
        return piece * times
    return "".join(piece.replace(NUMBER, str(number)) for number in range(times))


def code_of(language: str, piece: str, length_chars: int) -> str:
    """One block of code that holds that piece again and again."""
    return f"```{language}\n{text_of(piece, length_chars)}\n```\n"
