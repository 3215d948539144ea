"""The first administrator: by a one-time link, or named by the environment."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatsite.accounts.models import SetupLink, User

LINK_LIFETIME = timedelta(hours=1)
FRESH = timedelta(minutes=1)
TOKEN_BYTES = 32


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def has_administrator() -> bool:
    """Whether someone can administer the site."""
    return User.objects.filter(is_superuser=True, is_active=True).exists()


@transaction.atomic
def issue_link() -> str:
    """Return the token of a fresh link; every earlier one is void."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    SetupLink.objects.all().delete()
    SetupLink.objects.create(
        token_digest=_digest(token), expires_at=timezone.now() + LINK_LIFETIME
    )
    return token


def link_is_fresh() -> bool:
    """Whether a link was issued a moment ago, as by a process that started too."""
    young = timezone.now() + LINK_LIFETIME - FRESH
    return SetupLink.objects.filter(expires_at__gt=young).exists()


def link_works(token: str) -> bool:
    """Whether the link could be used now; asking does not use it up."""
    return (
        SetupLink.objects.filter(
            token_digest=_digest(token), expires_at__gt=timezone.now()
        ).exists()
        and not has_administrator()
    )


@transaction.atomic
def use_link(*, token: str, username: str, email: str, password: str) -> User | None:
    """Make the administrator, or return None: the link is void or was just used.

    Deleting the row decides between two that use the link at once.
    """
    used, _ = SetupLink.objects.filter(
        token_digest=_digest(token), expires_at__gt=timezone.now()
    ).delete()
    if not used or has_administrator():
        return None
    return User.objects.create_superuser(username, email, password)


@transaction.atomic
def administrator_from_environment() -> User | None:
    """Make the administrator that DJANGO_SUPERUSER_* names, if it names one."""
    name = settings.DJANGO_SUPERUSER_USERNAME
    password = settings.DJANGO_SUPERUSER_PASSWORD
    if not (name and password) or has_administrator():
        return None
    if User.objects.filter(username=name).exists():
        # An ordinary person of that name is not raised by a variable.
        return None
    return User.objects.create_superuser(
        name, settings.DJANGO_SUPERUSER_EMAIL, password
    )
