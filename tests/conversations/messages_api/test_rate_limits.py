"""The headers of a response tell the rates that a provider allows."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from conversations.messages_api import ProviderError, RateLimit, rate_limits
from tests import corpus
from tests.mock_provider import REQUEST, Provider, stream_of

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
HEADERS = {
    "anthropic-ratelimit-requests-limit": "1000",
    "anthropic-ratelimit-requests-remaining": "999",
    "anthropic-ratelimit-requests-reset": "2026-11-22T12:00:30Z",
}
REQUESTS = RateLimit("requests", 1000, 999, NOW + timedelta(seconds=30))


def test_each_bucket_has_its_limit_rest_and_reset() -> None:
    more = {
        "request-id": "req_1",
        "anthropic-ratelimit-input-tokens-remaining": "2000000",
        "anthropic-priority-output-tokens-limit": "7",
        "anthropic-fast-input-tokens-limit": "8",
    }

    assert rate_limits({**HEADERS, **more}, now=NOW) == (
        REQUESTS,
        RateLimit("input-tokens", remaining=2_000_000),
        RateLimit("priority-output-tokens", limit=7),
        RateLimit("fast-input-tokens", limit=8),
    )


@pytest.mark.parametrize(
    ("words", "wait_s"),
    [("1s", 1), ("6m0s", 360), ("1h0m1.5s", 3601.5), ("20ms", 0.02)],
)
def test_a_duration_becomes_the_moment_of_the_reset(words: str, wait_s: float) -> None:
    (found,) = rate_limits({"x-ratelimit-reset-tokens": words}, now=NOW)

    assert found == RateLimit("tokens", reset_at=NOW + timedelta(seconds=wait_s))


@pytest.mark.parametrize(
    ("fact", "value"),
    [("limit", "many"), ("remaining", "-1"), ("reset", "soon"), ("reset", "")],
)
def test_what_is_not_understood_is_not_said(fact: str, value: str) -> None:
    name = f"anthropic-ratelimit-tokens-{fact}"

    assert rate_limits({name: value}, now=NOW) == (RateLimit("tokens"),)


async def test_an_answer_keeps_what_its_head_said() -> None:
    kind = {"content-type": "text/event-stream"}
    provider = Provider(stream_of(corpus.body("text"), headers={**HEADERS, **kind}))

    async with provider.client().stream(REQUEST) as stream:
        assert stream.rate_limits == (REQUESTS,)


async def test_an_error_keeps_what_its_head_said() -> None:
    provider = Provider(httpx.Response(400, headers=HEADERS))

    with pytest.raises(ProviderError) as caught:
        await provider.client().create(REQUEST)

    assert caught.value.rate_limits == (REQUESTS,)
