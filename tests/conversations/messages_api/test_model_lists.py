"""How the client reads lists of models, of the Messages API and of others."""

from typing import Any

import httpx
import pytest

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
