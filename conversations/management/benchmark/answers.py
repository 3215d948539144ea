"""The simulated answer: Markdown in deltas, each of which says when it was sent.

A stamp is `t<time>n<index>`: microseconds of the machine's monotonic clock, which all
processes of one machine share, and the place of the delta in its answer.
"""

import re
from collections.abc import Iterator

# "|" cuts the text into deltas; "@" is where a delta carries its stamp.
_PASSAGE = """\
## @ How water moves

|A river @ carries| more @ than water:| it takes @ sand,| leaves @ and the
|warmth @ of the day| along @ **its whole way** to| the @ sea. Where the|
valley @ is wide it| slows @ down, and what| it @ carried stays behind as| new @ ground.

|1. @ The spring| is @ small and cold.
|2. @ The brook| collects @ `rain` and snow.
|3. @ The river| bends @ where the ground is soft.

|So a map @ of a river| is @ only true for| a @ while: after every| flood @ the
|line @ on the paper| and @ the line in the| valley @ are two *different* lines.

|```python
|depth = @
|for metre in range(@):
|    depth = depth + @
|    print(depth, @)
|```

|Measured @ over a year,| the @ sum is what| the @ fields downstream| live @ on.

"""
_DELTAS = _PASSAGE.split("|")
_STAMP = re.compile(r"t(\d+)n(\d+)")


def deltas(count: int) -> Iterator[str]:
    """The `count` deltas of an answer, with "@" in place of the stamp.

    A fence line has none: nothing may follow the mark of a fence.
    """
    for index in range(count):
        yield _DELTAS[index % len(_DELTAS)]


def stamp(sent_us: int, index: int) -> str:
    """The word that tells when a delta was sent, and which one it is."""
    return f"t{sent_us}n{index}"


def stamps(text: str) -> list[tuple[int, int]]:
    """Every stamp in a text or its markup, as microseconds sent and index."""
    return [(int(sent), int(index)) for sent, index in _STAMP.findall(text)]


def stamped_indexes(count: int) -> list[int]:
    """The indexes of those deltas of an answer that carry a stamp."""
    return [index for index, delta in enumerate(deltas(count)) if "@" in delta]


def is_whole(text: str, count: int) -> bool:
    """Whether a source text is the whole answer of `count` deltas, and nothing else."""
    told = _STAMP.sub("@", text)
    in_order = [index for _, index in stamps(text)] == stamped_indexes(count)
    return in_order and told.strip() == "".join(deltas(count)).strip()
