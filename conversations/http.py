"""Requests as the views know them: signed in, and perhaps made by htmx."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from conversations import correlation
from conversations.database import in_thread

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from chatsite.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request of a person who is signed in."""

    user: User  # narrower than Django's: views see no stranger
    htmx: HtmxDetails


type View[**P] = Callable[Concatenate[SignedInRequest, P], HttpResponse]
type AsyncView[**P] = Callable[
    Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponse]
]


def page[**P](view: View[P]) -> AsyncView[P]:
    """Run a sync page view on a database thread; others go to the sign-in page."""
    return _signed_in(view, refuse=_to_sign_in)


def partial[**P](view: View[P]) -> AsyncView[P]:
    """Run a sync view of a partial on a database thread; a stranger is told 401."""
    return _signed_in(view, refuse=signed_out)


def _signed_in[**P](
    view: View[P], *, refuse: Callable[[HttpRequest], HttpResponse]
) -> AsyncView[P]:
    @functools.wraps(view)
    async def guarded(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        return await in_thread(_guard, request, *args, **kwargs)

    def _guard(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not request.user.is_authenticated:
            return refuse(request)
        conversation = kwargs.get("conversation_id")
        correlation.add(person=request.user.pk, conversation=conversation)
        response = view(request, *args, **kwargs)  # type: ignore[arg-type] # checked above
        # What was said must not come back from a cache after sign-out.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}")


def signed_out(request: HttpRequest) -> HttpResponse:
    """The answer to a partial's request once the person is no longer signed in."""
    return problem(
        request, "You are signed out. What you wrote is still here.", sign_in=True
    )


def problem(
    request: HttpRequest,
    words: str,
    *,
    status: int = 401,
    detail: str = "",
    sign_in: bool = False,
) -> HttpResponse:
    """A fragment that says what failed, swapped in above the composer."""
    context = {"words": words, "detail": detail, "sign_in": sign_in}
    response = render(
        request,
        "conversations/problem.html",
        context,
        status=401 if sign_in else status,
    )
    response.headers["HX-Retarget"] = "#composer-problem"
    response.headers["HX-Reswap"] = "innerHTML"
    return response
