"""Faults on purpose: how often each is tried, and a table of what came of it.

`python -m tests.faults` tries everything in full, on both sets of parts.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser, chromium_path, visit, watch
from tests.browser.serving import Person, Site
from tests.faults.findings import FULL, HEAD, Finding

# Fixtures of the browser tests, for a site that is made for each fault.
__all__ = ["browser", "chromium_path", "visit", "watch"]

FOUND = "fault"
_found: list[str] = []

type Note = Callable[..., None]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Writes one line of the table: the fault, how often, and what was counted."""

    def note(fault: str, times: int, **counted: float) -> None:
        parts = "team" if os.environ.get("TEST_PARTS") == "team" else "one machine"
        finding = Finding(fault, parts, times, counted)
        request.node.user_properties.append((FOUND, finding.line))

    return note


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the line, also of a test that ran in another process."""
    if report.when == "teardown":
        _found.extend(
            str(line) for name, line in report.user_properties if name == FOUND
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table."""
    if not _found:
        return
    kind = "in full" if FULL else "in short"
    terminalreporter.write_sep("-", f"faults, {kind}")
    terminalreporter.write_line(HEAD)
    for line in _found:
        terminalreporter.write_line(line)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The site in a process of its own."""
    site = Site(tmp_path)
    yield site
    site.end()


@pytest.fixture
def person(site: Site) -> Person:
    """Someone with an account there, and a conversation of one question."""
    return site.people({"ada": 1})["ada"]
