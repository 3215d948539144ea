"""The circuit breaker: when it opens, whom it lets through, when it closes."""

from dataclasses import dataclass

import pytest

from conversations.messages_api import ProviderError, RequestError
from conversations.providers.breaker import (
    FAILURES_TO_OPEN,
    FIRST_OPEN_S,
    LONGEST_OPEN_S,
    PROBE_IS_LOST_AFTER_S,
    Breaker,
    State,
    is_trouble,
)


@dataclass
class Clock:
    """A clock that is set by hand, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed()
    assert breaker.admits()

    breaker.failed()

    assert not breaker.admits()


def test_a_success_between_them_begins_the_count_anew(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed()
    breaker.succeeded()
    breaker.failed()

    assert breaker.state is State.CLOSED


def test_after_a_while_a_single_probe_is_let_through(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S

    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    assert breaker.state is State.HALF_OPEN


def test_a_probe_that_is_answered_closes_it(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S
    breaker.admits()

    breaker.answered()

    assert breaker.state is State.CLOSED
    assert breaker.admits()


def test_a_probe_that_fails_opens_it_for_twice_as_long(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S
    breaker.admits()
    breaker.failed()

    clock.now += FIRST_OPEN_S
    assert not breaker.admits()
    clock.now += FIRST_OPEN_S
    assert breaker.admits()


def test_it_never_stays_open_for_longer_than_its_limit(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    for _ in range(20):
        clock.now += LONGEST_OPEN_S
        assert breaker.admits()
        breaker.failed()


def test_a_probe_that_was_stopped_leaves_room_for_another(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S
    breaker.admits()

    breaker.abandoned()

    assert [breaker.admits() for _ in range(2)] == [True, False]


def test_a_probe_that_never_came_back_is_followed_by_another(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S
    breaker.admits()
    clock.now += PROBE_IS_LOST_AFTER_S

    assert breaker.admits()


def test_what_fails_while_it_is_open_changes_nothing(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += FIRST_OPEN_S
    breaker.failed()

    assert breaker.admits()


@pytest.mark.parametrize(
    ("error", "speaks_against_it"),
    [
        (RequestError("overloaded", status=529), True),
        (RequestError("api_error", status=500), True),
        (ProviderError("unexpected_response", status=502), True),
        (ProviderError("connect_failed"), True),
        (ProviderError("timeout"), True),
        (RequestError("rate_limited", status=429), False),
        (RequestError("authentication", status=401), False),
        (RequestError("invalid_request", status=400), False),
        (ProviderError("unexpected_response", status=200), False),
    ],
)
def test_only_what_a_back_end_is_to_blame_for_counts(
    error: ProviderError, speaks_against_it: bool
) -> None:
    assert is_trouble(error) is speaks_against_it
