"""The Django app of the people."""

from typing import override

from django.apps import AppConfig

from chatsite.unloaded import load_when_used


class AccountsConfig(AppConfig):
    """People and sign-in."""

    name = "chatsite.accounts"
    verbose_name = "People"

    @override
    def ready(self) -> None:
        """Register the checks, and leave what passkeys need until one is used."""
        load_when_used("allauth.mfa.webauthn.internal", "auth")
        import chatsite.accounts.checks  # noqa: F401 - the import registers
