"""A changed history keeps the thinking before the change, and none behind it."""

from dataclasses import replace
from typing import Any

import pytest

from conversations.messages_api import (
    MessageRequest,
    RequestError,
    as_bound,
    check_request,
    is_about_thinking,
    without_thinking,
)

type Message = dict[str, Any]

CALL = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "seen"}


def thinking(name: str) -> Message:
    return {"type": "thinking", "thinking": "", "signature": name}


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def answer(name: str) -> Message:
    text = {"type": "text", "text": name}
    opaque = {"type": "redacted_thinking", "data": name}
    return {"role": "assistant", "content": [thinking(name), opaque, text]}


HISTORY = [user("1"), answer("a"), user("2"), answer("b"), user("3")]
BEFORE = MessageRequest(model="m", max_tokens=9, system="Be brief.", messages=HISTORY)


def changed(**more: Any) -> MessageRequest:
    return as_bound(replace(BEFORE, **more), BEFORE)


def thoughts(request: MessageRequest) -> list[str]:
    """Whose thinking is sent; and that nothing else was lost on the way."""
    check_request(request)
    return [
        block["signature"]
        for message in request.messages
        if not isinstance(message["content"], str)
        for block in message["content"]
        if block["type"] == "thinking"
    ]


def test_a_history_that_only_grew_is_left_as_it_is() -> None:
    now = replace(BEFORE, messages=[*HISTORY, answer("c"), user("4")])

    assert as_bound(now, BEFORE) is now


def test_a_history_that_was_cut_at_its_end_is_left_as_it_is() -> None:
    now = replace(BEFORE, messages=HISTORY[:3])

    assert as_bound(now, BEFORE) is now


def test_marks_and_the_spelling_of_text_are_no_change() -> None:
    mark = {"type": "ephemeral"}
    block = {"type": "text", "text": "1", "cache_control": mark}
    now = replace(BEFORE, messages=[{"role": "user", "content": [block]}, *HISTORY[1:]])

    assert as_bound(now, BEFORE) is now


@pytest.mark.parametrize(
    ("messages", "kept"),
    [
        ([user("other"), *HISTORY[1:]], []),
        ([*HISTORY[:2], user("other"), *HISTORY[3:]], ["a"]),
        ([*HISTORY[:4], user("other")], ["a", "b"]),
        ([user("1, 2"), *HISTORY[3:]], []),
        ([*HISTORY[:1], answer("c"), *HISTORY[2:]], []),
    ],
)
def test_thinking_behind_a_change_is_left_out(
    messages: list[Message], kept: list[str]
) -> None:
    assert thoughts(changed(messages=messages)) == kept


@pytest.mark.parametrize(
    "more",
    [{"system": "Be verbose."}, {"parameters": {"tools": [{"name": "new"}]}}],
)
def test_other_instructions_or_tools_cut_all_thinking_loose(
    more: dict[str, Any],
) -> None:
    found = changed(**more)

    assert [len(each["content"]) for each in found.messages] == [1, 1, 1, 1, 1]


def test_a_history_of_unknown_origin_is_sent_without_thinking() -> None:
    assert thoughts(as_bound(BEFORE, None)) == []


def test_what_is_stored_is_not_touched() -> None:
    without_thinking(HISTORY)

    assert HISTORY[1] == answer("a")


def test_an_answer_that_was_thinking_alone_does_not_become_empty() -> None:
    silent = {"role": "assistant", "content": [thinking("x")]}

    (_, found, _) = without_thinking([user("1"), silent, user("2")])

    assert found["content"] == [{"type": "text", "text": "(No words.)"}]


def test_a_loop_of_tools_that_is_not_finished_keeps_its_thinking() -> None:
    call = {"role": "assistant", "content": [thinking("loop"), CALL]}
    result = {"role": "user", "content": [RESULT]}
    messages = [user("other"), *HISTORY[1:], call, result]

    assert thoughts(changed(messages=messages)) == ["loop"]
    assert thoughts(changed(messages=[*messages, answer("c"), user("4")])) == []


def test_a_paused_answer_keeps_its_thinking() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    paused = {"role": "assistant", "content": [thinking("paused"), search]}

    messages = [user("other"), *HISTORY[1:], paused]

    assert thoughts(changed(messages=messages)) == ["paused"]


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (400, "This thinking block is bound to a different conversation.", True),
        (400, "messages.1: Invalid `signature` in `thinking` block", True),
        (400, "thinking.budget_tokens: too small", False),
        (500, "Invalid signature in thinking block", False),
    ],
)
def test_a_refusal_of_thinking_is_known(
    status: int, words: str, *, expected: bool
) -> None:
    error = RequestError("invalid_request", words, status=status)

    assert is_about_thinking(error) is expected
