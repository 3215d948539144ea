"""Acts of an administrator on a person."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from chatsite.accounts.models import User
from chatsite.accounts.sessions import end_sessions


def enters_by_provider_only(person: User) -> bool:
    """Whether only single sign-on lets the person in.

    So do those whom the provider brought: whoever is shut out there may not have kept
    a password or a passkey here. Administrators with a password always have a door.
    """
    if not settings.OIDC_ISSUER:
        return False
    if person.has_usable_password():
        return settings.OIDC_ONLY and not person.is_superuser
    return settings.OIDC_ONLY or SocialAccount.objects.filter(user=person).exists()


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
