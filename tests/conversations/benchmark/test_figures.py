"""From records to figures."""

import math

import pytest

from conversations.management.benchmark import figures
from conversations.management.benchmark.plans import Record, Sample, Stream


def samples(*used: tuple[float, float]) -> list[Sample]:
    return [
        Sample(at_us=round(at_s * 1e6), cpu_s=cpu_s, rss_bytes=1000)
        for at_s, cpu_s in used
    ]


def stream(first_s: float, last_s: float, count: int) -> Stream:
    step_s = (last_s - first_s) / (count - 1)
    sent = [round((first_s + step_s * index) * 1e6) for index in range(count)]
    return Stream(
        asked_us=round(first_s * 1e6) - 20_000,
        first_us=round(first_s * 1e6),
        ended_us=round(last_s * 1e6),
        status="complete",
        whole=True,
        sent_us=sent,
        added_us=[5_000] * count,
        frames=count,
    )


@pytest.mark.parametrize(
    ("share", "found"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, found: int) -> None:
    assert figures.percentile(range(100, 0, -1), share) == found


def test_a_percentile_of_nothing_is_nan() -> None:
    assert math.isnan(figures.percentile([], 0.5))


def test_latencies_are_milliseconds() -> None:
    record = Record(deltas=10, streams=[stream(1, 2, 10)], samples=samples((0, 0)))
    found = figures.figures_of(record)
    assert (found.first_word_ms, found.added_p99_ms) == (20.0, 5.0)


def test_streaming_counts_only_the_time_in_which_all_streams_run() -> None:
    # One delta in 10 ms; 0.1 s of processor time a second, but for a costly start.
    used = [(tenth / 10, 5.0 + tenth / 100) for tenth in range(11, 50)]
    record = Record(
        deltas=401, streams=[stream(1, 5, 401)], samples=samples((0, 0), *used)
    )
    assert figures.cpu_while_streaming_s(record) == pytest.approx(1.0, rel=0.01)


def test_a_part_of_the_streaming_can_be_looked_at() -> None:
    used = [(1 + at / 10, max(0, at - 20) / 10) for at in range(41)]
    record = Record(deltas=401, streams=[stream(1, 5, 401)], samples=samples(*used))
    assert figures.cpu_while_streaming_s(record, (0, 0.4)) == 0
    assert figures.cpu_while_streaming_s(record, (0.6, 1)) == pytest.approx(10, rel=0.1)


def test_a_message_costs_what_was_used_until_the_first_word_but_for_idling() -> None:
    used = samples((0, 0), (1, 0.1), (2, 0.5), (3, 0.9), (4, 3.0))
    asked = [stream(3.02 + n, 9, 10) for n in range(2)]
    for each in asked:
        each.asked_us, each.first_us = 1_000_000, 3_500_000
    record = Record(deltas=1, streams=asked, samples=used)
    # 0.8 s in 2 s, of which 0.2 s would have been used anyway, for two messages.
    assert figures.cpu_before_first_word_ms(record) == pytest.approx(300)


def test_a_record_survives_its_way_between_processes() -> None:
    record = Record(deltas=3, streams=[stream(1, 2, 3)], samples=samples((0, 0)))
    assert Record.from_json(record.as_json()) == record
