"""The table of figures and limits."""

import math

import pytest

from conversations.management.benchmark import report
from conversations.management.benchmark.browser import Visit
from conversations.management.benchmark.figures import Figures
from conversations.management.benchmark.report import Row
from conversations.management.benchmark.runs import Pair, Results


def load(*, cpu_s: float, whole: int = 100) -> Figures:
    return Figures(
        streams=100,
        whole=whole,
        first_word_ms=20,
        first_word_p99_ms=30,
        added_ms=40,
        added_p99_ms=50,
        cpu_streaming_s=cpu_s,
        cpu_s=cpu_s,
        peak_bytes=90_000_000,
        frames_per_delta=0.5,
        bytes_per_delta=200,
        clients_share=0.1,
    )


def row_of(pairs: list[Pair], name: str) -> Row:
    found = report.rows(Results(levels={100: pairs}))
    return next(row for row in found if row.name == name)


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


def test_the_relay_is_compared_within_each_pair() -> None:
    """Between the first pair and the others the machine became half as fast."""
    costs = [(0.05, 0.06), (0.12, 0.11), (0.11, 0.12)]
    pairs = [Pair(site=load(cpu_s=a), relay=load(cpu_s=b)) for a, b in costs]
    row = row_of(pairs, "CPU per 1,000 deltas, all streaming, in a pair")
    assert row.site == pytest.approx(0.11 / 0.12)
    assert row.reached is True
    row = row_of(pairs, "CPU per 1,000 deltas, all streaming")
    assert (row.site, row.relay, row.reached) == (0.11, 0.11, None)


def test_a_text_that_is_not_whole_in_any_pair_is_told() -> None:
    relay, site = load(cpu_s=1), load(cpu_s=1)
    torn = Pair(site=load(cpu_s=1, whole=99), relay=relay)
    row = row_of([Pair(site=site, relay=relay), torn, torn], "texts not whole")
    assert (row.site, row.reached) == (2, False)


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
