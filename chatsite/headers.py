"""Headers that Django does not send by itself, and what it must not get."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

# No title or name is longer; databases refuse what is much longer, or many words.
LONGEST_SEARCH = 200  # characters

type Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

HEADERS = {
    # No other site may embed a picture, a script or a page of this one.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # A name in a link that a model wrote must not be looked up before it is clicked.
    "X-DNS-Prefetch-Control": "off",
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


def _without_unreadable(request: HttpRequest) -> HttpRequest:
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_SEARCH:
        _shorten_search(request)
    try:
        urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        # django-htmx reads it wherever it is asked for, and would raise there.
        del request.META["HTTP_HX_CURRENT_URL"]
        del request.headers
    return request


def _shorten_search(request: HttpRequest) -> None:
    if words := request.GET.get("q"):
        found = request.GET.copy()
        found["q"] = words[:LONGEST_SEARCH]
        request.GET = found  # type: ignore[assignment] # it is a QueryDict that changes


@sync_and_async_middleware
def drop_unreadable(get_response: Handler) -> Handler:
    """Take away what would only break: an address of a page that is none, as htmx
    sends it, and of what is searched for the end that no row could hold.
    """
    if iscoroutinefunction(get_response):

        async def drop_async(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(
                _without_unreadable(request)
            )
            return response

        return drop_async

    def drop(request: HttpRequest) -> HttpResponseBase:
        response = get_response(_without_unreadable(request))
        assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows a sync chain
        return response

    return drop
