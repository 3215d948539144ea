"""Each request has an id: in its log lines, in its answer, in what it sets going."""

import logging
import re
import time
import uuid
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatsite.headers import Handler
from conversations import correlation, spans

HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

access = logging.getLogger("chatsite.access")


def request_id(request: HttpRequest) -> str:
    """The id that a trusted proxy gave the request, else a fresh one."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


class _Followed:
    """One request, from its first to its last line."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.id = request_id(request)
        self.begun_s = time.perf_counter()
        correlation.begin(request_id=self.id)

    def span(self) -> Any:
        """A span of the request, as far as anyone traces it."""
        trusted = bool(settings.TRUSTED_PROXIES)
        parent = self.request.headers.get("traceparent") if trusted else None
        method = self.request.method or ""
        about = {"http.request.method": method, "traceparent": parent}
        return spans.span(method, **about)

    def answered(self, response: HttpResponseBase) -> HttpResponseBase:
        """Put the id on the answer, and say in the log what was asked."""
        response.headers[HEADER] = self.id
        found = self.request.resolver_match
        route = {"http.route": found.route if found else None}
        spans.note(**route, **{"http.response.status_code": response.status_code})
        access.info(
            "%s %s %s",
            self.request.method,
            self.request.path,
            response.status_code,
            extra={
                "status": response.status_code,
                "duration_ms": round((time.perf_counter() - self.begun_s) * 1000, 1),
            },
        )
        return response


@sync_and_async_middleware
def follow(get_response: Handler) -> Handler:
    """Follow every request that reaches a page."""
    if iscoroutinefunction(get_response):

        async def follow_async(request: HttpRequest) -> HttpResponseBase:
            followed = _Followed(request)
            with followed.span():
                return followed.answered(await get_response(request))

        return follow_async

    def follow_sync(request: HttpRequest) -> HttpResponseBase:
        followed = _Followed(request)
        with followed.span():
            response = get_response(request)
            assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows a sync chain
            return followed.answered(response)

    return follow_sync
