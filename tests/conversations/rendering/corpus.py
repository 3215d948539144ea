"""Small Markdown texts, by the part of the syntax that they try the edges of."""

import json
from pathlib import Path

EXAMPLES: dict[str, list[str]] = {}
for _row in json.loads(Path(__file__).with_name("examples.json").read_text()):
    EXAMPLES.setdefault(_row["part"], []).append(_row["markdown"])

ALL_EXAMPLES = [text for texts in EXAMPLES.values() for text in texts]
PIECES = [
    *(
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        " ",
        "  ",
        "    ",
        "\t",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "2) ",
    ),
    *("> ", "#", "```", "~~~", "===", "---", "|", "|-|", "| a | b |\n", "[ ] ", "[x] "),
    *("[^1]", "[^1]:", "[a]:", "[a]", " https://h.test ", '"', "'", "(", ")", "<", ">"),
    *(
        "$",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "\\",
        "*",
        "**",
        "_",
        "`",
        "~~",
        "!",
        "![",
    ),
    *("a", "b", "word", "&amp;", "é", "=", "-", "]", "]: ", "\0", "\ufdd0", "$x$"),
]
"""Pieces that random documents are made of."""
