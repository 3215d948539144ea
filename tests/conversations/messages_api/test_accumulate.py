"""Events fold into one message, shaped as the API would return it."""

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
    StreamError,
    TextDelta,
    ThinkingDelta,
    UnknownDelta,
    UnknownEvent,
)
from tests import corpus

START = MessageStart({"id": "m", "role": "assistant", "usage": {"output_tokens": 1}})


def told(*events: Event) -> Accumulator:
    accumulator = Accumulator()
    for event in events:
        accumulator.feed(event)
    return accumulator


def block(index: int, start: dict[str, Any], *deltas: Delta) -> list[Event]:
    pieces = [ContentBlockDelta(index, delta) for delta in deltas]
    return [ContentBlockStart(index, start), *pieces, ContentBlockStop(index)]


def text_block(index: int, *pieces: str) -> list[Event]:
    return block(index, {"type": "text", "text": ""}, *map(TextDelta, pieces))


def tool_block(index: int, *pieces: str, **extra: Any) -> list[Event]:
    start = {"type": "tool_use", "id": f"t{index}", "name": "f", "input": {}, **extra}
    return block(index, start, *map(InputJsonDelta, pieces))


def test_nothing_told_is_an_empty_message() -> None:
    accumulator = Accumulator()

    assert accumulator.content == []
    assert accumulator.usage == {}
    assert accumulator.stop_reason is None
    assert accumulator.text == ""
    assert not accumulator.done


def test_text_can_be_read_after_every_delta() -> None:
    accumulator = told(START, ContentBlockStart(0, {"type": "text", "text": ""}))
    seen = []

    for piece in ("a", "b", "c"):
        accumulator.feed(ContentBlockDelta(0, TextDelta(piece)))
        seen.append((accumulator.text, accumulator.content[0]["text"]))

    assert seen == [("a", "a"), ("ab", "ab"), ("abc", "abc")]


def test_several_text_blocks_are_one_text_in_the_order_of_their_indexes() -> None:
    accumulator = told(START, *text_block(2, "c"), *text_block(0, "a", "b"))

    assert accumulator.text == "abc"
    assert [part["text"] for part in accumulator.content] == ["ab", "c"]


def test_text_already_in_the_start_of_a_block_counts() -> None:
    events = block(0, {"type": "text", "text": "a"}, TextDelta("b"))

    assert told(START, *events).text == "ab"


def test_interleaved_blocks_are_told_apart_by_their_index() -> None:
    accumulator = told(
        START,
        ContentBlockStart(0, {"type": "text", "text": ""}),
        ContentBlockStart(1, {"type": "text"}),
        ContentBlockDelta(1, TextDelta("b")),
        ContentBlockDelta(0, TextDelta("a")),
    )

    assert accumulator.text == "ab"


def test_the_events_fed_in_stay_as_they_were() -> None:
    start = MessageStart({"content": [], "usage": {"output_tokens": 1}})
    opened = ContentBlockStart(0, {"type": "text", "text": ""})

    told(
        start, opened, ContentBlockDelta(0, TextDelta("x")), MessageDelta({"a": 1}, {})
    )

    assert start.message == {"content": [], "usage": {"output_tokens": 1}}
    assert opened.content_block == {"type": "text", "text": ""}


def test_running_totals_replace_earlier_ones_and_nulls_do_not() -> None:
    accumulator = told(
        MessageStart({"usage": {"input_tokens": 5, "output_tokens": 1, "tier": "s"}}),
        MessageDelta({}, {"output_tokens": 9, "input_tokens": None}),
        MessageDelta({}, {"output_tokens": 12, "cache_read_input_tokens": 3}),
    )

    assert accumulator.usage == {
        "input_tokens": 5,
        "output_tokens": 12,
        "tier": "s",
        "cache_read_input_tokens": 3,
    }


@pytest.mark.parametrize("start", [{}, {"usage": None}])
def test_usage_may_come_only_at_the_end(start: dict[str, Any]) -> None:
    accumulator = told(MessageStart(start), MessageDelta({}, {"input_tokens": 7}))

    assert accumulator.usage == {"input_tokens": 7}


def test_a_later_null_does_not_erase_the_stop_reason() -> None:
    accumulator = told(
        START,
        MessageDelta({"stop_reason": "end_turn", "container": {"id": "c"}}, {}),
        MessageDelta({"stop_reason": None, "container": None}, {}),
    )

    assert accumulator.stop_reason == "end_turn"
    assert accumulator.message["container"] == {"id": "c"}


def test_a_signature_replaces_and_citations_append() -> None:
    accumulator = told(
        START,
        *block(
            0,
            {"type": "thinking"},
            ThinkingDelta("hm"),
            SignatureDelta("a"),
            SignatureDelta("b"),
        ),
        *block(
            1,
            {"type": "text", "text": "", "citations": None},
            CitationsDelta({"n": 1}),
            TextDelta("x"),
            CitationsDelta({"n": 2}),
        ),
    )

    assert accumulator.content == [
        {"type": "thinking", "thinking": "hm", "signature": "b"},
        {"type": "text", "text": "x", "citations": [{"n": 1}, {"n": 2}]},
    ]


def test_unknown_blocks_stay_verbatim_and_unknown_deltas_change_nothing() -> None:
    start = {"type": "hologram", "beam": [1, {"x": None}]}
    accumulator = told(
        START,
        *block(0, start, UnknownDelta({"type": "beam_delta"})),
        ContentBlockDelta(9, UnknownDelta({"type": "beam_delta"})),
        UnknownEvent("news", {}),
        Ping(),
    )

    assert accumulator.content == [start]
    assert accumulator.text == ""


