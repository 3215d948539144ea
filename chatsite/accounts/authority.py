"""Whether a sign-in still holds, asked of the store by what outlives a request."""

from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from chatsite.accounts import factors
from chatsite.accounts.models import User


def holds(person: User, session: Any) -> bool:
    """Whether the session would open a page to the person now.

    `session` and `person` are as they were found once, perhaps long ago: that session
    still stands, and for this person; nobody was deactivated, no password changed, and
    no second factor is owed.
    """
    key = session.session_key
    if key is None:
        return False
    kept = session.model.objects.filter(pk=key, expire_date__gt=timezone.now()).first()
    fresh = User.objects.filter(pk=person.pk, is_active=True).first()
    if kept is None or fresh is None or fresh.password != person.password:
        return False
    found = kept.get_decoded()
    methods = found.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    is_theirs = found.get(SESSION_KEY) == str(person.pk)
    return is_theirs and not factors.is_owed(fresh, methods)
