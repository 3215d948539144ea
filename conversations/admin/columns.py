"""Columns that several lists share."""

import uuid
from typing import Protocol

from django.contrib import admin


class Keyed(Protocol):
    """A row whose key is a UUID."""

    @property
    def pk(self) -> uuid.UUID: ...


@admin.display(description="id", ordering="pk")
def short_id(row: Keyed) -> str:
    """The first eight digits of the key, enough to tell rows of a page apart."""
    return str(row.pk)[:8]
