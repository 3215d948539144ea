"""Filters of lists that grow for years."""

from typing import Any, cast, override

from django.contrib import admin
from django.core.cache import cache

KEPT_S = 600


class KeptValues(admin.AllValuesFieldListFilter):
    """By any value that occurs; which ones do is looked up every ten minutes.

    To find them the whole table is read, and new ones are rare.
    """

    @override
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        occurring = self.lookup_choices
        key = f"values-that-occur:{occurring.model.__name__}.{self.field_path}"
        found = cache.get_or_set(key, lambda: list(occurring), KEPT_S)
        self.lookup_choices = cast("Any", found)
