"""An answer that pauses in the middle of its work is gone on with, unnoticed."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, override

import httpx
import pytest
from asgiref.sync import sync_to_async

from conversations import generation
from conversations.catalogue import offered
from conversations.generation.answer import CONTINUATIONS_LIMIT
from conversations.generation.worker import worker
from conversations.ledger.models import Call
from conversations.messages_api import MessagesClient
from conversations.models import Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories
from tests.played import PlayedProvider, told

pytestmark = pytest.mark.django_db(transaction=True)

type Json = dict[str, Any]

CALL = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"q": 1}}
RESULT = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": ""}}


class Several(PlayedProvider):
    """Plays one body after the other, the last one again and again."""

    def __init__(self, *answers: Iterable[Json]) -> None:
        super().__init__(())
        self.asked: list[Json] = []
        self._bodies = [list(events) for events in answers]
        transport = httpx.MockTransport(self._played)
        self._client = MessagesClient(
            base_url="http://provider.test", transport=transport
        )

    def _played(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content))
        events = self._bodies[min(len(self.asked), len(self._bodies)) - 1]
        if events[0].get("status"):
            return httpx.Response(events[0]["status"], json=events[0]["body"])
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        head = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=head, content=body.encode())


class Silent(Several):
    """Plays what it has, and says no more afterwards, with the line left open."""

    @override
    def _played(self, request: httpx.Request) -> httpx.Response:
        response = super()._played(request)
        if len(self.asked) == 1:
            return response
        return httpx.Response(
            200, headers=response.headers, stream=_Open(response.content)
        )


class _Open(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    @override
    async def __aiter__(self) -> Any:
        yield self._content
        await asyncio.Event().wait()


def paused(*blocks: Json, tokens: int = 5) -> Sequence[Json]:
    """The events of an answer of whole blocks that pauses."""
    usage = {"input_tokens": 10, "output_tokens": tokens}
    message = {"type": "message", "role": "assistant", "content": [], "usage": usage}
    events: list[Json] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(blocks):
        start = {"type": "content_block_start", "index": index}
        events.append({**start, "content_block": block})
        events.append({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": "pause_turn", "container": {"id": "container_1"}}
    return [
        *events,
        {"type": "message_delta", "delta": ending},
        {"type": "message_stop"},
    ]


def ended(text: str = "Done.") -> Sequence[Json]:
    usage = {"input_tokens": 20, "output_tokens": 7}
    return list(told(text, usage=usage))


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    with offered.use([ScriptedProvider(pace=0)]):
        yield


async def answered(text: str = "Look it up.") -> Turn:
    turn = await sync_to_async(factories.started)(text=text)
    generation.begin(turn.pk)
    run = worker().runs[turn.pk]
    assert run.task is not None
    await run.task
    return await reloaded(turn)


def asked_below(content: Sequence[Json]) -> Turn:
    """A question that follows an answer of these blocks."""
    first = factories.ended(factories.started(), content=content)
    return factories.asked(first.conversation)


async def reloaded(turn: Turn) -> Turn:
    return await Turn.objects.select_related("answer").aget(pk=turn.pk)


async def calls_of(turn: Turn) -> list[tuple[str, int | None]]:
    rows = Call.objects.filter(turn_id=turn.pk).order_by("reserved_at")
    return [(call.status, call.output_tokens) async for call in rows]


async def test_what_was_said_is_sent_back_as_it_was_and_gone_on_with() -> None:
    provider = Several(paused(CALL), [*paused(RESULT)], ended())
    with offered.use([provider]):
        turn = await answered()

    assert turn.status == Turn.Status.COMPLETE
    assert turn.stop_reason == "end_turn"
    assert turn.answer.content == [CALL, RESULT, {"type": "text", "text": "Done."}]
    first, second, third = provider.asked
    assert second["messages"] == [
        *first["messages"],
        {"role": "assistant", "content": [CALL]},
    ]
    assert third["messages"] == [
        *first["messages"],
        {"role": "assistant", "content": [CALL, RESULT]},
    ]
    assert second["container"] == "container_1"


async def test_each_call_has_its_row_and_the_turn_their_sum() -> None:
    with offered.use([Several(paused(CALL, tokens=5), ended())]):
        turn = await answered()

    assert await calls_of(turn) == [("settled", 5), ("settled", 7)]
    assert (turn.usage["input_tokens"], turn.usage["output_tokens"]) == (30, 12)


async def test_a_failure_in_a_continuation_keeps_what_was_said() -> None:
    said = {"type": "text", "text": "I look."}
    broken = [*list(told("More"))[:3], OVERLOADED]
    with offered.use([Several(paused(said, CALL), broken)]):
        turn = await answered()

    assert (turn.status, turn.error_code) == (Turn.Status.FAILED, "overloaded")
    assert turn.answer.text == "I look.\n\nMore"
    assert turn.answer.content == [said, CALL, {"type": "text", "text": "More"}]
    assert [status for status, _ in await calls_of(turn)] == ["settled", "failed"]


async def test_a_model_that_pauses_for_ever_is_let_be() -> None:
    provider = Several(paused(CALL))
    with offered.use([provider]):
        turn = await answered()

    assert turn.status == Turn.Status.COMPLETE
    assert turn.stop_reason == "pause_turn"
    assert len(provider.asked) == CONTINUATIONS_LIMIT + 1


async def test_a_continuation_can_be_stopped() -> None:
    begun = list(told("More of it."))[:3]
    with offered.use([Silent(paused(CALL), begun)]):
        turn = await sync_to_async(factories.started)()
        generation.begin(turn.pk)
        run = worker().runs[turn.pk]
        async with asyncio.timeout(10):
            while not run.received.text:  # noqa: ASYNC110 - it says nothing when it comes
                await asyncio.sleep(0.01)
        run.cut_short(Turn.Status.STOPPED)
        assert run.task is not None
        await run.task

    turn = await reloaded(turn)
    assert turn.status == Turn.Status.STOPPED
    assert turn.answer.text == "More of it."
    assert [status for status, _ in await calls_of(turn)] == ["settled", "stopped"]


async def test_the_scripted_model_pauses_and_goes_on() -> None:
    turn = await answered("/pause")

    assert turn.status == Turn.Status.COMPLETE
    assert turn.answer.text.startswith("This takes a little longer.")
    assert turn.answer.text.endswith("the harbour is deep enough.")
    assert "Searching" not in turn.answer.html


async def test_a_request_refused_for_its_thinking_is_sent_without_it() -> None:
    words = "messages.1.content.0: Invalid `signature` in `thinking` block"
    error = {"type": "invalid_request_error", "message": words}
    refusal = {"status": 400, "body": {"type": "error", "error": error}}
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "Eq=="}
    content = [thought, {"type": "text", "text": "Yes."}]
    turn = await sync_to_async(asked_below)(content)
    provider = Several([refusal], ended())
    with offered.use([provider]):
        generation.begin(turn.pk)
        run = worker().runs[turn.pk]
        assert run.task is not None
        await run.task

    assert (await reloaded(turn)).status == Turn.Status.COMPLETE
    assert provider.asked[0]["messages"][1]["content"] == content
    assert provider.asked[1]["messages"][1]["content"] == content[1:]
    assert [status for status, _ in await calls_of(turn)] == ["failed", "settled"]
