"""What a person wrote is shown as typed."""

import pytest

from conversations.rendering import render_plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* <b>", "*a* &lt;b&gt;"),
        ("a\nb\r\nc\rd", "a<br>b<br>c<br>d"),
        ("a\0\ud800b", "a\ufffd\ufffdb"),
        ("", ""),
        ("ftp://h.test javascript:x", "ftp://h.test javascript:x"),
    ],
)
def test_typed_text_is_escaped_and_keeps_its_lines(text: str, shown: str) -> None:
    assert render_plain(text) == shown


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://h.test/a.", "https://h.test/a"),
        ("(https://h.test/a_(b))", "https://h.test/a_(b)"),
        ("http://h.test?a=1&b=2,", "http://h.test?a=1&amp;b=2"),
        ("<https://h.test>", "https://h.test"),
    ],
)
def test_addresses_in_typed_text_are_links(text: str, url: str) -> None:
    rel = "noopener noreferrer nofollow"
    link = f'<a href="{url}" target="_blank" rel="{rel}">{url}</a>'
    assert link in render_plain(text)
