"""The processes of a benchmark: started on free ports, and ended whatever happens."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil

from conversations.management.benchmark.plans import Plan, Record

PARTS = "conversations.management.benchmark"
# What the environment may say of a site is not what is measured.
_OF_A_SITE = (
    "ANTHROPIC_",
    "OPENAI_",
    "DJANGO_SUPERUSER_",
    "DATABASE_URL",
    "REDIS_URL",
    "DEFAULT_MODEL",
    "DEBUG",
    "SECRET_KEY",
    "SITE_",
    "SIGNUP",
    "CSRF_",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
)
START_TIMEOUT_S = 60.0
END_TIMEOUT_S = 15.0


class Processes:
    """A context that ends what was started in it, the last first."""

    def __init__(self, root: Path) -> None:
        """Run everything in the folder `root`, the project's."""
        self.root = root
        self._scratch = tempfile.TemporaryDirectory(prefix="benchmark-")
        self.folder = Path(self._scratch.name)
        self._started: list[subprocess.Popen[bytes]] = []
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_OF_A_SITE)
        }
        self.environment = {
            **kept,
            "DATA_DIR": str(self.folder / "data"),
            "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._started:
            self.end(self._started[-1])
        self._scratch.cleanup()

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start Python with these arguments; what it says goes to a file."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - arguments are ours
                [sys.executable, *arguments],
                cwd=self.root,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C comes to this process, which ends the others in order.
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def migrate(self) -> None:
        """Make the database."""
        process = self.start("manage.py", "migrate", "-v", "0")
        if process.wait():
            raise RuntimeError("The database could not be made.")
        self._started.remove(process)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask a process to end, insist after a while, and wait until it has."""
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            self._started.remove(process)

    def ask(self, *arguments: str, question: Any = None) -> Any:
        """Run a part to its end: JSON on its stdin, JSON from its stdout."""
        process = subprocess.Popen(  # noqa: S603 - arguments are ours
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._started.append(process)
        answer, _ = process.communicate(json.dumps(question).encode())
        self._started.remove(process)
        if process.returncode:
            raise RuntimeError(f"{arguments} ended with {process.returncode}.")
        return json.loads(answer)

    @contextmanager
    def held(self, *arguments: str, question: Any) -> Iterator["Held"]:
        """Run a part that answers once it is ready, and stays until the block ends.

        Such a part ends by itself once its stdin does.
        """
        with subprocess.Popen(  # noqa: S603 - arguments are ours
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        ) as process:
            held = Held(process)
            try:
                held.tell(question)
                yield held
            finally:
                held.finish()

    def load(self, plan: Plan) -> Record:
        """Carry a plan out in a process of its own."""
        arguments = ("-m", f"{PARTS}.clients")
        return Record.from_json(self.ask(*arguments, question=plan.as_json()))

    def log(self) -> str:
        """What the started processes have said."""
        return (self.folder / "log").read_text(errors="replace")


class Held:
    """A part that goes on while other things are measured."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Speak with a process that has both its pipes."""
        self._process = process
        self.ready: Any = None

    def tell(self, question: Any) -> None:
        """Send the question and wait until it says that it is ready."""
        with suppress(BrokenPipeError):
            self._to.write(json.dumps(question).encode() + b"\n")
        self.ready = self._heard()
        if self.ready is None:
            raise RuntimeError("A part ended before it was ready.")

    def finish(self) -> Any:
        """Let it end; what it reports then, or None."""
        self._to.close()
        return self._heard()

    @property
    def _to(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("A process without its pipes.")
        return self._process.stdin

    def _heard(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else b""
        return json.loads(line) if line else None


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Return once somebody listens; raises TimeoutError."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"Nothing listens on port {port}.")


def wait_for_page(port: int, path: str) -> None:
    """Return once a page is served; raises TimeoutError."""
    wait_for_port(port)
    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}{path}", timeout=START_TIMEOUT_S
    ) as response:
        response.read()


def memory_mb(pids: Sequence[int]) -> tuple[float, float]:
    """Megabytes (of 10⁶ bytes) resident, and of these not shared with others."""
    facts = [psutil.Process(pid).memory_full_info() for pid in pids]
    return sum(f.rss for f in facts) / 1e6, sum(f.uss for f in facts) / 1e6
