"""Amazon Bedrock, played on loopback; botocore itself checks the signatures."""

import asyncio
import base64
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conversations.messages_api import Accumulator, MessageRequest, ProviderError
from conversations.providers.bedrock import AmazonSignature, bedrock
from conversations.providers.clouds import CloudProvider
from tests import aws_frames, corpus
from tests.aws_frames import streamed
from tests.scripted_server import (
    Request,
    Script,
    ScriptedServer,
    answer,
    hang,
    scripted_server,
)

REGION = "eu-central-1"
KEY_ID = "AKIACANARYCANARY0001"
SECRET = "canary-secret-0123456789abcdef"
SESSION = "canary-session-0123456789abcdef"
API_KEY = "canary-bedrock-key-0123456789"
MODEL = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
REQUEST = MessageRequest(
    model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=100
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys in the environment, and nothing else of this machine's."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SESSION)


@asynccontextmanager
async def served(
    *scripts: Script, **options: Any
) -> AsyncIterator[tuple[CloudProvider, ScriptedServer]]:
    async with scripted_server(*scripts) as server:
        options = {"region": REGION, "endpoint_url": server.url, **options}
        provider = bedrock([MODEL], **options)
        try:
            yield provider, server
        finally:
            await provider.aclose()


async def told(provider: CloudProvider) -> dict[str, Any]:
    accumulator = Accumulator()
    async with provider.stream(REQUEST) as stream:
        async for event in stream:
            accumulator.feed(event)
    return accumulator.message


async def failure_of(provider: CloudProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await told(provider)
    return caught.value


def signature_of(request: Request, url: str, signed: str) -> str:
    """What Amazon computes from the request that arrived."""
    headers = {name: request.headers[name] for name in signed.split(";")}
    arrived = AWSRequest(request.method, url + request.target, headers, request.body)
    arrived.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY_ID, SECRET, SESSION), "bedrock", REGION)
    words = auth.string_to_sign(arrived, auth.canonical_request(arrived))
    signature: str = auth.signature(words, arrived)
    return signature


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
async def test_an_answer_in_frames_is_the_answer_of_the_events(name: str) -> None:
    frames = aws_frames.of_events(corpus.body(name))
    async with served(streamed(*frames)) as (provider, _):
        assert corpus.without_future(await told(provider)) == corpus.expected(name)


async def test_the_model_is_in_the_path_and_the_version_in_the_body() -> None:
    request = replace(
        REQUEST,
        model="arn:aws:bedrock:a/b",
        parameters={"temperature": 0.5},
        betas=("one", "two"),
    )
    async with served(answer(200, {"content": []})) as (provider, server):
        await provider.create(request)
    [sent] = server.requests
    assert sent.target == "/model/arn:aws:bedrock:a%2Fb/invoke"
    assert sent.json == {
        "anthropic_version": "bedrock-2023-05-31",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 100,
        "temperature": 0.5,
        "anthropic_beta": ["one", "two"],
    }
    assert "anthropic-version" not in sent.headers


