"""What an identity provider says about a person, read with care."""

from typing import Any

from django.conf import settings


def verified_email(claims: dict[str, Any]) -> str:
    """Return the address that the provider vouches for, else an empty string.

    Some providers write the flag as a string.
    """
    flag = claims.get("email_verified", settings.OIDC_TRUST_EMAIL)
    email = claims.get("email")
    vouched = flag is True or flag == "true"
    return email.strip().lower() if vouched and isinstance(email, str) else ""
