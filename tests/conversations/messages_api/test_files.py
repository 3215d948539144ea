"""Files are kept at the provider, named by their ids, and fetched in pieces."""

import email
from datetime import UTC, datetime
from email import policy
from typing import Any

import httpx
import pytest

from conversations.messages_api import (
    FileRecord,
    InvalidRequestError,
    ProviderError,
    UnexpectedResponseError,
)
from tests.mock_provider import Provider, stream_of

RECORD = {
    "id": "file_1",
    "type": "file",
    "filename": "report.pdf",
    "mime_type": "application/pdf",
    "size_bytes": 3,
    "created_at": "2026-11-22T12:00:00Z",
    "downloadable": False,
}
CONTENT = b"%PDF\r\n--x\r\n\0\xff"


def answering(*records: Any) -> Provider:
    return Provider(*(httpx.Response(200, json=record) for record in records))


def form_in(request: httpx.Request) -> dict[str, tuple[str | None, bytes]]:
    head = b"content-type: " + request.headers["content-type"].encode()
    whole = head + b"\r\n\r\n" + request.content
    form = email.message_from_bytes(whole, policy=policy.HTTP)
    found: dict[str, tuple[str | None, bytes]] = {}
    for field in form.iter_parts():
        name = field.get_param("name", header="content-disposition")
        content = field.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(name)] = (field.get_filename(), content)
    return found


async def test_a_file_travels_with_its_name_and_every_byte() -> None:
    provider = answering(RECORD)

    record = await provider.client().files.upload(
        'a "b"\r\nc.pdf', CONTENT, media_type="application/pdf", expires_in_s=3600
    )

    assert form_in(provider.requests[0]) == {
        "expires_in_seconds": (None, b"3600"),
        "file": ("a %22b%22%0D%0Ac.pdf", CONTENT),
    }
    assert record == FileRecord(
        id="file_1",
        name="report.pdf",
        media_type="application/pdf",
        size_bytes=3,
        downloadable=False,
        created_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        expires_at=None,
        raw=RECORD,
    )


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"content": b""}, "file"),
        ({"media_type": "text/plain\r\nx: y"}, "file"),
        ({"expires_in_s": 5}, "expires_in_seconds"),
    ],
)
async def test_a_file_that_is_refused_is_not_sent(
    more: dict[str, Any], field: str
) -> None:
    provider = answering(RECORD)
    upload: dict[str, Any] = {"content": b"x", "media_type": "text/plain", **more}

    with pytest.raises(InvalidRequestError) as caught:
        await provider.client().files.upload("a", **upload)

    assert caught.value.field == field
    assert provider.requests == []


async def test_a_file_is_known_and_deleted_by_its_id() -> None:
    provider = answering(RECORD)
    files = provider.client().files

    assert (await files.get("file_1")).id == "file_1"
    await files.delete("file_1")

    assert [(each.method, each.url.path) for each in provider.requests] == [
        ("GET", "/v1/files/file_1"),
        ("DELETE", "/v1/files/file_1"),
    ]


async def test_a_record_that_is_no_file_is_unexpected() -> None:
    with pytest.raises(UnexpectedResponseError):
        await answering({}).client().files.get("file_1")


async def test_pages_of_files_are_followed_to_their_end() -> None:
    provider = answering(
        {"data": [RECORD], "next_page": "page_2"},
        {"data": [{**RECORD, "id": "file_2"}], "next_page": "page_2"},
    )

    ids = [record.id async for record in provider.client().files.list()]

    assert ids == ["file_1", "file_2"]
    assert dict(provider.requests[1].url.params) == {"limit": "1000", "page": "page_2"}


async def test_files_are_asked_for_by_their_ids() -> None:
    provider = answering({"data": [RECORD], "next_page": None})

    async for _record in provider.client().files.list(["file_1", "file_2"]):
        pass

    params = provider.requests[0].url.params
    assert params.get_list("ids[]") == ["file_1", "file_2"]
    assert "limit" not in params


async def test_no_more_ids_are_asked_for_than_a_page_holds() -> None:
    with pytest.raises(InvalidRequestError, match="ids"):
        await anext(answering({}).client().files.list(["file_1"] * 101))


async def test_a_download_comes_in_pieces() -> None:
    provider = Provider(stream_of(b"one", b"two", headers={}))

    async with provider.client().files.download("file_1") as chunks:
        assert [chunk async for chunk in chunks] == [b"one", b"two"]

    assert provider.requests[0].url.path == "/v1/files/file_1/content"


async def test_a_download_that_is_refused_says_why() -> None:
    body = {"error": {"type": "not_found_error", "message": "gone"}}
    provider = Provider(httpx.Response(404, json=body))

    with pytest.raises(ProviderError, match="not_found"):
        async with provider.client().files.download("file_1"):
            pass
