"""The pictures of a transcript: under its reason, with rows of their own."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.audit.reading import READING_VALID_S
from conversations.models import Attachment, Conversation
from tests.admin_data import (
    REASON,
    SECRET,
    conversation_of,
    opened,
    picture_address,
    signed_in,
    transcript_address,
)


def test_pictures_of_the_transcript_are_served_and_written_down(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    page = opened(client, conversation)
    first = Reading.objects.get()
    url = picture_address(picture, first)
    assert f'href="{url}"' in page
    assert f'src="{url}&thumbnail=1"' in page
    large, small = client.get(url), client.get(f"{url}&thumbnail=1")
    assert (large.content, large["Content-Type"]) == (b"the picture", "image/png")
    assert (small.content, small["Content-Type"]) == (b"its thumbnail", "image/webp")
    for response in (large, small):
        assert "no-store" in response["Cache-Control"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Disposition"].startswith("inline;")
        assert "sandbox" in response["Content-Security-Policy"]
    rows = Reading.objects.filter(subject="attachment")
    assert [(row.subject_id, row.first, row.reason) for row in rows] == [
        (picture.pk, first, REASON)
    ] * 2
    assert {row.conversation_id for row in rows} == {conversation.pk}


def test_a_picture_opens_only_to_the_one_who_gave_the_reason(
    conversation: Conversation, reviewer: User, root: User, picture: Attachment
) -> None:
    opened(signed_in(reviewer), conversation)
    url = picture_address(picture, Reading.objects.get())
    assert signed_in(root).get(url).status_code == 404
    assert Client().get(url).status_code == 302
    assert signed_in(conversation.owner).get(url).status_code in {302, 403, 404}
    assert Reading.objects.count() == 1


def test_a_picture_opens_only_with_the_reason_of_its_own_conversation(
    conversation: Conversation, reviewer: User, picture: Attachment, alice: User
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation_of(alice))
    assert (
        client.get(picture_address(picture, Reading.objects.get())).status_code == 404
    )
    path = reverse("admin:conversations_attachment_picture", args=[picture.pk])
    assert client.get(path).status_code == 404
    assert client.get(f"{path}?reading=junk").status_code == 404


def test_a_picture_that_was_never_sent_is_not_to_be_had(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation)
    Attachment.objects.filter(pk=picture.pk).update(message=None)
    assert (
        client.get(picture_address(picture, Reading.objects.get())).status_code == 404
    )


def test_a_picture_does_not_open_once_the_right_is_withdrawn(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation)
    reviewer.user_permissions.clear()
    url = picture_address(picture, Reading.objects.get())
    assert client.get(url).status_code == 403


def test_a_reason_holds_for_an_hour(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation)
    row = Reading.objects.get()
    too_old = timezone.now() - timedelta(seconds=READING_VALID_S + 1)
    Reading.objects.filter(pk=row.pk).update(read_at=too_old)
    assert client.get(picture_address(picture, row)).status_code == 404
    page = client.get(
        f"{transcript_address(conversation)}?reading={row.pk}"
    ).content.decode()
    assert 'name="reason"' in page
    assert SECRET not in page


def test_the_row_of_a_picture_gives_no_right_to_go_on(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation)
    client.get(picture_address(picture, Reading.objects.get()))
    later = Reading.objects.get(subject="attachment")
    assert client.get(picture_address(picture, later)).status_code == 404


def test_a_document_of_the_transcript_is_a_card_that_is_written_down_too(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    document = {"media_type": "application/pdf", "name": "tides.pdf", "pages": 3}
    without = {"thumbnail_digest": "", "width_px": None, "height_px": None}
    Attachment.objects.filter(pk=picture.pk).update(**document, **without)
    client = signed_in(reviewer)
    page = opened(client, conversation)
    url = picture_address(picture, Reading.objects.get())
    assert f'class="file" href="{url}"' in page
    assert "3 pages" in page
    response = client.get(url)
    assert response["Content-Disposition"] == 'attachment; filename="tides.pdf"'
    assert Reading.objects.filter(subject="attachment").count() == 1
