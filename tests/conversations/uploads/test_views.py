"""Attaching over HTTP, taking back, and who is shown which picture how."""

import asyncio
import uuid
from io import BytesIO
from typing import cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils.html import strip_tags
from PIL import Image

from chatsite.accounts.models import User
from conversations import attachment_files, uploads
from conversations.models import Attachment
from tests import documents, factories
from tests import pictures as made
from tests.conversations.uploads.conftest import Attach

UPLOAD = "/attachments/"
VIEWS = ("attachment", "attachment-thumbnail")


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    """The browser of alice, signed in."""
    client.force_login(alice)
    return client


def browser(user: User) -> Client:
    """Another browser, with `user` signed in."""
    found = Client()
    found.force_login(user)
    return found


def upload(page: Client, data: bytes, name: str = "picture.png") -> HttpResponse:
    """Attach `data` as the page does."""
    file = SimpleUploadedFile(name, data, content_type="image/png")
    return cast("HttpResponse", page.post(UPLOAD, {"file": file}))


def address(view: str, attachment: Attachment) -> str:
    """Where `attachment` is shown."""
    return reverse(f"conversations:{view}", args=[attachment.pk])


def send(attachment: Attachment, owner: User) -> None:
    """Put `attachment` into a question of `owner`."""
    question = factories.started(owner).question
    Attachment.objects.filter(pk=attachment.pk).update(message=question)


def test_an_attached_picture_is_a_chip(page: Client, alice: User) -> None:
    response = upload(page, made.jpeg(), "Sunset at home.jpg")

    attachment = Attachment.objects.get()
    assert attachment.owner == alice
    chip = response.content.decode()
    assert response.status_code == 201
    assert f'data-attachment-id="{attachment.pk}"' in chip
    assert f'<input type="hidden" name="attachments" value="{attachment.pk}">' in chip
    assert 'aria-label="Remove Sunset at home.jpg"' in chip
    assert f'hx-post="/attachments/{attachment.pk}/discard/"' in chip
    assert f'src="/attachments/{attachment.pk}/thumbnail/"' in chip


def test_a_refused_file_is_a_chip_that_says_why(page: Client) -> None:
    response = upload(page, b"MZ\0\0", "drawing.png")

    chip = response.content.decode()
    assert response.status_code == 422
    assert 'class="chip chip-error"' in chip
    assert 'role="alert"' in chip
    assert "neither a picture nor a text that can be read." in chip
    assert "The rest of your message is kept." in chip
    assert 'aria-label="Remove drawing.png"' in chip
    assert 'name="attachments"' not in chip
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "data", [made.png(), b"no picture\0"], ids=["taken", "refused"]
)
def test_a_name_cannot_write_on_the_page(page: Client, data: bytes) -> None:
    response = upload(page, data, '"><img src=x onerror=alert(1)>\u202e.png')

    chip = response.content.decode()
    assert "<img src=x" not in chip
    assert "\u202e" not in chip


def test_a_large_file_that_came_by_way_of_the_disk_is_taken(page: Client) -> None:
    data = made.encoded(made.grain(1300, 1300), "PNG", compress_level=0)
    assert len(data) > 5_000_000

    assert upload(page, data).status_code == 201


@pytest.mark.django_db(transaction=True)
async def test_pictures_that_come_all_at_once_are_all_taken(
    async_client: AsyncClient, alice: User
) -> None:
    await async_client.aforce_login(alice)

    answers = await asyncio.gather(
        *(
            async_client.post(
                UPLOAD, {"file": SimpleUploadedFile(f"{side}.png", made.png(side))}
            )
            for side in range(20, 28)
        )
    )

    assert [answer.status_code for answer in answers] == [201] * 8
    assert await Attachment.objects.acount() == 8


def test_too_many_unsent_files_are_refused(page: Client, alice: User) -> None:
    Attachment.objects.bulk_create(
        Attachment(owner=alice, name="a", size_bytes=1, width_px=1, height_px=1)
        for _ in range(uploads.MAX_UNSENT)
    )

    response = upload(page, made.png())

    assert response.status_code == 422
    assert "40 files" in response.content.decode()


def test_a_request_without_a_file_is_a_bad_one(page: Client) -> None:
    assert page.post(UPLOAD, {"file": "words"}).status_code == 400


def test_whoever_is_signed_out_attaches_nothing(client: Client, db: None) -> None:
    assert upload(client, made.png()).status_code == 401
    assert not Attachment.objects.exists()


def test_attaching_needs_the_token_of_the_page(alice: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)

    assert upload(careful, made.png()).status_code == 403


def test_attaching_is_a_post(page: Client) -> None:
    assert page.get(UPLOAD).status_code == 405


def test_a_removed_chip_is_replaced_by_nothing(page: Client, attach: Attach) -> None:
    attachment = attach(made.png())

    response = page.post(address("attachment-discard", attachment))

    assert (response.status_code, response.content) == (200, b"")
    assert not Attachment.objects.exists()


def test_a_stranger_removes_nothing(attach: Attach, charlie: User) -> None:
    attachment = attach(made.png())

    response = browser(charlie).post(address("attachment-discard", attachment))

    assert response.status_code == 404
    assert Attachment.objects.exists()


def test_what_was_sent_is_not_removed(
    page: Client, alice: User, attach: Attach
) -> None:
    attachment = attach(made.png())
    send(attachment, alice)

    response = page.post(address("attachment-discard", attachment))

    assert response.status_code == 404
    assert Attachment.objects.exists()


def test_whoever_is_signed_out_removes_nothing(client: Client, attach: Attach) -> None:
    attachment = attach(made.png())

    assert client.post(address("attachment-discard", attachment)).status_code == 401
    assert Attachment.objects.exists()


