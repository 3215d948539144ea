"""Groups and rights that follow the claims of the identity provider."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from chatsite.accounts.models import ProvidedRights, User
from chatsite.accounts.sessions import end_sessions

MAX_GROUPS = 200
MAX_NAME_LENGTH = 150


def claimed_groups(claims: dict[str, Any]) -> list[str]:
    """Return the names under OIDC_GROUPS_CLAIM: its whole name, or a dotted path."""
    path = settings.OIDC_GROUPS_CLAIM
    value: Any = claims
    for step in [path] if path in claims else path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        return []
    fitting = [n for n in names if isinstance(n, str) and 0 < len(n) <= MAX_NAME_LENGTH]
    return fitting[:MAX_GROUPS]


def may_enter(claims: dict[str, Any]) -> bool:
    """Whether the claims hold one of OIDC_ALLOWED_GROUPS, where there are any."""
    allowed = {*settings.OIDC_ALLOWED_GROUPS}
    return not allowed or not allowed.isdisjoint(claimed_groups(claims))


def follow(person: User, claims: dict[str, Any]) -> None:
    """Give what the claims give, take back what an earlier sign-in gave.

    Whoever loses a right is signed out where it was still shown.
    """
    names = claimed_groups(claims)
    if names or ProvidedRights.objects.filter(person=person).exists():
        _follow(person, names)


def withdraw(person: User) -> None:
    """Take back everything, and end the sign-ins that stand."""
    _follow(person, [])
    end_sessions(person)


@transaction.atomic
def _follow(person: User, names: list[str]) -> None:
    given, _ = ProvidedRights.objects.select_for_update().get_or_create(person=person)
    _follow_groups(person, given, names)
    administers = not {*settings.OIDC_ADMIN_GROUPS}.isdisjoint(names)
    looks_after = not {*settings.OIDC_STAFF_GROUPS}.isdisjoint(names)
    lost = [
        _follow_flag(person, given, "is_superuser", wanted=administers),
        _follow_flag(person, given, "is_staff", wanted=administers or looks_after),
    ]
    person.save(update_fields=["is_staff", "is_superuser"])
    given.save()
    if any(lost):
        end_sessions(person)


def _follow_groups(person: User, given: ProvidedRights, names: Iterable[str]) -> None:
    wanted = {Group.objects.get_or_create(name=name)[0] for name in names}
    before, provided = {*person.groups.all()}, {*given.groups.all()}
    person.groups.remove(*(provided - wanted))
    person.groups.add(*wanted)
    # A membership that the site itself gave is not the provider's to take.
    given.groups.set(wanted & (provided | (wanted - before)))


def _follow_flag(
    person: User, given: ProvidedRights, name: str, *, wanted: bool
) -> bool:
    has, was_given = getattr(person, name), getattr(given, name)
    if wanted and not has:
        setattr(person, name, True)
        setattr(given, name, True)
    elif was_given and not wanted:
        setattr(person, name, False)
        setattr(given, name, False)
        return True
    return False
