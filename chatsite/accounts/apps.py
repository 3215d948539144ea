"""The Django app of the people."""

from typing import override

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and sign-in."""

    name = "chatsite.accounts"
    verbose_name = "People"

    @override
    def ready(self) -> None:
        """Register the checks."""
        import chatsite.accounts.checks  # noqa: F401 - the import registers
