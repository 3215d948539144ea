"""Code keeps its text, shows its language and can be copied."""

import html
import re

import pytest
from pygments.lexers import find_lexer_class_by_name

from conversations.rendering import render_markdown
from conversations.rendering.codeblocks import (
    HIGHLIGHT_LIMIT_CHARS,
    display_name,
    highlighted,
    language_of,
)
from conversations.rendering.languages import COLOURED


def test_a_code_block_has_its_language_and_a_copy_button_aside() -> None:
    assert render_markdown("```python\nx = 1\n```\n") == (
        '<figure class="code" data-language="python"><figcaption data-part="aside">'
        '<span>Python</span><button type="button" data-copy="" aria-label="Copy code">'
        'Copy code</button></figcaption><pre tabindex="0">'
        '<code class="language-python">x <span class="o">=</span> '
        '<span class="mi">1</span>\n</code></pre></figure>'
    )


@pytest.mark.parametrize(
    ("info", "language", "name"),
    [
        ("", "text", "Text"),
        ("text", "text", "Text"),
        ("python", "python", "Python"),
        ("PY title=x", "py", "Python"),
        ("cpp", "cpp", "C++"),
        ("c#", "c#", "C#"),
        ("c++", "c++", "C++"),
        ("js", "js", "JavaScript"),
        ("{.rust}", "rust", "Rust"),
        ("NoSuch", "nosuch", "NoSuch"),
        ('"><script>', "text", "Text"),
        ("a" * 40, "text", "Text"),
        ("python:main.py", "python", "Python"),
    ],
)
def test_the_info_string_names_a_language(info: str, language: str, name: str) -> None:
    assert language_of(info) == language
    assert display_name(info) == name


@pytest.mark.parametrize("language", ["python", "html", "json", "bash", "diff", "xx"])
@pytest.mark.parametrize(
    "code", ["", "\n\n  a = '<b>'\n\n", "\ufeffx", "\tx\n", "x", "a & b\u2028c\x00"]
)
def test_highlighting_changes_no_character(language: str, code: str) -> None:
    shown = re.sub(r"</?span[^>]*>", "", highlighted(language, code))
    assert html.unescape(shown) == html.unescape(html.escape(code, quote=False))


def test_very_long_code_stays_plain() -> None:
    code = "x = 1\n" * (HIGHLIGHT_LIMIT_CHARS // 6 + 1)
    assert "<span class" not in render_markdown(f"```python\n{code}```\n")


@pytest.mark.parametrize("language", ["ansys", "scala"])
def test_code_of_a_language_whose_lexer_blows_up_stays_plain(language: str) -> None:
    code = '"' + "\\" * 3_000  # exponential in the lexers of these
    assert highlighted(language, code) == code


def test_every_coloured_language_is_known() -> None:
    for language in COLOURED:
        assert language in find_lexer_class_by_name(language).aliases


@pytest.mark.parametrize("language", ["python", "html+django", "html+erb", "pycon"])
def test_code_that_takes_too_long_to_colour_stays_plain(language: str) -> None:
    code = ">>> x = '<b>{{ b }}'\n"
    assert "<span class" in highlighted(language, code)
    assert highlighted(language, code, limit_s=-1) == html.escape(code, quote=False)


@pytest.mark.parametrize("language", ["python", "php", "console", "html"])
def test_one_code_does_not_colour_the_next(language: str) -> None:
    code = "<?php $x = 'a'; ?>\n>>> print(x) # <b>\n"
    before = highlighted(language, code)
    highlighted(language, "'''\n<!-- never closed\n<?php \"")
    assert highlighted(language, code) == before
