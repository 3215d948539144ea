"""Second factors and passkeys: how they are kept, and who must have one."""

import base64
import hashlib
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, override
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from chatsite.accounts.models import User
from chatsite.accounts.sessions import end_sessions

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# Recovery codes alone are no factor: they stand in for one that was lost.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets are encrypted at rest; passkeys belong to the site's public name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "This site asks for a second factor, and it is your last one."
        ),
    }

    @override
    def get_totp_issuer(self) -> str:
        """Return what an authenticator app shows above the code."""
        return str(settings.SITE_NAME)

    @override
    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the name that passkeys are bound to.

        Browsers take no bare addresses: on one's own machine it is what was typed.
        """
        host = urlsplit(settings.SITE_URL).hostname or ""
        if _is_address(host):
            host = urlsplit(f"//{context.request.get_host()}").hostname or ""
        return {"id": host, "name": settings.SITE_NAME}

    @override
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether the person may go on without this one."""
        person = authenticator.user
        others = Authenticator.objects.filter(user=person, type__in=FACTORS)
        return not is_required(person) or others.exclude(pk=authenticator.pk).exists()

    @override
    def encrypt(self, text: str) -> str:
        """Return what may stand in the database."""
        return _box().encrypt(text.encode()).decode()

    @override
    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; raise InvalidToken if its key was thrown away."""
        return _box().decrypt(encrypted_text.encode()).decode()


def is_required(person: User) -> bool:
    """Whether REQUIRE_MFA speaks of this person."""
    if settings.REQUIRE_MFA == "staff":
        return person.is_staff or person.is_superuser
    return bool(settings.REQUIRE_MFA == "all")


def is_owed(person: User, methods: list[dict[str, Any]]) -> bool:
    """Whether the person has to set a factor up before going on.

    `methods` is how this session was signed in. Whoever came by single sign-on has met
    the demands of its provider.
    """
    if not is_required(person):
        return False
    if any(method.get("method") == "socialaccount" for method in methods):
        return False
    return not Authenticator.objects.filter(user=person, type__in=FACTORS).exists()


@transaction.atomic
def reset(person: User) -> int:
    """Take all factors of the person away, and end their sign-ins; return how many."""
    count: int = Authenticator.objects.filter(user=person).delete()[0]
    end_sessions(person)
    return count


def _box() -> "MultiFernet":
    # Only where somebody has a second factor is this much loaded.
    from cryptography.fernet import Fernet, MultiFernet

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    digest = hashlib.sha256(b"chatsite.accounts.factors:" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
