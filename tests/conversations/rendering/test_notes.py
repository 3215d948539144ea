"""Numbered notes behind what an answer cites, and its sources."""

import re
from typing import Any

import pytest

from conversations.rendering import (
    LiveAnswer,
    render_answer,
    render_markdown,
    sources_of,
)
from conversations.rendering.sanitising import mark

type Json = dict[str, Any]


def cited(text: str, *citations: Json) -> Json:
    return {"type": "text", "text": text, "citations": list(citations)}


def web(url: str = "https://t.example/a", title: str = "Tides") -> Json:
    kind = "web_search_result_location"
    return {"type": kind, "url": url, "title": title, "cited_text": "High."}


def page(first: int, end: int, quote: str = "High.") -> Json:
    return {
        "type": "page_location",
        "document_index": 0,
        "document_title": "The book",
        "start_page_number": first,
        "end_page_number": end,
        "cited_text": quote,
    }


def notes_in(markup: str) -> list[str]:
    return re.findall(r'data-note="(\d+)"', markup)


def without_notes(markup: str) -> str:
    return re.sub(r"<sup class=\"cite\".*?</sup>", "", markup)


def test_a_note_stands_behind_what_is_cited_and_holds_no_text() -> None:
    shown = render_answer([cited("It is high", web()), cited(", always.", web())])

    note = (
        '<sup class="cite" data-part="aside"><a href="#note-1" data-note="1"'
        ' aria-label="Source 1"></a></sup>'
    )
    assert shown == f"<p>It is high{note}, always.{note}</p>\n"


def test_sources_are_numbered_as_they_are_first_cited() -> None:
    one, two = web(), web("https://t.example/b", "Moons")
    content = [cited("A", one), cited("B", two, one), cited("C", page(3, 4))]

    assert notes_in(render_answer(content)) == ["1", "2", "1", "3"]
    assert [source.title for source in sources_of(content)] == [
        "Tides",
        "Moons",
        "The book",
    ]


@pytest.mark.parametrize(
    ("citation", "title", "place", "is_link"),
    [
        (web(), "Tides", "", True),
        (page(3, 4), "The book", "page 3", False),
        (page(3, 6), "The book", "pages 3 to 5", False),
        (
            {"type": "char_location", "document_index": 1, "cited_text": "x"},
            "Document 2",
            "",
            False,
        ),
        (
            {"type": "content_block_location", "document_title": "Notes"},
            "Notes",
            "",
            False,
        ),
        (web("javascript:alert(1)"), "Tides", "", False),
        ({"type": "something_new"}, "Source", "", False),
    ],
)
def test_each_kind_of_citation_names_its_source(
    citation: Json, title: str, place: str, is_link: bool
) -> None:
    (source,) = sources_of([cited("A", citation)])

    assert (source.title, source.place) == (title, place)
    assert (source.link is not None) == is_link


def test_two_places_of_a_document_are_two_notes() -> None:
    content = [cited("A", page(3, 4)), cited("B", page(3, 4, "Low.")), cited("C")]

    assert [source.quote for source in sources_of(content)] == ["High.", "Low."]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        pytest.param("**It is high.**", " Always.", id="emphasis"),
        pytest.param("Code:\n\n```\nhigh()\n```", "\n\nAlways.", id="code"),
        pytest.param("Sum:\n\n$$\nx\n$$", "\n\nAlways.", id="formula"),
        pytest.param("| a |\n| - |\n| b |", "\n\nAlways.", id="table"),
        pytest.param("Title\n---", "\n\nAlways.", id="heading"),
        pytest.param("See https://t.example/a", " there.", id="address"),
        pytest.param("- one", "\n- two", id="list"),
    ],
)
def test_a_note_changes_nothing_of_the_text_around_it(before: str, behind: str) -> None:
    shown = render_answer([cited(before, web()), {"type": "text", "text": behind}])

    assert without_notes(shown) == render_markdown(before + behind)


@pytest.mark.parametrize(
    "source",
    [
        f"`code {mark(1)}`",
        f"```\ncode {mark(1)}",
        f"[link](https://t.example '{mark(1)}')",
        "\u1680\ufdd2",
        "\ufdd5",
    ],
)
def test_a_mark_where_no_note_can_stand_is_not_shown(source: str) -> None:
    shown = render_markdown(source)

    assert re.search("[\ufdd0-\ufddf]", shown) is None
    assert notes_in(shown) == []


def test_a_text_cannot_make_notes() -> None:
    shown = render_answer([{"type": "text", "text": f"It is{mark(7)} high."}])

    assert notes_in(shown) == []


@pytest.mark.parametrize("odd", [None, 7, "x", [None], [{}], {"url": []}])
def test_whatever_stands_in_citations_breaks_nothing(odd: Any) -> None:
    content = [{"type": "text", "text": "A", "citations": odd}]

    assert "A" in render_answer(content)
    assert len(sources_of(content)) <= 1


def test_a_note_comes_live_with_the_block_that_follows() -> None:
    answer = LiveAnswer()
    answer.begin(cited("", web()))
    answer.feed("It is high")
    answer.complete(cited("It is high", web()))
    first = answer.update()
    answer.begin({"type": "text", "text": ", always."})
    second = answer.update()

    assert first is not None
    assert second is not None
    assert first.text is not None
    assert second.text is not None
    assert notes_in(first.text.open or "") == []
    assert notes_in(second.text.open or "") == ["1"]
