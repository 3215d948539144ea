"""Whether a back end is worth asking: a circuit breaker, as a pure state machine.

closed ──failures in a row──> open ──after a while──> half-open: one probe
   ^                            ^                          │
   └──────── it answers ────────┼──────────────────────────┤
                                └─────── it fails ─────────┘
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from conversations.messages_api import ProviderError

FAILURES_TO_OPEN = 5
FIRST_OPEN_S = 15.0
LONGEST_OPEN_S = 240.0
# Longer than a call may wait for its first word: a probe that never came back.
PROBE_IS_LOST_AFTER_S = 660.0

_TROUBLE = frozenset(
    {
        "api_error",
        "connect_failed",
        "connection_lost",
        "overloaded",
        "stalled",
        "stream_cut",
        "timeout",
    }
)


class State(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


def is_trouble(error: ProviderError) -> bool:
    """Whether an error speaks against the back end, and not against the request."""
    has_failed = error.status is not None and error.status >= 500
    return has_failed or error.code in _TROUBLE


@dataclass(slots=True)
class Breaker:
    """The breaker of one back end in one process; `clock` gives seconds."""

    clock: Callable[[], float] = monotonic
    state: State = State.CLOSED
    _failures: int = 0
    _open_s: float = FIRST_OPEN_S
    _since: float = 0.0

    def admits(self) -> bool:
        """Whether to ask now. A yes of an open breaker is its one probe."""
        passed_s = self.clock() - self._since
        match self.state:
            case State.CLOSED:
                return True
            case State.OPEN if passed_s >= self._open_s:
                self._turn(State.HALF_OPEN)
                return True
            case State.HALF_OPEN if passed_s >= PROBE_IS_LOST_AFTER_S:
                self._since = self.clock()
                return True
        return False

    def answered(self) -> None:
        """An answer has begun: whatever was open is closed."""
        if self.state is not State.CLOSED:
            self.succeeded()

    def succeeded(self) -> None:
        """An answer came whole."""
        self._failures, self._open_s = 0, FIRST_OPEN_S
        self._turn(State.CLOSED)

    def failed(self) -> None:
        """One attempt failed by the back end's fault."""
        self._failures += 1
        if self.state is State.HALF_OPEN:
            self._open_s = min(2 * self._open_s, LONGEST_OPEN_S)
            self._turn(State.OPEN)
        elif self.state is State.CLOSED and self._failures >= FAILURES_TO_OPEN:
            self._turn(State.OPEN)

    def abandoned(self) -> None:
        """A call ended without saying anything of the back end; another may probe."""
        if self.state is State.HALF_OPEN:
            self.state, self._since = State.OPEN, self.clock() - self._open_s

    def _turn(self, state: State) -> None:
        self.state, self._since = state, self.clock()
