"""From the records of a load to the few figures that are reported; pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from conversations.management.benchmark.answers import deltas, stamp
from conversations.management.benchmark.plans import Record, Sample

# Between the last start and the time that counts as all streams running, and before
# the first end.
SETTLING_US = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One load in numbers; nan where there was nothing to measure.

    `cpu_streaming_s` and `cpu_s` are processor seconds for 1,000 deltas: while all
    streams run, and of the whole load with its starts and ends.
    """

    streams: int
    whole: int
    first_word_ms: float
    first_word_p99_ms: float
    added_ms: float
    added_p99_ms: float
    cpu_streaming_s: float
    cpu_s: float
    peak_bytes: int
    frames_per_delta: float
    bytes_per_delta: float
    clients_share: float


def deltas_for(chars: int) -> int:
    """How many deltas make an answer of about so many characters, stamps included."""
    sample = [text.replace("@", stamp(10**11, 100)) for text in deltas(100)]
    return round(chars / (sum(map(len, sample)) / len(sample)))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed; nan for none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figures_of(record: Record) -> Figures:
    """All figures of one load."""
    streams = record.streams
    waits = [(s.first_us - s.asked_us) / 1000 for s in streams if s.first_us]
    added = [added / 1000 for s in streams for added in s.added_us]
    deltas = max(1, record.deltas * len(streams))
    span_s = (record.samples[-1].at_us - record.samples[0].at_us) / 1e6
    return Figures(
        streams=len(streams),
        whole=sum(stream.whole for stream in streams),
        first_word_ms=percentile(waits, 0.5),
        first_word_p99_ms=percentile(waits, 0.99),
        added_ms=percentile(added, 0.5),
        added_p99_ms=percentile(added, 0.99),
        cpu_streaming_s=cpu_while_streaming_s(record),
        cpu_s=1000 * cpu_between_s(record.samples) / deltas,
        peak_bytes=max(sample.rss_bytes for sample in record.samples),
        frames_per_delta=sum(s.frames for s in streams) / deltas,
        bytes_per_delta=sum(s.frame_bytes for s in streams) / deltas,
        clients_share=record.clients_cpu_s / span_s if span_s else math.nan,
    )


def cpu_while_streaming_s(
    record: Record, part: tuple[float, float] = (0.0, 1.0)
) -> float:
    """Processor seconds for 1,000 deltas while every stream runs.

    `part` narrows that time to a part of it, between two shares of its length.
    """
    begin_us = max(stream.first_us for stream in record.streams) + SETTLING_US
    last_us = [max(stream.sent_us, default=0) for stream in record.streams]
    length_us = min(last_us) - SETTLING_US - begin_us
    first_us, end_us = (begin_us + share * length_us for share in part)
    inside = [s for s in record.samples if first_us <= s.at_us <= end_us]
    if len(inside) < 2:
        return math.nan
    sent = _sent_between(record, inside[0].at_us, inside[-1].at_us)
    return 1000 * cpu_between_s(inside) / sent if sent else math.nan


def _sent_between(record: Record, first_us: int, end_us: int) -> float:
    """Deltas sent in that time, those without a stamp counted by proportion."""
    times = [sent for stream in record.streams for sent in stream.sent_us]
    stamped = sum(first_us <= sent < end_us for sent in times)
    return stamped * record.deltas * len(record.streams) / max(1, len(times))


def cpu_between_s(samples: Sequence[Sample]) -> float:
    """Processor seconds used from the first sample to the last."""
    return samples[-1].cpu_s - samples[0].cpu_s


def cpu_before_first_word_ms(record: Record) -> float:
    """Processor milliseconds for each message until the provider has been asked.

    For a load whose provider keeps every answer back until all are asked. What the
    process uses when nothing is asked of it is taken off.
    """
    asked_us = min(stream.asked_us for stream in record.streams)
    words_us = min(stream.first_us for stream in record.streams)
    before = [sample for sample in record.samples if sample.at_us <= asked_us]
    until = [sample for sample in record.samples if sample.at_us <= words_us]
    idle_s = (before[-1].at_us - before[0].at_us) / 1e6
    idle_share = cpu_between_s(before) / idle_s if idle_s else 0.0
    span_s = (until[-1].at_us - before[-1].at_us) / 1e6
    used_s = until[-1].cpu_s - before[-1].cpu_s - idle_share * span_s
    return 1000 * used_s / len(record.streams)
