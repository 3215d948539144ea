"""The table of figures and limits."""

import math

import pytest

from conversations.management.benchmark import report
from conversations.management.benchmark.browser import Visit
from conversations.management.benchmark.report import Row
from conversations.management.benchmark.runs import Results


@pytest.mark.parametrize(
    ("value", "limit", "reached"),
    [(3, 4, True), (4, 4, True), (5, 4, False), (5, math.nan, None)],
)
def test_a_limit_is_reached_from_below(
    value: float, limit: float, reached: bool | None
) -> None:
    row = Row(load="1 stream", name="wait", unit="ms", site=value, limit=limit)
    assert row.reached is reached


def test_what_was_not_measured_reaches_nothing() -> None:
    assert Row(load="", name="", unit="", site=math.nan, limit=1).reached is None


def test_a_table_says_plainly_what_was_missed() -> None:
    row = Row(load="process", name="start", unit="s", site=4.25, limit=3)
    assert report.table([row]).splitlines()[1].split() == [
        "process",
        "start",
        "s",
        "4.2",
        "-",
        "3",
        "NO",
    ]


def test_growth_is_judged_against_the_smaller_size() -> None:
    results = Results(cpu_at_history_s={10: 0.1, 1000: 0.2})
    rows = [row for row in report.rows(results) if row.load == "growth"]
    assert [row.reached for row in rows] == [None, False]


def test_the_page_has_its_rows_only_where_it_was_visited() -> None:
    visits = [Visit(26, 60.5), Visit(1, 7.0)]
    loads = [row.load for row in report.rows(Results(visits=visits))]
    assert loads.count("page") == 4
    assert "page" not in [row.load for row in report.rows(Results())]


def test_json_says_null_for_what_was_not_measured() -> None:
    rows = report.as_json(Results())["rows"]
    assert {row["site"] for row in rows} == {None}
