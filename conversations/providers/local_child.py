"""The child process that runs the local model: started once, ended with its parent."""

import contextlib
import os
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from conversations.messages_api import ProviderConnectionError

START_LIMIT_S = 60.0
END_LIMIT_S = 3.0

_PROGRAM = Path(__file__).with_name("local_server.py")
# No credential of the site is among them.
_KEPT = {"PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the model answers, and the key that it wants."""

    base_url: str
    key: str


class LocalChild:
    """At most one process; may be used from several threads and event loops.

    It watches its standard input, so it also ends when this process is killed.
    """

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address: Address | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def address(self) -> Address | None:
        """Where it answers, or None if it does not run (any more)."""
        return self._address if self.pid else None

    def start(self) -> Address:
        """Start it unless it runs, and wait until its model is loaded.

        Blocks for a second or two. Raises `ProviderConnectionError` if it does not
        come up within `START_LIMIT_S`.
        """
        with self._lock:
            known = self.address()
            if known is not None:
                return known
            self._end()
            key = secrets.token_urlsafe(32)
            self._process = process = _spawn()
            self._address = Address(_introduce(process, key, self._weights), key)
            return self._address

    def stop(self) -> None:
        """End it, if it runs; blocks for at most a few seconds."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process, self._address = self._process, None, None
        if process is not None:
            _end(process)


def _spawn() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - this interpreter with a file of ours
        [sys.executable, "-I", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT & os.environ.keys()},
        # Ctrl-C is for the parent, which may still be letting answers finish.
        start_new_session=True,
    )


def _introduce(process: subprocess.Popen[bytes], key: str, weights: Path) -> str:
    """Tell the child its key, and hear its base URL once the model is loaded."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("The child has no pipes.")
    late = threading.Timer(START_LIMIT_S, process.kill)
    late.start()
    line = b""
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{key}\n{weights}\n".encode())
            process.stdin.flush()
            line = process.stdout.readline()
    finally:
        late.cancel()
    if not line.endswith(b"\n"):
        _end(process)
        raise ProviderConnectionError(
            "connect_failed", "The local model did not start."
        )
    return line.decode().strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
