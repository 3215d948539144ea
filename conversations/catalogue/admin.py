"""The admin of models: what their servers say, and what is decided instead."""

from decimal import Decimal
from typing import Any, override

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Field, PositiveBigIntegerField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.audit.readonly import never
from conversations.catalogue import offered, rows
from conversations.catalogue.decisions import end_of, retirement_warning
from conversations.catalogue.models import CatalogueModel, Fallback, ModelPrice

# Picodollars in a dollar per million tokens, and in a dollar per thousand searches.
PER_MILLION = 10**6
PER_THOUSAND = 10**9
AS_TOLD = (
    "told_name",
    "told_context",
    "told_output",
    "told_abilities",
    "told_retirement",
    "told_at",
)


class DollarsField(forms.DecimalField):
    """An amount in dollars per so many; kept as picodollars per one."""

    def __init__(self, scale: int, **options: Any) -> None:
        super().__init__(min_value=0, max_digits=12, decimal_places=6, **options)
        self.scale = scale

    @override
    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / self.scale if isinstance(value, int) else value

    @override
    def clean(self, value: Any) -> int:
        return int(super().clean(value) * self.scale)

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PriceInline(admin.TabularInline[ModelPrice, CatalogueModel]):
    """Prices of the site's own, in dollars."""

    model = ModelPrice
    extra = 0
    verbose_name_plural = (
        "prices: US dollars per million tokens; searches: per thousand"
    )

    @override
    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        if isinstance(db_field, PositiveBigIntegerField):
            is_search = db_field.name == "web_search"
            scale = PER_THOUSAND if is_search else PER_MILLION
            initial = 10 * PER_THOUSAND if is_search else None
            return DollarsField(scale, initial=initial)
        return super().formfield_for_dbfield(db_field, request, **options)


class FallbackInline(admin.TabularInline[Fallback, CatalogueModel]):
    """Who answers when this model cannot, the first position first."""

    model = Fallback
    fk_name = "model"
    extra = 0


@admin.register(CatalogueModel)
class CatalogueModelAdmin(admin.ModelAdmin[CatalogueModel]):
    """Every model that is, or was, listed by a back end; rows are made by listing."""

    list_display = ("id", "provider", "shown_name", "is_offered", "enabled", "retires")
    list_filter = ("provider", "enabled")
    search_fields = ("id", "name", "provider")
    filter_horizontal = ("groups",)
    inlines = (FallbackInline, PriceInline)
    readonly_fields = ("id", "provider", *AS_TOLD)
    fieldsets = (
        (None, {"fields": ("id", "provider", "enabled", "groups")}),
        ("As its server says", {"fields": AS_TOLD}),
        (
            "Instead of that",
            {
                "fields": (
                    "name",
                    "context_tokens",
                    "output_limit_tokens",
                    "images",
                    "documents",
                    "sampling",
                    "thinking",
                    "efforts",
                    "server_tools",
                    "retires_on",
                )
            },
        ),
    )

    has_add_permission = never
    # A row that is gone would come back with the next list, without its decisions.
    has_delete_permission = never

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        for row in CatalogueModel.objects.all():
            if row.enabled and (warning := _warning(row)):
                messages.warning(request, f"Model {row.pk}: {warning}")
        return super().changelist_view(request, extra_context)

    @override
    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        # This process at once, the others when they look next.
        transaction.on_commit(rows.renew)

    @admin.display(description="name")
    def shown_name(self, row: CatalogueModel) -> str:
        """As the picker has it."""
        return row.name or str(row.told.get("name", ""))

    @admin.display(description="offered now", boolean=True)
    def is_offered(self, row: CatalogueModel) -> bool:
        """Whether its server lists it, and nobody has switched it off."""
        return offered.model_info(row.pk) is not None

    @admin.display(description="retires")
    def retires(self, row: CatalogueModel) -> Any:
        """The day on which it is gone."""
        return row.retires_on or _told_retirement(row)

    @admin.display(description="name")
    def told_name(self, row: CatalogueModel) -> Any:
        """As told."""
        return row.told.get("name")

    @admin.display(description="context window")
    def told_context(self, row: CatalogueModel) -> Any:
        """In tokens."""
        return row.told.get("context_tokens")

    @admin.display(description="output limit")
    def told_output(self, row: CatalogueModel) -> Any:
        """In tokens."""
        return row.told.get("output_limit_tokens")

    @admin.display(description="abilities")
    def told_abilities(self, row: CatalogueModel) -> str:
        """What it takes and can do, in the words of the fields below."""
        plain = [name for name in ("images", "documents") if row.told.get(name)]
        if row.told.get("sampling"):
            plain.append("temperature")
        listed = [
            f"{name.replace('_', ' ')}: {', '.join(row.told[name])}"
            for name in ("thinking", "efforts", "server_tools")
            if row.told.get(name)
        ]
        return "; ".join([*plain, *listed]) or "none that is known"

    @admin.display(description="retires")
    def told_retirement(self, row: CatalogueModel) -> Any:
        """As told."""
        return _told_retirement(row)


def _told_retirement(row: CatalogueModel) -> Any:
    told = row.told.get("retires_at")
    moment = parse_datetime(told) if told else None
    return moment.date() if moment else None


def _warning(row: CatalogueModel) -> str:
    day = row.retires_on or _told_retirement(row)
    return retirement_warning(end_of(day) if day else None, timezone.now())
