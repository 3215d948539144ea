"""What an operator can get wrong about sign-in, said before it hurts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

MIN_TOKEN_LENGTH = 32


@register(Tags.security)
def check_single_sign_on(**_: Any) -> list[CheckMessage]:
    """Half a set-up lets nobody in, or the wrong people."""
    found: list[CheckMessage] = []
    if settings.OIDC_ISSUER and not settings.OIDC_CLIENT_ID:
        found.append(Error("OIDC_ISSUER needs OIDC_CLIENT_ID.", id="accounts.E001"))
    if settings.OIDC_ONLY and not settings.OIDC_ISSUER:
        found.append(Error("OIDC_ONLY needs OIDC_ISSUER.", id="accounts.E002"))
    if settings.OIDC_LINK_BY_EMAIL and settings.SIGNUP:
        found.append(
            Error(
                "With SIGNUP anyone may claim an address that OIDC_LINK_BY_EMAIL"
                " would then open to its owner: both would be in one account.",
                hint="Switch one of them off.",
                id="accounts.E003",
            )
        )
    return found


@register(Tags.security)
def check_provisioning(**_: Any) -> list[CheckMessage]:
    """A token that can be guessed opens every account."""
    if 0 < len(settings.SCIM_TOKEN) < MIN_TOKEN_LENGTH:
        return [
            Error(
                f"SCIM_TOKEN is shorter than {MIN_TOKEN_LENGTH} characters.",
                id="accounts.E004",
            )
        ]
    return []
