"""Which tests run on which parts, and in which order, so that all cores end together.

What takes long begins first, and what shares a browser or a site follows each other.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, groupby, islice
from pathlib import PurePosixPath

import pytest

# Of these nothing reaches a database, a layer, a storage or a process that serves, or
# all is about how a page looks: they hold on all parts once they hold on some.
ALIKE = (
    *("chatsite/backups/test_archives", "chatsite/backups/test_copying"),
    *("chatsite/backups/test_drill", "chatsite/backups/test_migrating"),
    *("conversations/benchmark", "conversations/chat_completions"),
    *("conversations/messages_api", "conversations/providers"),
    *("conversations/rendering", "conversations/uploads/test_deadline"),
    *("conversations/uploads/test_decoding", "conversations/uploads/test_memory"),
    *("browser/test_accessibility", "browser/test_directions", "browser/test_names"),
    *("hostile/test_growth", "hostile/test_markup", "hostile/test_pages"),
    "hostile/test_streams",
)
# Whoever asks for these does reach one.
REACHING = frozenset({"db", "transactional_db", "heard"})
# Seconds of one test, where it is no matter of milliseconds.
LONG_S = {
    "browser": 2.0,
    "chatsite/backups": 2.0,
    "chatsite/test_serve": 3.0,
    "chatsite/test_watching": 4.0,
    "conversations/providers/test_local": 2.0,
    "faults": 6.0,
    "hostile/test_addresses": 3.0,
    "hostile/test_pages": 6.0,
    "hostile/test_races": 9.0,
    "hostile/test_upstream": 2.0,
    "team": 3.0,
}


def _is_of(item: pytest.Item, places: Iterable[str]) -> bool:
    return _place(item, places) is not None


def _place(item: pytest.Item, places: Iterable[str]) -> str | None:
    """The folder or file among `places`, named from `tests`, that holds the test."""
    path = PurePosixPath(item.nodeid.partition("::")[0]).with_suffix("")
    names = {str(each) for each in (path, *path.parents)}
    return next((place for place in places if f"tests/{place}" in names), None)


def is_alike(item: pytest.Item) -> bool:
    """Whether a test that held on one set of parts holds on the other by that."""
    fixtures = REACHING.intersection(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") is not None
    return _is_of(item, ALIKE) and not fixtures and not marked


def uses_browser(item: pytest.Item) -> bool:
    """Whether Chromium has to run for it."""
    return "chromium_path" in getattr(item, "fixturenames", ())


def seconds(item: pytest.Item) -> float:
    """What it takes, roughly."""
    place = _place(item, LONG_S)
    return LONG_S[place] if place else 0.0


def in_shares(items: Sequence[pytest.Item], count: int) -> list[pytest.Item]:
    """The tests as `count` runs of equal length, each with its part of the long ones.

    Each worker begins with one run; whoever is done takes from the others' ends.
    """
    runs: list[list[pytest.Item]] = [[] for _ in range(count)]
    loads_s = [0.0] * count
    for module in sorted(_modules(items), key=_seconds_of_all, reverse=True):
        least = loads_s.index(min(loads_s))
        runs[least] += module
        loads_s[least] += _seconds_of_all(module)
    rest = iter([item for item in items if not seconds(item)])
    left = len(items)
    for number, run in enumerate(runs):
        # A browser ends before the first test that has to do without one.
        run.sort(key=uses_browser, reverse=True)
        run.extend(islice(rest, max(0, left // (count - number) - len(run))))
        left -= len(run)
    return [*chain.from_iterable(runs), *rest]


def _modules(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    """The long tests, those of one file together."""
    long = sorted(filter(seconds, items), key=_file)
    return [list(module) for _, module in groupby(long, _file)]


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _seconds_of_all(items: Iterable[pytest.Item]) -> float:
    return sum(map(seconds, items))
