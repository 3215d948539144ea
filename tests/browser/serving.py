"""The site as it is served: one child process, and the people who use it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.parts import of_site
from tests.prepared import prepare
from tests.settings_child import ROOT, child_environment, run_python

ADMINISTRATOR, READER, TOURIST = "root", "reader", "tourist"
PASSWORD = "a harbour at six"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account, and the session in which they are signed in."""

    name: str
    session: str
    conversation: str  # the id of the one that they have already; empty without one


class Site:
    """`manage.py serve` on a free port of this machine, with a data folder of its own.

    A site that was ended or killed can be started again: same port, same data.
    `variables` of its environment come before those of the parts that the tests use.
    """

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.data_dir = data_dir
        self._variables = variables
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; requests are answered when this returns."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start to serve, and wait for nothing."""
        log = self._log().open("a")
        with log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def wait(self) -> None:
        """Wait until requests are answered."""
        self.port = int(self._told(r" serves on \S+:(\d+)/"))

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)

    def prepare(self) -> None:
        """Spare the first start its work."""
        prepare(self.data_dir, self.variables)

    def people(self, questions: Mapping[str, int]) -> dict[str, Person]:
        """Make the named people, before the site is started.

        Each has a conversation of as many questions as are asked for, if any.
        """
        self.prepare()
        made = json.loads(self.run(f"people({dict(questions)})"))
        return {name: Person(name, *facts) for name, facts in made.items()}

    def run(self, code: str, module: str = "tests.browser.seeding") -> str:
        """Run `code`, with everything of `module`, in the shell; what it printed."""
        code = f"from {module} import *; {code}"
        return self._run("shell", "--no-imports", "-c", code)

    def set_up_link(self) -> str:
        """The link that it prints as long as there is no administrator, or who does."""
        return self._told(r"(http://\S+/setup/\S+|another process)")

    def _log(self) -> Path:
        return self.data_dir / "serve.log"

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None
        return self._process.pid

    @cached_property
    def variables(self) -> dict[str, str]:
        """What its environment says of the parts that it runs on, and the rest."""
        return {
            "DJANGO_SETTINGS_MODULE": "tests.served_settings",
            **of_site(str(self.data_dir)),
            **self._variables,
        }

    def _environment(self) -> dict[str, str]:
        return child_environment(
            self.data_dir, **{"DRAIN_SECONDS": "0", **self.variables}
        )

    def _run(self, *arguments: str) -> str:
        result = run_python(
            *("manage.py", *arguments),
            data_dir=self.data_dir,
            **self.variables,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def _told(self, pattern: str) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"It ended without a word: {self._log().read_text()}")

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def wanted() -> bool:
    """Whether a missing browser is a failure and no reason to skip."""
    return bool(os.environ.get("CI"))


def session_cookie(site: Site, person: Person) -> Any:
    """The cookie that a browser of `person` sends to `site`."""
    return {"name": "session", "value": person.session, "url": site.url}
