"""What makes a page of the admin one that only shows.

Assigned in the class body of a ModelAdmin; whoever may do everything may not change
by hand what serves as evidence, either.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.http import HttpRequest


def never(*_asked: Any, **_options: Any) -> bool:
    """Answer a question for permission: no, whoever asks, superusers included."""
    return False


def offered_filters_only(
    admin: ModelAdmin[Any], lookup: str, value: str, request: HttpRequest
) -> bool:
    """Allow a lookup in the address only where a filter of the page offers it.

    Django allows every field of the model itself, so `?text__contains=` would
    answer what a message says without a trace of anyone having read it.
    """
    names = tuple(_filter_names(admin, request))
    offered = lookup in names or lookup.startswith(tuple(f"{n}__" for n in names))
    return offered and ModelAdmin.lookup_allowed(admin, lookup, value, request)


def _filter_names(admin: ModelAdmin[Any], request: HttpRequest) -> Iterator[str]:
    for entry in admin.get_list_filter(request):
        match entry:
            case str():
                yield entry
            case (str() as field, _):
                yield field
            case type() if issubclass(entry, SimpleListFilter):
                yield entry.parameter_name or ""
