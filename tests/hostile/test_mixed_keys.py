"""One's own rows open to oneself, and never lead to what hangs on another's."""

import re
import uuid
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chatsite.accounts.models import User
from conversations import turns, uploads
from conversations.catalogue import offered
from conversations.models import Attachment, Compaction, Conversation, Message, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories, pictures
from tests.hostile.addresses import path_of
from tests.hostile.test_addresses import OWNED, VERBS

SECRET = "kingfisher"
# What the owner's own requests come to; what is not here is 200.
DONE = {
    "c/<uuid:conversation_id>/turns": {201},
    "c/<uuid:conversation_id>/stop": {204},
    # The draft has nothing that could be measured.
    "c/<uuid:conversation_id>/context": {200},
    # An answer runs by then.
    "c/<uuid:conversation_id>/compact": {409},
    "turns/<uuid:turn_id>/regenerate": {409},
    "messages/<uuid:message_id>/versions": {409},
    # The turn is finished, and its picture sent.
    "turns/<uuid:turn_id>/retry": {409},
    "turns/<uuid:turn_id>/withdraw": {409},
    "attachments/<uuid:pk>/discard/": {404},
}
QUERY = {"c/<uuid:conversation_id>/older": "?before={message_id}"}


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    """The one model that is offered here."""
    with offered.use([ScriptedProvider(pace=0)]):
        yield


def picture_of(owner: User) -> Attachment:
    data = pictures.png()
    return uploads.accept(
        owner=owner, name="a.png", stream=BytesIO(data), size_bytes=len(data)
    )


def asked_with_picture(owner: User) -> Turn:
    """A finished turn whose question has a picture; its words are secret."""
    picture = picture_of(owner)
    question = factories.question(SECRET, attachment_ids=[picture.pk])
    turn = turns.start_conversation(owner=owner, question=question)
    return factories.ended(turn, f"A {SECRET}.")


@pytest.fixture
def hers(alice: User) -> Turn:
    """A turn of alice."""
    return asked_with_picture(alice)


@pytest.fixture
def his(charlie: User) -> Turn:
    """A turn of someone else."""
    return asked_with_picture(charlie)


def of_alice() -> list[Any]:
    """Every row that is hers."""
    mine = {"conversation__owner__username": "alice"}
    return [
        list(Conversation.objects.filter(owner__username="alice").values_list()),
        list(Message.objects.filter(**mine).order_by("pk").values_list()),
        list(Turn.objects.filter(**mine).order_by("pk").values_list()),
        list(Attachment.objects.filter(owner__username="alice").values_list()),
    ]


def keys_of(turn: Turn) -> dict[str, object]:
    attachment = Attachment.objects.get(message=turn.question)
    compaction, _ = Compaction.objects.get_or_create(
        turn=turn,
        defaults={
            "conversation": turn.conversation,
            "key": uuid.uuid4(),
            "status": Compaction.Status.COMPLETE,
            "text": SECRET,
            "model": "scripted",
        },
    )
    return {
        "compaction_id": compaction.pk,
        "conversation_id": turn.conversation_id,
        "turn_id": turn.pk,
        "message_id": turn.answer_id,
        "pk": attachment.pk,
    }


def _path(route: str, keys: dict[str, object], turn: Turn) -> str:
    """The path of a route; only a question is edited."""
    if route.endswith(("/edit", "/versions")):
        keys = {**keys, "message_id": turn.question_id}
    return path_of(route, keys)


def fields(**more: Any) -> dict[str, Any]:
    facts = {"key": str(uuid.uuid4()), "text": "x", "model": "scripted"}
    return {**facts, "title": "x", **more}


def test_an_owner_is_answered_by_the_verbs_that_are_meant(
    hers: Turn, alice_client: Client
) -> None:
    keys = keys_of(hers)
    for route, meant in OWNED.items():
        path = _path(route, keys, hers) + QUERY.get(route, "").format(**keys)
        good = {"GET": {"GET", "HEAD"}, "POST": {"POST"}}[meant]
        for verb in VERBS:
            data = fields() if verb == "POST" else None
            ask = getattr(alice_client, verb.lower())
            response = ask(path, data, headers={"HX-Request": "true"})
            expected = DONE.get(route, {200}) if verb in good else {405}
            assert response.status_code in expected, (verb, route)


