"""SCIM 2.0 (RFC 7643, 7644): people and groups as an identity provider sees them.

What a provider made it may change and switch off; administrators that the site itself
made are beyond its reach. Nobody is deleted: what people wrote is theirs.
"""

import re
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from chatsite.accounts.models import Provisioned, User
from chatsite.accounts.people import deactivate

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
# Attributes that a person's row has, by SCIM's path in lower case.
COLUMNS = {
    "username": "username",
    "name.givenname": "first_name",
    "name.familyname": "last_name",
}
_FILTER = re.compile(r'\s*([\w.]+)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE)
_MEMBER = re.compile(r'members\[value eq "([^"]+)"\]', re.IGNORECASE)
_EMAIL = re.compile(r"emails(\[.*\])?(\.value)?", re.IGNORECASE)

type Resource = dict[str, Any]


class ScimError(Exception):
    """A request that is answered in SCIM's own shape of an error."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        """`kind` is one of SCIM's words, such as `uniqueness`."""
        super().__init__(detail)
        self.status = status
        self.kind = kind


def people() -> QuerySet[User]:
    """Return whom the provider may see and change."""
    ordinary = Q(is_superuser=False)
    its_own = Q(provisioned__isnull=False) | Q(provided_rights__is_superuser=True)
    return (
        User.objects.filter(ordinary | its_own)
        .select_related("provisioned")
        .prefetch_related("groups")
        .order_by("pk")
    )


def groups() -> QuerySet[Group]:
    """Return all groups with their members."""
    return Group.objects.prefetch_related("user_set").order_by("pk")


def filtered(rows: QuerySet[Any], query: str, fields: dict[str, str]) -> QuerySet[Any]:
    """Narrow `rows` by a filter of one equality; `fields` maps names to look-ups."""
    if not query:
        return rows
    found = _FILTER.fullmatch(query)
    lookup = fields.get(found[1].lower()) if found else None
    if found is None or lookup is None:
        raise ScimError(400, "Only one equality is supported.", "invalidFilter")
    return rows.filter(**{lookup: re.sub(r"\\(.)", r"\1", found[2])})


def user_resource(person: User) -> Resource:
    """Return the person as SCIM shows one."""
    shown: Resource = {
        "schemas": [USER_SCHEMA],
        "id": str(person.pk),
        "userName": person.username,
        "active": person.is_active,
        "displayName": person.get_full_name() or person.username,
        "name": {"givenName": person.first_name, "familyName": person.last_name},
        "groups": [
            {"value": str(group.pk), "display": group.name}
            for group in person.groups.all()
        ],
        "meta": {"resourceType": "User", "created": person.date_joined.isoformat()},
    }
    if person.email:
        shown["emails"] = [{"value": person.email, "type": "work", "primary": True}]
    if provisioned := getattr(person, "provisioned", None):
        shown["externalId"] = provisioned.external_id
    return shown


def group_resource(group: Group) -> Resource:
    """Return the group and its members as SCIM shows them."""
    return {
        "schemas": [GROUP_SCHEMA],
        "id": str(group.pk),
        "displayName": group.name,
        "members": [
            {"value": str(person.pk), "display": person.get_username()}
            for person in group.user_set.all()
        ],
        "meta": {"resourceType": "Group"},
    }


@transaction.atomic
def create_user(sent: Resource) -> User:
    """Make a person without a password: they come by single sign-on."""
    person = User()
    person.set_unusable_password()
    _write_user(person, flattened(sent))
    return person


@transaction.atomic
def replace_user(person: User, sent: Resource) -> None:
    """Make the person what was sent."""
    blank = {"name.givenname": "", "name.familyname": "", "active": True}
    _write_user(person, blank | flattened(sent))


@transaction.atomic
def patch_user(person: User, operations: list[Resource]) -> None:
    """Change what the operations name; attributes that nobody keeps are passed over."""
    changes: Resource = {}
    for operation in operations:
        path, value = str(operation.get("path") or ""), operation.get("value")
        if _verb(operation) == "remove":
            value = ""
        changes |= flattened({path: value} if path else value)
    _write_user(person, changes)


@transaction.atomic
def write_group(group: Group, sent: Resource) -> None:
    """Make the group what was sent, members included where they were sent."""
    _rename(group, sent.get("displayName"))
    if "members" in sent:
        group.user_set.set(_members(sent["members"]))


@transaction.atomic
def patch_group(group: Group, operations: list[Resource]) -> None:
    """Rename the group; add, remove or replace its members."""
    for operation in operations:
        _patch_group(group, _verb(operation), operation)


def flattened(sent: Any) -> Resource:
    """Return the attributes by path in lower case, such as `name.givenname`."""
    if not isinstance(sent, dict):
        raise ScimError(400, "An object was expected.", "invalidSyntax")
    flat: Resource = {}
    for name, value in sent.items():
        if name.lower() == "name" and isinstance(value, dict):
            flat |= {f"name.{part.lower()}": it for part, it in value.items()}
        elif _EMAIL.fullmatch(name):
            flat["email"] = _address(value)
        else:
            flat[name.lower()] = value
    return flat


def _write_user(person: User, sent: Resource) -> None:
    for path, column in COLUMNS.items():
        if path in sent:
            setattr(person, column, str(sent[path] or "").strip())
    if "email" in sent:
        person.email = sent["email"]
    _check(person)
    was_active, is_active = person.is_active, _truth(sent.get("active", True))
    if "active" in sent:
        person.is_active = is_active
    person.save()
    if was_active and not person.is_active:
        deactivate(person)
    _keep_external_id(person, sent)


def _keep_external_id(person: User, sent: Resource) -> None:
    known = Provisioned.objects.filter(person=person)
    if "externalid" in sent or not known.exists():
        external_id = str(sent.get("externalid") or "")
        Provisioned.objects.update_or_create(
            person=person, defaults={"external_id": external_id}
        )


def _check(person: User) -> None:
    others = User.objects.exclude(pk=person.pk)
    if others.filter(username__iexact=person.username).exists():
        raise ScimError(409, "Somebody has this userName.", "uniqueness")
    try:
        person.clean_fields()
        if person.email:
            validate_email(person.email)
    except ValidationError as error:
        raise ScimError(400, " ".join(error.messages), "invalidValue") from error


def _patch_group(group: Group, verb: str, operation: Resource) -> None:
    path, value = str(operation.get("path") or ""), operation.get("value")
    if named := _MEMBER.fullmatch(path):
        path, value = "members", [{"value": named[1]}]
    if not path and isinstance(value, dict):
        write_group(group, {"displayName": group.name} | value)
    elif path.lower() == "displayname":
        _rename(group, value)
    elif path.lower() != "members":
        raise ScimError(400, "Groups have a name and members.", "invalidPath")
    elif verb == "replace" or value is None:
        group.user_set.set(_members(value or []))
    elif verb == "add":
        group.user_set.add(*_members(value))
    else:
        group.user_set.remove(*_members(value))


def _rename(group: Group, name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ScimError(400, "A group has a displayName.", "invalidValue")
    group.name = name.strip()[:150]
    if Group.objects.exclude(pk=group.pk).filter(name=group.name).exists():
        raise ScimError(409, "There is a group of this name.", "uniqueness")
    group.save()


def _members(sent: Any) -> list[User]:
    listed = sent if isinstance(sent, list) else [sent]
    ids = [str(it.get("value")) for it in listed if isinstance(it, dict)]
    found = [*people().filter(pk__in=[pk for pk in ids if pk.isdecimal()])]
    if len(found) != len({*ids}):
        raise ScimError(400, "A member is not known here.", "invalidValue")
    return found


def _address(value: Any) -> str:
    if isinstance(value, list):
        entries = [it for it in value if isinstance(it, dict)]
        entries.sort(key=lambda it: it.get("primary") is not True)
        value = entries[0].get("value") if entries else ""
    return str(value or "").strip()


def _verb(operation: Any) -> str:
    verb = str(operation.get("op", "")).lower() if isinstance(operation, dict) else ""
    if verb not in {"add", "remove", "replace"}:
        raise ScimError(400, "An operation adds, removes or replaces.", "invalidSyntax")
    return verb


def _truth(value: Any) -> bool:
    # Some providers send the word.
    return value is True or str(value).lower() == "true"
