"""Marks stand so that a server which caches by prefix reads nearly all it is sent."""

from typing import Any

import pytest

from conversations.messages_api import (
    MessageRequest,
    Usage,
    check_request,
    client_tool,
    with_breakpoints,
)
from tests.prefix_cache import PrefixCache, share_read

TURNS = 20

TOOL = client_tool("look", "Looks things up. " * 20, {"type": "object"})
SYSTEM = "Answer briefly, and say where it is from. " * 40


def asked(messages: list[dict[str, Any]], **more: Any) -> MessageRequest:
    tools = {"tools": [TOOL]}
    return MessageRequest(
        model="m",
        max_tokens=64,
        system=SYSTEM,
        messages=[*messages],
        parameters={**tools, **more},
    )


def question(turn: int) -> dict[str, Any]:
    return {"role": "user", "content": f"Question {turn}: " + "why so? " * 30}


def plain_answer(turn: int) -> list[dict[str, Any]]:
    text = {"type": "text", "text": f"Answer {turn}: " + "because. " * 120}
    thinking = {"type": "thinking", "thinking": "", "signature": f"s{turn}" * 50}
    return [{"role": "assistant", "content": [thinking, text]}]


def answer_in_many_blocks(turn: int) -> list[dict[str, Any]]:
    texts = [f"Part {part} of {turn}. " + "so. " * 15 for part in range(30)]
    blocks = [{"type": "text", "text": text} for text in texts]
    return [{"role": "assistant", "content": blocks}]


def answer_by_tools(turn: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for step in range(3):
        name = f"t{turn}-{step}"
        call = {"type": "tool_use", "id": name, "name": "look", "input": {}}
        found = "found it. " * 40
        result = {"type": "tool_result", "tool_use_id": name, "content": found}
        messages.append({"role": "assistant", "content": [call]})
        messages.append({"role": "user", "content": [result]})
    return [*messages, *plain_answer(turn)]


def usage_of_a_conversation(answer: Any, *, marked: bool = True) -> list[Usage]:
    cache = PrefixCache()
    messages: list[dict[str, Any]] = []
    usage: list[Usage] = []

    def send() -> None:
        request = with_breakpoints(asked(messages)) if marked else asked(messages)
        check_request(request)
        usage.append(cache.answer(request))

    for turn in range(TURNS):
        messages.append(question(turn))
        for message in answer(turn):
            if message["role"] == "assistant":
                send()
            messages.append(message)
    return usage


@pytest.mark.parametrize(
    "answer", [plain_answer, answer_in_many_blocks, answer_by_tools]
)
def test_twenty_turns_are_read_from_the_cache_to_85_percent(answer: Any) -> None:
    usage = usage_of_a_conversation(answer)

    assert share_read(usage) >= 0.85
    assert all(each.cache_read_tokens for each in usage[1:])
    assert all(each.input_tokens == 0 for each in usage)


def test_without_marks_nothing_is_read() -> None:
    assert share_read(usage_of_a_conversation(plain_answer, marked=False)) == 0


def test_a_new_conversation_reads_the_instructions_of_another() -> None:
    cache = PrefixCache()
    cache.answer(with_breakpoints(asked([question(1)])))

    usage = cache.answer(with_breakpoints(asked([question(2)])))

    assert usage.cache_read_tokens > usage.cache_write_tokens > 0


def test_marking_twice_is_marking_once() -> None:
    messages = [question(0), *answer_by_tools(0), question(1)]
    once = with_breakpoints(asked(messages, cache_control={"type": "ephemeral"}))

    assert with_breakpoints(once) == once
    assert "cache_control" not in once.parameters


def test_thinking_and_what_takes_no_mark_is_passed_over() -> None:
    upload = {"type": "container_upload", "file_id": "f"}
    words = {"type": "text", "text": "x"}
    request = with_breakpoints(asked([{"role": "user", "content": [words, upload]}]))

    assert request.messages[0]["content"] == [
        {**words, "cache_control": {"type": "ephemeral"}},
        upload,
    ]


def test_what_is_fixed_may_be_kept_for_an_hour() -> None:
    hour = {"type": "ephemeral", "ttl": "1h"}

    request = with_breakpoints(asked([question(0)]), fixed="1h", running="1h")
    mixed = with_breakpoints(asked([question(0)]), fixed="5m", running="1h")

    check_request(request)
    check_request(mixed)
    assert request.messages[0]["content"][-1]["cache_control"] == hour
    assert request.parameters["tools"][-1]["cache_control"] == hour
    assert mixed.messages[0]["content"][-1]["cache_control"] == {"type": "ephemeral"}


def test_a_paused_answer_is_marked_where_it_ends() -> None:
    call = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    paused = {"role": "assistant", "content": [call]}

    request = with_breakpoints(asked([question(0), paused]))

    assert "cache_control" in request.messages[1]["content"][0]


def test_a_request_of_nothing_fixed_gets_no_marks_for_it() -> None:
    request = MessageRequest(model="m", max_tokens=1, messages=[question(0)])

    assert with_breakpoints(request).body(stream=False).keys() == {
        "model",
        "max_tokens",
        "messages",
    }
