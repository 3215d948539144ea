"""Which models are offered, by which provider, and what is said of the others."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import override

import pytest
from pytest_django import Settings

from conversations.catalogue import offered
from conversations.messages_api import MessageRequest, ProviderError, RequestError
from conversations.providers import ModelInfo
from conversations.providers.anthropic import AnthropicProvider
from conversations.providers.chat_completions import ChatCompletionsProvider
from conversations.providers.scripted import ScriptedProvider
from tests.scripted_server import Script, answer, hang, scripted_server

SCRIPTED = ScriptedProvider(pace=0).known[0]
SONNET = replace(SCRIPTED, id="claude-sonnet-5", line="sonnet", created_at="2026-06-30")
NEWER = replace(SONNET, id="claude-sonnet-5-5", created_at="2026-09-28")
LEAVING = replace(
    SONNET, id="claude-sonnet-9", created_at="2027-01-01", deprecated=True
)
OPUS = replace(SONNET, id="claude-opus-5-5", line="opus", created_at="2026-12-31")


class Lists(ScriptedProvider):
    """A provider that offers these models, or fails with this error when asked."""

    name = "lists"

    def __init__(
        self, *models: ModelInfo, later: Sequence[ModelInfo | ProviderError] = ()
    ) -> None:
        super().__init__(pace=0)
        self.known = models
        self._later = later
        self.closed = False

    @override
    async def models(self) -> Sequence[ModelInfo]:
        found = []
        for model in self._later:
            if isinstance(model, ProviderError):
                raise model
            found.append(model)
        return found

    @override
    async def aclose(self) -> None:
        self.closed = True


@asynccontextmanager
async def back_end(script: Script, **options: str) -> AsyncIterator[None]:
    """A back end on loopback that answers everything with this script."""
    async with scripted_server(script) as server:
        provider = AnthropicProvider(base_url=server.url, **options)  # type: ignore[arg-type] # names of styles
        with offered.use([provider]):
            yield
            await offered.close()


@pytest.fixture(autouse=True)
def no_default_model(settings: Settings) -> None:
    settings.DEFAULT_MODEL = ""


def ids() -> list[str]:
    return [model.id for model in offered.offered_models()]


def default_id() -> str | None:
    default = offered.default_model()
    return default.id if default else None


async def test_models_are_offered_in_the_order_of_their_providers() -> None:
    with offered.use([Lists(OPUS, SONNET), ScriptedProvider()]):
        assert ids() == ["claude-opus-5-5", "claude-sonnet-5", "scripted"]


async def test_of_two_models_with_one_id_the_later_goes_by_a_longer_one() -> None:
    first, second = Lists(SONNET), ChatCompletionsProvider(default_model=SONNET.id)
    with offered.use([first, second]):
        assert ids() == ["claude-sonnet-5", "openai:claude-sonnet-5"]
        assert offered.provider_of("claude-sonnet-5") is first
        assert offered.model_info("claude-sonnet-5") == SONNET
        other = offered.model_info("openai:claude-sonnet-5")
        assert other is not None
        assert (other.name, other.provider) == ("claude-sonnet-5 (openai)", "openai")


async def test_a_model_with_a_longer_id_is_asked_under_its_own() -> None:
    told = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
    async with scripted_server(answer(200, told)) as server:
        provider = ChatCompletionsProvider(base_url=server.url, default_model=SONNET.id)
        with offered.use([Lists(SONNET), provider]):
            request = MessageRequest(
                model="openai:claude-sonnet-5",
                messages=[{"role": "user", "content": "Hello"}],
                max_tokens=1,
            )
            renamed = offered.provider_of(request.model)
            message = await renamed.create(request)
            async with renamed.stream(request) as stream:
                assert await stream.gathered()
            await renamed.aclose()
    assert message["content"] == [{"type": "text", "text": "Hi"}]
    assert {asked.json["model"] for asked in server.requests} == {"claude-sonnet-5"}


async def test_a_model_that_is_listed_twice_is_offered_once() -> None:
    with offered.use([Lists(SONNET, SONNET)]):
        assert ids() == ["claude-sonnet-5"]


async def test_a_model_that_is_not_offered_is_unknown() -> None:
    with offered.use([ScriptedProvider()]):
        assert offered.model_info("gone") is None
        with pytest.raises(offered.UnknownModel):
            offered.provider_of("gone")


async def test_the_newest_sonnet_that_stays_is_the_default() -> None:
    with offered.use([Lists(OPUS, SONNET, NEWER, LEAVING)]):
        assert default_id() == "claude-sonnet-5-5"


async def test_the_first_model_is_the_default_where_no_sonnet_is() -> None:
    with offered.use([Lists(SCRIPTED, OPUS)]):
        assert default_id() == "scripted"


async def test_the_setting_names_the_default(settings: Settings) -> None:
    settings.DEFAULT_MODEL = "claude-opus-5-5"
    with offered.use([Lists(SONNET, OPUS)]):
        assert default_id() == "claude-opus-5-5"


async def test_a_setting_that_is_not_offered_does_not_count(
    settings: Settings,
) -> None:
    settings.DEFAULT_MODEL = "gone"
    with offered.use([Lists(SONNET)]):
        assert default_id() == "claude-sonnet-5"


async def test_nothing_is_offered_until_the_back_end_has_answered() -> None:
    with offered.use([Lists(later=[SONNET])]):
        assert default_id() is None
        assert "being asked" in offered.problem()
        assert await offered.refresh()
        assert ids() == ["claude-sonnet-5"]
        assert offered.problem() == ""


async def test_a_back_end_without_models_is_said_to_have_none() -> None:
    with offered.use([Lists()]):
        await offered.refresh()
        assert "lists no models" in offered.problem()


async def test_models_known_before_stay_when_the_back_end_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with offered.use([Lists(SONNET, later=[RequestError("overloaded")])]):
        assert not await offered.refresh()
        assert not await offered.refresh()
        assert ids() == ["claude-sonnet-5"]
        assert "overloaded" in offered.problem()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_problem_is_forgotten_when_the_back_end_answers() -> None:
    later: list[ModelInfo | ProviderError] = [RequestError("timeout")]
    with offered.use([Lists(later=later)]):
        await offered.refresh()
        assert "cannot be reached" in offered.problem()
        later[:] = [SONNET]
        await offered.refresh()
        assert offered.problem() == ""


async def test_an_unforeseen_problem_is_named_by_its_code() -> None:
    with offered.use([Lists(later=[RequestError("api_error")])]):
        await offered.refresh()
        assert "(api_error)" in offered.problem()


async def test_what_is_used_for_a_while_gives_way_to_what_was_before() -> None:
    with offered.use([Lists(SONNET)]):
        with offered.use([Lists(OPUS)]):
            assert ids() == ["claude-opus-5-5"]
        assert ids() == ["claude-sonnet-5"]


async def test_closing_closes_every_provider() -> None:
    providers = [Lists(SONNET), Lists(OPUS)]
    with offered.use(providers):
        await offered.close()
    assert [provider.closed for provider in providers] == [True, True]


async def test_a_back_end_is_asked_over_http() -> None:
    async with back_end(answer(200, {"data": [{"id": "mine"}]})):
        assert await offered.refresh()
        assert ids() == ["mine"]


async def test_a_back_end_that_is_silent_delays_nothing() -> None:
    async with back_end(hang, default_model="mine"):
        asking = asyncio.create_task(offered.refresh())
        await asyncio.sleep(0)
        assert ids() == ["mine"]
        assert default_id() == "mine"
        asking.cancel()
        await asyncio.wait([asking])


async def test_a_refused_credential_is_said_without_quoting_it() -> None:
    refused = answer(401, b'{"error":{"message":"bad key sk-secret-credential"}}')
    async with back_end(refused, credential="sk-secret-credential"):
        await offered.refresh()
        assert "does not accept this site's credential" in offered.problem()
        assert "sk-secret" not in offered.problem()


async def test_a_base_url_that_is_none_is_said() -> None:
    with offered.use([AnthropicProvider(base_url="nonsense")]):
        await offered.refresh()
        assert "ANTHROPIC_BASE_URL" in offered.problem()


async def test_each_event_loop_has_connections_of_its_own() -> None:
    request = MessageRequest(model="mine", messages=[], max_tokens=1)

    async def count(url: str) -> int | None:
        try:
            return await provider.count_tokens(request)
        finally:
            await provider.aclose()

    async with scripted_server(answer(200, {"input_tokens": 7})) as server:
        provider = AnthropicProvider(base_url=server.url)
        counts = await asyncio.gather(
            count(server.url),
            asyncio.to_thread(lambda: asyncio.run(count(server.url))),
        )
    assert list(counts) == [7, 7]


async def test_a_back_end_that_fails_is_asked_again() -> None:
    answers: list[ModelInfo | ProviderError] = [RequestError("timeout"), SONNET]
    answered = asyncio.Event()

    class Recovers(Lists):
        @override
        async def models(self) -> Sequence[ModelInfo]:
            self._later = [answers.pop(0)]
            if not answers:
                answered.set()
            return await super().models()

    with offered.use([Recovers()]):
        keeping = asyncio.create_task(offered.keep_fresh(first_retry_s=0.0))
        await answered.wait()
        keeping.cancel()
        await asyncio.wait([keeping])
    assert answers == []
