"""What the API would refuse is found before it is sent, and named by its field."""

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
from tests import corpus
from tests.mock_provider import Provider, stream_of
from tests.refused_requests import REFUSED, REFUSED_BY_RULES
from tests.request_words import (
    CALL,
    CITED_PDF,
    HITS,
    HOUR,
    MARK,
    MARKED,
    PICTURE,
    RESULT,
    SCHEMA,
    SEARCH,
    TEXT,
    TOOL,
    asked,
    document,
    formatted,
    image,
    said,
)

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
