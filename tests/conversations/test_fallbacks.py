"""Another model answers where the one that was asked cannot, and the page says so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from conversations import generation, turns
from conversations.catalogue import offered
from conversations.catalogue.decisions import Decision
from conversations.generation.worker import worker
from conversations.ledger.models import Call
from conversations.messages_api import MessagesClient
from conversations.models import Turn
from conversations.providers.breaker import FAILURES_TO_OPEN, State
from tests import factories
from tests.played import MODEL, PlayedProvider, told

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = replace(MODEL, id="asked", name="Opus", provider="main", sampling=True)
SECOND = replace(
    MODEL, id="second", name="Sonnet", provider="spare", max_output_tokens=500
)
THIRD = replace(MODEL, id="third", name="Haiku", provider="last")


class Main(PlayedProvider):
    """The back end that is asked first; answers what a test tells it to."""

    name = "main"
    known: Sequence[Any] = (ASKED,)

    def __init__(self, status: int = 529, kind: str = "overloaded_error") -> None:
        super().__init__(())
        self.asked = 0
        body = {"type": "error", "error": {"type": kind, "message": ""}}

        def refuse(_: httpx.Request) -> httpx.Response:
            self.asked += 1
            # Longer than anyone waits, so that nothing is tried again.
            return httpx.Response(status, headers={"retry-after": "90"}, json=body)

        self._client = MessagesClient(
            base_url="http://provider.test", transport=httpx.MockTransport(refuse)
        )


class Broken(PlayedProvider):
    """Loses its stream in the middle of the text."""

    name = "main"
    known: Sequence[Any] = (ASKED,)

    def __init__(self) -> None:
        super().__init__(list(told("Because"))[:-2])


class Spare(PlayedProvider):
    """Answers in the place of others."""

    name = "spare"
    known: Sequence[Any] = (SECOND,)

    def __init__(self) -> None:
        super().__init__(told("Scattering.", usage={"input_tokens": 3}))


class Last(Main):
    """Another one that cannot."""

    name = "last"
    known: Sequence[Any] = (THIRD,)


@pytest.fixture
def fallbacks() -> dict[str, Decision]:
    return {"asked": Decision(fallbacks=("third", "second"))}


@pytest.fixture
def main() -> Main:
    return Main()


@pytest.fixture(autouse=True)
def back_ends(main: Main, fallbacks: dict[str, Decision]) -> Iterator[None]:
    with offered.use([main, Spare()]):
        offered.decide(fallbacks)
        yield


def started(settings: Mapping[str, Any] | None = None) -> Turn:
    question = factories.question(model="asked", provider="main")
    return turns.start_conversation(
        owner=factories.person(), question=question, settings=settings
    )


async def answered(settings: Mapping[str, Any] | None = None) -> Turn:
    turn = await sync_to_async(started)(settings)
    generation.begin(turn.pk)
    run = worker().runs[turn.pk]
    assert run.task is not None
    await run.task
    rows = Turn.objects.select_related("answer", "conversation")
    return await rows.aget(pk=turn.pk)


async def test_a_fallback_answers_for_a_model_that_is_overloaded() -> None:
    turn = await answered()

    assert turn.status == Turn.Status.COMPLETE
    assert turn.answer.text == "Scattering."
    assert (turn.model, turn.provider) == ("second", "spare")
    assert (turn.asked_model, turn.fallback_reason) == ("asked", "overloaded")
    assert turn.conversation.model == "asked"


async def test_a_fallback_follows_the_settings_as_far_as_it_can() -> None:
    turn = await answered(
        {"system": "Be brief.", "max_tokens": 700, "temperature": 0.5}
    )

    assert turn.model == "second"
    assert turn.parameters == {"system": "Be brief.", "max_tokens": 500}


async def test_each_call_is_in_the_ledger_under_its_own_model() -> None:
    turn = await answered()

    calls = [
        (call.model, call.attempt, call.status, call.error_code)
        async for call in Call.objects.filter(turn_id=turn.pk).order_by("attempt")
    ]
    assert calls == [
        ("asked", 1, Call.Status.FAILED, "overloaded"),
        ("second", 2, Call.Status.SETTLED, ""),
    ]


async def test_the_page_says_who_answered_and_why() -> None:
    turn = await answered()
    client = Client()
    await sync_to_async(client.force_login)(await sync_to_async(factories.person)())

    address = reverse("conversations:conversation", args=(turn.conversation_id,))
    page = (await sync_to_async(client.get)(address)).content.decode()

    assert "Opus was overloaded, so Sonnet answered." in page
    assert 'class="speaker">Sonnet<' in page


async def test_all_fallbacks_are_tried_in_their_order() -> None:
    with offered.use([Main(), last := Last(), Spare()]):
        offered.decide({"asked": Decision(fallbacks=("third", "second"))})
        turn = await answered()

    assert last.asked == 1
    assert (turn.model, turn.asked_model, turn.attempts) == ("second", "asked", 3)


async def test_where_all_fail_the_last_failure_is_said() -> None:
    with offered.use([Main(), Last()]):
        offered.decide({"asked": Decision(fallbacks=("third",))})
        turn = await answered()

    assert (turn.status, turn.error_code) == (Turn.Status.FAILED, "overloaded")
    assert turn.asked_model == "asked"
    open_calls = Call.objects.filter(status=Call.Status.RESERVED)
    assert not await open_calls.aexists()


async def test_no_fallback_follows_the_first_word() -> None:
    with offered.use([Broken(), Spare()]):
        offered.decide({"asked": Decision(fallbacks=("second",))})
        turn = await answered()

    assert (turn.status, turn.error_code) == (Turn.Status.FAILED, "stream_cut")
    assert turn.answer.text == "Because"
    assert (turn.model, turn.asked_model) == ("asked", None)


async def test_what_the_request_is_to_blame_for_goes_to_nobody_else() -> None:
    with offered.use([Main(400, "invalid_request_error"), Spare()]):
        offered.decide({"asked": Decision(fallbacks=("second",))})
        turn = await answered()

    assert (turn.status, turn.error_code) == (Turn.Status.FAILED, "invalid_request")
    assert turn.asked_model is None


async def test_a_fallback_that_the_person_may_not_use_does_not_answer() -> None:
    offered.decide(
        {
            "asked": Decision(fallbacks=("second",)),
            "second": Decision(groups=frozenset({99})),
        }
    )

    turn = await answered()

    assert (turn.status, turn.model) == (Turn.Status.FAILED, "asked")


async def test_a_back_end_that_keeps_failing_is_not_asked_for_a_while(
    main: Main,
) -> None:
    for _ in range(FAILURES_TO_OPEN):
        await answered()
    assert offered.breaker_states()["main"] is State.OPEN

    turn = await answered()

    assert main.asked == FAILURES_TO_OPEN
    assert (turn.model, turn.fallback_reason) == ("second", "unavailable")
    call = await Call.objects.aget(turn_id=turn.pk)
    assert (call.model, call.status) == ("second", Call.Status.SETTLED)


async def test_without_a_fallback_a_back_end_is_asked_whatever_it_did(
    main: Main,
) -> None:
    offered.decide({})
    for _ in range(FAILURES_TO_OPEN):
        await answered()
    turn = await answered()

    assert main.asked == FAILURES_TO_OPEN + 1
    assert turn.error_code == "overloaded"


async def test_a_retry_asks_the_model_that_was_asked_for() -> None:
    turn = await answered()

    again = await retried(turn)

    assert (again.asked_model or again.model) == "asked"


async def test_a_retry_asks_with_the_settings_from_before_the_fallback() -> None:
    chosen = {"system": "Before.", "temperature": 0.5}
    turn = await answered(chosen)
    await sync_to_async(turns.change_settings)(turn.conversation, {"system": "Now."})
    offered.decide({})

    again = await retried(turn)

    assert (again.model, again.settings) == ("asked", chosen)
    assert again.parameters["system"] == "Before."
    assert again.parameters["temperature"] == 0.5


async def retried(turn: Turn) -> Turn:
    """What a retry makes of the turn, had it failed."""
    await Turn.objects.filter(pk=turn.pk).aupdate(status=Turn.Status.FAILED)
    client = Client()
    await sync_to_async(client.force_login)(await sync_to_async(factories.person)())
    address = reverse("conversations:turn-retry", args=(turn.pk,))
    key = {"key": "00000000-0000-4000-8000-00000000000a"}
    await sync_to_async(client.post)(address, key, headers={"hx-request": "true"})
    return await Turn.objects.exclude(pk=turn.pk).aget()
