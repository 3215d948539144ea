"""The use of a window is counted where that can be, and estimated where not."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from conversations.catalogue import offered
from conversations.context_window import ContextUse, measured, prompt_of
from conversations.ledger.prices import day_of, price_of
from conversations.messages_api import MessageRequest, RequestError
from conversations.models import Conversation, Turn
from conversations.providers.base import ModelInfo, ProviderStream
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

# Tokens of a prompt in the tests' own measure: one for each message.
MESSAGE_TOKENS = 100


class CountingProvider:
    """Offers one model, answers nothing, and counts its messages."""

    name = "counting"

    def __init__(self, *, error: RequestError | None = None, **facts: Any) -> None:
        about = {"context_tokens": 11_000, "max_output_tokens": 1000, **facts}
        # An id of its own: what could not be counted is remembered by it.
        usual = {"id": f"m{id(self)}", "name": "M", "provider": "counting"}
        model = ModelInfo(**{**usual, "images": True, **about})
        self.known: Sequence[ModelInfo] = [model]
        self.asked: list[MessageRequest] = []
        self.error = error

    async def models(self) -> Sequence[ModelInfo]:
        return self.known

    def stream(self, *_: Any, **__: Any) -> AbstractAsyncContextManager[ProviderStream]:
        raise NotImplementedError

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        raise NotImplementedError

    async def count_tokens(self, request: MessageRequest) -> int | None:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return MESSAGE_TOKENS * len(request.messages)

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.fixture
def provider() -> Iterator[CountingProvider]:
    provider = CountingProvider()
    with offered.use([provider]):
        yield provider


async def use_of(
    provider: CountingProvider, conversation: Conversation | None, text: str = ""
) -> ContextUse:
    (model,) = provider.known
    prompt = await sync_to_async(prompt_of)(conversation, model, text=text)
    return await measured(prompt)


async def made(*texts: str) -> Conversation:
    return await sync_to_async(factories.conversation)(None, *texts)


async def test_what_is_counted_follows_the_settings(
    provider: CountingProvider,
) -> None:
    conversation = await made()
    await use_of(provider, conversation)
    conversation.settings = {"system": "Be brief.", "max_tokens": 400}

    use = await use_of(provider, conversation)

    assert [request.system for request in provider.asked] == [None, "Be brief."]
    assert use.window == 11_000 - 400


async def test_history_and_draft_are_counted_by_the_back_end(
    provider: CountingProvider,
) -> None:
    use = await use_of(provider, await made("One", "Two"), "Three")

    # Four messages and the place of the next one, and the draft.
    assert use.tokens == 5 * MESSAGE_TOKENS + MESSAGE_TOKENS
    assert not use.is_estimate
    assert (use.window, use.percent, use.level) == (10_000, 6, "")


async def test_a_history_is_counted_once_and_the_draft_alone_after_that(
    provider: CountingProvider,
) -> None:
    conversation = await made("One")
    for text in ("a", "ab", "abc"):
        await use_of(provider, conversation, text)

    assert [len(request.messages) for request in provider.asked] == [3, 1, 1, 1]


async def test_a_further_turn_is_counted_anew(provider: CountingProvider) -> None:
    conversation = await made("One")
    before = await use_of(provider, conversation)
    await sync_to_async(factories.ended)(
        await sync_to_async(factories.asked)(conversation, "Two")
    )
    await conversation.arefresh_from_db()

    after = await use_of(provider, conversation)

    assert after.tokens == before.tokens + 2 * MESSAGE_TOKENS


async def test_nothing_said_and_nothing_written_takes_nothing_and_asks_nobody(
    provider: CountingProvider,
) -> None:
    assert (await use_of(provider, None)).tokens == 0
    assert provider.asked == []


async def test_a_back_end_that_fails_is_estimated_and_left_alone_for_a_while() -> None:
    provider = CountingProvider(error=RequestError("rate_limited", status=429))
    with offered.use([provider]):
        use = await use_of(provider, None, "word " * 700)
        await use_of(provider, None, "word " * 701)

    assert use.is_estimate
    assert 900 < use.tokens < 1100
    assert len(provider.asked) == 1


async def test_a_model_that_is_not_to_be_asked_is_estimated() -> None:
    provider = CountingProvider(counting=False)
    with offered.use([provider]):
        use = await use_of(provider, await made("One"), "Two")

    assert use.is_estimate
    assert use.tokens > 0
    assert provider.asked == []


async def test_older_messages_that_no_longer_fit_are_told_of() -> None:
    provider = CountingProvider(context_tokens=1100, max_output_tokens=1000)
    with offered.use([provider]):
        use = await use_of(provider, await made(*["word " * 60] * 4))

    assert use.omitted_messages > 0
    assert use.level == "full"


@pytest.mark.parametrize(
    ("tokens", "level"), [(799, ""), (800, "near"), (949, "near"), (950, "full")]
)
def test_it_warns_from_80_and_from_95_percent(tokens: int, level: str) -> None:
    use = ContextUse(tokens=tokens, window=1000, is_estimate=False)

    assert use.level == level


def test_an_unknown_window_is_no_reason_to_warn() -> None:
    use = ContextUse(tokens=10**9, window=None, is_estimate=True)

    assert (use.percent, use.level) == (0, "")


async def test_the_cost_expects_a_warm_cache_and_as_long_an_answer_again() -> None:
    priced = CountingProvider(id="claude-opus-5-5", caching=True)
    with offered.use([priced]):
        turn = await sync_to_async(factories.started)()
        conversation = turn.conversation
        await Turn.objects.filter(pk=turn.pk).aupdate(model="claude-opus-5-5")
        usage = {"output_tokens": 200}
        await sync_to_async(factories.ended)(turn, usage=usage)
        await conversation.arefresh_from_db()
        warm = await use_of(priced, conversation, "Why?")
        an_hour = timezone.now() - timedelta(hours=1)
        await Turn.objects.filter(pk=turn.pk).aupdate(finished_at=an_hour)
        cold = await use_of(priced, conversation, "Why?")

    price = price_of("claude-opus-5-5", day_of(timezone.now()))
    assert price is not None
    answer = 200 * price.output
    history, draft = 3 * MESSAGE_TOKENS, MESSAGE_TOKENS
    assert warm.cost == (
        history * price.cache_read + draft * price.cache_write_5m + answer
    )
    assert cold.cost == (history + draft) * price.cache_write_5m + answer


async def test_what_has_no_price_is_said_to_cost_nothing_known(
    provider: CountingProvider,
) -> None:
    use = await use_of(provider, None, "Why?")

    assert (use.cost, use.cost_words) == (None, "")
