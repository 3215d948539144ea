"""A site with people who write to it, and its commands run as an operator does."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.settings_child import ROOT, child_environment, run_python


class Installed:
    """One site: its folder, its variables, its commands."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        """Nothing is made yet."""
        self.data_dir = data_dir
        self.variables = variables

    def manage(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` to its end."""
        words = [str(argument) for argument in arguments]
        return run_python("manage.py", *words, data_dir=self.data_dir, **self.variables)

    def done(self, *arguments: str | Path) -> str:
        """What a command printed that went well."""
        result = self.manage(*arguments)
        assert result.returncode == 0, (result.stdout, result.stderr)
        return result.stdout

    def refused(self, *arguments: str | Path) -> str:
        """What a command said that was not done."""
        result = self.manage(*arguments)
        assert result.returncode == 1, (result.stdout, result.stderr)
        assert "Traceback" not in result.stderr
        return result.stderr

    def python(self, program: str) -> str:
        """What a program prints that runs in this site."""
        return self.done("shell", "--no-imports", "-c", program).strip()

    @contextlib.contextmanager
    def writing(self) -> Iterator["Writers"]:
        """Let twenty people write meanwhile."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.backup_writers"],
            cwd=ROOT,
            env=child_environment(self.data_dir, **self.variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        writers = Writers(process)
        try:
            yield writers
        finally:
            rest, _ = process.communicate(timeout=120)
            writers.committed += [line.split()[0] for line in rest.splitlines()]
        assert process.returncode == 0


class Writers:
    """What the writers are known to have committed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Nothing yet."""
        self.process = process
        self.committed: list[str] = []

    def until(self, count: int) -> list[str]:
        """The conversations committed once there are at least `count`."""
        assert self.process.stdout is not None
        while len(self.committed) < count:
            line = self.process.stdout.readline()
            assert line, "The writers ended."
            self.committed.append(line.split()[0])
        return list(self.committed)


@pytest.fixture
def new_site(tmp_path: Path) -> Callable[..., Installed]:
    """Makes sites in folders of their own, which are not there yet."""

    def make(name: str, **variables: str) -> Installed:
        return Installed(tmp_path / name, **variables)

    return make


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a site on SQLite that is migrated."""
    site = Installed(tmp_path_factory.mktemp("pristine") / "data")
    site.done("migrate")
    return site.data_dir


@pytest.fixture
def migrated(tmp_path: Path, pristine: Path) -> Callable[[str], Installed]:
    """Makes sites on SQLite that are migrated."""

    def make(name: str) -> Installed:
        shutil.copytree(pristine, tmp_path / name)
        return Installed(tmp_path / name)

    return make
