"""Files that are two things, or half of one: kept are clean pixels or nothing."""

import zipfile
from io import BytesIO

import pytest
from PIL import Image

from chatsite.accounts.models import User
from conversations import attachment_files, uploads
from conversations.models import Attachment
from tests import pictures

TAIL = b"<script>__x(1)</script>%PDF-1.7 GIF89a=1;__x(1)//"
NAMES = (
    *("../../etc/passwd", "..\\..\\x", "/etc/passwd", "C:\\CON", "NUL", "a\0.png", ""),
    *("a\r\nSet-Cookie: x=1", "\u202egnp.exe", "x" * 300, "é" * 300, ".htaccess", "."),
    *("a.png/", "a\u2028b", "\ud800", "<img src=x>", '";x="', "%00", "~", "-rf"),
)


def taken(owner: User, data: bytes, name: str = "a.png") -> Attachment | None:
    """The attachment that was made of `data`; None where it was refused."""
    try:
        return uploads.accept(
            owner=owner, name=name, stream=BytesIO(data), size_bytes=len(data)
        )
    except uploads.Refused:
        return None


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.html", TAIL)
    return file.getvalue()


def kept(attachment: Attachment | None) -> list[bytes]:
    """The files of an attachment; none where there is none."""
    if attachment is None:
        return []
    digests = (attachment.digest, attachment.thumbnail_digest)
    return [attachment_files.read(digest) for digest in digests]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("tail", [TAIL, zipped()], ids=["page", "archive"])
def test_what_hangs_on_a_picture_is_not_kept(
    alice: User, kind: str, tail: bytes
) -> None:
    data = pictures.encoded(pictures.quarters(), kind) + tail
    files = kept(taken(alice, data))
    assert len(files) == 2
    for file in files:
        assert tail[:20] not in file
        assert b"script" not in file
        assert b"PK\x03\x04" not in file
        with Image.open(BytesIO(file)) as image:
            image.verify()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_half_a_picture_is_refused_or_made_whole(alice: User, kind: str) -> None:
    data = pictures.encoded(pictures.quarters(), kind)
    for at in range(1, len(data), max(1, len(data) // 6)):
        for file in kept(taken(alice, data[:at])):
            with Image.open(BytesIO(file)) as image:
                image.load()


def test_many_frames_cost_one(alice: User) -> None:
    found = taken(alice, pictures.frames("GIF", 3_000))
    assert found is None or found.size_bytes < 100_000


def test_no_name_is_more_than_a_name() -> None:
    for name in NAMES:
        shown = uploads.safe_name(name)
        assert 0 < len(shown) <= uploads.MAX_NAME_LENGTH
        assert shown.isprintable()
        assert not {"/", "\\"} & set(shown)
