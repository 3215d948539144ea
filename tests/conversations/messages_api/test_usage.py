"""What an answer has used is read whole, and with distrust."""

from typing import Any

import pytest

from conversations.messages_api import Usage, ending_of, read_usage


def test_every_count_is_read() -> None:
    raw = {
        "input_tokens": 12,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 3072,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 10,
            "ephemeral_1h_input_tokens": 20,
        },
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 22},
        "server_tool_use": {
            "web_search_requests": 1,
            "web_fetch_requests": 2,
            "code_execution_requests": 3,
        },
        "service_tier": "standard",
        "speed": "fast",
        "inference_geo": "us",
        "iterations": [
            {"type": "message", "input_tokens": 5, "output_tokens": 6},
            {"type": "compaction", "input_tokens": 7, "iterations": [{}]},
            "noise",
        ],
    }

    usage = read_usage(raw)

    assert usage == Usage(
        input_tokens=12,
        cache_write_tokens=30,
        cache_5m_tokens=10,
        cache_1h_tokens=20,
        cache_read_tokens=3072,
        output_tokens=40,
        thinking_tokens=22,
        web_search_requests=1,
        web_fetch_requests=2,
        code_execution_requests=3,
        service_tier="standard",
        speed="fast",
        inference_geo="us",
        iterations=(
            Usage(kind="message", input_tokens=5, output_tokens=6),
            Usage(kind="compaction", input_tokens=7),
        ),
    )
    assert usage.prompt_tokens == 12 + 30 + 3072


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"input_tokens": None, "cache_creation": None, "iterations": None},
        {"input_tokens": "12", "cache_creation": [], "iterations": {}},
        {"output_tokens": -1, "server_tool_use": 5, "service_tier": 7},
        {"output_tokens": 2**63, "speed": ""},
    ],
)
def test_what_is_no_count_counts_nothing(raw: dict[str, Any]) -> None:
    assert read_usage(raw) == Usage()


@pytest.mark.parametrize(
    ("stop_reason", "ending"),
    [
        ("end_turn", "finished"),
        ("stop_sequence", "finished"),
        ("max_tokens", "cut"),
        ("model_context_window_exceeded", "cut"),
        ("tool_use", "tools"),
        ("pause_turn", "paused"),
        ("refusal", "refused"),
        ("compaction", "compacted"),
        ("something_new", "finished"),
    ],
)
def test_a_stop_reason_is_an_ending(stop_reason: str, ending: str) -> None:
    assert ending_of(stop_reason) == ending
