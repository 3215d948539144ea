"""What happens around each request of someone who is signed in."""

import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware
from django_htmx.http import HttpResponseClientRedirect

from chatsite.accounts import factors, sessions

logger = logging.getLogger(__name__)

type Handler = Callable[[HttpRequest], Any]

# In the session: the rule under which this sign-in owes no second factor.
SETTLED = "factor_settled"
# What someone without the factor that the site asks for may still open.
OPEN_TO_ALL = ("/accounts/", "/static/", "/setup/", "/join/")
MAX_NOTED = 10_000


@sync_and_async_middleware
def require_factor(get_response: Handler) -> Handler:
    """Send people to set a second factor up where REQUIRE_MFA asks for one.

    The answer is kept in the session: it costs one query for each sign-in.
    """
    if iscoroutinefunction(get_response):

        async def require_async(request: HttpRequest) -> HttpResponseBase:
            if not _is_open(request) and not _is_settled(
                await request.session.aget(SETTLED)
            ):
                person = await request.auser()
                if person.is_authenticated and await sync_to_async(_owes)(request):
                    return _to_set_up(request)
            response: HttpResponseBase = await get_response(request)
            return response

        return require_async

    def require(request: HttpRequest) -> HttpResponseBase:
        settled = _is_open(request) or _is_settled(request.session.get(SETTLED))
        if not settled and request.user.is_authenticated and _owes(request):
            return _to_set_up(request)
        response: HttpResponseBase = get_response(request)
        return response

    return require


def _is_open(request: HttpRequest) -> bool:
    return settings.REQUIRE_MFA == "off" or request.path.startswith(OPEN_TO_ALL)


def _is_settled(answer: str | None) -> bool:
    # The rule may have changed since.
    return answer == settings.REQUIRE_MFA


def _owes(request: HttpRequest) -> bool:
    methods = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    owes = factors.is_owed(request.user, methods)  # type: ignore[arg-type]  # signed in
    if not owes:
        request.session[SETTLED] = settings.REQUIRE_MFA
    return owes


def _to_set_up(request: HttpRequest) -> HttpResponse:
    address = reverse("account")
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return redirect(address)


@sync_and_async_middleware
def note_activity(get_response: Handler) -> Handler:
    """Keep when and from where a session was last used, to within some minutes.

    The site is served asynchronously; elsewhere nothing is kept.
    """
    if not iscoroutinefunction(get_response):
        return get_response
    noted: dict[str, float] = {}

    async def note(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await get_response(request)
        session: Any = request.session
        in_use = session.accessed and await session.aget(SESSION_KEY)
        if in_use and _is_new(session.session_key, noted):
            await _note(request)
        return response

    return note


async def _note(request: HttpRequest) -> None:
    try:
        await sync_to_async(sessions.note)(request)
    except (DatabaseError, ImproperlyConfigured):
        # The answer is made, and worth more than this.
        logger.warning("The use of a session could not be noted.", exc_info=True)


def _is_new(key: str | None, noted: dict[str, float]) -> bool:
    now = time.monotonic()
    if key is None or now < noted.get(key, 0.0):
        return False
    if len(noted) >= MAX_NOTED:
        noted.clear()
    noted[key] = now + sessions.SEEN_INTERVAL_S
    return True
