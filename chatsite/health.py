"""Two probes: does the process serve, and can it do its work.

They are answered before anything else looks at the request, so that a probe by
address or without TLS is told the truth too.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync, iscoroutinefunction
from channels.layers import get_channel_layer
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatsite.headers import Handler
from conversations.database import in_thread

# Short of the two seconds after which who asks has no patience left.
CHECK_TIMEOUT_S = 1.8
PROBE_NAME = "probe"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _write_file() -> None:
    default_storage.delete(PROBE_NAME)
    default_storage.save(PROBE_NAME, ContentFile(b"ok"))


async def _cross_layer() -> None:
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 - the settings name one
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "probe"})
    await layer.receive(channel)
    # Whoever gives up waiting gives the channel back.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await layer.receive(channel)


async def _fails(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Exception:  # noqa: BLE001 - a probe reports whatever is wrong
        return True
    return False


async def failing_parts() -> list[str]:
    """Name the parts that do not answer in time; all are asked at once."""
    checks: dict[str, Callable[[], Awaitable[None]]] = {
        "database": lambda: in_thread(_ask_database),
        "layer": _cross_layer,
        "storage": lambda: asyncio.to_thread(_write_file),
    }
    failures = await asyncio.gather(*map(_fails, checks.values()))
    return [name for name, fails in zip(checks, failures, strict=True) if fails]


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(
        text,
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


async def _answer(path: str) -> HttpResponse | None:
    if path == "/healthz":
        return _plain("ok", 200)
    if path == "/readyz":
        failing = await failing_parts()
        return _plain(", ".join(failing) or "ok", 503 if failing else 200)
    return None


@sync_and_async_middleware
def answer_probes(get_response: Handler) -> Handler:
    """Answer /healthz and /readyz; hand everything else on."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return await _answer(request.path) or await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = async_to_sync(_answer)(request.path) or get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows a sync chain
        return response

    return answer
