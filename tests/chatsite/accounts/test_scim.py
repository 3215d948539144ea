"""People and groups over SCIM, as identity providers send them."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chatsite.accounts.models import User
from tests.hearing import Hear
from tests.identity_provider import IdentityProvider, sign_in

TOKEN = "a-token-of-at-least-thirty-two-letters"
USERS, GROUPS = "/scim/v2/Users", "/scim/v2/Groups"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DAVE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "dave",
    "externalId": "00u1",
    "name": {"givenName": "Dave", "familyName": "Bowman"},
    "emails": [
        {"value": "old@example.org"},
        {"value": "dave@example.org", "type": "work", "primary": True},
    ],
    "active": True,
}


@pytest.fixture
def scim(settings: Settings, db: None) -> Client:
    """An identity provider that knows the token, and checks CSRF as browsers do."""
    settings.SCIM_TOKEN = TOKEN
    headers = {"authorization": f"Bearer {TOKEN}"}
    return Client(enforce_csrf_checks=True, headers=headers)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    """Send a body as SCIM does."""
    data = b"" if body is None else json.dumps(body)
    return client.generic(method, path, data, content_type="application/scim+json")


def patched(client: Client, path: str, *operations: dict[str, Any]) -> Any:
    """Send operations of a patch."""
    body = {"schemas": [PATCH], "Operations": [*operations]}
    return send(client, "PATCH", path, body)


def made(client: Client, **fields: Any) -> str:
    """Make dave; return where he is found."""
    answer = send(client, "POST", USERS, DAVE | fields)
    assert answer.status_code == 201, answer.content
    return f"{USERS}/{answer.json()['id']}"


def test_without_a_token_of_the_site_there_is_nothing(db: None) -> None:
    """Not even a refusal."""
    assert Client().get(USERS).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_nobody_gets_in_with_another_token(scim: Client, given: str) -> None:
    """Nor with a browser's session."""
    answer = Client(headers={"authorization": given}).get(USERS)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["status"] == "401"


def test_a_person_is_made(scim: Client) -> None:
    """Without a password: they come by single sign-on."""
    answer = send(scim, "POST", USERS, DAVE)
    assert answer.status_code == 201
    assert answer["Content-Type"] == "application/scim+json"
    shown = answer.json()
    dave = User.objects.get()
    assert shown["id"] == str(dave.pk)
    assert shown["externalId"] == "00u1"
    assert shown["emails"][0]["value"] == dave.email == "dave@example.org"
    assert (dave.first_name, dave.last_name) == ("Dave", "Bowman")
    assert not dave.has_usable_password()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ('userName eq "dave"', 1),
        ('userName eq "DAVE"', 1),
        ('userName eq "nobody"', 0),
        ('externalId eq "00u1"', 1),
        ('emails.value eq "dave@example.org"', 1),
    ],
)
def test_people_are_found_by_a_filter(
    scim: Client, alice: User, query: str, count: int
) -> None:
    """As providers ask before they make someone."""
    made(scim)
    answer = scim.get(USERS, {"filter": query}).json()
    assert answer["totalResults"] == len(answer["Resources"]) == count


@pytest.mark.parametrize(
    "query", ['userName sw "d"', "userName", 'password eq "x"', 'id eq "x"']
)
def test_other_filters_are_refused_in_the_shape_of_scim(
    scim: Client, query: str
) -> None:
    """With the word that the standard has for it."""
    answer = scim.get(USERS, {"filter": query})
    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidFilter"


def test_lists_come_in_pages(scim: Client) -> None:
    """Counted from one."""
    for name in ("a", "b", "c"):
        made(scim, userName=name)
    page = scim.get(USERS, {"startIndex": 2, "count": 1}).json()
    assert [it["userName"] for it in page["Resources"]] == ["b"]
    assert (page["totalResults"], page["itemsPerPage"]) == (3, 1)


def test_a_name_is_given_once(scim: Client, alice: User) -> None:
    """Whatever its letters' case; a local account is not taken over."""
    answer = send(scim, "POST", USERS, DAVE | {"userName": "Alice"})
    assert answer.status_code == 409
    assert answer.json()["scimType"] == "uniqueness"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userName": "with space"},
        {"userName": "x", "emails": [{"value": "none"}]},
        [],
    ],
)
def test_what_makes_no_person_is_refused(scim: Client, body: Any) -> None:
    """And nothing is left behind."""
    assert send(scim, "POST", USERS, body).status_code == 400
    assert not User.objects.exists()


def test_a_body_that_is_no_json_is_refused(scim: Client) -> None:
    """In the shape of SCIM too."""
    answer = scim.generic("POST", USERS, b"{", content_type="application/scim+json")
    assert answer.json()["scimType"] == "invalidSyntax"


