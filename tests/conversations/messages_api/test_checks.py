"""What the API would refuse is found before it is sent, and named by its field."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conversations.messages_api import (
    Capabilities,
    InvalidRequestError,
    MessageRequest,
    ModelRecord,
    Rules,
    check_request,
    rules_of,
)
from conversations.messages_api.checks.rules import IMAGE_LIMIT_CHARS
from tests import corpus
from tests.mock_provider import Provider, stream_of

type Blocks = str | Sequence[Mapping[str, Any]]

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
TEXT = {"type": "text", "text": "Hello"}
MARKED = {**TEXT, "cache_control": MARK}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "seen"}
SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
HITS = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
PICTURE: dict[str, Any] = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
}
PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
}
CITED_PDF = {**PDF, "citations": {"enabled": True}}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "string"}}},
    "additionalProperties": False,
}


def said(*turns: tuple[str, Blocks], **more: Any) -> MessageRequest:
    """A request of (role, content) with further fields of the wire."""
    named = {
        "model": "m",
        "max_tokens": more.pop("max_tokens", 4096),
        "system": more.pop("system", None),
        "stop_sequences": more.pop("stop_sequences", ()),
    }
    messages = [{"role": role, "content": content} for role, content in turns]
    return MessageRequest(messages=messages, parameters=more, **named)


def asked(content: Blocks = "Hello", **more: Any) -> MessageRequest:
    return said(("user", content), **more)


def formatted(schema: Any) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def document(source: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "document", "source": source}]


def image(**source: Any) -> list[dict[str, Any]]:
    return [{"type": "image", "source": {**PICTURE["source"], **source}}]


FINE: dict[str, MessageRequest] = {
    "words": asked(),
    "blocks": asked([PICTURE, CITED_PDF, TEXT, {"type": "container_upload"}]),
    "other sources": asked(
        [
            *image(type="url", url="https://example.org/a.png"),
            *image(type="file", file_id="file_1"),
            *document({"type": "text", "media_type": "text/plain", "data": "x"}),
            *document({"type": "content", "content": [TEXT, PICTURE]}),
            *document({"type": "content", "content": "words"}),
            *document({"type": "url", "url": "https://example.org/a.pdf"}),
            *document({"type": "file", "file_id": "file_1"}),
            *document({"type": "hologram"}),
            {"type": "search_result", "source": "s", "title": "t", "content": [TEXT]},
        ]
    ),
    "a block of tomorrow": said(
        ("user", [{"type": "hologram"}]), ("assistant", [{"type": "aura"}])
    ),
    "calls and results": said(
        ("user", "Hello"),
        ("assistant", [TEXT, CALL, {**CALL, "id": "t2"}]),
        ("user", [RESULT]),
        ("user", [{"type": "tool_result", "tool_use_id": "t2"}, TEXT]),
        ("assistant", "Seen."),
        ("user", "Good."),
    ),
    "a paused answer": said(("user", "Hello"), ("assistant", [TEXT, SEARCH])),
    "an instruction on the way": said(
        ("user", "Hello"),
        ("system", "Be brief."),
        ("assistant", [SEARCH, HITS]),
        ("system", [TEXT]),
    ),
    "everything else": asked(
        [MARKED],
        system=[{**TEXT, "cache_control": HOUR}],
        tools=[
            {**TOOL, "cache_control": HOUR},
            {
                "type": "web_search_20250305",
                "name": "web_search",
                "allowed_domains": ["example.org/a/*"],
            },
        ],
        tool_choice={"type": "tool", "name": "look"},
        thinking={"type": "adaptive"},
        metadata={"user_id": "u"},
        stop_sequences=["END"],
        temperature=1,
        top_k=5,
        cache_control=MARK,
        **formatted(SCHEMA),
    ),
    "a budget for thinking": asked(thinking={"type": "enabled", "budget_tokens": 1024}),
    "warming": asked(max_tokens=0),
}

REFUSED: dict[str, tuple[str, MessageRequest]] = {
    "no message": ("messages", said()),
    "first words of the assistant": ("messages.0.role", said(("assistant", "Hi"))),
    "another role": ("messages.0.role", said(("tool", "Hi"))),
    "no words": ("messages.0.content", asked("")),
    "blank words": ("messages.0.content", asked(" \n")),
    "no blocks": ("messages.1.content", said(("user", "x"), ("assistant", []))),
    "a blank block": (
        "messages.0.content.1.text",
        asked([TEXT, {"type": "text", "text": "\t"}]),
    ),
    "a block without type": ("messages.0.content.0.type", asked([{"text": "x"}])),
    "a call of the user": ("messages.0.content.0.type", asked([CALL])),
    "a picture of the assistant": (
        "messages.1.content.0.type",
        said(("user", "x"), ("assistant", [PICTURE])),
    ),
    "an instruction with a picture": (
        "messages.1.content.0.type",
        said(("user", "x"), ("system", [PICTURE])),
    ),
    "an instruction after words": (
        "messages.2.role",
        said(("user", "x"), ("assistant", "y"), ("system", "z")),
    ),
    "an instruction before a question": (
        "messages.1.role",
        said(("user", "x"), ("system", "y"), ("user", "z")),
    ),
    "a call without result": (
        "messages.1.content.0.id",
        said(("user", "x"), ("assistant", [CALL])),
    ),
    "a call and other words": (
        "messages.1.content.0.id",
        said(("user", "x"), ("assistant", [CALL]), ("user", [TEXT])),
    ),
    "a call answered too late": (
        "messages.1.content.0.id",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", "y"),
            ("assistant", "z"),
            ("user", [RESULT]),
        ),
    ),
    "a result after words": (
        "messages.2.content.2",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", [RESULT, TEXT, {**RESULT, "tool_use_id": "t2"}]),
        ),
    ),
    "a result of no call": ("messages.0.content.0.tool_use_id", asked([RESULT])),
    "two calls of one id": (
        "messages.1.content.1.id",
        said(("user", "x"), ("assistant", [CALL, CALL])),
    ),
    "a picture without source": (
        "messages.0.content.0.source",
        asked([{"type": "image"}]),
    ),
    "an empty picture": ("messages.0.content.0.source.data", asked(image(data=""))),
    "a picture with a prefix": (
        "messages.0.content.0.source.data",
        asked(image(data="data:image/png;base64,iVBO")),
    ),
    "a picture with line ends": (
        "messages.0.content.0.source.data",
        asked(image(data="iV\nBO")),
    ),
    "a picture of another kind": (
        "messages.0.content.0.source.media_type",
        asked(image(media_type="image/tiff")),
    ),
    "a picture too large": (
        "messages.0.content.0.source.data",
        asked(image(data="x" * (IMAGE_LIMIT_CHARS + 1))),
    ),
    "a picture without address": (
        "messages.0.content.0.source.url",
        asked(image(type="url")),
    ),
    "too many pictures": ("messages.0.content.600", asked([PICTURE] * 601)),
    "a picture too many in a result": (
        "messages.2.content.0.content.1",
        said(
            ("user", [PICTURE] * 599),
            ("assistant", [CALL]),
            ("user", [{**RESULT, "content": [PICTURE, PICTURE]}]),
        ),
    ),
    "a document of another kind": (
        "messages.0.content.0.source.media_type",
        asked(document({"type": "base64", "media_type": "text/csv", "data": "x"})),
    ),
    "a document of nothing": (
        "messages.0.content.0.source.content",
        asked(document({"type": "content", "content": []})),
    ),
    "documents cited by half": (
        "messages.0.content.1.citations.enabled",
        asked([CITED_PDF, PDF]),
    ),
    "citations of a format": (
        "messages.0.content.0.citations.enabled",
        asked([CITED_PDF], **formatted(SCHEMA)),
    ),
    "blank system": ("system", asked(system=" ")),
    "a blank block of system": (
        "system.0.text",
        asked(system=[{"type": "text", "text": ""}]),
    ),
    "a picture as system": ("system.0.type", asked(system=[PICTURE])),
    "no tokens": ("max_tokens", asked(max_tokens=-1)),
    "half a token": ("max_tokens", asked(max_tokens=0.5)),
    "a small budget": (
        "thinking.budget_tokens",
        asked(thinking={"type": "enabled", "budget_tokens": 1023}),
    ),
    "a budget of all": (
        "thinking.budget_tokens",
        asked(thinking={"type": "enabled", "budget_tokens": 4096}),
    ),
    "heat": ("temperature", asked(temperature=3)),
    "half a nucleus": ("top_p", asked(top_p="0.5")),
    "a blank stop": ("stop_sequences.1", asked(stop_sequences=["END", "\n"])),
    "personal data": ("metadata.name", asked(metadata={"name": "Ada"})),
    "a number as user": ("metadata.user_id", asked(metadata={"user_id": 5})),
    "another format": (
        "output_config.format.type",
        asked(output_config={"format": {"type": "xml"}}),
    ),
    "no schema": ("output_config.format.schema", asked(**formatted(None))),
    "an open object": (
        "output_config.format.schema.properties.a.items.additionalProperties",
        asked(
            **formatted(
                {
                    **SCHEMA,
                    "properties": {"a": {"type": "array", "items": {"type": "object"}}},
                }
            )
        ),
    ),
    "an open choice": (
        "output_config.format.schema.anyOf.0.additionalProperties",
        asked(**formatted({"anyOf": [{"type": "object"}]})),
    ),
    "a name with blanks": ("tools.0.name", asked(tools=[{**TOOL, "name": "look up"}])),
    "a name of two": ("tools.1.name", asked(tools=[TOOL, TOOL])),
    "input that is no object": (
        "tools.0.input_schema.type",
        asked(tools=[{**TOOL, "input_schema": {"type": "string"}}]),
    ),
    "too many strict tools": (
        "tools",
        asked(tools=[{**TOOL, "name": f"t{n}", "strict": True} for n in range(21)]),
    ),
    "domains of both kinds": (
        "tools.0.blocked_domains",
        asked(
            tools=[
                {
                    "type": "web_search_20250305",
                    "allowed_domains": ["a"],
                    "blocked_domains": ["b"],
                }
            ]
        ),
    ),
    "a domain with a scheme": (
        "tools.0.allowed_domains.0",
        asked(tools=[{"type": "w", "allowed_domains": ["https://example.org"]}]),
    ),
    "a choice of nothing": ("tool_choice", asked(tool_choice={"type": "any"})),
    "a choice of another": (
        "tool_choice.name",
        asked(tools=[TOOL], tool_choice={"type": "tool", "name": "hear"}),
    ),
    "a choice of tomorrow": (
        "tool_choice.type",
        asked(tools=[TOOL], tool_choice={"type": "maybe"}),
    ),
    "a forced call with a budget": (
        "tool_choice.type",
        asked(
            tools=[TOOL],
            tool_choice={"type": "any"},
            thinking={"type": "enabled", "budget_tokens": 1024},
        ),
    ),
    "five breakpoints": (
        "messages.0.content.4.cache_control",
        asked([MARKED] * 5),
    ),
    "a fifth for all": ("cache_control", asked([MARKED] * 4, cache_control=MARK)),
    "an hour after minutes": (
        "messages.0.content.0.cache_control.ttl",
        asked([{**TEXT, "cache_control": HOUR}], system=[MARKED]),
    ),
    "a cache for days": (
        "messages.0.content.0.cache_control.ttl",
        asked([{**TEXT, "cache_control": {"type": "ephemeral", "ttl": "2d"}}]),
    ),
    "a cache for good": (
        "messages.0.content.0.cache_control.type",
        asked([{**TEXT, "cache_control": {"type": "eternal"}}]),
    ),
    "a mark on thinking": (
        "messages.1.content.0.cache_control",
        said(
            ("user", "x"),
            ("assistant", [{"type": "thinking", "cache_control": MARK}]),
        ),
    ),
    "a fifth mark in a result": (
        "messages.2.content.0.content.4.cache_control",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", [{**RESULT, "content": [MARKED] * 5}]),
        ),
    ),
}

REFUSED_BY_RULES: dict[str, tuple[str, Rules, MessageRequest]] = {
    "sampling": ("temperature", Rules(sampling=False), asked(temperature=1)),
    "prefill": (
        "messages.1.role",
        Rules(prefill=False),
        said(("user", "x"), ("assistant", "y")),
    ),
    "instructions": (
        "messages.1.role",
        Rules(system_messages=False),
        said(("user", "x"), ("system", "y")),
    ),
    "force": (
        "tool_choice.type",
        Rules(forced_tools=False),
        asked(tools=[TOOL], tool_choice={"type": "any"}),
    ),
    "cited questions": (
        "messages.0.content.0.citations",
        Rules(cited_input=False),
        asked([{**TEXT, "citations": [{"type": "char_location"}]}]),
    ),
    "documents of the assistant": (
        "messages.1.content.0.type",
        Rules(cited_input=False),
        said(("user", "x"), ("assistant", [PDF])),
    ),
    "images": ("messages.0.content.0", Rules(images=False), asked([PICTURE])),
    "documents": ("messages.0.content.0", Rules(documents=False), asked([PDF])),
    "many images": (
        "messages.0.content.1",
        Rules(images_limit=1),
        asked([PICTURE, PICTURE]),
    ),
    "thinking": (
        "thinking.type",
        Rules(thinking=frozenset({"adaptive"})),
        asked(thinking={"type": "disabled"}),
    ),
    "effort": (
        "output_config.effort",
        Rules(effort=frozenset({"low"})),
        asked(output_config={"effort": "max"}),
    ),
    "output": ("max_tokens", Rules(max_output_tokens=4095), asked()),
}


@pytest.mark.parametrize("name", FINE)
def test_what_the_api_takes_is_let_pass(name: str) -> None:
    check_request(FINE[name], stream=False)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_recorded_request_is_let_pass(name: str) -> None:
    wire = {k: v for k, v in corpus.request(name).items() if k != "stream"}
    named = {key: wire.pop(key) for key in ("model", "messages", "max_tokens")}

    check_request(MessageRequest(**named, system=wire.pop("system", None)))


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_api_refuses_is_named_by_its_field(name: str) -> None:
    field, request = REFUSED[name]

    with pytest.raises(InvalidRequestError) as caught:
        check_request(request)

    assert caught.value.field == field
    assert caught.value.code in {"invalid_request", "too_large"}
    assert not caught.value.retryable


@pytest.mark.parametrize("name", REFUSED_BY_RULES)
def test_what_one_model_refuses_is_taken_elsewhere(name: str) -> None:
    field, rules, request = REFUSED_BY_RULES[name]

    check_request(request)
    with pytest.raises(InvalidRequestError) as caught:
        check_request(request, rules)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "stream"),
        ({"thinking": {"type": "enabled"}}, "stream"),
        (formatted(SCHEMA), "stream"),
    ],
)
def test_a_stream_warms_no_cache(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        check_request(asked(max_tokens=0, **more))


def test_a_paused_answer_is_no_prefill() -> None:
    check_request(FINE["a paused answer"], Rules(prefill=False))


def test_rules_follow_from_the_record_of_a_model() -> None:
    record = ModelRecord(
        id="m",
        display_name="M",
        created_at=None,
        lifecycle=None,
        line=None,
        max_input_tokens=200_000,
        max_output_tokens=64_000,
        image_input=None,
        raw={},
        capabilities=Capabilities(
            pdf_input=False,
            thinking=frozenset({"adaptive"}),
            effort=frozenset({"low"}),
        ),
    )

    assert rules_of(record) == Rules(
        sampling=False,
        cited_input=False,
        prefill=False,
        documents=False,
        thinking=frozenset({"adaptive"}),
        effort=frozenset({"low"}),
        max_output_tokens=64_000,
        images_limit=100,
    )
    assert rules_of(record, version="2023-06-01").sampling


async def test_what_would_be_refused_is_not_sent() -> None:
    provider = Provider(stream_of(corpus.body("text")))

    with pytest.raises(InvalidRequestError, match=r"messages\.0\.content"):
        async with provider.client().stream(asked("")):
            pass

    assert provider.requests == []


async def test_a_batch_with_a_request_that_would_be_refused_is_not_sent() -> None:
    provider = Provider(stream_of(b""))

    with pytest.raises(InvalidRequestError):
        await provider.client().batches.create({"a": asked("")})

    assert provider.requests == []
