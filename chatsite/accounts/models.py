"""The person, and what lets someone become one."""

from typing import override

from django.contrib.auth.models import AbstractUser, Group
from django.db import models


class User(AbstractUser):
    """Someone who may sign in."""

    @property
    def live_group(self) -> str:
        """The channel group that every socket of this person listens to."""
        return f"user.{self.pk}"


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
