"""The page that stands where nothing is."""

import contextlib

from django.http import HttpRequest, HttpResponseNotFound
from django.http.multipartparser import MultiPartParserError
from django.views import defaults


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseNotFound:
    """Say so, also to a form that cannot be read, which Django calls its own fault."""
    with contextlib.suppress(MultiPartParserError):
        # Django's page looks into the form for a token, and may be the first to read.
        _ = request.POST
    return defaults.page_not_found(request, exception)
