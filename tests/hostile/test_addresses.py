"""Every address, with every verb, for everyone whose business it is not."""

import uuid
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import Client

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.audit.reading import first_reading
from conversations.ledger.models import Call
from conversations.models import Attachment, Compaction, Conversation, Message, Turn
from tests.admin_data import SECRET, attachment_of, conversation_of, person, signed_in
from tests.hostile.addresses import path_of, routes

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What names a row of a person: the verb that is meant for it.
OWNED = {
    "c/<uuid:conversation_id>/": "GET",
    "c/<uuid:conversation_id>/turns": "POST",
    "c/<uuid:conversation_id>/context": "POST",
    "c/<uuid:conversation_id>/compact": "POST",
    "c/<uuid:conversation_id>/settings": "POST",
    "compactions/<uuid:compaction_id>/undo": "POST",
    "c/<uuid:conversation_id>/stop": "POST",
    "c/<uuid:conversation_id>/older": "GET",
    "c/<uuid:conversation_id>/changes": "GET",
    "c/<uuid:conversation_id>/rename": "POST",
    "c/<uuid:conversation_id>/trash": "POST",
    "c/<uuid:conversation_id>/restore": "POST",
    "turns/<uuid:turn_id>/retry": "POST",
    "turns/<uuid:turn_id>/regenerate": "POST",
    "turns/<uuid:turn_id>/send": "POST",
    "turns/<uuid:turn_id>/withdraw": "POST",
    "messages/<uuid:message_id>/show": "POST",
    "messages/<uuid:message_id>/edit": "GET",
    "messages/<uuid:message_id>/versions": "POST",
    "messages/<uuid:message_id>/text": "GET",
    "attachments/<uuid:pk>/discard/": "POST",
    "attachments/<uuid:pk>/": "GET",
    "attachments/<uuid:pk>/thumbnail/": "GET",
}
# What shows or changes only what belongs to whoever asks.
OWN = {
    *("", "c/new/", "c/", "trash/", "conversations/", "attachments/"),
    *("attachments/chips", "accounts/", "accounts/sessions/end/", "c/new/context"),
    *("accounts/sessions/<int:pk>/end/", "accounts/reauthenticate/"),
    *("accounts/password/change/", "accounts/password/set/", "accounts/2fa/"),
    *("accounts/2fa/reauthenticate/", "accounts/2fa/app/add/"),
    *("accounts/2fa/app/remove/", "accounts/2fa/codes/", "accounts/2fa/codes/new/"),
    *("accounts/2fa/codes/file/", "accounts/2fa/passkeys/"),
    *("accounts/2fa/passkeys/add/", "accounts/2fa/passkeys/reauthenticate/"),
    *("accounts/2fa/passkeys/<int:pk>/remove/", "accounts/logout/"),
}
# Where people come who are not signed in.
OPEN = {
    *("setup/<str:token>/", "join/<str:token>/", "accounts/login/"),
    "accounts/signup/",
    *("accounts/oidc/login/", "accounts/oidc/login/callback/"),
    *("accounts/oidc/cancelled/", "accounts/inactive/", "accounts/password/reset/"),
    "accounts/password/reset/done/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    *("accounts/password/reset/key/done/", "accounts/2fa/authenticate/"),
    "accounts/2fa/passkeys/login/",
}
# What an identity provider reaches with a token, and nobody in a browser.
SCIM = {
    *("scim/v2/ServiceProviderConfig", "scim/v2/ResourceTypes", "scim/v2/Users"),
    *("scim/v2/Users/<str:pk>", "scim/v2/Groups", "scim/v2/Groups/<str:pk>"),
}
# Of the admin's own addresses those that hold nothing of anybody.
ADMIN_FOR_ALL_STAFF = {
    *("admin/", "admin/login/", "admin/logout/", "admin/password_change/"),
    *("admin/password_change/done/", "admin/jsi18n/", "admin/(?P<url>.*)$"),
}
AWAY = ("/accounts/", "/admin/")


