"""Invitations: made by an administrator, used once by whoever has the link."""

import hashlib
import secrets
import smtplib
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from chatsite.accounts.models import Invitation, User

TOKEN_BYTES = 32
# In the session of someone who looked at an invitation: its id.
PENDING = "invitation"


def new_token(invitation: Invitation) -> str:
    """Give the invitation, which is not saved here, a token; return it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation.token_digest = _digest(token)
    return token


def link_to(request: HttpRequest, token: str) -> str:
    """Return the address to hand over."""
    return request.build_absolute_uri(reverse("invitation", args=[token]))


def mail(invitation: Invitation, link: str) -> bool:
    """Mail the link where the site sends mail; return whether it did."""
    if not settings.EMAIL_URL:
        return False
    context = {"site_name": settings.SITE_NAME, "link": link, "invitation": invitation}
    try:
        send_mail(
            f"[{settings.SITE_NAME}] You are invited",
            render_to_string("account/invitation_mail.txt", context),
            None,
            [invitation.email],
        )
    except (OSError, smtplib.SMTPException):
        return False
    return True


def find(token: str) -> Invitation | None:
    """Return the invitation of a token, whatever its state."""
    return Invitation.objects.filter(token_digest=_digest(token)).first()


def keep_pending(request: HttpRequest, invitation: Invitation) -> None:
    """Remember across the way to the identity provider who was invited."""
    request.session[PENDING] = invitation.pk


def pending(request: HttpRequest) -> Invitation | None:
    """Return the open invitation that this browser looked at."""
    pk = request.session.get(PENDING)
    return _open().filter(pk=pk).first() if pk else None


def accept(invitation: Invitation, *, username: str, password: str) -> User | None:
    """Make the person, or return None: the invitation was used, revoked, expired."""
    name = User.normalize_username(username)
    email = User.objects.normalize_email(invitation.email)
    # Hashing takes long, and in the transaction it would hold up all who write.
    person = User(username=name, email=email, password=make_password(password))
    with transaction.atomic():
        person.save(force_insert=True)
        if use(invitation, person):
            return person
        transaction.set_rollback(True)
    return None


def use(invitation: Invitation, person: User) -> bool:
    """Use the invitation up for the person; say whether it still could be.

    The one row that is updated decides between two that use it at once.
    """
    used = _open().filter(pk=invitation.pk)
    if not used.update(used_at=timezone.now(), used_by=person):
        return False
    person.groups.add(*invitation.groups.all())
    return True


def revoke(invitation: Invitation) -> bool:
    """Make the link void; say whether it was still open."""
    now = timezone.now()
    return bool(_open(now).filter(pk=invitation.pk).update(revoked_at=now))


def _open(now: datetime | None = None) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        used_at=None, revoked_at=None, expires_at__gt=now or timezone.now()
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
