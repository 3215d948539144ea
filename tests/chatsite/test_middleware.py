"""Every response is dressed, and no middleware forces a thread on a request."""

import logging
import threading
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

from chatsite.logs import HideSecrets
from chatsite.middleware import on_the_loop


@pytest.mark.parametrize("path", settings.MIDDLEWARE)
def test_middleware_takes_async_requests(path: str) -> None:
    """A sync one would hold a thread for as long as the request lasts."""
    assert import_string(path).async_capable


class Noting(MiddlewareMixin):
    """Notes on which threads its steps are done."""

    def process_request(self, request: HttpRequest) -> None:
        request.META["before"] = threading.get_ident()

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        request.META["after"] = threading.get_ident()
        return response


@pytest.mark.parametrize("needs_thread", [False, True])
async def test_only_a_step_that_needs_a_thread_gets_one(*, needs_thread: bool) -> None:
    async def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")

    middleware: Any = on_the_loop(Noting, lambda *_: needs_thread)(answer)
    request = HttpRequest()
    response = await middleware(request)

    here = threading.get_ident()
    assert response.content == b"whole"
    assert request.META["before"] == here
    assert (request.META["after"] == here) is not needs_thread


def headers_of(response: Any) -> dict[str, str]:
    """The headers, by lower-case name."""
    return {name.lower(): value for name, value in response.items()}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/nothing-here/", "/", "/admin/", "/setup/void/"]
)
def test_every_page_carries_the_policies(client: Client, path: str) -> None:
    """Sign-in page, error, redirect and admin alike."""
    headers = headers_of(client.get(path))
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_pages_hold_no_inline_style_or_script(client: Client, path: str) -> None:
    """The policy would block them."""
    page = client.get(path).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


@pytest.mark.django_db
def test_a_missing_page_is_said_in_the_look_of_the_site(client: Client) -> None:
    """Not in Django's."""
    response = client.get("/nothing-here/")
    assert response.status_code == 404
    assert 'class="auth"' in response.content.decode()


def test_one_time_links_do_not_reach_the_log() -> None:
    """Whoever reads the log may not use them."""
    record = logging.LogRecord(
        *("django.request", logging.ERROR, __file__, 1),
        "Internal Server Error: %s",
        ("/setup/t0ken/ after /accounts/password/reset/key/1-c0de/",),
        None,
    )
    HideSecrets().filter(record)
    line = record.getMessage()
    assert "t0ken" not in line
    assert "c0de" not in line
    assert "/setup/" in line
