"""Child processes that serve, and what they say while they do."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.settings_child import ROOT, child_environment

END_TIMEOUT_S = 60


class Served:
    """A serving child: its address, its lines, its end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait for nothing yet."""
        self.process = process
        self.port = 0

    def line(self) -> str:
        """The next line that it prints; empty once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def lines_until(self, wanted: str) -> list[str]:
        """Its lines up to the one that holds `wanted`."""
        lines = [self.line()]
        while lines[-1] and wanted not in lines[-1]:
            lines.append(self.line())
        assert wanted in lines[-1], (lines, self.process.poll())
        return lines

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code; no child of it may be left."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        code = self.process.wait(END_TIMEOUT_S)
        gone, left = psutil.wait_procs(children, timeout=END_TIMEOUT_S)
        assert not left, (gone, left)
        return code

    def peak_bytes(self) -> int:
        """The most memory that it has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(kilobytes) * 1024


@contextlib.contextmanager
def serving(*arguments: str, data_dir: Path, **variables: str) -> Iterator[Served]:
    """Run this interpreter with `arguments` until the test is over."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
        [sys.executable, "-u", *arguments],
        cwd=ROOT,
        env=child_environment(data_dir, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
