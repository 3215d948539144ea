"""The Django app of the site: its command and its checks."""

from typing import override

from django.apps import AppConfig

from chatsite.unloaded import left_out

# The command line of httpx loads a toolkit for terminals wherever one is installed.
with left_out("httpx._main"):
    import conversations.messages_api  # noqa: F401 - so that it is loaded without


class SiteConfig(AppConfig):
    """Start-up, serving and what an operator can get wrong."""

    name = "chatsite"
    verbose_name = "Site"

    @override
    def ready(self) -> None:
        """Register the checks."""
        import chatsite.checks  # noqa: F401 - the import registers
