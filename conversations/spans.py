"""Spans of work, for whoever traces it; nobody does until `trace_with` was called.

Attributes are ids, states, counts and models; never a name, a title or a text.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol


class Tracer(Protocol):
    """What makes spans, and knows the one that the running code is in."""

    def span(self, name: str, attributes: dict[str, Any]) -> Any: ...

    def note(self, attributes: dict[str, Any]) -> None: ...


class _Current:
    """The tracer of this process."""

    tracer: Tracer | None = None


def trace_with(tracer: Tracer | None) -> None:
    """Have `tracer` make the spans of this process from here on."""
    _Current.tracer = tracer


def span(name: str, **attributes: object) -> AbstractContextManager[Any]:
    """Around a piece of work: a span of it, or nothing."""
    if _Current.tracer is None:
        return nullcontext()
    made: AbstractContextManager[Any] = _Current.tracer.span(name, attributes)
    return made


def note(**attributes: object) -> None:
    """Add to the span that the running code is in, if it is in one."""
    if _Current.tracer is not None:
        _Current.tracer.note(attributes)
