"""Columns that several lists share."""

import uuid
from datetime import datetime
from typing import Protocol

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format


class Keyed(Protocol):
    """A row whose key is a UUID."""

    @property
    def pk(self) -> uuid.UUID: ...


class Dated(Protocol):
    """A row that knows when it was made."""

    created_at: datetime


@admin.display(description="id", ordering="pk")
def short_id(row: Keyed) -> str:
    """The first eight digits of the key, enough to tell rows of a page apart."""
    return str(row.pk)[:8]


@admin.display(description="created", ordering="created_at")
def created(row: Dated) -> str:
    """When it was made, to the minute."""
    return minute(row.created_at)


def minute(moment: datetime) -> str:
    """A moment in the site's zone, short enough for a column."""
    return date_format(timezone.localtime(moment), "j M Y H:i")
