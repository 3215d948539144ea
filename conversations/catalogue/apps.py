"""The Django app of the catalogue."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Models on offer, and what administrators decided about them."""

    name = "conversations.catalogue"
    verbose_name = "Models"
