"""Requests of the Messages API as Chat Completions has them, and back again."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.chat_completions import ChatCompletionsDialect
from conversations.messages_api import MessageRequest

type Json = dict[str, Any]

DIALECT = ChatCompletionsDialect()
OFFICIAL = ChatCompletionsDialect(official=True)
PNG = base64.b64encode(b"\x89PNG").decode()
PICTURE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
PDF = {
    "type": "document",
    "title": "Plan.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
}
TOOL = {
    "name": "now",
    "description": "The time.",
    "input_schema": {"type": "object", "properties": {}},
    "cache_control": {"type": "ephemeral"},
}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def asked(*messages: Json, **more: Any) -> MessageRequest:
    return MessageRequest(model="m", messages=messages, max_tokens=64, **more)


def user(*content: Json | str) -> Json:
    blocks = [text(each) if isinstance(each, str) else each for each in content]
    return {"role": "user", "content": blocks}


def sent(*messages: Json, official: bool = False) -> list[Json]:
    dialect = OFFICIAL if official else DIALECT
    messages_sent: list[Json] = dialect.body(asked(*messages), stream=False)["messages"]
    return messages_sent


def with_parameters(**parameters: Any) -> Json:
    request = asked(user("Hello"), parameters=parameters)
    body = OFFICIAL.body(request, stream=False)
    usual = {"model", "messages", "max_completion_tokens"}
    return {key: body[key] for key in body.keys() - usual}


def test_the_words_of_all_servers_are_the_old_ones() -> None:
    request = asked(user("Hello"), system="Be brief.", stop_sequences=list("abcde"))
    assert DIALECT.body(request, stream=True) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
        ],
        "max_tokens": 64,
        "stop": ["a", "b", "c", "d"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_openais_own_servers_are_told_in_the_new_ones() -> None:
    body = OFFICIAL.body(
        asked(
            user("Hello"),
            system=[text("One."), {**text("Two."), "cache_control": {}}],
            parameters={"metadata": {"user_id": "u1"}},
        ),
        stream=False,
    )
    assert body == {
        "model": "m",
        "messages": [
            {"role": "developer", "content": "One.\n\nTwo."},
            {"role": "user", "content": "Hello"},
        ],
        "max_completion_tokens": 64,
        "safety_identifier": "u1",
    }


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"temperature": 0.2, "top_p": 0.9, "top_k": 5}, {"temperature", "top_p"}),
        ({"output_config": {"effort": "high"}}, {"reasoning_effort": "high"}),
        ({"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "answer",
                        "schema": {"a": 1},
                        "strict": True,
                    },
                }
            },
        ),
        ({"tools": [], "tool_choice": {"type": "any"}}, {}),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, {}),
        ({"cache_control": {"type": "ephemeral"}, "service_tier": "auto"}, {}),
    ],
)
def test_a_parameter_is_told_where_there_is_a_word_for_it(
    parameters: Json, expected: Json | set[str]
) -> None:
    if isinstance(expected, set):
        expected = {key: parameters[key] for key in expected}
    assert with_parameters(**parameters) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        (
            {"type": "tool", "name": "now"},
            {"type": "function", "function": {"name": "now"}},
        ),
    ],
)
def test_tools_and_their_choice_are_told(choice: Json, expected: object) -> None:
    told = with_parameters(
        tools=[TOOL], tool_choice={**choice, "disable_parallel_tool_use": True}
    )
    function = {
        "name": "now",
        "description": "The time.",
        "parameters": {"type": "object", "properties": {}},
    }
    assert told == {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": expected,
        "parallel_tool_calls": False,
    }


def test_pictures_travel_in_the_message() -> None:
    by_address = {
        "type": "image",
        "source": {"type": "url", "url": "https://h.test/a.png"},
    }
    assert sent(user(PICTURE, by_address, "What is it?")) == [
        {
            "role": "user",
            "content": [
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{PNG}"},
                },
                {"type": "image_url", "image_url": {"url": "https://h.test/a.png"}},
                text("What is it?"),
            ],
        }
    ]


def test_documents_are_files_on_openais_servers_and_named_on_others() -> None:
    file = {"filename": "Plan.pdf", "file_data": f"data:application/pdf;base64,{PNG}"}
    [official] = sent(user(PDF, "Why?"), official=True)
    assert official["content"][0] == {"type": "file", "file": file}
    [other] = sent(user(PDF, "Why?"))
    assert other["content"][0] == text(
        "[document: Plan.pdf, which this model cannot be sent]"
    )


def test_a_document_of_text_is_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "All of it."}
    document = {"type": "document", "title": "notes.md", "source": source}
    [told] = sent(user(document))
    assert told["content"] == "[document: notes.md]\nAll of it."


def test_what_cannot_be_sent_is_named() -> None:
    [told] = sent(user({"type": "container_upload", "file_id": "f1"}))
    assert told["content"] == "[container_upload, which this model cannot be sent]"


def test_thinking_and_steps_of_server_tools_are_left_out() -> None:
    answer = [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
        {**text("Yes"), "citations": [{"type": "char_location"}]},
        text(", so."),
    ]
    assert sent({"role": "assistant", "content": answer}) == [
        {"role": "assistant", "content": "Yes, so."}
    ]


def test_an_answer_of_thinking_alone_is_left_out() -> None:
    thoughts = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]
    assert sent({"role": "assistant", "content": thoughts}) == []


def test_results_of_tools_stand_before_what_is_said_with_them() -> None:
    results: list[Json | str] = [
        {"type": "tool_result", "tool_use_id": "c1", "content": "12:00"},
        {
            "type": "tool_result",
            "tool_use_id": "c2",
            "content": [text("No clock."), PICTURE],
            "is_error": True,
        },
        {"type": "tool_result", "tool_use_id": "c3"},
    ]
    first, second, third, said = sent(user(*results, "Well?"))
    assert first == {"role": "tool", "tool_call_id": "c1", "content": "12:00"}
    assert second["content"] == "Error: No clock."
    assert third["content"] == ""
    assert [part["type"] for part in said["content"]] == ["image_url", "text"]


def test_instructions_in_the_midst_stay_where_they_are() -> None:
    told = sent(user("Hello"), {"role": "system", "content": "Be brief."})
    assert told[1] == {"role": "system", "content": "Be brief."}


words = st.text(min_size=1, max_size=20)
inputs = st.dictionaries(words, st.one_of(words, st.integers(), st.none()), max_size=3)
pictures = st.sampled_from(["image/png", "image/webp"]).map(
    lambda kind: {
        "type": "image",
        "source": {"type": "base64", "media_type": kind, "data": PNG},
    }
)
questions = st.lists(words.map(text) | pictures, min_size=1, max_size=4)
calls = st.lists(inputs, max_size=3)


@st.composite
def histories(draw: st.DrawFn) -> list[Json]:
    """Turns of what both formats can say: texts, pictures, calls and their results."""
    history: list[Json] = []
    results: list[Json] = []
    for turn in range(draw(st.integers(1, 4))):
        history.append({"role": "user", "content": [*results, *draw(questions)]})
        uses = [
            {"type": "tool_use", "id": f"c{turn}-{n}", "name": "now", "input": given_}
            for n, given_ in enumerate(draw(calls))
        ]
        said = [text(draw(words))] if not uses or draw(st.booleans()) else []
        history.append({"role": "assistant", "content": [*said, *uses]})
        results = [
            {"type": "tool_result", "tool_use_id": use["id"], "content": draw(words)}
            for use in uses
        ]
    return history


def back(messages: list[Json]) -> list[Json]:
    """Chat Completions as the Messages API; answers by the way of every answer."""
    history: list[Json] = []
    results: list[Json] = []
    for each in messages:
        match each["role"]:
            case "tool":
                result = {"type": "tool_result", "content": each["content"]}
                results.append({**result, "tool_use_id": each["tool_call_id"]})
            case "user":
                content = [*results, *map(block_of, parts_of(each["content"]))]
                history.append({"role": "user", "content": content})
                results = []
            case "assistant":
                answer = {"choices": [{"message": each, "finish_reason": "stop"}]}
                message = DIALECT.message(answer)
                assert message is not None
                history.append({"role": "assistant", "content": message["content"]})
    return history


def parts_of(content: Any) -> list[Json]:
    return [text(content)] if isinstance(content, str) else content


def block_of(part: Json) -> Json:
    if part["type"] == "text":
        return part
    head, _, data = part["image_url"]["url"].partition(";base64,")
    media_type = head.removeprefix("data:")
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


def without_nul(value: Any) -> Any:
    # Arguments come as JSON, in which it is replaced on the way in.
    return json.loads(json.dumps(value).replace("\\u0000", "\\ufffd"))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_what_both_formats_can_say_comes_back_the_same(history: list[Json]) -> None:
    told = json.loads(json.dumps(sent(*history)))
    assert without_nul(back(told)) == without_nul(history)
