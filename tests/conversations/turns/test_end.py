"""From the claim to the final state: kept text, settled calls, one winner."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations import turns
from conversations.ledger.models import Call
from conversations.models import Turn
from conversations.turns import Checkpoint, Claim, Outcome
from tests import factories
from tests.factories import WORKER

pytestmark = pytest.mark.django_db

SAID = [{"type": "text", "text": "Because"}]


def reached(turn: Turn) -> Checkpoint:
    return Checkpoint(turn_id=turn.pk, answer_id=turn.answer_id, content=SAID)


def test_a_turn_is_claimed_once() -> None:
    turn = factories.started()

    assert turns.begin_turn(turn, Claim(worker=WORKER))
    assert not turns.begin_turn(turn, Claim(worker=uuid.uuid4()))


def test_a_claim_reserves_one_call_before_it_is_made() -> None:
    turn = factories.begun(factories.started())

    call = Call.objects.get(turn_id=turn.pk)
    assert call.status == Call.Status.RESERVED
    assert call.person_name == "ada"
    assert (call.provider, call.model) == ("scripted", "scripted")


def test_a_checkpoint_keeps_what_was_said_and_the_sign_of_life() -> None:
    turn = factories.begun(factories.started())
    before = turn.heartbeat_at
    assert before is not None

    turns.checkpoint(WORKER, [reached(turn)])

    turn.refresh_from_db()
    turn.answer.refresh_from_db()
    assert turn.status == Turn.Status.STREAMING
    assert turn.answer.content == SAID
    assert turn.heartbeat_at is not None
    assert turn.heartbeat_at > before


def test_a_checkpoint_before_the_first_word_leaves_the_turn_pending() -> None:
    turn = factories.begun(factories.started())

    point = Checkpoint(turn_id=turn.pk, answer_id=turn.answer_id, content=())
    turns.checkpoint(WORKER, [point])

    turn.refresh_from_db()
    assert turn.status == Turn.Status.PENDING


def test_a_checkpoint_tells_which_turns_somebody_wants_stopped() -> None:
    turn = factories.begun(factories.started())
    turns.request_stop(turn.conversation)

    assert turns.checkpoint(WORKER, [reached(turn)]) == {turn.pk: Turn.Status.STOPPED}


def test_a_checkpoint_of_a_turn_that_was_taken_away_changes_nothing() -> None:
    turn = factories.begun(factories.started())

    stops = turns.checkpoint(uuid.uuid4(), [reached(turn)])

    turn.answer.refresh_from_db()
    assert stops == {turn.pk: Turn.Status.INTERRUPTED}
    assert turn.answer.content == []


@pytest.mark.parametrize(
    ("status", "call_status"),
    [
        ("complete", "settled"),
        ("stopped", "stopped"),
        ("failed", "failed"),
        ("interrupted", "unknown"),
    ],
)
def test_an_ended_turn_keeps_its_text_and_settles_its_call(
    status: str, call_status: str
) -> None:
    usage = {
        "input_tokens": 12,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 5,
        "output_tokens": 7,
    }
    turn = factories.ended(
        factories.started(),
        "Because",
        status=Turn.Status(status),
        usage=usage,
        request_id="req_1",
    )

    call = Call.objects.get(turn_id=turn.pk)
    turn.answer.refresh_from_db()
    assert turn.status == status
    assert turn.answer.text == "Because"
    assert turn.finished_at is not None
    assert (call.status, call.request_id) == (call_status, "req_1")
    assert (call.input_tokens, call.output_tokens) == (12, 7)
    assert (call.cache_read_tokens, call.cache_write_5m_tokens) == (30, 5)


def test_a_turn_ends_once() -> None:
    turn = factories.ended(factories.started(), "Because")

    late = Outcome(status=Turn.Status.STOPPED, content=(), text="")
    assert turns.end_turn(turn, late, worker=WORKER) is None

    turn.refresh_from_db()
    turn.answer.refresh_from_db()
    assert turn.status == Turn.Status.COMPLETE
    assert turn.answer.text == "Because"


def test_a_further_attempt_settles_the_failed_call_and_reserves_its_own() -> None:
    turn = factories.started()
    claim = Claim(worker=WORKER)
    turns.begin_turn(turn, claim)

    call = turns.next_attempt(
        *(turn, claim.call_id),
        attempt=2,
        error_code="overloaded",
        request_id="req_1",
    )

    first = Call.objects.get(pk=claim.call_id)
    assert (first.status, first.error_code) == (Call.Status.FAILED, "overloaded")
    assert (call.status, call.attempt) == (Call.Status.RESERVED, 2)


def test_a_silent_turn_is_interrupted_with_its_text_and_its_call_is_unknown() -> None:
    turn = factories.begun(factories.started())
    turns.checkpoint(WORKER, [reached(turn)])
    long_ago = timezone.now() - timedelta(minutes=5)
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=long_ago)

    assert turns.interrupt_silent_turns() == 1

    turn.refresh_from_db()
    turn.answer.refresh_from_db()
    assert turn.status == Turn.Status.INTERRUPTED
    assert turn.answer.text == "Because"
    assert Call.objects.get(turn_id=turn.pk).status == Call.Status.UNKNOWN


def test_a_turn_that_gave_a_sign_of_life_is_left_alone() -> None:
    factories.begun(factories.started())

    assert turns.interrupt_silent_turns() == 0


def test_a_silent_turn_that_is_known_to_be_alive_is_left_alone() -> None:
    turn = factories.begun(factories.started())

    assert turns.interrupt_silent_turns(timedelta(0), alive={turn.pk}) == 0


def test_a_silent_turn_that_was_to_be_stopped_counts_as_stopped() -> None:
    turn = factories.begun(factories.started())
    turns.request_stop(turn.conversation)
    long_ago = timezone.now() - timedelta(minutes=5)
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=long_ago)

    turns.interrupt_silent_turns()

    turn.refresh_from_db()
    assert turn.status == Turn.Status.STOPPED


def test_a_process_that_was_only_slow_still_delivers_what_it_received() -> None:
    turn = factories.begun(factories.started())
    Turn.objects.filter(pk=turn.pk).update(
        heartbeat_at=timezone.now() - timedelta(minutes=5)
    )
    turns.interrupt_silent_turns()

    factories.ended(turn, "The whole answer.")

    turn.answer.refresh_from_db()
    assert turn.status == Turn.Status.COMPLETE
    assert turn.answer.text == "The whole answer."


def test_what_a_slow_process_used_is_written_down_in_the_end() -> None:
    turn = factories.begun(factories.started())
    call = Call.objects.get(turn_id=turn.pk)
    turns.interrupt_silent_turns(timedelta(0))

    used = {"input_tokens": 5, "output_tokens": 7}
    outcome = Outcome(status=Turn.Status.COMPLETE, usage=used)
    turns.end_turn(turn, outcome, worker=WORKER, call_id=call.pk)

    call.refresh_from_db()
    assert (call.status, call.output_tokens) == (Call.Status.SETTLED, 7)


def test_an_answer_is_ended_in_few_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    turn = factories.begun(factories.started())
    call_id = Call.objects.get().pk
    turn = Turn.objects.select_related("conversation", "answer").get(pk=turn.pk)
    outcome = Outcome(status=Turn.Status.COMPLETE)

    # A savepoint and its end, one for each of four rows, one for the queue.
    with django_assert_num_queries(7):
        turns.end_turn(turn, outcome, worker=WORKER, call_id=call_id)


def test_nothing_is_promoted_by_a_process_that_takes_no_more_answers() -> None:
    first = factories.begun(factories.started())
    waiting = factories.asked(first.conversation)

    outcome = Outcome(status=Turn.Status.COMPLETE)
    ending = turns.end_turn(first, outcome, worker=WORKER, promote=False)

    waiting.refresh_from_db()
    assert ending is not None
    assert ending.following is None
    assert (waiting.status, waiting.version) == (Turn.Status.QUEUED, ending.version)


def test_a_promoted_question_that_nobody_takes_waits_again() -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation)
    factories.ended(first)

    turns.put_back(waiting.pk)

    waiting.refresh_from_db()
    assert waiting.status == Turn.Status.QUEUED


def test_a_question_that_was_taken_is_not_put_back() -> None:
    turn = factories.begun(factories.started())

    turns.put_back(turn.pk)

    turn.refresh_from_db()
    assert turn.status == Turn.Status.PENDING


def test_a_call_that_is_never_made_leaves_no_row() -> None:
    turn = factories.begun(factories.started())
    first = Call.objects.get()
    waiting = turns.next_attempt(
        *(turn, first.pk), attempt=2, error_code="overloaded", request_id=""
    )

    turns.withdraw_attempt(turn, waiting.pk)

    turn.refresh_from_db()
    assert Call.objects.get().status == Call.Status.FAILED
    assert turn.attempts == 1
