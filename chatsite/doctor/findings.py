"""What a check found: how bad it is, in words, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from chatsite.logs import described, harmless, one_line

type Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is empty where all is well."""

    level: Level
    words: str
    advice: str = ""


type Check = Callable[[], Iterable[Finding]]


def ok(words: str) -> Finding:
    """All is well."""
    return Finding("ok", words)


def warn(words: str, advice: str) -> Finding:
    """It works, and yet."""
    return Finding("warn", words, advice)


def fail(words: str, advice: str) -> Finding:
    """It does not work, or people's conversations are not safe."""
    return Finding("fail", words, advice)


def found(check: Check, *, advice: str) -> Iterator[Finding]:
    """The findings of a check; `advice` is for one that could not be finished."""
    try:
        for finding in check():
            yield Finding(finding.level, _clean(finding.words), _clean(finding.advice))
    except Exception as error:  # noqa: BLE001 - whatever is broken is the finding
        yield fail(f"{_clean(described(error))}.", advice)


def _clean(text: str) -> str:
    return one_line(harmless(text))
