"""Streams of many servers become the messages that the Messages API would tell."""

import json
import random
from typing import Any

import pytest

from conversations.chat_completions.reader import ChunkReader
from conversations.messages_api import Accumulator, ProviderError, RequestError
from tests import corpus
from tests.chat_streams import (
    DONE,
    FIRST,
    LAST,
    NOW,
    STREAMS,
    call,
    calls,
    chunk,
    read,
    record,
)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_becomes_its_message(name: str) -> None:
    body, expected = STREAMS[name]
    told = read([body])
    assert told.done
    assert told.message == expected


@pytest.mark.parametrize("name", STREAMS)
def test_no_cut_between_two_bytes_changes_the_message(name: str) -> None:
    body, expected = STREAMS[name]
    for at in range(1, len(body)):
        assert read([body[:at], body[at:]]).message == expected


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("name", STREAMS)
def test_small_pieces_make_the_same_message(name: str, size: int) -> None:
    body, expected = STREAMS[name]
    assert read(corpus.chunked(body, size)).message == expected


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_ends_anywhere_is_whole_or_cut(name: str) -> None:
    body, expected = STREAMS[name]
    for at in range(len(body)):
        try:
            told = read([body[:at]])
        except ProviderError as error:
            assert error.code == "stream_cut"  # noqa: PT017 - some ends are whole
            assert error.retryable  # noqa: PT017 - the same
        else:
            assert told.message["content"] == expected["content"]


def test_every_event_is_told_when_its_bytes_have_come() -> None:
    reader, told = ChunkReader(), Accumulator()
    for event in reader.feed(FIRST + chunk({"content": "Hi"})):
        told.feed(event)
    assert told.text == "Hi"
    for event in reader.feed(chunk({}, "stop")):
        told.feed(event)
    assert told.stop_reason == "end_turn"
    assert not reader.ended


def test_nothing_is_read_behind_the_end() -> None:
    reader = ChunkReader()
    reader.feed(FIRST + chunk({}, "stop") + LAST + b"data: no json\n\n")
    assert reader.ended
    assert reader.finish() == []


def test_arguments_that_are_no_json_are_kept_as_they_came() -> None:
    told = read([calls(NOW), calls(call(0, "zone=")), chunk({}, "tool_calls"), LAST])
    assert told.partial_inputs == {0: "zone="}
    assert told.content[0]["input"] == {}


def test_a_call_without_an_id_gets_one() -> None:
    told = read([calls({"function": {"name": "now"}}), chunk({}, "stop"), LAST])
    assert told.content[0]["id"].startswith("call_")
    assert told.stop_reason == "tool_use"


def test_the_only_call_of_the_first_format_is_one() -> None:
    body = [
        chunk({"function_call": {"name": "now", "arguments": '{"a"'}}),
        chunk({"function_call": {"arguments": ": 1}"}}),
        chunk({}, "function_call"),
        LAST,
    ]
    told = read(body)
    assert (told.content[0]["name"], told.content[0]["input"]) == ("now", {"a": 1})


def test_what_is_said_after_the_finish_reason_is_not_lost() -> None:
    told = read([chunk({"content": "A"}, "stop"), chunk({"content": "B"}), LAST])
    assert told.text == "AB"


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ({"message": "No", "type": "server_error"}, "api_error", True),
        ({"message": "No", "code": "rate_limit_exceeded"}, "rate_limited", True),
        ({"message": "No", "code": "insufficient_quota"}, "spend_limit", False),
        ({"message": "No", "code": 429}, "rate_limited", True),
        ({"message": "No", "code": 502, "metadata": {}}, "api_error", True),
        ({"code": 400, "type": "BadRequestError"}, "invalid_request", False),
        ({"code": 400, "type": "exceed_context_size_error"}, "context_too_long", False),
        ({"code": "context_length_exceeded"}, "context_too_long", False),
        ("Out of memory", "api_error", True),
        ({"message": ["odd"]}, "api_error", True),
    ],
)
def test_an_error_in_the_stream_comes_out_behind_the_text(
    error: object, code: str, *, retryable: bool
) -> None:
    reader, told = ChunkReader(), Accumulator()
    body = FIRST + chunk({"content": "Three"}) + record({"error": error})
    for event in reader.feed(body):
        told.feed(event)
    with pytest.raises(RequestError) as caught:
        reader.feed(b"")
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert caught.value.status == 200
    assert told.text == "Three"


def test_an_error_of_older_servers_is_one() -> None:
    with pytest.raises(RequestError) as caught:
        read([record({"object": "error", "message": "No", "code": 400})])
    assert (caught.value.code, caught.value.provider_message) == (
        "invalid_request",
        "No",
    )


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource"])
def test_an_answer_that_failed_is_no_whole_one(reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        read([FIRST, chunk({}, reason), LAST])
    assert (caught.value.code, caught.value.retryable) == ("api_error", True)


@pytest.mark.parametrize("empty", [b"", DONE, chunk(None) + DONE])
def test_an_answer_that_never_began_is_cut(empty: bytes) -> None:
    with pytest.raises(ProviderError, match="stream_cut"):
        read([empty])


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {no\n\n",
        b"data: []\n\n",
        b"data: \xc3\n\n",
        record({"choices": [{"delta": "x"}]}),
        chunk({"content": 5}),
        chunk({"reasoning": {}}),
        chunk({"tool_calls": {"a": 1}}),
        chunk({"tool_calls": [{"function": "now"}]}),
    ],
)
def test_what_is_no_chunk_is_malformed(broken: bytes) -> None:
    with pytest.raises(ProviderError, match="malformed_stream"):
        read([FIRST, broken, chunk({}, "stop"), LAST])


@pytest.mark.parametrize(
    "odd",
    [
        record({"choices": None}),
        record({"choices": [None, {}]}),
        record({"choices": [{"delta": None}]}),
        record({"object": "ping"}),
        chunk({"tool_calls": [None], "content": None}),
        chunk({"content": [None, {"type": "text", "text": 5}]}),
        chunk({}, usage="much"),
        chunk({}, usage={"prompt_tokens": -1, "prompt_tokens_details": 5}),
        chunk({}, finish_reason=7),
    ],
)
def test_what_means_nothing_changes_nothing(odd: bytes) -> None:
    told = read([FIRST, odd, chunk({"content": "Hi"}), chunk({}, "stop"), LAST])
    assert (told.text, told.stop_reason) == ("Hi", "end_turn")
    assert told.usage == {"input_tokens": 9, "output_tokens": 5}


ODD: list[Any] = [None, 5, -1, True, "", "x", [], {}, [None], {"a": 1}, 1e300, "\0"]


def damaged(value: Any, chance: random.Random) -> Any:
    """The same JSON after accidents: keys are missing, values are of another kind."""
    if chance.random() < 0.05:
        return chance.choice(ODD)
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if chance.random() > 0.03}
        return {key: damaged(each, chance) for key, each in kept.items()}
    if isinstance(value, list):
        return [damaged(each, chance) for each in value]
    return value


@pytest.mark.parametrize("name", STREAMS)
def test_a_damaged_stream_is_read_or_refused_by_name(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - the same each time
    lines = [
        line for line in STREAMS[name][0].splitlines() if line.startswith(b"data:")
    ]
    chunks = [json.loads(line[5:]) for line in lines if b"{" in line]
    for _ in range(40):
        body = b"".join(record(damaged(each, chance)) for each in chunks)
        try:
            assert read([body, DONE]).done
        except ProviderError as error:
            assert error.code  # noqa: PT017 - many are refused, and some are not
