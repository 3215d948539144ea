"""Documents: known by what they hold, read in a child, kept as they came."""

from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.accounts.models import User
from conversations import attachment_files, documents, uploads
from conversations.confined import Undecodable
from conversations.models import Attachment
from conversations.uploads import Refused
from tests import documents as made
from tests.conversations.uploads.conftest import Attach

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def refusal(attach: Attach, data: bytes, name: str = "a.pdf") -> Refused:
    """What is said of `data`, of which nothing is kept."""
    with pytest.raises(Refused) as caught:
        attach(data, name)
    assert not Attachment.objects.exists()
    return caught.value


def test_a_pdf_is_kept_as_it_came_with_its_pages_and_its_text(attach: Attach) -> None:
    data = made.pdf("The tide is high", "and low")
    attachment = attach(data, "tides.pdf")

    assert uploads.read_bytes(attachment) == data
    assert (attachment.media_type, attachment.pages) == ("application/pdf", 2)
    assert not attachment.is_picture
    assert attachment.width_px is None
    text = uploads.read_text(attachment)
    assert text.split() == [
        "[page",
        "1]",
        "The",
        "tide",
        "is",
        "high",
        "[page",
        "2]",
        "and",
        "low",
    ]
    assert attachment.text_tokens == round(len(text) / uploads.BYTES_PER_TOKEN)
    assert attachment.tokens == attachment.text_tokens + 2 * 1600


def test_a_pdf_of_pictures_alone_has_pages_and_no_text(attach: Attach) -> None:
    attachment = attach(made.pdf("", "", ""), "scan.pdf")

    assert (attachment.pages, attachment.text_digest) == (3, "")
    assert uploads.read_text(attachment) == ""


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]
)
def test_text_is_read_however_it_was_written(attach: Attach, encoding: str) -> None:
    text = "Größe;Preis\r\nklein;3 €\r\n"
    attachment = attach(text.encode(encoding), "prices.csv")

    assert uploads.read_text(attachment) == text
    assert uploads.read_bytes(attachment) == text.encode(encoding)
    assert (attachment.media_type, attachment.pages) == ("text/plain", None)


def test_text_in_utf_8_is_one_file(attach: Attach) -> None:
    attachment = attach(b"hello", "a.txt")

    assert attachment.digest == attachment.text_digest


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("notes.md", "MD"),
        ("table.csv", "CSV"),
        ("main.py", "PY"),
        ("README", "Text"),
        ("a.something", "Text"),
        ("a.p f", "Text"),
    ],
)
def test_a_text_is_called_by_the_end_of_its_name(name: str, kind: str) -> None:
    assert Attachment(name=name, media_type="text/plain").kind == kind


def test_a_docx_is_read_as_text(attach: Attach) -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    body = (
        made.paragraph("Über Gezeiten")
        + "<w:p><w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:br/></w:r></w:p>"
        + "<w:p><w:del><w:r><w:delText>struck</w:delText></w:r></w:del></w:p>"
        + f"<mc:AlternateContent><mc:Choice>{made.paragraph('drawn')}</mc:Choice>"
        f"<mc:Fallback>{made.paragraph('drawn')}</mc:Fallback></mc:AlternateContent>"
        + row.format(made.paragraph("a"), made.paragraph("b"))
    )
    attachment = attach(made.docx(body), "tides.docx")

    assert attachment.media_type == DOCX
    text = uploads.read_text(attachment)
    assert text.split() == ["Über", "Gezeiten", "one", "two", "drawn", "a", "b"]
    assert "one\ttwo\n" in text


@pytest.mark.parametrize(
    ("data", "name", "code", "words"),
    [
        (made.encrypted_pdf(), "a.pdf", "encrypted", "protected with a password"),
        (made.pdf("a")[:60], "a.pdf", "broken", "damaged or cut off"),
        (made.pdf(), "a.pdf", "broken", "damaged or cut off"),
        (made.pdf(*[""] * 601), "a.pdf", "pages", "more than 600 pages"),
        (b"x" * (5 * 1024 * 1024 + 1), "a.txt", "words", "longer than 5 MB"),
        (b"", "a.txt", "empty", "is empty"),
        (b" \n\t\n", "a.txt", "blank", "no text in this file"),
        (made.docx(made.paragraph(" ")), "a.docx", "blank", "no text in this file"),
        (b"MZ\x90\0\x03\0\0\0", "a.txt", "binary", "neither a picture nor a text"),
        (b"\xff\xfe\0\xd8", "a.txt", "binary", "neither a picture nor a text"),
        (b"\xfe\x01\x02", "a.txt", "binary", "neither a picture nor a text"),
        (made.archive({"a.txt": "hello"}), "a.docx", "type", "cannot be sent"),
        (made.docx("")[:-40], "a.docx", "broken", "damaged or cut off"),
        (made.docx("<w:p>"), "a.docx", "broken", "damaged or cut off"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_refusal_says_why_and_what_helps(
    attach: Attach, data: bytes, name: str, code: str, words: str
) -> None:
    found = refusal(attach, data, name)

    assert found.code == code
    assert words in found.message
    assert "The rest of your message is kept." in found.message


def test_nothing_stays_of_what_was_refused(
    attach: Attach, attachments_dir: Path
) -> None:
    refusal(attach, made.encrypted_pdf())

    left = [path for path in attachments_dir.rglob("*") if path.is_file()]
    assert [path.name for path in left if path.name != "lock"] == []


def test_a_message_holds_no_more_than_a_request_can(
    attach: Attach, alice: User
) -> None:
    one, other = attach(b"hello", "a.txt"), attach(b"hello", "b.txt")
    half = uploads.MAX_MESSAGE_BYTES // 2
    Attachment.objects.filter(pk=one.pk).update(size_bytes=half)
    Attachment.objects.filter(pk=other.pk).update(size_bytes=half + 1)

    with pytest.raises(Refused, match="22 MB in all"):
        uploads.chosen(owner=alice, ids=[one.pk, other.pk])


def test_a_discarded_document_is_gone_with_its_text(
    attach: Attach, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    attachment = attach(made.pdf("hello"), "a.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard(attachment)

    assert len(attachment.digests) == 2
    assert not any(map(attachment_files.exists, attachment.digests))


def test_the_text_of_one_stays_while_another_has_it(
    attach: Attach, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    plain, marked = attach(b"hello", "a.txt"), attach(b"\xef\xbb\xbfhello", "b.txt")
    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard(plain)

    assert uploads.read_text(marked) == "hello"


def test_a_reader_that_never_ends_is_ended(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(made.pdf("hello"))

    with pytest.raises(Undecodable, match="bomb"):
        documents.read(original, deadline_s=0.001)