def test_a_person_is_replaced(scim: Client) -> None:
    """What is not sent is gone."""
    path = made(scim)
    answer = send(scim, "PUT", path, {"userName": "david", "active": True})
    assert answer.json()["userName"] == "david"
    assert User.objects.get().first_name == ""


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
        None,
    ],
)
def test_switching_off_ends_sessions_and_sockets_at_once(
    scim: Client,
    operation: dict[str, Any] | None,
    heard: Hear,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """In every shape that providers send, and by DELETE."""
    path = made(scim)
    dave = User.objects.get()
    browser = Client()
    browser.force_login(dave)
    socket = heard(dave)
    with django_capture_on_commit_callbacks(execute=True):
        if operation:
            assert patched(scim, path, operation).json()["active"] is False
        else:
            assert scim.delete(path).status_code == 204
    assert socket() == {"type": "person.signed_out"}
    assert "_auth_user_id" not in browser.session
    assert not User.objects.get().is_active


def test_a_person_is_switched_on_again(scim: Client) -> None:
    """With what they wrote."""
    path = made(scim, active=False)
    patched(scim, path, {"op": "replace", "path": "active", "value": True})
    assert User.objects.get().is_active


def test_a_patch_changes_what_it_names(scim: Client) -> None:
    """And passes over what nobody keeps."""
    path = made(scim)
    patched(
        scim,
        path,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "d@e.org"},
        {"op": "add", "path": "name.familyName", "value": "B."},
        {"op": "add", "path": "title", "value": "Pilot"},
    )
    dave = User.objects.get()
    assert (dave.username, dave.email, dave.last_name) == ("dave", "d@e.org", "B.")


def test_administrators_of_the_site_itself_are_out_of_reach(
    scim: Client, bob: User
) -> None:
    """A token that leaked switches nobody off who could shut it out."""
    path = f"{USERS}/{bob.pk}"
    assert scim.get(path).status_code == 404
    assert scim.delete(path).status_code == 404
    assert User.objects.get().is_active


def test_no_one_becomes_an_administrator_over_scim(scim: Client) -> None:
    """There is no attribute for it."""
    made(scim, is_superuser=True, isStaff=True, roles=[{"value": "admin"}])
    dave = User.objects.get()
    assert (dave.is_staff, dave.is_superuser) == (False, False)


def test_whom_the_provider_made_signs_on_by_address(
    scim: Client, provider: IdentityProvider
) -> None:
    """Into that account, not a second one."""
    made(scim)
    provider.knows("sub-70", email="dave@example.org", email_verified=True)
    assert sign_in(provider, "sub-70").status_code == 302
    assert User.objects.count() == 1


def members_of(name: str) -> set[str]:
    """Who is in the group."""
    return {user.username for user in Group.objects.get(name=name).user_set.all()}


def test_groups_are_made_filled_renamed_and_deleted(scim: Client, alice: User) -> None:
    """Members stay people."""
    dave = made(scim).rpartition("/")[2]
    body = {"displayName": "crew", "members": [{"value": dave}]}
    answer = send(scim, "POST", GROUPS, body)
    assert (answer.status_code, members_of("crew")) == (201, {"dave"})
    path = f"{GROUPS}/{answer.json()['id']}"
    more = {"op": "add", "path": "members", "value": [{"value": str(alice.pk)}]}
    patched(scim, path, more)
    assert members_of("crew") == {"dave", "alice"}
    patched(scim, path, {"op": "remove", "path": f'members[value eq "{dave}"]'})
    assert members_of("crew") == {"alice"}
    patched(scim, path, {"op": "replace", "value": {"displayName": "pilots"}})
    assert members_of("pilots") == {"alice"}
    send(scim, "PUT", path, {"displayName": "pilots", "members": []})
    assert members_of("pilots") == set()
    assert scim.delete(path).status_code == 204
    assert User.objects.count() == 2


def test_a_group_is_found_by_its_name(scim: Client) -> None:
    """Providers look before they make one."""
    Group.objects.create(name="crew")
    found = scim.get(GROUPS, {"filter": 'displayName eq "crew"'}).json()
    assert found["totalResults"] == 1
    assert send(scim, "POST", GROUPS, {"displayName": "crew"}).status_code == 409


def test_an_unknown_member_is_refused(scim: Client) -> None:
    """And the group is not made."""
    body = {"displayName": "crew", "members": [{"value": "999999"}]}
    assert send(scim, "POST", GROUPS, body).status_code == 400
    assert not Group.objects.exists()


def test_the_site_says_what_it_supports(scim: Client) -> None:
    """So that providers need not guess."""
    supports = scim.get("/scim/v2/ServiceProviderConfig").json()
    assert supports["patch"]["supported"]
    assert supports["filter"]["supported"]
    types = scim.get("/scim/v2/ResourceTypes").json()["Resources"]
    assert [it["endpoint"] for it in types] == ["/Users", "/Groups"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", USERS, 405), ("GET", f"{USERS}/x", 404), ("GET", f"{USERS}/99", 404)],
)
def test_other_requests_get_an_error_of_scim(
    scim: Client, method: str, path: str, status: int
) -> None:
    """Not a page."""
    answer = send(scim, method, path)
    assert answer.status_code == status
    assert answer.json()["status"] == str(status)
