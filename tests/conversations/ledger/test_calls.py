"""The cost that a call and its turn are settled with."""

from datetime import UTC, datetime

import pytest

from conversations.ledger.calls import cost_of_turn, reserve_call, settle_call
from conversations.ledger.models import Call
from conversations.models import Turn
from conversations.turns import (
    Claim,
    Outcome,
    begin_turn,
    end_turn,
    next_attempt,
    start_conversation,
)
from tests import factories
from tests.factories import WORKER

pytestmark = pytest.mark.django_db

MODEL = "claude-sonnet-5-5"
USAGE = {"input_tokens": 1_000, "output_tokens": 100}
COST = 1_000 * 2_000_000 + 100 * 10_000_000


def reserved(model: str = MODEL) -> Call:
    return reserve_call(
        person=factories.person(),
        purpose=Call.Purpose.ANSWER,
        provider="anthropic",
        model=model,
        conversation_id=None,
    )


def running(model: str = MODEL) -> Turn:
    question = factories.question(model=model, provider="anthropic")
    turn = start_conversation(owner=factories.person(), question=question)
    return factories.begun(turn)


def test_a_call_is_settled_at_its_cost() -> None:
    call = reserved()

    settle_call(call.pk, Call.Status.SETTLED, usage=USAGE)

    call.refresh_from_db()
    assert call.cost_picodollars == COST


def test_what_was_stopped_is_paid_too() -> None:
    call = reserved()

    settle_call(call.pk, Call.Status.STOPPED, usage=USAGE)

    call.refresh_from_db()
    assert call.cost_picodollars == COST


def test_a_call_costs_what_it_did_on_the_day_it_was_made() -> None:
    call = reserved()
    day = datetime(2026, 10, 6, 23, 59, tzinfo=UTC)

    used = {"cache_read_input_tokens": 1}
    settle_call(
        call.pk, Call.Status.SETTLED, usage=used, reserved_at=day, model=call.model
    )

    call.refresh_from_db()
    assert call.cost_picodollars == 200_000


@pytest.mark.parametrize(("model", "usage"), [("somebodys", USAGE), (MODEL, {})])
def test_a_cost_that_nobody_knows_is_not_nothing(
    model: str, usage: dict[str, int]
) -> None:
    call = reserved(model)

    settle_call(call.pk, Call.Status.SETTLED, usage=usage)

    call.refresh_from_db()
    assert call.cost_picodollars is None


def test_a_turn_keeps_what_it_cost() -> None:
    turn = running()

    outcome = Outcome(status=Turn.Status.COMPLETE, usage=USAGE)
    end_turn(turn, outcome, worker=WORKER, call_id=Call.objects.get().pk)

    turn.refresh_from_db()
    assert turn.cost_picodollars == COST


def test_a_turn_costs_what_all_its_calls_did() -> None:
    turn = running()
    first = Call.objects.get()
    settle_call(first.pk, Call.Status.FAILED, usage=USAGE)
    call = next_attempt(
        turn, first.pk, attempt=2, error_code="api_error", request_id=""
    )

    outcome = Outcome(status=Turn.Status.COMPLETE, usage=USAGE)
    end_turn(turn, outcome, worker=WORKER, call_id=call.pk)

    turn.refresh_from_db()
    assert turn.cost_picodollars == 2 * COST


def test_a_turn_with_a_call_of_unknown_cost_has_none() -> None:
    turn = running()
    call = Call.objects.get()
    settle_call(call.pk, Call.Status.FAILED, usage=USAGE)
    Call.objects.update(cost_picodollars=None)

    assert cost_of_turn(turn.pk) is None


def test_a_claimed_turn_costs_nothing_yet() -> None:
    turn = factories.started()
    begin_turn(turn, Claim(worker=WORKER))

    assert cost_of_turn(turn.pk) is None