@pytest.fixture
def theirs(db: None) -> Conversation:
    """A conversation of alice, in which every word is secret."""
    made = conversation_of(person("alice"))
    attachment_of(made)
    return made


@pytest.fixture
def keys(theirs: Conversation) -> Callable[[str], str]:
    """The path of a route, with the keys of alice's rows in it."""
    turn = theirs.turns.get()
    reading = first_reading(
        reader=theirs.owner,
        owner=theirs.owner,
        conversation_id=theirs.pk,
        reason=SECRET,
        address="",
    )
    reading.save()
    compaction = Compaction.objects.create(
        key=turn.key,
        conversation=theirs,
        turn=turn,
        status=Compaction.Status.COMPLETE,
        text=SECRET,
        model=turn.model,
    )
    rows: dict[str, object] = {
        "user": theirs.owner.pk,
        "attachment": Attachment.objects.get().pk,
        "conversation": theirs.pk,
        "message": turn.answer_id,
        "turn": turn.pk,
        "reading": reading.pk,
        "call": Call.objects.get().pk,
        "group": 1,
    }
    keys: dict[str, object] = {
        "conversation_id": theirs.pk,
        "turn_id": turn.pk,
        "message_id": turn.answer_id,
        "attachment_id": rows["attachment"],
        "compaction_id": compaction.pk,
        "content_type_id": ContentType.objects.get_for_model(Conversation).pk,
        "token": "guessed",
        "id": theirs.owner.pk,
    }

    def path(route: str) -> str:
        app, _, model = route.removeprefix("admin/").partition("/")
        object_id = rows.get(model.partition("/")[0], theirs.pk)
        pk = 1 if route.startswith("accounts/") else rows["attachment"]
        more = {"object_id": object_id, "pk": pk, "app": app}
        if route.endswith(("/edit", "/versions")):
            more["message_id"] = turn.question_id
        return path_of(route, {**keys, **more})

    return path


@pytest.fixture
def stranger(db: None) -> Client:
    """Someone else with an account."""
    return signed_in(person("charlie"))


@pytest.fixture
def clerk(db: None) -> Client:
    """Someone who may open the admin, and no more."""
    return signed_in(person("clerk", is_staff=True))


@pytest.fixture
def gone(db: None) -> Client:
    """Someone who was deactivated behind an open browser."""
    person("gone")
    client = signed_in(User.objects.get(username="gone"))
    User.objects.filter(username="gone").update(is_active=False)
    return client


def asked(client: Client, verb: str, path: str) -> tuple[int, str]:
    """The status, and where to or what with."""
    cache.clear()  # throttled requests would prove nothing
    response = client.generic(verb, path, headers={"HX-Request": "true"})
    body = b"" if response.streaming else response.content
    assert SECRET.encode() not in body, (verb, path)
    return response.status_code, response.headers.get("Location", "")


def answers_nothing(verb: str, status: int) -> bool:
    """Whether it was refused, or only told which verbs there are."""
    return status in {401, 403, 404, 405} or (verb == "OPTIONS" and status == 200)


def everything() -> list[Any]:
    """What alice and the site keep, by row."""
    models = (Conversation, Message, Turn, Attachment, Compaction, Call, Reading)
    kept = [list(model._default_manager.values_list()) for model in models]
    people = get_user_model().objects.filter(username="alice")
    return [*kept, list(people.values_list())]


def of_admin() -> Iterator[str]:
    return (route for route in routes() if route.startswith("admin/"))


def test_no_address_is_missing_from_these_tables() -> None:
    known = {*OWNED, *OWN, *OPEN, *SCIM}
    assert {route for route in routes() if not route.startswith("admin/")} == known
    assert set(of_admin()) >= ADMIN_FOR_ALL_STAFF


