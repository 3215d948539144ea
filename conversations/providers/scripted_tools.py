"""What the scripted model does with tools: steps, results, citations, made up all."""

from collections.abc import Sequence
from typing import Any

type Block = dict[str, Any]

_DIRECT = {"type": "direct"}
_TABLES = "https://tides.example/north"
_BOOK = "https://harbour.example/book"


def search(query: str) -> Sequence[Block]:
    """A search, a page that is read, some code, and an answer that cites."""
    return [
        _thought("A question of facts: it is best to look them up before answering."),
        *_searched("1", query or "tides at the old harbour", _found()),
        *_read("2"),
        *_ran("3"),
        {"type": "text", "text": "Two sources agree on the basics: "},
        {
            "type": "text",
            "text": "high water comes twice a day",
            "citations": [_web_citation(_TABLES, "Tide tables", _TABLE_WORDS)],
        },
        {"type": "text", "text": ", and "},
        {
            "type": "text",
            "text": "the harbour is **3.2 m** deep at low water.",
            "citations": [
                _web_citation(_BOOK, "The harbour master's book", _BOOK_WORDS),
                _web_citation(_TABLES, "Tide tables", _TABLE_WORDS),
            ],
        },
        {
            "type": "text",
            "text": "\n\nThe book itself puts it in one line: ",
        },
        {
            "type": "text",
            "text": "wind from the west, steady.",
            "citations": [
                {
                    "type": "char_location",
                    "cited_text": "Wind from the west, steady; clear sky.",
                    "document_index": 0,
                    "document_title": "The harbour master's book",
                    "start_char_index": 0,
                    "end_char_index": 38,
                    "file_id": None,
                }
            ],
        },
        {
            "type": "text",
            "text": "\n\n(None of this exists: its tools are scripted too.)",
        },
    ]


def paused() -> Sequence[Block]:
    """The beginning of an answer that pauses while a search is going on."""
    return [
        {"type": "text", "text": "This takes a little longer. I begin with a search."},
        *_searched("1", "tide tables north coast", _found()[:1]),
        _call("2", "web_search", {"query": "depth of the old harbour"}),
    ]


def went_on() -> Sequence[Block]:
    """The rest of it: the result that was missing, and the words."""
    return [
        _result("2", "web_search", _found()[1:]),
        {
            "type": "text",
            "text": "The model paused here and was asked to go on, which nobody had to "
            "notice: high water is at six, and the harbour is deep enough.",
        },
    ]


def _thought(text: str) -> Block:
    return {"type": "thinking", "thinking": text, "signature": "c2NyaXB0ZWQ="}


def _call(number: str, name: str, asked: Block) -> Block:
    return {
        "type": "server_tool_use",
        "id": f"srvtoolu_scripted_{number}",
        "name": name,
        "input": asked,
        "caller": _DIRECT,
    }


def _result(number: str, name: str, content: Any) -> Block:
    return {
        "type": f"{name}_tool_result",
        "tool_use_id": f"srvtoolu_scripted_{number}",
        "content": content,
        "caller": _DIRECT,
    }


def _searched(number: str, query: str, found: Sequence[Block]) -> Sequence[Block]:
    asked = {"query": query}
    return [
        _call(number, "web_search", asked),
        _result(number, "web_search", list(found)),
    ]


def _read(number: str) -> Sequence[Block]:
    source = {"type": "text", "media_type": "text/plain", "data": _BOOK_WORDS}
    title = "The harbour master's book"
    page = {
        "type": "web_fetch_result",
        "url": _BOOK,
        "retrieved_at": "2026-11-22T12:00:00Z",
        "content": {"type": "document", "source": source, "title": title},
    }
    return [
        _call(number, "web_fetch", {"url": _BOOK}),
        _result(number, "web_fetch", page),
    ]


def _ran(number: str) -> Sequence[Block]:
    output = {"type": "bash_code_execution_output", "file_id": "file_scripted_tides"}
    ran = {
        "type": "bash_code_execution_result",
        "stdout": "high water: 06:12, 18:37\n",
        "stderr": "",
        "return_code": 0,
        "content": [output],
    }
    asked = {"command": "python tides.py --place harbour > $OUTPUT_DIR/tides.csv"}
    name = "bash_code_execution"
    return [_call(number, name, asked), _result(number, name, ran)]


def _found() -> Sequence[Block]:
    pages = [
        (_TABLES, "Tide tables", "2 days ago"),
        (_BOOK, "The harbour master's book", None),
    ]
    return [
        {
            "type": "web_search_result",
            "url": url,
            "title": title,
            "page_age": age,
            "encrypted_content": "c2NyaXB0ZWQ=",
        }
        for url, title, age in pages
    ]


def _web_citation(url: str, title: str, words: str) -> Block:
    return {
        "type": "web_search_result_location",
        "url": url,
        "title": title,
        "cited_text": words,
        "encrypted_index": "c2NyaXB0ZWQ=",
    }


_TABLE_WORDS = "High water comes twice a day, about fifty minutes later each day."
_BOOK_WORDS = "Wind from the west, steady; clear sky. Depth at low water: 3.2 m."
