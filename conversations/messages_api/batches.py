"""Message Batches: many requests for work that nobody watches, at half the price."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from conversations.messages_api.checks import check_request
from conversations.messages_api.connection import Call, Connection
from conversations.messages_api.downloads import downloaded, id_in_path, lines_of
from conversations.messages_api.errors import (
    InvalidRequestError,
    RequestError,
    StreamError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import ErrorEvent, Json, load_object
from conversations.messages_api.facts import count, moment, part, parts, word
from conversations.messages_api.failures import error_from_event
from conversations.messages_api.requests import MessageRequest, encoded_aside

BATCH_LIMIT_BYTES = 256 * 1000 * 1000
BATCH_LIMIT_REQUESTS = 100_000
BATCHES_PER_PAGE = 100

_PATH = "/v1/messages/batches"
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCounts:
    """How many requests of a batch are in which state."""

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch; `status` is in_progress, canceling or ended. `raw` is its record.

    `results_url` is there once it has ended and as long as the results are kept.
    """

    id: str
    status: str
    counts: BatchCounts
    created_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    results_url: str | None
    raw: Json


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one request: `kind` is succeeded, errored, canceled or expired.

    `message` is there for the first, `error` for the second.
    """

    custom_id: str
    kind: str
    message: Json | None = None
    error: RequestError | None = None


class Batches:
    """The batches of one provider; every failure is a `ProviderError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, requests: Mapping[str, MessageRequest]) -> Batch:
        """Hand in requests, by ids of the caller's own that the results will name."""
        _check_ids(requests)
        for request in requests.values():
            check_request(request)
        items = [
            {"custom_id": custom_id, "params": request.body(stream=False)}
            for custom_id, request in requests.items()
        ]
        content = await encoded_aside({"requests": items}, BATCH_LIMIT_BYTES)
        patience_s = self._connection.timeouts.whole
        return await self._batch("POST", _PATH, content, patience_s)

    async def get(self, batch_id: str) -> Batch:
        """How far a batch is."""
        return await self._batch("GET", _path_of(batch_id))

    async def cancel(self, batch_id: str) -> Batch:
        """Have a batch end early; what is done by then has its results."""
        return await self._batch("POST", f"{_path_of(batch_id)}/cancel")

    async def delete(self, batch_id: str) -> None:
        """Delete a batch that has ended, and its results."""
        await self._json("DELETE", _path_of(batch_id))

    async def list(self) -> AsyncGenerator[Batch]:
        """All batches, the newest first; each page is asked for when it is needed."""
        query: dict[str, str | int] = {"limit": BATCHES_PER_PAGE}
        while True:
            page = await self._json("GET", f"{_PATH}?{urlencode(query)}")
            for raw in parts(page, "data"):
                yield _read_batch(raw)
            last_id = word(page, "last_id")
            if page.get("has_more") is not True or last_id in {
                None,
                query.get("after_id"),
            }:
                return
            query["after_id"] = last_id or ""

    @asynccontextmanager
    async def results(self, batch: Batch) -> AsyncIterator[AsyncGenerator[BatchResult]]:
        """The results of a batch that has ended, in no order, as they arrive."""
        call = Call(method="GET", path=self._results_path(batch))
        async with downloaded(self._connection, call) as chunks:
            yield _results(lines_of(chunks))

    def _results_path(self, batch: Batch) -> str:
        # The credential goes to no other server, whatever address a batch names.
        root = f"{self._connection.root}/"
        if batch.results_url and batch.results_url.startswith(root):
            return batch.results_url.removeprefix(root[:-1])
        return f"{_path_of(batch.id)}/results"

    async def _batch(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        patience_s: float | None = None,
    ) -> Batch:
        return _read_batch(await self._json(method, path, content, patience_s))

    async def _json(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        patience_s: float | None = None,
    ) -> Json:
        call = Call(method=method, path=path, content=content)
        patience_s = patience_s or self._connection.timeouts.first_byte
        return await self._connection.json(call, patience_s=patience_s)


def _check_ids(requests: Mapping[str, Any]) -> None:
    if not 1 <= len(requests) <= BATCH_LIMIT_REQUESTS:
        words = f"A batch has 1 to {BATCH_LIMIT_REQUESTS} requests."
        raise InvalidRequestError("requests", words)
    for number, custom_id in enumerate(requests):
        if _CUSTOM_ID.fullmatch(custom_id) is None:
            words = "An id has 1 to 64 letters, digits, underscores and hyphens."
            raise InvalidRequestError(f"requests.{number}.custom_id", words)


def _path_of(batch_id: str) -> str:
    return f"{_PATH}/{id_in_path('batch_id', batch_id)}"


def _read_batch(raw: Json) -> Batch:
    batch_id, status = word(raw, "id"), word(raw, "processing_status")
    if batch_id is None or status is None:
        raise UnexpectedResponseError("unexpected_response", "The answer is no batch.")
    counts = part(raw, "request_counts")
    return Batch(
        id=batch_id,
        status=status,
        counts=BatchCounts(
            processing=count(counts, "processing") or 0,
            succeeded=count(counts, "succeeded") or 0,
            errored=count(counts, "errored") or 0,
            canceled=count(counts, "canceled") or 0,
            expired=count(counts, "expired") or 0,
        ),
        created_at=moment(raw, "created_at"),
        expires_at=moment(raw, "expires_at"),
        ended_at=moment(raw, "ended_at"),
        results_url=word(raw, "results_url"),
        raw=raw,
    )


async def _results(lines: AsyncIterator[bytes]) -> AsyncGenerator[BatchResult]:
    async for line in lines:
        yield _read_result(line)


def _read_result(line: bytes) -> BatchResult:
    raw: Json = {}
    with suppress(UnicodeDecodeError):
        raw = load_object(line.decode())
    result = part(raw, "result")
    custom_id, kind = word(raw, "custom_id"), word(result, "type")
    if custom_id is None or kind is None:
        raise StreamError("malformed_stream", "A line is no result of a batch.")
    if kind == "errored":
        body = part(result, "error")
        event = ErrorEvent(part(body, "error") or body, word(body, "request_id"))
        return BatchResult(custom_id, kind, error=error_from_event(event))
    return BatchResult(custom_id, kind, message=part(result, "message") or None)