async def test_only_the_wish_for_a_mark_by_itself_is_left_out() -> None:
    mark = {"type": "ephemeral"}
    system = [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    request = replace(REQUEST, system=system, parameters={"cache_control": mark})
    async with served(answer(200, {"content": []})) as (provider, server):
        await provider.create(request)
    assert "cache_control" not in server.requests[0].json
    assert server.requests[0].json["system"] == system


@pytest.mark.parametrize("model", [MODEL, "arn:aws:bedrock:a/b c", "plain", "ü"])
async def test_the_signature_is_the_one_that_botocore_computes(model: str) -> None:
    async with served(answer(200, {"content": []})) as (provider, server):
        await provider.create(replace(REQUEST, model=model))
    [sent] = server.requests
    found = re.fullmatch(
        rf"AWS4-HMAC-SHA256 Credential={KEY_ID}/\d{{8}}/{REGION}/bedrock/aws4_request, "
        r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
        sent.headers["authorization"],
    )
    assert found is not None
    assert {"host", "x-amz-date", "x-amz-security-token"} <= {*found[1].split(";")}
    assert signature_of(sent, server.url, found[1]) == found[2]


async def test_every_attempt_is_signed_anew() -> None:
    busy = answer(503, {"message": "busy"}, "retry-after-ms: 1")
    async with served(busy, answer(200, {"content": []})) as (provider, server):
        await provider.create(REQUEST)
    assert all("authorization" in sent.headers for sent in server.requests)
    assert len(server.requests) == 2


async def test_a_request_that_is_too_large_for_bedrock_is_not_sent() -> None:
    long = [{"role": "user", "content": "x" * 20_000_000}]
    async with served(answer(200, {"content": []})) as (provider, server):
        with pytest.raises(ProviderError) as caught:
            await provider.create(replace(REQUEST, messages=long))
    assert caught.value.code == "too_large"
    assert server.requests == []


async def test_requests_at_once_are_each_signed() -> None:
    async with served(answer(200, {"content": []})) as (provider, server):
        await asyncio.gather(*(provider.create(REQUEST) for _ in range(8)))
    for sent in server.requests:
        signed = sent.headers["authorization"].partition("SignedHeaders=")[2]
        names, _, signature = signed.partition(", Signature=")
        assert signature_of(sent, server.url, names) == signature


async def test_a_streamed_answer_names_amazons_request() -> None:
    frames = aws_frames.of_events(corpus.body("text"))
    async with (
        served(streamed(*frames)) as (provider, server),
        provider.stream(REQUEST) as stream,
    ):
        assert stream.request_id == "aws-1"
    assert server.requests[0].target.endswith("/invoke-with-response-stream")
    assert "stream" not in server.requests[0].json


async def test_an_api_key_is_sent_as_bearer_and_nothing_is_signed() -> None:
    script = answer(200, {"content": []})
    async with served(script, api_key=API_KEY) as (provider, server):
        await provider.create(REQUEST)
    headers = server.requests[0].headers
    assert headers["authorization"] == f"Bearer {API_KEY}"
    assert "x-amz-date" not in headers


async def test_an_exception_before_content_is_retried() -> None:
    busy = streamed(aws_frames.exception("serviceUnavailableException", "Busy."))
    frames = aws_frames.of_events(corpus.body("text"))
    async with served(busy, streamed(*frames)) as (provider, server):
        assert await told(provider) == corpus.expected("text")
    assert len(server.requests) == 2


async def test_an_exception_after_content_ends_the_answer_by_its_name() -> None:
    frames = aws_frames.of_events(corpus.body("text"))[:4]
    broken = aws_frames.exception("modelStreamErrorException", f"Oh, {SECRET}.")
    async with served(streamed(*frames, broken)) as (provider, _):
        error = await failure_of(provider)
    assert (error.code, error.error_type) == ("api_error", "modelStreamErrorException")
    assert error.request_id == "aws-1"
    assert SECRET not in f"{error!r} {error}"


async def test_a_frame_that_was_spoilt_on_the_way_is_malformed() -> None:
    frames = aws_frames.of_events(corpus.body("text"))
    spoilt = frames[4][:-1] + bytes([frames[4][-1] ^ 1])
    async with served(streamed(*frames[:4], spoilt)) as (provider, _):
        assert (await failure_of(provider)).code == "malformed_stream"


async def test_an_answer_cut_in_the_middle_of_a_frame_is_cut() -> None:
    frames = aws_frames.of_events(corpus.body("text"))
    async with served(streamed(*frames[:4], frames[4][:9])) as (provider, _):
        assert (await failure_of(provider)).code == "stream_cut"


async def test_leaving_the_stream_closes_the_connection() -> None:
    frames = aws_frames.of_events(corpus.body("text"))[:4]
    async with served(streamed(*frames, then=hang)) as (provider, server):
        async with provider.stream(REQUEST) as stream:
            await anext(aiter(stream))
        await server.closed_by_client.wait()


async def test_no_error_quotes_what_was_signed_with() -> None:
    echo = {"message": f"The string was {SESSION} {KEY_ID} {SECRET}"}
    refused = answer(403, echo, "x-amzn-errortype: InvalidSignatureException:x")
    async with served(refused) as (provider, _):
        error = await failure_of(provider)
    assert error.code == "authentication"
    assert "canary" not in f"{error!r} {error}".lower()
    assert "canary" not in repr(AmazonSignature(region=REGION)).lower()


async def test_prompts_are_counted_where_the_model_can() -> None:
    async with served(answer(200, {"inputTokens": 7})) as (provider, server):
        assert await provider.count_tokens(REQUEST) == 7
    [sent] = server.requests
    assert sent.target == f"/model/{MODEL}/count-tokens"
    body = json.loads(base64.b64decode(sent.json["input"]["invokeModel"]["body"]))
    assert body["anthropic_version"] == "bedrock-2023-05-31"
    assert body["messages"] == [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_model_that_cannot_count_gives_no_number(status: int) -> None:
    async with served(answer(status, {"message": "no"})) as (provider, _):
        assert await provider.count_tokens(REQUEST) is None


async def test_the_models_are_those_named() -> None:
    haiku = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
    provider = bedrock([MODEL, haiku, "mine"], region=REGION)
    models = list(await provider.models())
    await provider.aclose()
    assert [model.id for model in models] == [MODEL, haiku, "mine"]
    assert {model.titles_model for model in models} == {haiku}
    assert [model.line for model in models] == ["sonnet", "haiku", None]
    assert [bool(model.note) for model in models] == [False, False, True]


async def test_without_credentials_no_models_are_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    provider = bedrock([MODEL], region=REGION)
    with pytest.raises(ProviderError, match="none were found") as caught:
        await provider.models()
    await provider.aclose()
    assert caught.value.code == "authentication"


async def test_a_profile_that_is_not_there_is_a_missing_credential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "canary-profile")
    provider = bedrock([MODEL], region=REGION)
    with pytest.raises(ProviderError, match="ProfileNotFound") as caught:
        await provider.models()
    await provider.aclose()
    assert "canary" not in str(caught.value)


async def test_without_a_region_the_error_names_the_variable() -> None:
    with pytest.raises(ProviderError, match="AWS_REGION"):
        await bedrock([MODEL], region="").models()


async def test_without_botocore_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    provider = bedrock([MODEL], region=REGION)
    with pytest.raises(ProviderError, match="extra `clouds`") as caught:
        await provider.models()
    await provider.aclose()
    assert caught.value.code == "missing_extra"
