"""A turn from its claim to its end, by a real provider, with every write real."""

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from conversations import feed, generation, turns
from conversations.catalogue import offered
from conversations.generation.worker import worker
from conversations.ledger.calls import reserve_call
from conversations.ledger.models import Call
from conversations.messages_api import text_of
from conversations.models import Turn
from conversations.providers.scripted import ScriptedProvider
from conversations.turns import Claim
from tests import factories
from tests.played import OverloadedProvider, PlayedProvider, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def at_full_speed() -> Iterator[None]:
    """The scripted model, without its pauses."""
    with offered.use([ScriptedProvider(pace=0)]):
        yield


@pytest.fixture
async def listener() -> AsyncIterator[str]:
    """A channel of the layer, to hear what the pages hear."""
    layer = feed.layer()
    channel = await layer.new_channel()
    yield channel
    await layer.flush()


async def started(text: str) -> Turn:
    return await reloaded(await sync_to_async(factories.started)(text=text))


async def finished(turn: Turn) -> Turn:
    """The turn once this loop has no run of it any more."""
    generation.begin(turn.pk)
    run = worker().runs[turn.pk]
    assert run.task is not None
    await run.task
    return await reloaded(turn)


async def reloaded(turn: Turn) -> Turn:
    rows = Turn.objects.select_related("answer", "conversation")
    return await rows.aget(pk=turn.pk)


async def heard(channel: str, kind: str) -> dict[str, Any]:
    """The next event of one kind, whatever comes before it."""
    async with asyncio.timeout(10):
        while True:
            event: dict[str, Any] = await feed.layer().receive(channel)
            if event["type"] == kind:
                return event


async def test_the_whole_answer_is_kept_with_usage_and_stop_reason() -> None:
    turn = await finished(await started("/echo Because of scattering."))

    assert turn.status == Turn.Status.COMPLETE
    assert turn.answer.text == "Because of scattering."
    assert turn.answer.content == [{"type": "text", "text": "Because of scattering."}]
    assert turn.stop_reason == "end_turn"
    assert turn.usage["output_tokens"] > 0
    assert turn.first_delta_at is not None


async def test_every_call_is_settled_in_the_ledger() -> None:
    turn = await finished(await started("/echo Yes."))

    call = await Call.objects.aget(turn_id=turn.pk)
    assert call.status == Call.Status.SETTLED
    assert call.output_tokens == turn.usage["output_tokens"]
    assert call.request_id == turn.request_id


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("/fail", "failed", "overloaded"),
        ("/fail midway", "failed", "overloaded"),
        ("/cut", "failed", "stream_cut"),
        ("/busy", "failed", "rate_limited"),
        ("/refuse", "complete", ""),
        ("/limit", "complete", ""),
    ],
)
async def test_each_way_to_end_has_its_state_and_code(
    said: str, status: str, code: str
) -> None:
    turn = await finished(await started(said))

    assert (turn.status, turn.error_code) == (status, code)


async def test_what_was_said_before_a_failure_is_kept() -> None:
    turn = await finished(await started("/fail midway"))

    assert turn.answer.text
    assert turn.answer.html


async def test_a_rate_limit_keeps_the_time_until_which_to_wait() -> None:
    turn = await finished(await started("/busy"))

    assert turn.retry_at is not None
    assert turn.finished_at is not None
    assert turn.retry_at > turn.finished_at


async def test_frames_follow_each_other_without_a_gap(listener: str) -> None:
    turn = await started("/long 200")
    await feed.layer().group_add(turn.conversation.live_group, listener)

    generation.begin(turn.pk)
    frames = []
    while True:
        event = await feed.layer().receive(listener)
        if event["type"] == "turn.articles":
            break
        frames.append(event)

    ends = [0, *(frame["end"] for frame in frames)]
    assert [frame["base"] for frame in frames] == ends[:-1]
    assert [frame["sequence"] for frame in frames] == list(range(1, len(frames) + 1))