@pytest.mark.parametrize("who", ["stranger", "clerk"])
def test_whoever_is_signed_in_reaches_nothing_of_another(
    who: str, request: pytest.FixtureRequest, keys: Callable[[str], str]
) -> None:
    client, before = request.getfixturevalue(who), everything()
    for route, meant in OWNED.items():
        for verb in VERBS:
            status, _ = asked(client, verb, keys(route))
            expected = {404} if verb == meant else {404, 405}
            assert status in expected, (verb, route, status)
    assert everything() == before


@pytest.mark.parametrize("who", ["signed out", "gone"])
def test_whoever_is_not_signed_in_reaches_nothing(
    who: str, gone: Client, keys: Callable[[str], str]
) -> None:
    client, before = gone if who == "gone" else Client(), everything()
    for route in (*OWNED, *OWN, *SCIM, *of_admin()):
        for verb in VERBS:
            status, location = asked(client, verb, keys(route))
            away = status == 302 and location.startswith(AWAY)
            assert away or answers_nothing(verb, status), (verb, route, status)
    assert everything() == before


@pytest.mark.parametrize("who", ["stranger", "clerk"])
def test_the_admin_shows_and_changes_nothing_without_the_right(
    who: str, request: pytest.FixtureRequest, keys: Callable[[str], str]
) -> None:
    client, before = request.getfixturevalue(who), everything()
    for route in of_admin():
        if route in ADMIN_FOR_ALL_STAFF:
            continue
        for verb in VERBS:
            status, location = asked(client, verb, keys(route))
            away = status == 302 and location.startswith(AWAY)
            assert away or answers_nothing(verb, status), (verb, route, status)
    assert everything() == before


def judged(who: str) -> set[str]:
    """Whose every answer is looked at above."""
    if who in {"gone", "signed out"}:
        return {*OWNED, *OWN, *SCIM, *of_admin()}
    return {*OWNED, *of_admin()} - ADMIN_FOR_ALL_STAFF


@pytest.mark.parametrize("who", ["stranger", "clerk", "gone", "signed out"])
def test_no_other_address_breaks_and_none_tells(
    who: str, request: pytest.FixtureRequest, keys: Callable[[str], str]
) -> None:
    client = Client() if who == "signed out" else request.getfixturevalue(who)
    left = set(routes()) - judged(who)
    for route in sorted(left, key=lambda route: ("logout" in route, route)):
        for verb in VERBS:
            status, _ = asked(client, verb, keys(route))
            assert status < 500, (verb, route)


def test_an_absent_row_and_one_of_another_are_answered_alike(
    stranger: Client, keys: Callable[[str], str]
) -> None:
    """Status, headers and body, but for the token of the page."""
    for route, verb in OWNED.items():
        answers = []
        for path in (keys(route), path_of(route, Absent())):
            response = stranger.generic(verb, path)
            heads = {n: v for n, v in response.items() if "Policy" not in n}
            answers.append((response.status_code, heads.keys(), len(response.content)))
        assert answers[0] == answers[1], route


class Absent(dict[str, object]):
    """Keys of rows that never were."""

    def __missing__(self, name: str) -> uuid.UUID:
        return uuid.uuid4()


def test_no_post_is_taken_without_the_token_of_a_page(
    theirs: Conversation, keys: Callable[[str], str]
) -> None:
    """Neither by its owner: another site may have made the browser send it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(theirs.owner)
    before = everything()
    for route, token in product((*OWNED, *OWN, *OPEN), ("", "x" * 32, "x" * 64)):
        cache.clear()
        head = {"X-CSRFToken": token} if token else {}
        status = client.post(keys(route), headers=head).status_code
        assert status in {403, 405}, (route, token)
    assert everything() == before


def test_no_post_of_the_admin_is_taken_without_the_token_of_a_page(
    keys: Callable[[str], str], theirs: Conversation
) -> None:
    root = person("root", is_staff=True)
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=root.pk))
    before = everything()
    for route in of_admin():
        status = client.post(keys(route), headers={"X-CSRFToken": "x" * 32}).status_code
        assert status in {403, 404, 405} or (route == "admin/login/" and status == 302)
    assert everything() == before
