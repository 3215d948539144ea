"""Thoughts and calls of tools, as they are shown beside an answer."""

import html
import re
from typing import Any

import pytest

from conversations.rendering import LiveAnswer, frame_markup, render_steps
from conversations.rendering.steps import Steps

KEY = "0b5f8f0e-7f8e-4d0e-9e2c-3f3f0d3f1a11"

type Json = dict[str, Any]


def thinking(text: str) -> Json:
    return {"type": "thinking", "thinking": text, "signature": "Eq=="}


def call(name: str, **asked: Any) -> Json:
    return {"type": "server_tool_use", "id": "s1", "name": name, "input": asked}


def result(kind: str, content: Any) -> Json:
    return {"type": f"{kind}_tool_result", "tool_use_id": "s1", "content": content}


def words(*content: Json) -> str:
    """What the steps of an answer that has ended say, without markup."""
    return " ".join(
        html.unescape(re.sub("<[^>]*>", " ", render_steps(content))).split()
    )


def test_thoughts_are_folded_away_as_they_were_thought() -> None:
    shown = render_steps([thinking("First <b>this</b>,\n\n**then** that.")])

    assert "<details" in shown
    assert "<summary>Thinking</summary>" in shown
    assert "First &lt;b&gt;this&lt;/b&gt;,\n\n**then** that." in shown


def test_thinking_that_is_kept_hidden_is_said_to_be_so() -> None:
    assert "kept hidden" in words({"type": "redacted_thinking", "data": "Eq=="})


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({"type": "text", "text": "Hello."}, id="text"),
        pytest.param(thinking(""), id="thoughts that are left out"),
        pytest.param({"type": "hologram", "light": [1]}, id="unknown"),
        pytest.param({"type": "thinking", "thinking": None}, id="no thoughts"),
    ],
)
def test_what_is_no_step_shows_none(block: Json) -> None:
    assert render_steps([block]) == ""


def test_a_search_says_what_for_and_links_what_was_found() -> None:
    found = {
        "type": "web_search_result",
        "title": "Tides",
        "url": "https://t.example/a",
    }
    shown = render_steps(
        [call("web_search", query="high water"), result("web_search", [found])]
    )

    assert "Searched the web for “high water”" in shown
    assert (
        '<a href="https://t.example/a" target="_blank"'
        ' rel="noopener noreferrer nofollow">Tides</a>'
    ) in shown


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//t.example", "https://t.example/\"onclick='", 7]
)
def test_only_addresses_of_the_web_become_links(url: object) -> None:
    found = {"type": "web_search_result", "title": "Tides", "url": url}

    assert "<a" not in render_steps([result("web_search", [found])])


def test_the_page_that_was_read_is_linked() -> None:
    page = {
        "type": "web_fetch_result",
        "url": "https://www.t.example/a",
        "content": {"type": "document", "title": "Tides"},
    }
    shown = words(call("web_fetch", url="https://x.example"), result("web_fetch", page))

    assert shown == "Read a page of t.example Tides t.example"


def test_code_is_shown_with_its_output_its_fault_and_its_files() -> None:
    ran = {
        "type": "bash_code_execution_result",
        "stdout": "2 a.txt\n",
        "stderr": "oh",
        "return_code": 3,
        "content": [{"type": "bash_code_execution_output", "file_id": "file_01X"}],
    }
    shown = words(
        call("bash_code_execution", command="wc -l <a.txt"),
        result("bash_code_execution", ran),
    )

    assert shown == (
        "Ran code It ended with code 3. wc -l <a.txt 2 a.txt oh File made: file_01X"
    )


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("web_search", "unavailable", "It was not available."),
        ("web_fetch", "url_not_accessible", "The page could not be reached."),
        ("code_execution", "execution_time_exceeded", "The code ran for too long."),
        ("web_search", "something_new", "It did not work."),
    ],
)
def test_errors_are_said_in_words(name: str, code: str, said: str) -> None:
    error = {"type": f"{name}_tool_result_error", "error_code": code}

    assert said in words(call(name), result(name, error))


def test_a_call_that_runs_or_was_cut_off_is_said_to_be_so() -> None:
    running = LiveAnswer.of([call("web_search", query="tides")]).steps.snapshot()

    assert "Searching the web for “tides”" in running.changed
    assert "It did not come to an end." in words(call("web_search", query="tides"))


@pytest.mark.parametrize("odd", [None, 7, "x", [], [None], {"error_code": []}, {}])
def test_whatever_stands_in_a_call_breaks_nothing(odd: Any) -> None:
    for name in ("web_search", "web_fetch", "code_execution", "other"):
        block: Json = {**call(name), "input": odd}
        assert render_steps([block, result(name, odd)])


def test_more_thoughts_cost_a_frame_of_their_own_length() -> None:
    answer = LiveAnswer()
    answer.begin(thinking("First this. " * 1000))
    answer.update()

    answer.steps.think("Then <that>.")
    update = answer.update()

    assert update is not None
    assert frame_markup(KEY, update) == (
        f'<div hx-swap-oob="frame:#message-{KEY}" data-base="12000" data-end="12012">'
        '<div class="thought" data-step="0"><pre>\nThen &lt;that&gt;.</pre></div></div>'
    )


def test_a_step_is_shown_anew_when_its_result_comes_and_no_other_is() -> None:
    steps = Steps()
    steps.begin(thinking("Hm."))
    steps.begin(call("web_search", query="tides"))
    first = steps.update()
    steps.begin(result("web_search", []))
    second = steps.update()

    assert first is not None
    assert second is not None
    assert (first.base, first.end) == (0, 5)
    assert (second.base, second.end) == (5, 6)
    assert re.findall(r'data-step="(\d)"', first.changed + second.changed) == list(
        "011"
    )
