"""The person, and what lets someone become one."""

from datetime import datetime, timedelta
from typing import Any, override

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.utils import timezone

INVITATION_LIFETIME = timedelta(days=7)


def in_a_week() -> datetime:
    """Return when an invitation expires unless its maker says otherwise."""
    return timezone.now() + INVITATION_LIFETIME


class User(AbstractUser):
    """Someone who may sign in."""

    @property
    def live_group(self) -> str:
        """The channel group that every socket of this person listens to."""
        return f"user.{self.pk}"

    def is_signed_in_by(self, session: Any) -> bool:
        """Whether that session still is a sign-in of this person, by the store."""
        # It asks about second factors, whose rows name people.
        from chatsite.accounts.authority import holds

        return holds(self, session)


class SetupLink(models.Model):
    """A link that may still be used once; only the digest of its token is kept."""

    token_digest = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        """Until when it works."""
        return f"Set-up link until {self.expires_at:%Y-%m-%d %H:%M}"


class ProvidedRights(models.Model):
    """What the identity provider gave a person: only this does it take away again."""

    person = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="provided_rights"
    )
    groups = models.ManyToManyField(Group)
    is_staff = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)

    @override
    def __str__(self) -> str:
        """Whose rights these are."""
        return f"What single sign-on gives {self.person}"


class Provisioned(models.Model):
    """A person whom the identity provider keeps over SCIM, under its own id."""

    person = models.OneToOneField(User, models.CASCADE, primary_key=True)
    external_id = models.CharField(max_length=255, blank=True, db_index=True)

    @override
    def __str__(self) -> str:
        """Who is kept so."""
        return f"Provisioning of {self.person}"


class Invitation(models.Model):
    """A link with which someone joins, once; only the digest of its token is kept."""

    email = models.EmailField()
    groups = models.ManyToManyField(Group, blank=True)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(default=in_a_week)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    used_by = models.OneToOneField(
        User, models.SET_NULL, null=True, editable=False, related_name="invitation"
    )

    @override
    def __str__(self) -> str:
        """For whom it is."""
        return f"Invitation of {self.email}"

    @property
    def state(self) -> str:
        """One of open, used, revoked, expired."""
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > timezone.now() else "expired"
