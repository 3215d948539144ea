"""Headers that Django does not send by itself."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

type Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

HEADERS = {
    # No other site may embed a picture, a script or a page of this one.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _dressed(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@sync_and_async_middleware
def add_headers(get_response: Handler) -> Handler:
    """Add the headers to every response that does not carry its own."""
    if iscoroutinefunction(get_response):

        async def add_async(request: HttpRequest) -> HttpResponseBase:
            return _dressed(await get_response(request))

        return add_async

    def add(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows a sync chain
        return _dressed(response)

    return add
