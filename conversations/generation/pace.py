"""How often frames leave: quickly while the process is idle, less so under load."""

import asyncio

FRAME_INTERVAL_S = 0.04
LONGEST_INTERVAL_S = 0.2
# With this many answers at once the interval has doubled.
STREAMS_AT_DOUBLE_INTERVAL = 50
# The interval grows to this many times the event loop's lateness.
LAG_FACTOR = 2.0
# The open block may take this share of the time, as one in so many.
RENDER_SHARE = 20.0
# Nothing is read meanwhile, so it does not wait for longer whatever a block takes.
LONGEST_REST_S = 0.5


class Pace:
    """Paces the frames of all answers of one event loop."""

    def __init__(self) -> None:
        self.streams = 0
        self._lag_s = 0.0

    def interval_s(self, last_render_s: float) -> float:
        """Seconds until an answer may send its next frame."""
        crowded = FRAME_INTERVAL_S * (1 + self.streams / STREAMS_AT_DOUBLE_INTERVAL)
        late = self._lag_s * LAG_FACTOR
        bounded = min(max(crowded, late, FRAME_INTERVAL_S), LONGEST_INTERVAL_S)
        return max(bounded, min(last_render_s * RENDER_SHARE, LONGEST_REST_S))

    async def wait(self, last_render_s: float) -> None:
        """Sleep for one interval, and learn from it how late the loop runs."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.interval_s(last_render_s)
        await asyncio.sleep(due - loop.time())
        lateness = max(0.0, loop.time() - due)
        self._lag_s += (lateness - self._lag_s) * 0.1
