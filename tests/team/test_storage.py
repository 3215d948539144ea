"""Attachments in a bucket, and a bucket that does not answer."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chatsite.accounts.models import User
from chatsite.parts import bucket
from conversations import attachment_files, generation, turns, uploads
from conversations.catalogue import offered
from conversations.generation.worker import worker
from conversations.models import Attachment, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories, parts
from tests import pictures as made

pytestmark = [pytest.mark.team, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def attachment(alice: User) -> Iterator[Attachment]:
    """A picture of hers, not sent; taken back in the end."""
    kept = attach(alice)
    yield kept
    uploads.discard(kept)


def nobody() -> dict[str, Any]:
    """The storage of a bucket whose server has gone."""
    return bucket(
        "nowhere",
        endpoint_url=f"http://127.0.0.1:{parts.free_port()}",
        region_name="us-east-1",
        access_key="tests",
        secret_key="tests",
    )


@pytest.fixture
def away(settings: Settings) -> None:
    """The bucket's server has gone."""
    settings.STORAGES = {**settings.STORAGES, "default": nobody()}


def attach(owner: User) -> Attachment:
    data = made.png()
    return uploads.accept(
        owner=owner, name="sky.png", stream=io.BytesIO(data), size_bytes=len(data)
    )


def objects() -> set[str]:
    """The names of all that is in the bucket, as S3 itself lists them."""
    variables = parts.chosen()
    with contextlib.closing(parts.client_of(variables)) as client:
        bucket_name = variables["AWS_STORAGE_BUCKET_NAME"]
        listed = client.list_objects_v2(Bucket=bucket_name)
    return {each["Key"] for each in listed.get("Contents", ())}


def names(attachment: Attachment) -> set[str]:
    digests = (attachment.digest, attachment.thumbnail_digest)
    return {attachment_files.name_of(digest) for digest in digests}


def test_a_picture_is_in_the_bucket_as_long_as_a_row_names_it(
    attachment: Attachment, alice: User
) -> None:
    twin = attach(alice)
    assert names(twin) == names(attachment) <= objects()

    uploads.discard(twin)
    assert names(attachment) <= objects()

    uploads.discard(attachment)
    assert not names(attachment) & objects()


def test_a_picture_comes_through_the_site_and_to_its_owner_alone(
    attachment: Attachment, alice_client: Client, charlie_client: Client
) -> None:
    for name in ("attachment", "attachment-thumbnail"):
        address = reverse(f"conversations:{name}", args=[attachment.pk])
        response = alice_client.get(address)
        assert response.status_code == 200
        assert response.content.startswith((b"\x89PNG", b"RIFF", b"\xff\xd8"))
        assert charlie_client.get(address).status_code == 404


def test_an_upload_to_a_bucket_that_is_away_is_refused_with_words(
    away: None, alice_client: Client
) -> None:
    file = SimpleUploadedFile("sky.png", made.png())

    response = alice_client.post(
        reverse("conversations:attachment-upload"), {"file": file}
    )

    assert response.status_code == 422
    assert "does not answer" in response.content.decode()
    assert not Attachment.objects.exists()


def test_a_picture_whose_bucket_is_away_is_asked_for_again_later(
    attachment: Attachment, alice_client: Client, settings: Settings
) -> None:
    storages = settings.STORAGES
    address = reverse("conversations:attachment", args=[attachment.pk])
    settings.STORAGES = {**storages, "default": nobody()}

    response = alice_client.get(address)

    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert alice_client.get("/c/new/").status_code == 200
    settings.STORAGES = storages
    assert alice_client.get(address).status_code == 200


def test_a_bucket_that_is_away_is_named_by_the_probe(
    away: None, alice_client: Client
) -> None:
    response = alice_client.get("/readyz")

    assert (response.status_code, response.content) == (503, b"storage")


async def test_an_answer_that_needs_a_picture_says_that_the_bucket_is_away(
    attachment: Attachment, settings: Settings
) -> None:
    question = factories.question("What is this?", attachment_ids=[attachment.pk])
    start = sync_to_async(transaction.atomic(turns.start_conversation))
    turn = await start(owner=attachment.owner, question=question)
    settings.STORAGES = {**settings.STORAGES, "default": nobody()}

    with offered.use([ScriptedProvider(pace=0)]):
        generation.begin(turn.pk)
        run = worker().runs[turn.pk]
        assert run.task is not None
        await run.task

    await turn.arefresh_from_db()
    assert (turn.status, turn.error_code) == (Turn.Status.FAILED, "storage")
