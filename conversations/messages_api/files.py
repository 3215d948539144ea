"""Files kept at the provider, so that the same megabytes travel once."""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from conversations.messages_api.connection import Call, Connection
from conversations.messages_api.downloads import downloaded, id_in_path
from conversations.messages_api.errors import (
    InvalidRequestError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import Json
from conversations.messages_api.facts import count, moment, parts, word

FILE_LIMIT_BYTES = 500 * 1000 * 1000
SHORTEST_LIFE_S = 3600
LONGEST_LIFE_S = 7_776_000
FILES_PER_PAGE = 1000
IDS_PER_PAGE = 100

_PATH = "/v1/files"
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One file; `downloadable` are those that tools made. `raw` is its record."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    downloadable: bool
    created_at: datetime | None
    expires_at: datetime | None
    raw: Json


class Files:
    """The files at one provider; every failure is a `ProviderError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def upload(
        self,
        name: str,
        content: bytes,
        *,
        media_type: str,
        expires_in_s: int | None = None,
    ) -> FileRecord:
        """Keep a file, for good or for a time; it is then named by its id."""
        _check_file(content, media_type, expires_in_s)
        boundary = secrets.token_hex(16)
        kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
        fields = {} if expires_in_s is None else {"expires_in_seconds": expires_in_s}
        body = _form(boundary, fields, name, media_type, content)
        call = Call(method="POST", path=_PATH, content=body, headers=kind)
        patience_s = self._connection.timeouts.whole
        return _read_file(await self._connection.json(call, patience_s=patience_s))

    async def get(self, file_id: str) -> FileRecord:
        """What is known of a file."""
        return _read_file(await self._json("GET", _path_of(file_id)))

    async def delete(self, file_id: str) -> None:
        """Delete a file; requests that name it are refused from then on."""
        await self._json("DELETE", _path_of(file_id))

    async def list(self, ids: Sequence[str] = ()) -> AsyncGenerator[FileRecord]:
        """All files, or those of at most 100 `ids` that still exist."""
        if len(ids) > IDS_PER_PAGE:
            raise InvalidRequestError(
                "ids", f"At most {IDS_PER_PAGE} ids are asked for."
            )
        query: dict[str, str | int | Sequence[str]]
        query = {"ids[]": ids} if ids else {"limit": FILES_PER_PAGE}
        while True:
            path = f"{_PATH}?{urlencode(query, doseq=True)}"
            page = await self._json("GET", path)
            for raw in parts(page, "data"):
                yield _read_file(raw)
            cursor = word(page, "next_page")
            if cursor in {None, query.get("page")}:
                return
            query = {"limit": FILES_PER_PAGE, "page": cursor or ""}

    def download(
        self, file_id: str
    ) -> AbstractAsyncContextManager[AsyncGenerator[bytes]]:
        """The content as it arrives; leaving the context ends it."""
        path = f"{_path_of(file_id)}/content"
        return downloaded(self._connection, Call(method="GET", path=path))

    async def _json(self, method: str, path: str) -> Json:
        patience_s = self._connection.timeouts.first_byte
        call = Call(method=method, path=path)
        return await self._connection.json(call, patience_s=patience_s)


def _check_file(content: bytes, media_type: str, expires_in_s: int | None) -> None:
    if not content:
        raise InvalidRequestError("file", "The file is empty.")
    if len(content) > FILE_LIMIT_BYTES:
        words = f"The file has more than {FILE_LIMIT_BYTES} bytes."
        raise InvalidRequestError("file", words, code="too_large")
    if _MEDIA_TYPE.fullmatch(media_type) is None:
        raise InvalidRequestError("file", "The media type is none.")
    if (
        expires_in_s is not None
        and not SHORTEST_LIFE_S <= expires_in_s <= LONGEST_LIFE_S
    ):
        words = f"A file is kept for {SHORTEST_LIFE_S} to {LONGEST_LIFE_S} seconds."
        raise InvalidRequestError("expires_in_seconds", words)


def _form(
    boundary: str,
    fields: dict[str, int],
    name: str,
    media_type: str,
    content: bytes,
) -> bytes:
    """The body of a form with some numbers and one file."""
    head = "".join(
        f'--{boundary}\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n'
        f"{value}\r\n"
        for key, value in fields.items()
    )
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head += (
        f"--{boundary}\r\ncontent-disposition: form-data; "
        f'name="file"; filename="{escaped}"\r\ncontent-type: {media_type}\r\n\r\n'
    )
    tail = f"\r\n--{boundary}--\r\n"
    return b"".join((head.encode(errors="replace"), content, tail.encode()))


def _path_of(file_id: str) -> str:
    return f"{_PATH}/{id_in_path('file_id', file_id)}"


def _read_file(raw: Json) -> FileRecord:
    file_id = word(raw, "id")
    if file_id is None:
        raise UnexpectedResponseError("unexpected_response", "The answer is no file.")
    return FileRecord(
        id=file_id,
        name=word(raw, "filename") or "",
        media_type=word(raw, "mime_type") or "",
        size_bytes=count(raw, "size_bytes") or 0,
        downloadable=raw.get("downloadable") is True,
        created_at=moment(raw, "created_at"),
        expires_at=moment(raw, "expires_at"),
        raw=raw,
    )
