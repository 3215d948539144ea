"""Every address that the site answers, as its resolver knows them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, get_resolver

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
# Addresses that are no simple routes, and one that each of them matches.
_SPELLED = {
    "admin/^(?P<app_label>auth|django_tasks_database|accounts|conversations"
    "|audit|catalogue|ledger)/$": "admin/audit/",
    "admin/(?P<url>.*)$": "admin/nothing/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": (
        "accounts/password/reset/key/1-guessed/"
    ),
}


def routes(patterns: Sequence[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """The routes of the resolver, each with those that include it."""
    known = get_resolver().url_patterns if patterns is None else patterns
    for pattern in known:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


def path_of(route: str, arguments: Mapping[str, object]) -> str:
    """The path of `route` with keys in it."""
    spelled = _SPELLED.get(route, route)
    return "/" + _ARGUMENT.sub(lambda found: str(arguments[found[1]]), spelled)
