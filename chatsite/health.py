"""Two probes: does the process serve, and can it do its work.

They are answered before anything else looks at the request, so that a probe by
address or without TLS is told the truth too.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatsite.headers import Handler

CHECK_TIMEOUT_S = 2.0


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _write_file() -> None:
    settings.ATTACHMENTS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.ATTACHMENTS_DIR) as file:
        file.write(b"ok")


async def _cross_layer() -> None:
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 - the settings name one
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "probe"})
    await layer.receive(channel)


async def _fails(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Exception:  # noqa: BLE001 - a probe reports whatever is wrong
        return True
    return False


async def failing_parts() -> list[str]:
    """Name the parts that do not answer in time, in a fixed order."""
    checks: dict[str, Callable[[], Awaitable[None]]] = {
        "database": sync_to_async(_ask_database),
        "layer": _cross_layer,
        "storage": sync_to_async(_write_file),
    }
    return [name for name, check in checks.items() if await _fails(check)]


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