def test_removing_is_a_post(page: Client, attach: Attach) -> None:
    assert (
        page.get(address("attachment-discard", attach(made.png()))).status_code == 405
    )


@pytest.mark.parametrize("is_sent", [False, True], ids=["unsent", "sent"])
@pytest.mark.parametrize("view", VIEWS)
def test_its_owner_sees_a_picture(
    page: Client, alice: User, attach: Attach, view: str, is_sent: bool
) -> None:
    attachment = attach(made.jpeg(800, 600))
    if is_sent:
        send(attachment, alice)

    response = page.get(address(view, attachment))

    assert response.status_code == 200
    with Image.open(BytesIO(response.content)) as image:
        expected = (800, 600) if view == "attachment" else (320, 240)
        assert image.size == expected
        assert Image.MIME[image.format or ""] == response["Content-Type"]


@pytest.mark.parametrize("is_sent", [False, True], ids=["unsent", "sent"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_stranger_sees_no_picture(
    alice: User, charlie: User, attach: Attach, view: str, is_sent: bool
) -> None:
    attachment = attach(made.png())
    if is_sent:
        send(attachment, alice)

    assert browser(charlie).get(address(view, attachment)).status_code == 404


@pytest.mark.parametrize("view", VIEWS)
def test_a_stranger_who_knows_the_digest_sees_no_picture(
    charlie: User, attach: Attach, view: str
) -> None:
    attachment = attach(made.png())
    digests = f'"{attachment.digest}", "{attachment.thumbnail_digest}"'

    response = browser(charlie).get(
        address(view, attachment), headers={"If-None-Match": digests}
    )

    assert response.status_code == 404


@pytest.mark.parametrize("view", VIEWS)
def test_whoever_is_signed_out_sees_no_picture(
    client: Client, attach: Attach, view: str
) -> None:
    assert client.get(address(view, attach(made.png()))).status_code == 401


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_that_never_was_is_not_found(page: Client, view: str) -> None:
    unknown = reverse(f"conversations:{view}", args=[uuid.uuid4()])

    assert page.get(unknown).status_code == 404


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_is_only_read(page: Client, attach: Attach, view: str) -> None:
    assert page.post(address(view, attach(made.png()))).status_code == 405


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_can_be_nothing_else_in_a_browser(
    page: Client, attach: Attach, view: str
) -> None:
    response = page.get(address(view, attach(made.gif_with_page(), "page.html")))

    extension = ".png" if view == "attachment" else ".webp"
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": f'inline; filename="page{extension}"',
        "Cache-Control": "private, no-cache",
    }
    assert {name: response[name] for name in headers} == headers
    assert "Cookie" in response["Vary"]


def test_a_name_cannot_write_a_header(page: Client, attach: Attach) -> None:
    response = page.get(
        address("attachment", attach(made.png(), 'größe"; x=\r\nSet-Cookie: a.png'))
    )

    assert response["Content-Disposition"] == (
        "inline; filename*=utf-8''gr%C3%B6%C3%9Fe%22%3B%20x%3D%20Set-Cookie%3A%20a.png"
    )
    assert "Set-Cookie" not in response


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_that_the_browser_has_is_not_sent_again(
    page: Client, attach: Attach, view: str
) -> None:
    where = address(view, attach(made.png()))
    tag = page.get(where)["ETag"]

    response = page.get(where, headers={"If-None-Match": tag})

    assert (response.status_code, response.content) == (304, b"")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["ETag"] == tag


def test_a_picture_whose_file_is_lost_is_not_found(
    page: Client, attach: Attach
) -> None:
    attachment = attach(made.png())
    attachment_files.erase(attachment.digest)

    assert page.get(address("attachment", attachment)).status_code == 404


def test_an_attached_document_is_a_chip_with_its_pages_and_tokens(page: Client) -> None:
    response = upload(page, documents.pdf(*["The tide"] * 12), "tides.pdf")

    chip = strip_tags(response.content.decode())
    assert response.status_code == 201
    assert "tides.pdf" in chip
    assert "PDF · 12 pages · " in chip
    assert "about 19,000 tokens" in chip
    assert 'aria-label="Remove tides.pdf"' in response.content.decode()


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (documents.pdf("a"), "a.html", "application/pdf"),
        (b"<script>alert(1)</script>", "page.html", "text/plain"),
        (b"<svg onload='alert(1)'/>", "a.svg", "text/plain"),
    ],
    ids=["pdf", "html", "svg"],
)
def test_a_document_is_downloaded_and_never_shown(
    page: Client, attach: Attach, data: bytes, name: str, media_type: str
) -> None:
    response = page.get(address("attachment", attach(data, name)))

    assert (response.content, response["Content-Type"]) == (data, media_type)
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_document_has_no_thumbnail(page: Client, attach: Attach) -> None:
    where = address("attachment-thumbnail", attach(b"hello", "a.txt"))

    assert page.get(where).status_code == 404


def test_a_stranger_sees_no_document(attach: Attach, charlie: User) -> None:
    where = address("attachment", attach(b"hello", "a.txt"))

    assert browser(charlie).get(where).status_code == 404


def test_a_sent_document_is_a_card_that_downloads_it(
    page: Client, alice: User, attach: Attach
) -> None:
    attachment = attach(documents.pdf("The tide"), "tides.pdf")
    send(attachment, alice)
    conversation = alice.conversations.get()

    markup = page.get(f"/c/{conversation.pk}/").content.decode()
    card = markup.partition('<a class="file"')[2].partition("</a>")[0]
    assert f'href="/attachments/{attachment.pk}/" download' in card
    assert "tides.pdf" in card
    assert "PDF" in card
    assert "1 page<" in card
    assert f"/attachments/{attachment.pk}/thumbnail/" not in markup
