"""Acts of an administrator on a person."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction

from chatsite.accounts.models import User
from chatsite.accounts.sessions import end_sessions


@transaction.atomic
def deactivate(person: User) -> None:
    """End sign-in, sessions and sockets of the person; keep what they wrote."""
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)


def password_link(person: User) -> str:
    """Return a link with which the person chooses a password.

    It works once, for three days, and dies with any change of the password.
    """
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    link: str = get_adapter().get_reset_password_from_key_url(key)
    return link
