"""Settings of a conversation as parameters of a request."""

from typing import Any

import pytest

from conversations.providers.asking import parameters_of
from conversations.providers.base import ModelInfo


def model(**fields: Any) -> ModelInfo:
    plain = {"id": "m", "name": "M", "provider": "p", "images": True}
    return ModelInfo(**{**plain, "max_output_tokens": 8000, **fields})


ABLE = model(
    efforts=frozenset({"low", "high"}),
    thinking=frozenset({"adaptive", "disabled"}),
    sampling=True,
    server_tools=frozenset({"web_search"}),
    output_limit_tokens=16_000,
)


def test_without_settings_the_model_is_asked_as_it_needs() -> None:
    asked = parameters_of({}, model(system="Be M.", parameters={"top_p": 0.9}))

    assert asked == {"max_tokens": 8000, "system": "Be M.", "top_p": 0.9}


def test_what_the_model_can_do_is_asked() -> None:
    settings = {
        "system": "Be brief.",
        "effort": "high",
        "thinking": True,
        "max_tokens": 12_000,
        "temperature": 0.0,
        "tools": ["web_search"],
    }

    assert parameters_of(settings, ABLE) == {
        "max_tokens": 12_000,
        "system": "Be brief.",
        "output_config": {"effort": "high"},
        "thinking": {"type": "adaptive", "display": "summarized"},
        "temperature": 0.0,
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
    }


def test_what_the_model_cannot_do_is_not_asked() -> None:
    settings = {
        "effort": "max",
        "thinking": True,
        "temperature": 1.0,
        "tools": ["code_execution", "gone"],
    }

    assert parameters_of(settings, model()) == {"max_tokens": 8000}


def test_no_more_is_asked_than_the_model_gives() -> None:
    assert parameters_of({"max_tokens": 90_000}, ABLE)["max_tokens"] == 16_000


def test_thinking_is_turned_off_where_it_can_be() -> None:
    assert parameters_of({"thinking": False}, ABLE)["thinking"] == {"type": "disabled"}
    assert "thinking" not in parameters_of({"thinking": False}, model())


@pytest.mark.parametrize(("max_tokens", "budget"), [(8000, 4000), (1500, None)])
def test_an_older_model_thinks_within_a_budget(
    max_tokens: int, budget: int | None
) -> None:
    older = model(thinking=frozenset({"enabled"}), sampling=True)
    settings = {"thinking": True, "max_tokens": max_tokens, "temperature": 0.5}

    asked = parameters_of(settings, older)

    assert asked.get("thinking", {}).get("budget_tokens") == budget
    assert ("temperature" in asked) == (budget is None)
