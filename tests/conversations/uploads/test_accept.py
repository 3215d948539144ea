"""A file becomes an attachment, or a reason why not."""

import io
import stat
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import override

import pytest
from PIL import Image

from chatsite.accounts.models import User
from conversations import uploads
from conversations.attachment_files import name_of, read
from conversations.models import Attachment
from conversations.uploads import Refused, accept, chosen, safe_name
from tests import pictures as made
from tests.conversations.uploads.conftest import Attach


class Endless(io.RawIOBase):
    """A stream that goes on however much of it was read."""

    @override
    def read(self, size: int = -1, /) -> bytes:
        """As many zeros as were asked for."""
        return bytes(size)


def files(folder: Path) -> list[Path]:
    """The pictures that are kept, in any order."""
    return [path for path in folder.glob("??/??/*") if path.is_file()]


def test_a_picture_is_kept_with_what_is_known_of_it(
    attach: Attach, alice: User
) -> None:
    attachment = attach(made.jpeg(4000, 3000), "Sunset.JPG")

    attachment.refresh_from_db()
    assert (attachment.owner, attachment.message) == (alice, None)
    assert (attachment.name, attachment.media_type) == ("Sunset.JPG", "image/jpeg")
    assert (attachment.width_px, attachment.height_px) == (2000, 1500)
    assert attachment.size_bytes == len(uploads.read_bytes(attachment))
    with Image.open(io.BytesIO(read(attachment.thumbnail_digest))) as thumbnail:
        assert thumbnail.size == (320, 240)


def test_nothing_but_the_clean_files_stays_on_the_disk(
    attach: Attach, attachments_dir: Path
) -> None:
    attach(made.png())

    assert len(files(attachments_dir)) == 2
    assert not list((attachments_dir / "incoming").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_files_are_for_the_server_alone(attach: Attach, attachments_dir: Path) -> None:
    attach(made.png())

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in files(attachments_dir)}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(attachments_dir.stat().st_mode) == 0o700


def test_the_same_picture_twice_is_one_file(
    attach: Attach, alice: User, charlie: User, attachments_dir: Path
) -> None:
    one = attach(made.png(), "one.png")
    other = attach(made.png(), "other.png", charlie)

    assert one.pk != other.pk
    assert one.digest == other.digest
    assert len(files(attachments_dir)) == 2


def refused(owner: User, data: bytes, size_bytes: int | None = None) -> Refused:
    """What is said of `data`."""
    size = len(data) if size_bytes is None else size_bytes
    with pytest.raises(Refused) as caught:
        accept(owner=owner, name="a.png", stream=io.BytesIO(data), size_bytes=size)
    assert not Attachment.objects.exists()
    return caught.value


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"MZ\0\0", "binary", "neither a picture nor a text"),
        (b"", "empty", "is empty"),
        (made.png()[:-30], "broken", "damaged or cut off"),
        (made.bomb(), "pixels", "more than 51 million pixels"),
        (made.webp_bomb(), "bomb", "too much memory or time"),
    ],
    ids=["binary", "empty", "broken", "pixels", "bomb"],
)
def test_a_refusal_says_why_what_is_kept_and_what_helps(
    alice: User, attachments_dir: Path, data: bytes, code: str, words: str
) -> None:
    found = refused(alice, data)

    assert found.code == code
    assert words in found.message
    assert "The rest of your message is kept." in found.message
    assert not files(attachments_dir)
    assert not list((attachments_dir / "incoming").iterdir())


def test_a_file_that_says_it_is_too_large_is_not_even_read(alice: User) -> None:
    found = refused(alice, made.png(), uploads.MAX_FILE_BYTES + 1)

    assert (found.code, "larger than 20 MB" in found.message) == ("size", True)


def test_a_file_that_is_larger_than_it_says_is_refused(alice: User) -> None:
    with pytest.raises(Refused, match="larger than 20 MB"):
        accept(owner=alice, name="a.png", stream=Endless(), size_bytes=100)


def test_nobody_fills_the_disk_without_sending(
    attach: Attach, alice: User, charlie: User
) -> None:
    Attachment.objects.bulk_create(
        Attachment(owner=alice, name="a", size_bytes=1, width_px=1, height_px=1)
        for _ in range(uploads.MAX_UNSENT)
    )

    with pytest.raises(Refused, match="40 files that are attached and not sent"):
        attach(made.png())
    assert attach(made.png(), "a.png", charlie).owner == charlie


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\photo.jpg", "photo.jpg"),
        ("/", "file"),
        ("", "file"),
        ("a\0b\r\nc\td.png", "a b c d.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("\u2066hidden\u2069\u200b.png", "hidden.png"),
        ("line\u2028break.png", "line break.png"),
        ("  two   spaces .png ", "two spaces .png"),
        ("Größe 東京 🏔.webp", "Größe 東京 🏔.webp"),
        ("x" * 300, "x" * 255),
        ("\ud800.png", ".png"),
    ],
)
def test_a_name_is_shown_on_one_line_and_in_one_direction(
    name: str, shown: str
) -> None:
    assert safe_name(name) == shown


def test_a_name_is_no_part_of_a_path(attach: Attach, attachments_dir: Path) -> None:
    attach(made.png(), "../../../over there.png")

    assert not list(attachments_dir.parent.rglob("*over there*"))


@pytest.mark.parametrize("digest", ["", "../" * 21 + "a", "A" * 64, "0" * 63, "é" * 64])
def test_a_file_is_named_by_nothing_but_a_digest(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        name_of(digest)


def test_a_message_takes_its_pictures_in_the_order_of_the_page(
    attach: Attach, alice: User
) -> None:
    one, two = attach(made.png()), attach(made.jpeg())

    found = chosen(owner=alice, ids=[two.pk, one.pk, two.pk])

    assert found == [two, one]


def test_a_message_takes_no_picture_of_a_stranger(
    attach: Attach, charlie: User
) -> None:
    attachment = attach(made.png())

    with pytest.raises(Refused, match="no longer here") as caught:
        chosen(owner=charlie, ids=[attachment.pk])
    assert caught.value.code == "gone"


def test_a_message_takes_twenty_files_at_most(alice: User) -> None:
    with pytest.raises(Refused, match="can hold 20 files") as caught:
        chosen(owner=alice, ids=[uuid.uuid4() for _ in range(21)])
    assert caught.value.code == "count"


def test_the_lifetime_of_what_is_not_sent_is_a_day() -> None:
    assert timedelta(days=1) == uploads.UNSENT_LIFETIME
