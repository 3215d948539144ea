"""One serving process per data folder, where the database is a file in it."""

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

POLL_INTERVAL_S = 0.1


@contextlib.contextmanager
def held(
    path: Path, *, patience_s: float, waiting: Callable[[], None]
) -> Iterator[None]:
    """Hold the lock `path`; the system frees it however the process ends.

    Waits for another holder, of whom `waiting` is told once: it may be draining.
    Raises TimeoutError after `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    with path.open("a") as file:
        told = False
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise TimeoutError
            if not told:
                waiting()
                told = True
            time.sleep(POLL_INTERVAL_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
