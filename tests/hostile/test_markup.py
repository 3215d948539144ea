"""Whatever a text holds, its rendering holds nothing but what is listed."""

import os

from conversations.rendering import IncrementalMarkdown, render_markdown, render_plain
from tests.conversations.rendering.hostile import faults
from tests.conversations.rendering.page import Page, pieces
from tests.hostile.payloads import documents, payloads

# With HOSTILE=full every combination is tried, which takes some minutes.
FULL = os.environ.get("HOSTILE") == "full"
PIECE_SIZES = (1, 7, 2, 30, 11, 3, 5, 64)  # characters


def found_in(*renderings: str) -> list[str]:
    return [fault for rendering in renderings for fault in faults(rendering)]


def test_there_are_thousands_of_texts() -> None:
    assert len(payloads()) >= 2_000


def test_no_text_renders_to_anything_but_what_is_listed() -> None:
    for text in payloads(full=FULL):
        found = found_in(render_markdown(text), render_plain(text))
        assert (text, found) == (text, [])


def test_nor_does_its_beginning_while_it_arrives() -> None:
    # The page of this test finds what grows by that word, not by an attribute.
    texts = [text.replace("data-grow", "data-x") for text in payloads(full=FULL)]
    for document in documents(texts)[:: 1 if FULL else 8]:
        markdown, page = IncrementalMarkdown(), Page()
        sizes = PIECE_SIZES * (len(document) // sum(PIECE_SIZES) + 1)
        for piece in pieces(document, sizes):
            markdown.feed(piece)
            update = markdown.update()
            page.apply(update)
            assert (page.end, faults(page.open)) == (page.end, [])
        page.apply(markdown.finish())
        assert faults(page.html) == []


def test_letters_that_only_resemble_others_make_no_link() -> None:
    for address in ("http\u017f://h.test/x", "ma\u0131lto:a@h.test"):
        for rendering in (render_markdown(f"[x]({address})"), render_plain(address)):
            assert "<a" not in rendering
