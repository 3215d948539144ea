"""What the clients' process is told to do, and what it reports: JSON over its pipes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in: the cookies, and the token of their pages."""

    cookie: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One load: each conversation is one stream, opened before the first question.

    Questions are asked evenly over `spread_s`. The processor time and the memory of
    `pid` are sampled from before the first question on. For the relay people and the
    keys of conversations mean nothing.
    """

    target: Literal["site", "relay"]
    port: int
    pid: int
    question: str
    deltas: int
    conversations: Sequence[tuple[str, str]]
    people: Sequence[dict[str, str]] = ()
    spread_s: float = 1.0
    patience_s: float = 60.0

    def as_json(self) -> dict[str, Any]:
        """Plain values that make an equal plan."""
        return asdict(self)

    def person_of(self, index: int) -> Person:
        """Whose conversation the stream `index` is."""
        return Person(**self.people[index % len(self.people)])


@dataclass(slots=True, kw_only=True)
class Sample:
    """A process at one moment; `cpu_s` is all that it has used since its start."""

    at_us: int
    cpu_s: float
    rss_bytes: int


@dataclass(slots=True, kw_only=True)
class Stream:
    """One answer as its page got it; times in microseconds of the monotonic clock."""

    asked_us: int = 0
    accepted_us: int = 0
    first_us: int = 0
    ended_us: int = 0
    status: str = ""
    whole: bool = False
    sent_us: list[int] = field(default_factory=list)
    added_us: list[int] = field(default_factory=list)
    frames: int = 0
    frame_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Record:
    """All streams of one load, and the samples taken meanwhile."""

    deltas: int
    streams: list[Stream]
    samples: list[Sample]
    clients_cpu_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values that `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The record that another process wrote."""
        return cls(
            **{
                **value,
                "streams": [Stream(**stream) for stream in value["streams"]],
                "samples": [Sample(**sample) for sample in value["samples"]],
            }
        )