def test_a_head_is_the_beginning_of_what_a_get_is(
    hers: Turn, alice_client: Client
) -> None:
    keys = keys_of(hers)
    paths = [_path(route, keys, hers) for route, verb in OWNED.items() if verb == "GET"]
    for path in (*paths, "/", "/c/new/", "/trash/", "/conversations/"):
        got, headed = alice_client.get(path), alice_client.head(path)
        assert headed.status_code == got.status_code, path
        assert headed.headers["Content-Type"] == got.headers["Content-Type"], path


@pytest.mark.parametrize("what", ["answer", "question"])
def test_nothing_is_asked_below_a_message_of_another(
    hers: Turn, his: Turn, charlie_client: Client, what: str
) -> None:
    before, path = of_alice(), f"/c/{his.conversation_id}/"
    foreign = getattr(hers, f"{what}_id")
    response = charlie_client.post(f"{path}turns", fields(parent=str(foreign)))
    assert response.status_code in {404, 409, 422}
    older = charlie_client.get(f"{path}older?before={foreign}")
    assert older.status_code == 404
    shown = charlie_client.post(f"/messages/{foreign}/show")
    assert shown.status_code == 404
    assert Message.objects.filter(parent_id=foreign, role="user").count() == 0
    assert of_alice() == before


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "unsent"])
def test_no_picture_of_another_is_taken_along(
    hers: Turn, his: Turn, alice: User, charlie_client: Client, *, sent: bool
) -> None:
    foreign = keys_of(hers)["pk"] if sent else picture_of(alice).pk
    before = of_alice()
    for path in ("/c/", f"/c/{his.conversation_id}/turns"):
        form = fields(attachments=[str(foreign)], parent=str(his.answer_id))
        assert charlie_client.post(path, form).status_code in {404, 409, 422}, path
    chips = charlie_client.get(f"/attachments/chips?ids={foreign}")
    assert "a.png" not in chips.content.decode()
    assert of_alice() == before


def test_the_key_of_another_is_answered_with_nothing_of_theirs(
    hers: Turn, his: Turn, charlie_client: Client
) -> None:
    """A page's key is minted by the page: it is no secret that opens anything."""
    before = of_alice()
    paths = ("/c/", f"/c/{his.conversation_id}/turns", f"/turns/{his.pk}/retry")
    for path in paths:
        form = fields(key=str(hers.key), parent=str(his.answer_id))
        response = charlie_client.post(path, form)
        assert response.status_code < 500, path
        text = response.content.decode()
        for foreign in (hers.conversation_id, hers.answer_id, hers.question_id):
            assert str(foreign) not in text + str(response.headers), path
    assert of_alice() == before


def test_a_version_of_an_answer_belongs_to_its_conversation(
    hers: Turn, his: Turn, charlie_client: Client
) -> None:
    """Also where both would be one's own: a tree never grows into another."""
    other = asked_with_picture(his.conversation.owner)
    path = f"/c/{his.conversation_id}/"
    response = charlie_client.post(f"{path}turns", fields(parent=str(other.answer_id)))
    assert response.status_code in {404, 409, 422}
    charlie_client.post(f"/messages/{other.answer_id}/show")
    his.conversation.refresh_from_db()
    assert his.conversation.leaf_id == his.answer_id
    page = charlie_client.get(path).content.decode()
    shown = set(re.findall(r'data-message-id="([^"]+)"', page))
    assert shown == {str(his.question_id), str(his.answer_id)}


def test_nobody_ends_a_session_or_takes_a_passkey_of_another(
    alice: User, charlie_client: Client
) -> None:
    session = UserSession.objects.create(
        user=alice,
        session_key="of-alice",
        ip="127.0.0.1",
        user_agent="x",
        last_seen_at=timezone.now(),
    )
    passkey = Authenticator.objects.create(user=alice, type="webauthn", data={})
    cache.clear()
    charlie_client.post("/accounts/reauthenticate/", {"password": "correct horse"})
    for path in (
        f"/accounts/sessions/{session.pk}/end/",
        f"/accounts/2fa/passkeys/{passkey.pk}/remove/",
    ):
        assert charlie_client.post(path).status_code == 404, path
    assert UserSession.objects.filter(pk=session.pk).exists()
    assert Authenticator.objects.filter(pk=passkey.pk).exists()
