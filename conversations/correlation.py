"""Whom the running code works for: the ids that its log lines and spans carry.

They are kept in a context variable, so that tasks and threads begun on the way have
them too. Keys and opaque ids alone; never a name, a title or a text.
"""

import contextvars
from collections.abc import Mapping

_ids: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar(
    "correlation", default=None
)


def begin(**ids: object) -> None:
    """Work for something else from here on: earlier ids are forgotten."""
    _ids.set({})
    add(**ids)


def add(**ids: object) -> None:
    """Note what became known meanwhile, for all that works for the same thing."""
    known = _ids.get()
    if known is None:
        _ids.set(known := {})
    known.update({name: str(value) for name, value in ids.items() if value is not None})


def ids() -> Mapping[str, str]:
    """What is known, by name: request_id, turn, conversation, person."""
    return _ids.get() or {}


def handed_on() -> contextvars.Context:
    """A context for work that outlives its cause: the ids so far, and nothing else."""
    context = contextvars.Context()
    context.run(begin, **ids())
    return context
