"""Tools, choices and modes become what a request carries, and are taken by it."""

from typing import Any

import pytest

from conversations.messages_api import (
    MessageRequest,
    check_request,
    client_tool,
    code_execution,
    parameters_of,
    tool_choice,
    web_fetch,
    web_search,
)

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def test_tools_carry_only_what_was_set() -> None:
    place = {"city": "Oslo", "country": "NO"}

    assert client_tool("look", "Looks.", SCHEMA, strict=True) == {
        "name": "look",
        "description": "Looks.",
        "input_schema": SCHEMA,
        "strict": True,
    }
    assert web_search(max_uses=3, user_location=place) == {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 3,
        "user_location": {"type": "approximate", **place},
    }
    assert web_fetch(blocked_domains=["example.org"]) == {
        "type": "web_fetch_20250910",
        "name": "web_fetch",
        "blocked_domains": ["example.org"],
        "citations": {"enabled": True},
    }
    assert code_execution() == {
        "type": "code_execution_20250825",
        "name": "code_execution",
    }


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (tool_choice(), {"type": "auto"}),
        (
            tool_choice("any", parallel=False),
            {"type": "any", "disable_parallel_tool_use": True},
        ),
        (tool_choice("tool", "look"), {"type": "tool", "name": "look"}),
        (tool_choice("none", parallel=False), {"type": "none"}),
    ],
)
def test_a_choice_says_what_it_needs(
    choice: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert choice == expected


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ({}, {}),
        (
            {"thinking": "adaptive", "display": "summarized", "budget_tokens": 5},
            {"thinking": {"type": "adaptive", "display": "summarized"}},
        ),
        (
            {"thinking": "enabled", "budget_tokens": 2048},
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        ),
        (
            {"thinking": "disabled", "display": "omitted", "effort": "low"},
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
        ),
        (
            {"schema": SCHEMA, "effort": "max"},
            {
                "output_config": {
                    "effort": "max",
                    "format": {"type": "json_schema", "schema": SCHEMA},
                }
            },
        ),
    ],
)
def test_modes_become_parameters(
    modes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert parameters_of(**modes) == expected


def test_all_of_it_together_is_taken() -> None:
    tools = [web_search(), web_fetch(), code_execution()]

    check_request(
        MessageRequest(
            model="m",
            max_tokens=4096,
            messages=[{"role": "user", "content": "Hello"}],
            parameters={
                **parameters_of(thinking="adaptive", effort="high", schema=SCHEMA),
                "tools": tools,
                "tool_choice": tool_choice(),
            },
        )
    )
