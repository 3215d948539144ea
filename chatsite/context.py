"""What every page may say about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(_request: HttpRequest) -> dict[str, object]:
    """Name of the site, whether strangers may join, whether it sends mail."""
    return {
        "site_name": settings.SITE_NAME,
        "signup_open": settings.SIGNUP,
        "sends_mail": bool(settings.EMAIL_URL),
    }
