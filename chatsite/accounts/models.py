"""The person: Django's user, owned by this project from the first migration."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Someone who may sign in."""

    @property
    def live_group(self) -> str:
        """The channel group that every socket of this person listens to."""
        return f"user.{self.pk}"
