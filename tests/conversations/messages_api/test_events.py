"""Records become typed events, and what is unknown passes through."""

import json
from typing import Any

import pytest

from conversations.messages_api import (
    Accumulator,
    CitationsDelta,
    CompactionDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Delta,
    ErrorEvent,
    Event,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    Ping,
    SignatureDelta,
    SseRecord,
    StreamError,
    TextDelta,
    ThinkingDelta,
    UnknownDelta,
    UnknownEvent,
    parse_event,
)
from conversations.messages_api.events import events_of
from tests import corpus


def event(raw: Any, name: str = "message") -> Event:
    return parse_event(
        SseRecord(name, raw if isinstance(raw, str) else json.dumps(raw))
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"type": "message_start", "message": {"id": "m"}}, MessageStart({"id": "m"})),
        (
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "new"},
            },
            ContentBlockStart(1, {"type": "new"}),
        ),
        ({"type": "content_block_stop", "index": 1}, ContentBlockStop(1)),
        (
            {"type": "message_delta", "delta": {"a": 1}, "usage": {"b": 2}},
            MessageDelta({"a": 1}, {"b": 2}),
        ),
        ({"type": "message_delta", "usage": None}, MessageDelta({}, {})),
        (
            {"type": "message_delta", "delta": {}, "context_management": {"c": 1}},
            MessageDelta({}, {}, {"context_management": {"c": 1}}),
        ),
        ({"type": "message_stop", "extra": 1}, MessageStop()),
        ({"type": "ping"}, Ping()),
        (
            {"type": "error", "error": {"type": "t"}, "request_id": "req_1"},
            ErrorEvent({"type": "t"}, "req_1"),
        ),
        ({"type": "error", "error": "words"}, ErrorEvent({"message": "words"}, None)),
        ({"type": "error"}, ErrorEvent({"message": ""}, None)),
        ({"error": {"code": 500}}, ErrorEvent({"code": 500}, None)),
        ({"type": "new", "n": 1}, UnknownEvent("new", {"type": "new", "n": 1})),
        ({"n": 1}, UnknownEvent("message", {"n": 1})),
        ({"type": 5}, UnknownEvent("message", {"type": 5})),
        ("[DONE]", UnknownEvent("[DONE]", {})),
    ],
)
def test_json_becomes_its_event(raw: Any, expected: Event) -> None:
    assert event(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"type": "text_delta", "text": "x"}, TextDelta("x")),
        ({"type": "text_delta"}, TextDelta("")),
        ({"type": "input_json_delta", "partial_json": "{"}, InputJsonDelta("{")),
        ({"type": "input_json_delta", "partial_json": None}, InputJsonDelta("")),
        ({"type": "thinking_delta", "thinking": "x"}, ThinkingDelta("x")),
        ({"type": "signature_delta", "signature": "x"}, SignatureDelta("x")),
        ({"type": "citations_delta", "citation": {"a": 1}}, CitationsDelta({"a": 1})),
        (
            {"type": "compaction_delta", "content": "s", "encrypted_content": "e"},
            CompactionDelta("s", "e"),
        ),
        ({"type": "compaction_delta"}, CompactionDelta(None, None)),
        ({"type": "new_delta", "a": 1}, UnknownDelta({"type": "new_delta", "a": 1})),
        ({"type": []}, UnknownDelta({"type": []})),
    ],
)
def test_a_delta_has_its_type(raw: Any, expected: Delta) -> None:
    delta = event({"type": "content_block_delta", "index": 2, "delta": raw})

    assert delta == ContentBlockDelta(2, expected)


def test_the_type_in_the_json_counts_and_not_the_name_of_the_record() -> None:
    assert event({"type": "ping"}, name="message_stop") == Ping()


def test_the_name_of_the_record_serves_where_the_json_has_no_type() -> None:
    assert event({}, name="message_stop") == MessageStop()


@pytest.mark.parametrize(
    "raw",
    [
        "not json",
        "[1]",
        '"text"',
        "",
        '{"type": "ping", "n": NaN}',
        '{"a":' * 100_000,
        {"type": "message_start"},
        {"type": "message_start", "message": []},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "content_block": {}},
        {"type": "content_block_stop", "index": -1},
        {"type": "content_block_stop", "index": True},
        {"type": "content_block_stop", "index": "0"},
        {"type": "content_block_delta", "index": 0, "delta": "x"},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": 1},
        },
        {"type": "message_delta", "delta": 1},
    ],
)
def test_what_lacks_what_its_type_needs_is_malformed(raw: Any) -> None:
    with pytest.raises(StreamError) as caught:
        event(raw)

    assert caught.value.code == "malformed_stream"
    assert caught.value.__context__ is None


def test_a_malformed_record_is_not_quoted() -> None:
    with pytest.raises(StreamError, match="14 characters are not a JSON object"):
        event('{"text": "priv')


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    raw = r'{"type":"new","a":["\ud83d\ude00 \ud83d","\uDE00"],"n":1}'

    assert event(raw) == UnknownEvent(
        "new", {"type": "new", "a": ["\N{GRINNING FACE} \ufffd", "\ufffd"], "n": 1}
    )


def test_a_nul_is_replaced_for_the_databases_that_refuse_it() -> None:
    raw = r'{"type":"new","a":["one\u0000two"]}'

    assert event(raw) == UnknownEvent("new", {"type": "new", "a": ["one\ufffdtwo"]})


def test_a_number_beyond_all_bounds_is_no_json() -> None:
    with pytest.raises(StreamError):
        event('{"type": "new", "n": 1e999}')


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
def test_a_message_that_arrived_whole_streams_like_any_other(name: str) -> None:
    message = corpus.expected(name)
    accumulator = Accumulator()

    for told in events_of(message):
        accumulator.feed(told)

    assert accumulator.done
    assert accumulator.message == message
    assert accumulator.text == corpus.visible_text(message)


def test_a_whole_message_without_content_streams_as_an_empty_one() -> None:
    assert events_of({"id": "m", "content": None}) == [
        MessageStart({"id": "m", "content": []}),
        MessageDelta({}, {}),
        MessageStop(),
    ]
