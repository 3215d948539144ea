"""The Django app of the ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Usage of every provider call."""

    name = "conversations.ledger"
    verbose_name = "Ledger"