async def test_a_stop_ends_the_answer_and_keeps_what_was_said(listener: str) -> None:
    with offered.use([ScriptedProvider()]):
        turn = await started("/long 2000")
        await feed.layer().group_add(turn.conversation.live_group, listener)
        generation.begin(turn.pk)
        frame = await heard(listener, "turn.frame")

        await sync_to_async(turns.request_stop)(turn.conversation)
        await heard(listener, "turn.articles")

    turn = await reloaded(turn)
    assert turn.status == Turn.Status.STOPPED
    assert len(turn.answer.text) >= frame["end"]
    call = await Call.objects.aget(turn_id=turn.pk)
    assert call.status == Call.Status.STOPPED


async def test_a_snapshot_holds_what_all_frames_together_gave(listener: str) -> None:
    with offered.use([ScriptedProvider()]):
        turn = await started("/long 2000")
        await feed.layer().group_add(turn.conversation.live_group, listener)
        generation.begin(turn.pk)
        frame = await heard(listener, "turn.frame")

        await feed.publish(
            feed.turn_group(turn.pk),
            {"type": "snapshot.wanted", "turn": str(turn.pk), "channel": listener},
        )
        snapshot = await heard(listener, "turn.snapshot")
        await generation.drain(0)

    assert snapshot["base"] == 0
    assert snapshot["end"] >= frame["end"]
    assert snapshot["sequence"] >= frame["sequence"]


async def test_a_queued_question_is_answered_after_the_one_before_it(
    listener: str,
) -> None:
    first = await started("/echo One.")
    second = await sync_to_async(factories.asked)(first.conversation, "/echo Two.")
    await feed.layer().group_add(first.conversation.live_group, listener)

    generation.begin(first.pk)
    await heard(listener, "turn.articles")
    await heard(listener, "turn.articles")

    second = await reloaded(second)
    assert second.status == Turn.Status.COMPLETE
    assert second.answer.text == "Two."


async def test_draining_marks_what_could_not_end_as_interrupted_with_its_text(
    listener: str,
) -> None:
    with offered.use([ScriptedProvider()]):
        turn = await started("/long 2000")
        await feed.layer().group_add(turn.conversation.live_group, listener)
        generation.begin(turn.pk)
        frame = await heard(listener, "turn.frame")

        await generation.drain(0)

    turn = await reloaded(turn)
    assert turn.status == Turn.Status.INTERRUPTED
    assert len(turn.answer.text) >= frame["end"]


async def test_a_draining_process_takes_no_new_answer() -> None:
    await generation.drain(0)
    turn = await started("/echo Yes.")

    generation.begin(turn.pk)

    assert worker().runs == {}


async def test_a_turn_whose_model_is_gone_fails_in_words() -> None:
    turn = await started("/echo Yes.")

    with offered.use([]):
        turn = await finished(turn)

    assert (turn.status, turn.error_code) == ("failed", "unknown_model")


async def test_a_turn_that_another_process_has_is_left_alone() -> None:
    turn = await started("/echo Yes.")
    await sync_to_async(turns.begin_turn)(turn, Claim(worker=uuid.uuid4()))

    turn = await finished(turn)

    assert turn.status == Turn.Status.PENDING


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": -5},
        {"input_tokens": "7"},
        {"output_tokens": {"much": 1}},
        {"cache_read_input_tokens": 10**30},
        {"cache_creation": ["7"]},
        {"cache_creation": {"ephemeral_5m_input_tokens": -1}},
    ],
)
async def test_an_answer_is_kept_whatever_its_provider_counts(
    usage: dict[str, Any],
) -> None:
    with offered.use([PlayedProvider(told("Hello.", usage=usage))]):
        turn = await finished(await started("Hi."))

    assert (turn.status, turn.answer.text) == (Turn.Status.COMPLETE, "Hello.")
    assert turn.usage == usage
    call = await Call.objects.aget(turn_id=turn.pk)
    assert call.status == Call.Status.SETTLED


async def test_an_answer_of_several_blocks_reads_the_same_live_and_kept() -> None:
    with offered.use([PlayedProvider(told("One and ", "two."))]):
        turn = await finished(await started("Count."))

    assert turn.answer.text == text_of(turn.answer.content) == "One and two."


