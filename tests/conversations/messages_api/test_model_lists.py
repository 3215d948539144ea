"""How the client reads lists of models, of the Messages API and of others."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from conversations.messages_api import Capabilities, UnexpectedResponseError
from tests.mock_provider import Provider


async def test_models_are_read_with_what_they_can_do() -> None:
    raw = {
        "type": "model",
        "id": "claude-opus-5-5",
        "display_name": "Claude Opus 5.5",
        "created_at": "2026-09-22T00:00:00Z",
        "lifecycle": "active",
        "line": "opus",
        "max_input_tokens": 1000000,
        "max_tokens": 128000,
        "capabilities": {"image_input": {"supported": True}, "batch": None},
    }
    provider = Provider(httpx.Response(200, json={"data": [raw], "has_more": False}))

    (record,) = await provider.client().list_models()

    assert (record.id, record.display_name, record.raw) == (
        "claude-opus-5-5",
        "Claude Opus 5.5",
        raw,
    )
    assert (record.lifecycle, record.line) == ("active", "opus")
    assert record.created_at == "2026-09-22T00:00:00Z"
    assert (record.max_input_tokens, record.max_output_tokens) == (1000000, 128000)
    assert record.image_input is True


async def test_pages_of_models_are_followed() -> None:
    pages = [
        {"data": [{"id": "a"}, {"id": "b"}], "has_more": True, "last_id": "b&c"},
        {"data": [{"id": "d"}], "has_more": False, "last_id": "d"},
    ]
    provider = Provider(*(httpx.Response(200, json=page) for page in pages))

    records = await provider.client().list_models()

    assert [record.id for record in records] == ["a", "b", "d"]
    assert dict(provider.requests[1].url.params) == {"limit": "1000", "after_id": "b&c"}


async def test_pages_of_models_end() -> None:
    page = {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}
    provider = Provider(httpx.Response(200, json=page))

    await provider.client().list_models()

    assert len(provider.requests) == 10


@pytest.mark.parametrize(
    ("entry", "created_at"),
    [
        (
            {"id": "m", "object": "model", "created": 1700000000},
            "2023-11-14T22:13:20+00:00",
        ),
        ({"id": "m", "created": "yesterday", "capabilities": ["completion"]}, None),
        ({"id": "m", "max_tokens": "8k", "capabilities": {"image_input": {}}}, None),
    ],
)
async def test_lists_of_other_servers_are_read(
    entry: dict[str, Any], created_at: str | None
) -> None:
    page = {"object": "list", "data": [entry, {"id": ""}, {"name": "x"}, "y"]}

    (record,) = await Provider(httpx.Response(200, json=page)).client().list_models()

    assert (record.id, record.display_name, record.created_at) == ("m", "m", created_at)
    assert (record.lifecycle, record.line, record.image_input) == (None, None, None)
    assert (record.max_input_tokens, record.max_output_tokens) == (None, None)


async def test_a_list_that_is_none_is_empty() -> None:
    assert await Provider(httpx.Response(200, json={})).client().list_models() == []


def supports(*names: str) -> dict[str, Any]:
    return {name: {"supported": True} for name in names}


async def test_capabilities_are_told_apart_from_what_is_not_said() -> None:
    raw = {
        "id": "m",
        "deprecated_at": "2026-10-01T00:00:00Z",
        "retires_at": "2026-11-30",
        "capabilities": {
            **supports("batch", "pdf_input", "citations", "structured_outputs"),
            "code_execution": {"supported": False},
            "effort": {**supports("low", "high"), "supported": True, "max": None},
            "thinking": {
                "supported": True,
                "types": {**supports("adaptive"), "enabled": {"supported": False}},
            },
            "server_tools": {**supports("web_search"), "supported": False},
            "context_management": {"compact_20260112": {"supported": True}},
        },
    }
    provider = Provider(httpx.Response(200, json=raw))

    record = await provider.client().get_model("maker/m")

    assert provider.requests[0].url.raw_path == b"/v1/models/maker%2Fm"
    assert record.deprecated_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert record.retires_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert record.capabilities == Capabilities(
        batch=True,
        pdf_input=True,
        citations=True,
        structured_outputs=True,
        code_execution=False,
        effort=frozenset({"low", "high"}),
        thinking=frozenset({"adaptive"}),
        server_tools=frozenset(),
    )


async def test_a_model_without_an_id_is_none() -> None:
    provider = Provider(httpx.Response(200, json={}))

    with pytest.raises(UnexpectedResponseError):
        await provider.client().get_model("m")


async def test_models_of_a_lifecycle_are_asked_for() -> None:
    provider = Provider(httpx.Response(200, json={"data": []}))

    await provider.client().list_models(["active", "retired"])

    lifecycles = provider.requests[0].url.params.get_list("lifecycle[]")
    assert lifecycles == ["active", "retired"]
