"""Files that are two things, or half of one, or far more than they seem."""

import zipfile
from io import BytesIO

import pytest
from PIL import Image

from chatsite.accounts.models import User
from conversations import attachment_files, uploads
from conversations.models import Attachment
from tests import documents, pictures

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
    return [attachment_files.read(digest) for digest in attachment.digests]


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
    # A few first bytes are what they say themselves to be, or a word.
    for at in range(16, len(data), max(1, len(data) // 6)):
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


LAUGHS = "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "ha" * 50}">'
    for number in range(12)
)


@pytest.mark.parametrize(
    "data",
    [
        documents.docx(
            documents.paragraph("&l11;"), head=f"<!DOCTYPE w:document [{LAUGHS}]>"
        ),
        documents.docx(
            documents.paragraph("&p;"),
            head='<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]>',
        ),
        documents.docx(documents.paragraph("word " * 2_000_000)),
        documents.docx(" " * (65 * 1024 * 1024)),
        documents.docx(documents.paragraph("a"), name="../word/document.xml"),
        documents.docx("<w:p>" * 10),
    ],
    ids=["laughs", "outside", "words", "blanks", "above", "open"],
)
def test_a_docx_that_is_a_trap_is_refused(alice: User, data: bytes) -> None:
    assert taken(alice, data, "a.docx") is None


def test_xml_in_the_depths_costs_no_server(alice: User) -> None:
    deep = "<w:p>" * 200_000 + "</w:p>" * 200_000
    found = taken(alice, documents.docx(documents.paragraph("a") + deep), "a.docx")
    assert found is None or uploads.read_text(found).strip() == "a"


def test_a_pdf_whose_pages_go_in_a_circle_is_refused(alice: User) -> None:
    data = documents.pdf("a").replace(b"/Kids[4 0 R]", b"/Kids[2 0 R]")
    assert taken(alice, data, "a.pdf") is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_pdf_is_refused_or_has_pages(alice: User, share: float) -> None:
    data = documents.pdf(*["The tide"] * 5)
    found = taken(alice, data[: round(len(data) * share)], "a.pdf")
    assert found is None or found.pages


def test_a_type_is_what_a_file_holds_and_not_what_it_says(alice: User) -> None:
    data = {
        "picture.png": (documents.pdf("a"), "application/pdf"),
        "document.pdf": (pictures.png(), "image/png"),
        "table.csv": (b"<html><script>alert(1)</script>", "text/plain"),
    }
    for name, (content, media_type) in data.items():
        found = taken(alice, content, name)
        assert found is not None
        assert found.media_type == media_type
