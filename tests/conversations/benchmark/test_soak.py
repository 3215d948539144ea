"""What is concluded from the samples of a process under traffic."""

import math

from conversations.management.benchmark import soak
from conversations.management.benchmark.report import Row
from conversations.management.benchmark.soak import State


def state(minute: float, rss_mb: float = 100.0, *, descriptors: int = 30) -> State:
    return State(
        at_s=60 * minute,
        rss_mb=rss_mb,
        descriptors=descriptors,
        threads=8,
        tasks=0,
        turns=0,
        sockets=0,
    )


def judged(states: list[State], after: State, done: dict[str, int]) -> dict[str, Row]:
    found = soak.rows(states, state(0), after, done, unexplained=[])
    return {row.name: row for row in found}


def test_memory_is_looked_at_once_the_process_is_warm() -> None:
    warming = [state(0, 100), state(10, 200)]
    warm = [state(minute, 200 + minute / 60) for minute in range(20, 61, 10)]

    assert round(soak.slope_mb_per_h(warming + warm), 3) == 1


def test_too_few_samples_have_no_slope() -> None:
    assert math.isnan(soak.slope_mb_per_h([state(0), state(1)]))


def test_growth_of_a_short_run_is_told_and_not_judged() -> None:
    states = [state(minute, 100 + minute) for minute in range(5)]

    assert judged(states, state(5), {})["memory after the warm-up"].reached is None


def test_growth_of_an_hour_is_judged() -> None:
    states = [state(minute, 100 + minute) for minute in range(61)]

    assert judged(states, state(61), {})["memory after the warm-up"].reached is False


def test_more_descriptors_than_when_it_was_first_busy_are_too_many() -> None:
    states = [state(minute, descriptors=40) for minute in range(4)]

    found = judged(states, state(4, descriptors=41), {})

    assert found["descriptors after"].reached is False


def test_what_went_wrong_counts_against_the_site() -> None:
    found = judged([state(1)], state(2), {"send": 5, "send went wrong: x": 2})

    assert found["acts that went wrong"].site == 2
    assert found["acts that went wrong"].reached is False


def test_the_figures_of_all_labels_are_added() -> None:
    exposition = (
        '# HELP chatsite_turns x\nchatsite_turns{status="running"} 2.0\n'
        'chatsite_turns{status="queued"} 1.0\nchatsite_sockets 4.0\n'
    )

    assert soak.sums(exposition) == {"chatsite_turns": 3, "chatsite_sockets": 4}
