"""The Django app of the site: its command and its checks."""

from typing import override

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Start-up, serving and what an operator can get wrong."""

    name = "chatsite"
    verbose_name = "Site"

    @override
    def ready(self) -> None:
        """Register the checks."""
        import chatsite.checks  # noqa: F401 - the import registers
