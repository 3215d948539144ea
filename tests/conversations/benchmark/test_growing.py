"""Figures of a long answer in a browser, from what its page has seen."""

from conversations.management.benchmark.growing import Moment, browser_rows

EARLY = (Moment(1_000, 1.0, 10_000), Moment(5_000, 2.0, 30_000))
LATE = (Moment(20_000, 9.0, 160_000), Moment(24_000, 11.0, 190_000))


def figures(seen: dict[str, list[object]]) -> dict[str, float]:
    rows = browser_rows(seen, EARLY, LATE)
    return {row.name.removeprefix("browser: "): row.site for row in rows}


def test_the_main_thread_is_counted_by_the_characters_that_came_meanwhile() -> None:
    found = figures({"tasks": [], "frames": []})

    assert found["main thread for 1,000 characters, early in the answer"] == 50
    assert round(found["main thread for 1,000 characters, late"], 1) == 66.7


def test_only_tasks_of_the_answer_count_as_long() -> None:
    found = figures({"tasks": [[500, 90], [2_000, 60], [23_000, 80]], "frames": []})

    assert found["tasks above 50 ms"] == 2
    assert found["longest task"] == 80


def test_frames_late_in_the_answer_are_looked_at() -> None:
    frames: list[object] = [1_000, 9_000, 20_000, 20_016, 20_056]

    found = figures({"tasks": [], "frames": frames})

    assert found["time between frames late, p99"] == 40
