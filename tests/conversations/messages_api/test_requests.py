"""A request becomes the body that travels."""

import json

import pytest

from conversations.messages_api import MessageRequest, ProviderError
from conversations.messages_api.requests import (
    ASIDE_CHARS,
    REQUEST_LIMIT_BYTES,
    encoded,
    encoded_aside,
)
from tests import corpus

HELLO = {"role": "user", "content": "Hello"}


def test_a_plain_request_has_no_fields_it_does_not_need() -> None:
    request = MessageRequest(model="m", messages=[HELLO], max_tokens=5)

    assert request.body(stream=False) == {
        "model": "m",
        "max_tokens": 5,
        "messages": [HELLO],
    }


def test_everything_said_is_sent() -> None:
    request = MessageRequest(
        model="m",
        messages=[HELLO],
        max_tokens=5,
        system=[{"type": "text", "text": "Be brief."}],
        stop_sequences=("END",),
        parameters={"temperature": 0.2, "model": "another"},
    )

    assert request.body(stream=True) == {
        "model": "m",
        "max_tokens": 5,
        "messages": [HELLO],
        "system": [{"type": "text", "text": "Be brief."}],
        "stop_sequences": ["END"],
        "temperature": 0.2,
        "stream": True,
    }


def test_a_count_asks_only_what_measures_the_prompt() -> None:
    request = MessageRequest(
        model="m",
        messages=[HELLO],
        max_tokens=5,
        system="s",
        stop_sequences=["END"],
        parameters={"tools": [], "metadata": {"user_id": "u"}},
    )

    assert request.count_body() == {
        "model": "m",
        "messages": [HELLO],
        "system": "s",
        "tools": [],
    }


@pytest.mark.parametrize("name", corpus.NAMES)
def test_the_same_request_is_the_same_bytes(name: str) -> None:
    body = corpus.request(name)

    assert encoded(body) == encoded(json.loads(encoded(body)))


def test_text_travels_as_utf_8_and_a_lone_surrogate_as_a_question_mark() -> None:
    assert encoded({"a": "\u2028é\ud83d"}) == '{"a":"\u2028é?"}'.encode()


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        encoded({"temperature": float("nan")})


def test_a_request_past_the_limit_is_not_sent() -> None:
    with pytest.raises(ProviderError) as caught:
        encoded({"a": "x" * REQUEST_LIMIT_BYTES})

    assert (caught.value.code, caught.value.status) == ("too_large", None)


@pytest.mark.parametrize("chars", [1, ASIDE_CHARS])
async def test_a_large_request_is_the_same_bytes_as_a_small_one(chars: int) -> None:
    picture = {"type": "base64", "data": "é" * chars, "media_type": "image/png"}
    content = [{"type": "image", "source": picture}, {"text": "\ud83d", "n": 1.5}]
    body = {"messages": [{"role": "user", "content": content}], "stream": True}

    assert await encoded_aside(body) == encoded(body)


async def test_a_large_request_past_the_limit_is_not_sent_either() -> None:
    with pytest.raises(ProviderError) as caught:
        await encoded_aside({"a": "x" * REQUEST_LIMIT_BYTES})

    assert caught.value.code == "too_large"
