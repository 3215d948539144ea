"""The second step of replacing SECRET_KEY."""

from typing import Any, override

from cryptography.fernet import InvalidToken
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from chatsite.accounts.renewal import renew


class Command(BaseCommand):
    """`manage.py renewsecrets`, with the old key among SECRET_KEY_FALLBACKS."""

    help = "Encrypts what is kept encrypted anew, under the present SECRET_KEY."

    @override
    def handle(self, *_: Any, **__: Any) -> None:
        """Renew, and say how many."""
        try:
            renewed = renew()
        except InvalidToken as error:
            raise CommandError(
                "A second factor was encrypted under a key that is neither SECRET_KEY"
                " nor among SECRET_KEY_FALLBACKS. Nothing was changed."
            ) from error
        self.stdout.write(f"Renewed the secrets of {renewed} second factors.")
