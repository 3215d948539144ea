"""After SECRET_KEY was replaced: what is kept encrypted takes the new key."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction

# The names under which django-allauth keeps what its adapter encrypts.
ENCRYPTED = frozenset({"secret", "seed", "migrated_codes"})


@transaction.atomic
def renew() -> int:
    """Encrypt the secrets of all second factors anew; return how many factors.

    Raises cryptography's InvalidToken, and changes nothing, where a secret was
    encrypted under a key that is not known any more.
    """
    renewed = 0
    for factor in Authenticator.objects.select_for_update():
        fresh = {
            name: _fresh(factor.data[name]) for name in ENCRYPTED & factor.data.keys()
        }
        if fresh:
            factor.data = {**factor.data, **fresh}
            factor.save(update_fields=("data",))
            renewed += 1
    return renewed


def _fresh(kept: Any) -> Any:
    if isinstance(kept, list):
        return [_fresh(each) for each in kept]
    adapter = get_adapter()
    return adapter.encrypt(adapter.decrypt(kept))