async def test_an_answer_that_was_given_up_meanwhile_ends_as_interrupted(
    listener: str,
) -> None:
    with offered.use([ScriptedProvider()]):
        turn = await started("/long 2000")
        await feed.layer().group_add(turn.conversation.live_group, listener)
        generation.begin(turn.pk)
        frame = await heard(listener, "turn.frame")

        await sync_to_async(turns.interrupt_silent_turns)(timedelta(0))
        await heard(listener, "turn.articles")

    turn = await reloaded(turn)
    assert turn.status == Turn.Status.INTERRUPTED
    assert len(turn.answer.text) >= frame["end"]


async def test_an_answer_is_made_although_the_channel_layer_is_down(
    settings: Settings,
) -> None:
    broken = "tests.broken_layer.BrokenLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": broken}}

    turn = await finished(await started("/echo Yes."))

    assert (turn.status, turn.answer.text) == (Turn.Status.COMPLETE, "Yes.")


@pytest.mark.sqlite
async def test_an_answer_waits_for_a_database_that_is_busy(
    listener: str, caplog: pytest.LogCaptureFixture
) -> None:
    turn = await started("/echo Yes.")
    await feed.layer().group_add(turn.conversation.live_group, listener)
    await sync_to_async(have_no_patience)()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    with offered.use([ScriptedProvider()]):
        generation.begin(turn.pk)
        await heard(listener, "turn.frame")

        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(10):
            while "is not kept yet" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)
        other.execute("COMMIT")
        await heard(listener, "turn.articles")
    other.close()

    turn = await reloaded(turn)
    assert (turn.status, turn.answer.text) == (Turn.Status.COMPLETE, "Yes.")


def have_no_patience() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1")


def title_call(turn: Turn) -> Call:
    return reserve_call(
        person=turn.conversation.owner,
        purpose=Call.Purpose.TITLE,
        provider="scripted",
        model="scripted",
        conversation_id=turn.conversation_id,
        turn_id=turn.pk,
    )


@pytest.mark.sqlite
def test_at_the_start_no_call_of_an_earlier_process_stays_open() -> None:
    turn = factories.begun(factories.started())
    title_call(turn)

    assert generation.recover() == 1

    turn.refresh_from_db()
    assert turn.status == Turn.Status.INTERRUPTED
    assert set(Call.objects.values_list("status", flat=True)) == {Call.Status.UNKNOWN}


@pytest.mark.sqlite
def test_at_the_start_a_clock_that_went_back_makes_nothing_look_alive() -> None:
    turn = factories.begun(factories.started())
    tomorrow = timezone.now() + timedelta(days=1)
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=tomorrow)

    assert generation.recover() == 1


async def test_a_stop_between_two_attempts_leaves_no_call_that_was_not_made(
    listener: str,
) -> None:
    turn = await started("Why?")
    await feed.layer().group_add(turn.conversation.live_group, listener)
    with offered.use([OverloadedProvider()]):
        generation.begin(turn.pk)
        waiting = await heard(listener, "turn.waiting")
        waits = await reloaded(turn)
        await sync_to_async(turns.request_stop)(turn.conversation)
        await heard(listener, "turn.articles")

    turn = await reloaded(turn)
    call = await Call.objects.aget(turn_id=turn.pk)
    assert turn.status == Turn.Status.STOPPED
    assert (call.attempt, call.status) == (1, Call.Status.FAILED)
    assert (waiting["attempt"], waiting["wait_s"]) == (2, 20)
    # A page that is loaded meanwhile is told of the wait as well.
    assert waits.retry_at is not None
    assert waits.retry_at > timezone.now()


async def test_a_question_that_waits_when_the_process_drains_goes_on_waiting(
    listener: str,
) -> None:
    first = await started("/long 30")
    waiting = await sync_to_async(factories.asked)(first.conversation, "/echo Two.")
    await feed.layer().group_add(first.conversation.live_group, listener)

    with offered.use([ScriptedProvider(pace=0.1)]):
        generation.begin(first.pk)
        await heard(listener, "turn.frame")
        await generation.drain(20)

    first, waiting = await reloaded(first), await reloaded(waiting)
    assert first.status == Turn.Status.COMPLETE
    assert waiting.status == Turn.Status.QUEUED
