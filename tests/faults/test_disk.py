"""The disk is full: what is not kept is not acknowledged, and it heals by itself."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.serving import Person, Site
from tests.faults.asking import client, question
from tests.faults.conftest import Note
from tests.faults.findings import times
from tests.faults.store import answers, is_intact
from tests.faults.test_kill import until_none_runs

# A team's data is on the disk of its database server.
pytestmark = pytest.mark.sqlite
DISK_MB = 64
TRIES = 5
FILLING_BYTES = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a file system.")
    folder = tmp_path / "disk"
    folder.mkdir()
    size = f"size={DISK_MB}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 - our own words
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - as above


@pytest.fixture
def site(disk: Path) -> Iterator[Site]:
    """The site, with its data there."""
    site = Site(disk)
    yield site
    site.end()


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    filling = disk / "filling"
    with filling.open("wb", buffering=0) as file:
        size = FILLING_BYTES
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return filling


def test_a_full_disk_costs_nothing_that_was_acknowledged(
    site: Site, person: Person, disk: Path, note: Note
) -> None:
    site.start()
    rounds = times(1, 10)
    acknowledged, running, refused = set[uuid.UUID](), set[uuid.UUID](), 0
    with client(site, person) as page:
        for _ in range(rounds):
            running |= _taken(page, "/long 60")
            filling = fill(disk)
            for _ in range(TRIES):
                taken = _taken(page, "/echo " + "Is there room? " * 600)
                acknowledged |= taken
                refused += not taken
            filling.unlink()
            taken = _taken(page, "/echo There is room again.")
            assert taken
            acknowledged |= taken
            until_none_runs(site)
    stored = answers(site)

    assert refused > 0
    assert acknowledged | running <= stored.keys()
    assert {stored[key].status for key in running} == {"complete"}
    assert is_intact(site)
    note("disk full while answers stream", rounds, refused=refused, lost=0)


def _taken(page: httpx.Client, text: str) -> set[uuid.UUID]:
    """Ask; the key, if it was acknowledged."""
    asked = question(text)
    response = page.post("/c/", data=asked)
    assert response.status_code in {201, 500, 503, 507}
    return {uuid.UUID(asked["key"])} if response.status_code == 201 else set()
