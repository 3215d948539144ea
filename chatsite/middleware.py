"""Django's middlewares without a thread for each of their steps.

Served asynchronously, Django hands every step of theirs to a thread and waits for it,
ten times for a request. Most steps only look at headers: those stay on the event loop.
What reads or writes the database, or takes long, goes to a thread as it would.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common, csp, gzip

# To compress more takes longer than a way to a thread and back.
COMPRESSED_ASIDE_BYTES = 16_384

type NeedsThread = Callable[[Any, Any], bool]


def _never(_request: Any, _response: Any) -> bool:
    return False


def _saves_session(request: Any, _response: Any) -> bool:
    return bool(request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST)


def _keeps_messages(request: Any, _response: Any) -> bool:
    # Those that do not fit into a cookie are kept in the session.
    return bool(request._messages.used or request._messages.added_new)  # noqa: SLF001 - the middleware's own name


def _is_large(_request: Any, response: Any) -> bool:
    return not response.streaming and len(response.content) > COMPRESSED_ASIDE_BYTES


def on_the_loop[T](kind: type[T], needs_thread: NeedsThread = _never) -> type[T]:
    """A middleware like `kind` whose steps take no thread where they are awaited.

    Its last step still does if `needs_thread` says so of a request and its response.
    """

    async def respond(middleware: Any, request: HttpRequest) -> HttpResponseBase:
        begin = getattr(middleware, "process_request", None)
        end = getattr(middleware, "process_response", None)
        response: Any = begin(request) if begin else None
        response = response or await middleware.get_response(request)
        if end is None:
            pass
        elif needs_thread(request, response):
            response = await sync_to_async(end)(request, response)
        else:
            response = end(request, response)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 - narrows what Django does not type
        return response

    return type(kind.__name__, (kind,), {"__acall__": respond})


ContentSecurityPolicyMiddleware = on_the_loop(csp.ContentSecurityPolicyMiddleware)
GZipMiddleware = on_the_loop(gzip.GZipMiddleware, _is_large)
SessionMiddleware = on_the_loop(sessions.SessionMiddleware, _saves_session)
CommonMiddleware = on_the_loop(common.CommonMiddleware)
AuthenticationMiddleware = on_the_loop(auth.AuthenticationMiddleware)
MessageMiddleware = on_the_loop(messages.MessageMiddleware, _keeps_messages)
