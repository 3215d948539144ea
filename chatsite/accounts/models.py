"""The person, and the one link that makes the first administrator."""

from typing import override

from django.contrib.auth.models import AbstractUser
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
