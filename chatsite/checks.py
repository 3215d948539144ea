"""What an operator can get wrong, said before it hurts."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@register(Tags.security)
def check_site_url(**_: Any) -> list[CheckMessage]:
    """Plain http is for one's own machine."""
    address = urlsplit(settings.SITE_URL)
    if address.scheme not in {"http", "https"} or not address.hostname:
        return [Error("SITE_URL is not an http or https address.", id="chatsite.E001")]
    if address.scheme == "https" or address.hostname in LOOPBACK_NAMES:
        return []
    return [
        CheckWarning(
            f"{settings.SITE_URL} is not encrypted: passwords and conversations"
            " cross the network in the clear.",
            hint="Put a proxy with TLS in front and set SITE_URL to its https address.",
            id="chatsite.W001",
        )
    ]


@register(Tags.security)
def check_hosts(**_: Any) -> list[CheckMessage]:
    """A site that answers to every name can be framed by any name."""
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        return [
            Error(
                "ALLOWED_HOSTS holds *, so any name would be answered.",
                hint="Name the hosts of the site.",
                id="chatsite.E002",
            )
        ]
    return []


@register(Tags.security)
def check_credentials(**_: Any) -> list[CheckMessage]:
    """A key with white space in it fails late, and in an error that quotes it."""
    return [
        Error(f"{name} holds white space.", id="chatsite.E003")
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY")
        if any(character.isspace() for character in getattr(settings, name))
    ]
