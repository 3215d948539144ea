"""The filters of the list of conversations that are more than a column."""

from typing import Any, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from conversations.admin.figures import newest_state
from conversations.models import Conversation, Turn


class StateFilter(admin.SimpleListFilter):
    """By the status of the newest turn."""

    title = "state"
    parameter_name = "state"

    @override
    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Turn.Status.choices]

    @override
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        if self.value() is None:
            return queryset
        return queryset.alias(newest=newest_state()).filter(newest=self.value())


class TrashFilter(admin.SimpleListFilter):
    """By whether the owner has put it into the trash."""

    title = "trash"
    parameter_name = "trashed"

    @override
    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [("no", "Outside the trash"), ("yes", "In the trash")]

    @override
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(trashed_at__isnull=self.value() == "no")
