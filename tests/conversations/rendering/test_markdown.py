"""What Markdown looks like on the page."""

import pytest

from conversations.rendering import render_markdown
from conversations.rendering.markdown import MAX_BLOCK_DEPTH


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# A *b*", "<h1>A <em>b</em></h1>"),
        ("a\\\nb  \nc", "<p>a<br>\nb<br>\nc</p>"),
        ("~~a~~ **b**", "<p><s>a</s> <strong>b</strong></p>"),
        ("> a", '<blockquote dir="auto">\n<p>a</p>\n</blockquote>'),
        ("3. a", '<ol start="3" dir="auto">\n<li>a</li>\n</ol>'),
        ("- a\n\n- b", "<li>\n<p>a</p>\n</li>"),
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        ("---", "<hr>"),
        ("[^1]: x", "<sup>[1]</sup><p>x</p>"),
        ("a[^1]", '<p>a<sup class="footnote-ref">[1]</sup></p>'),
        ("regex [^a-z]", "<p>regex [^a-z]</p>"),
        ("manage.py and a@h.test", "<p>manage.py and a@h.test</p>"),
    ],
)
def test_markdown_becomes_html(text: str, shown: str) -> None:
    assert shown in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "<https://h.test/>",
        "https://h.test/",
        "[a](https://h.test/)",
        "[a]\n\n[a]: x\n\n[b]: https://h.test/\n\n[b]",
    ],
)
def test_links_open_elsewhere_and_tell_nothing(text: str) -> None:
    attributes = 'target="_blank" rel="noopener noreferrer nofollow"'
    assert f'<a href="https://h.test/" {attributes}>' in render_markdown(text)


@pytest.mark.parametrize("text", ["- 1\n- 2", "1. 2", "> 1", "|1|2|\n|-|-|\n|3|4|"])
def test_what_has_no_letters_reads_as_what_stands_around_it(text: str) -> None:
    assert "dir=" not in render_markdown(text)
    assert render_markdown(text.replace("1", "a")).count('dir="auto"') == (
        "1." not in text
    )


def test_a_list_within_a_list_has_its_own_direction() -> None:
    rendered = render_markdown("- a\n  - 12\n  - \u0623\n- b\n  1. 5")
    assert rendered.count('<ul dir="auto">') == 2
    assert "<ol>" in rendered


def test_a_table_scrolls_and_aligns_by_attribute() -> None:
    rendered = render_markdown("| a | b |\n|:-:|--:|\n| c | d |\n")
    assert rendered.startswith('<div class="table" tabindex="0"><table dir="auto">')
    assert '<th align="center">a</th>' in rendered
    assert '<td align="right">d</td>' in rendered
    assert "style" not in rendered


def test_a_text_with_a_very_long_word_has_no_bare_links() -> None:
    assert "<a " in render_markdown("https://h.test/" + "a" * 1_900)
    assert "<a " not in render_markdown("https://h.test/" + "a" * 2_000)


def test_tasks_are_boxes_that_say_their_state() -> None:
    rendered = render_markdown("- [ ] a\n- [x] b\n")
    box = '<li class="task"><input type="checkbox" disabled=""'
    assert f'{box} aria-label="To do"> a</li>' in rendered
    assert f'{box} checked="" aria-label="Done"> b</li>' in rendered


def test_footnotes_end_the_text_wherever_they_are_defined() -> None:
    rendered = render_markdown("[^1]: The *note*.\n\nText[^1].\n")
    section = '<section class="footnotes"><div class="footnote"><sup>[1]</sup>'
    assert rendered.index("Text") < rendered.index(section)
    assert rendered.endswith("<p>The <em>note</em>.</p>\n</div></section>")


@pytest.mark.parametrize("container", ["> ", "- ", "1. ", "> - "])
def test_nothing_is_lost_however_deep_it_stands(container: str) -> None:
    rendered = render_markdown(container * (4 * MAX_BLOCK_DEPTH) + "word")
    assert "word" in rendered


@pytest.mark.parametrize(
    "shape",
    [
        *(">", "- ", "[", "![", "](", "[a](", "*a ", "**a_ ", "`", "``a`", "~~a", "<"),
        *("<a", "&", "$", "$a", "\\(", "\\[ ", "$$\n", "\\[\n", "(", "[^1]:", "[^1]"),
        *("[a]: https://h.test\n", "[a\n", '[a]: https://h.test "\n', "|a", "|-"),
        *("a\n===\n", "- a\n", "> a\n", "1. a\n\n", "https://h.test/", "\\\n", "\t"),
        *(
            "```\n",
            "    a\n\n",
            "a|b\n-|-\n",
            "!",
            "_",
            "(https://h.test/",
            "a_b",
            "[a][",
            "<!--",
            "$x$",
        ),
    ],
)
def test_no_shape_makes_the_page_explode(shape: str) -> None:
    text = shape * (6_000 // len(shape))
    assert len(render_markdown(text)) < 150 * len(text)