def test_tool_input_is_parsed_once_its_block_ends() -> None:
    accumulator = told(START, *tool_block(0, "", '{"a": tr', "ue}")[:-1])
    assert accumulator.content[0]["input"] == {}
    assert accumulator.partial_inputs == {0: '{"a": true}'}

    accumulator.feed(ContentBlockStop(0))

    assert accumulator.content[0]["input"] == {"a": True}
    assert accumulator.partial_inputs == {}


def test_input_that_came_with_the_start_is_kept() -> None:
    accumulator = told(START, *tool_block(0, "", input={"a": 1}))

    assert accumulator.content[0]["input"] == {"a": 1}
    assert accumulator.partial_inputs == {}


@pytest.mark.parametrize("raw", ['{"a": "cut', "[1]", "7", "{" + '"a":{' * 100_000])
def test_input_that_is_no_json_object_is_kept_raw_beside_the_message(raw: str) -> None:
    accumulator = told(START, *text_block(0, "x"), *tool_block(1, raw))

    assert accumulator.partial_inputs == {1: raw}
    assert accumulator.content[1]["input"] == {}


def test_an_error_event_changes_nothing() -> None:
    events = [START, *text_block(0, "x")]

    after = told(*events, ErrorEvent({"type": "overloaded_error"}, None))

    assert after.message == told(*events).message
    assert not after.done


@pytest.mark.parametrize(
    "events",
    [
        [START, START],
        text_block(0, "x"),
        [START, *text_block(0, "x"), *text_block(0, "y")],
        [START, ContentBlockDelta(0, TextDelta("x"))],
        [START, *text_block(0, "x"), ContentBlockDelta(0, TextDelta("y"))],
        [START, *tool_block(0), ContentBlockStop(0)],
        [
            START,
            ContentBlockStart(0, {"type": "tool_use"}),
            ContentBlockDelta(0, TextDelta("x")),
        ],
        [MessageDelta({}, {})],
        [MessageStop()],
        [START, MessageStop(), *text_block(0, "x")],
    ],
)
def test_events_out_of_order_are_an_error(events: list[Event]) -> None:
    with pytest.raises(StreamError) as caught:
        told(*events)

    assert caught.value.code == "malformed_stream"


def test_deltas_of_blocks_that_nobody_knows_are_let_pass() -> None:
    hologram = {"type": "hologram", "light": {"b": 1, "a": 2}}

    accumulator = told(
        START,
        ContentBlockStart(0, hologram),
        ContentBlockDelta(0, TextDelta("x")),
        ContentBlockDelta(0, SignatureDelta("s")),
        ContentBlockDelta(0, InputJsonDelta("{}")),
        ContentBlockStop(0),
    )

    assert accumulator.content == [hologram]
    assert list(accumulator.content[0]["light"]) == ["b", "a"]


def test_a_summary_is_taken_over_as_it_comes() -> None:
    summary = {"type": "compaction", "content": None}

    accumulator = told(
        START,
        ContentBlockStart(0, summary),
        ContentBlockDelta(0, CompactionDelta("the gist", "secret")),
        ContentBlockStop(0),
        MessageDelta({}, {"iterations": [{"type": "compaction"}]}, {"extra": {}}),
    )

    assert accumulator.content == [
        {"type": "compaction", "content": "the gist", "encrypted_content": "secret"}
    ]
    assert accumulator.usage["iterations"] == [{"type": "compaction"}]
    assert accumulator.message["extra"] == {}


def test_the_model_that_takes_over_is_the_model_of_the_answer() -> None:
    other = {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}

    assert told(START, *block(0, other)).message["model"] == "b"


@pytest.mark.parametrize("stop_reason", ["pause_turn", "tool_use"])
def test_a_call_whose_result_is_still_to_come_is_sent_back(stop_reason: str) -> None:
    call = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}

    accumulator = told(
        START, *block(0, call), MessageDelta({"stop_reason": stop_reason}, {})
    )

    assert accumulator.sendable_content() == [call]


def test_text_before_an_error_of_order_stays_readable() -> None:
    accumulator = told(START, *text_block(0, "kept"))

    with pytest.raises(StreamError):
        accumulator.feed(ContentBlockStop(5))

    assert accumulator.text == "kept"


def test_what_may_be_sent_back_leaves_out_what_the_api_refuses() -> None:
    accumulator = told(
        START,
        *block(0, {"type": "thinking", "thinking": "", "signature": "s"}),
        *block(1, {"type": "thinking", "thinking": "unsigned"}),
        *block(2, {"type": "redacted_thinking", "data": "d"}),
        *text_block(3, " \n"),
        *text_block(4, "said"),
        *tool_block(5, '{"a": 1}'),
        *tool_block(6, '{"a": '),
        *block(7, {"type": "server_tool_use", "id": "s7", "input": {}}),
        *block(8, {"type": "web_search_tool_result", "tool_use_id": "s7"}),
        *block(9, {"type": "server_tool_use", "id": "s9", "input": {}}),
        *tool_block(10, "")[:-1],
        ContentBlockStart(11, {"type": "hologram"}),
        *text_block(12, "cut")[:-1],
    )

    kept = [accumulator.content.index(part) for part in accumulator.sendable_content()]

    assert kept == [0, 2, 4, 5, 7, 8, 12]


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
def test_a_whole_answer_is_sent_back_as_it_was_received(name: str) -> None:
    accumulator = corpus.accumulated([corpus.body(name)])

    assert accumulator.sendable_content() == accumulator.content
