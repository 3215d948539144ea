"""The serving process never holds what a picture decodes to."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chatsite.accounts.models import User
from tests import pictures as made

PROCESS = Path("/proc/self")
# What reading a form, a template and a child's answer may take.
ROOM_KIB = 24 * 1024


def peak_kib() -> int:
    """The largest resident memory of this process since the mark was set."""
    found = re.search(r"VmHWM:\s+(\d+) kB", (PROCESS / "status").read_text())
    assert found
    return int(found[1])


@pytest.mark.skipif(not PROCESS.exists(), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (made.bomb(), 422),
        (made.webp_bomb(), 422),
        (made.black(7100, 7100, rows=7100), 201),
    ],
    ids=["too many pixels", "too much memory", "just small enough"],
)
def test_a_picture_that_decodes_to_hundreds_of_megabytes_costs_the_server_none(
    client: Client, alice: User, data: bytes, status: int
) -> None:
    client.force_login(alice)
    client.post("/attachments/", {"file": SimpleUploadedFile("a.png", made.png())})
    (PROCESS / "clear_refs").write_text("5")  # sets the mark back to what is in use
    before = peak_kib()

    response = client.post("/attachments/", {"file": SimpleUploadedFile("b.png", data)})

    assert response.status_code == status
    assert peak_kib() - before < ROOM_KIB
