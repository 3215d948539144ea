"""Every address of the chat, for its owner, a stranger and someone signed out."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from conversations import urls
from conversations.models import Compaction, Conversation, Turn
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = {"home", "conversation-new", "conversation", "trash"}
# Names whose row is written for each test, by what their one argument names.
OF_CONVERSATION = {
    "conversation": "get",
    "turn-create": "post",
    "turn-stop": "post",
    "settings-change": "post",
    "context": "post",
    "conversation-compact": "post",
    "messages-older": "get",
    "conversation-changes": "get",
    "conversation-rename": "post",
    "conversation-trash": "post",
    "conversation-restore": "post",
}
OF_TURN = {
    "turn-retry": "post",
    "turn-regenerate": "post",
    "turn-send": "post",
    "turn-withdraw": "post",
}
OF_COMPACTION = {"compaction-undo": "post"}
OF_MESSAGE = {
    "message-show": "post",
    "message-text": "get",
    "question-edit": "get",
    "question-create": "post",
}
OF_ATTACHMENT = {
    "attachment": "get",
    "attachment-thumbnail": "get",
    "attachment-discard": "post",
}
OF_NOBODY = {
    "home": "get",
    "conversation-new": "get",
    "conversation-create": "post",
    "context-new": "post",
    "conversation-list": "get",
    "trash": "get",
    "attachment-chips": "get",
    "attachment-upload": "post",
}
EVERY = (
    OF_CONVERSATION | OF_TURN | OF_COMPACTION | OF_MESSAGE | OF_ATTACHMENT | OF_NOBODY
)


@pytest.fixture
def theirs() -> Conversation:
    """A conversation of somebody else, with a finished answer."""
    return factories.conversation(factories.person("eve"))


@pytest.fixture
def address(theirs: Conversation) -> Callable[[str], str]:
    """The address of a name, with a key of somebody else's row in it."""
    turn = theirs.turns.get()

    def of(name: str) -> str:
        if name in OF_CONVERSATION:
            return reverse(f"conversations:{name}", args=(theirs.pk,))
        if name in OF_COMPACTION:
            compaction = Compaction.objects.create(
                key=uuid.uuid4(), conversation=theirs, turn=turn, model="scripted"
            )
            return reverse(f"conversations:{name}", args=(compaction.pk,))
        if name in OF_TURN:
            return reverse(f"conversations:{name}", args=(turn.pk,))
        if name in OF_MESSAGE:
            return reverse(f"conversations:{name}", args=(turn.answer_id,))
        if name in OF_ATTACHMENT:
            return reverse(f"conversations:{name}", args=(uuid.uuid4(),))
        return reverse(f"conversations:{name}")

    return of


def signed_in(username: str = "ada") -> Client:
    client = Client()
    client.force_login(factories.person(username))
    return client


def test_no_address_is_missing_from_this_matrix() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(EVERY)


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(OF_NOBODY)))
def test_a_stranger_is_told_that_there_is_nothing(
    name: str, address: Callable[[str], str]
) -> None:
    response = getattr(signed_in(), EVERY[name])(address(name))

    assert response.status_code == 404


@pytest.mark.parametrize("name", sorted(set(OF_CONVERSATION)))
def test_a_reviewer_may_no_more_than_a_stranger_here(
    name: str, address: Callable[[str], str]
) -> None:
    reviewer = factories.person("rita")
    reviewer.is_staff = reviewer.is_superuser = True
    reviewer.save()

    response = getattr(signed_in("rita"), EVERY[name])(address(name))

    assert response.status_code == 404


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_sends_the_signed_out_to_sign_in_and_back(
    name: str, address: Callable[[str], str]
) -> None:
    response = Client().get(address(name))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=%2F")


@pytest.mark.parametrize("name", sorted(set(EVERY) - PAGES))
def test_a_partial_tells_the_signed_out_so(
    name: str, address: Callable[[str], str]
) -> None:
    response = getattr(Client(), EVERY[name])(address(name))

    assert response.status_code == 401


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_wrong_method_is_refused(name: str, address: Callable[[str], str]) -> None:
    wrong = "post" if EVERY[name] == "get" else "get"

    response = getattr(signed_in(), wrong)(address(name))

    assert response.status_code == 405


@pytest.mark.parametrize(
    "name", sorted(name for name, method in EVERY.items() if method == "post")
)
def test_a_post_without_its_token_is_refused(
    name: str, address: Callable[[str], str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.person())

    assert client.post(address(name)).status_code == 403


def test_a_deactivated_person_is_signed_out() -> None:
    client = signed_in()
    person = factories.person()
    person.is_active = False
    person.save()

    assert client.get(reverse("conversations:home")).status_code == 302


@pytest.mark.parametrize("name", ["conversation", "conversation-changes"])
def test_what_was_said_is_not_kept_by_any_cache(name: str) -> None:
    mine = factories.conversation()

    response = signed_in().get(reverse(f"conversations:{name}", args=(mine.pk,)))

    assert "no-store" in response["Cache-Control"]


def test_another_conversations_message_is_no_place_to_ask_below(
    theirs: Conversation,
) -> None:
    mine = factories.conversation()
    fields = {
        "key": uuid.uuid4(),
        "text": "Mixed keys",
        "model": "scripted",
        "parent": theirs.leaf_id,
    }

    response = signed_in().post(
        reverse("conversations:turn-create", args=(mine.pk,)), fields
    )

    assert response.status_code == 409
    assert Turn.objects.filter(question__text="Mixed keys").count() == 0


def test_another_conversations_message_is_no_place_to_read_above(
    theirs: Conversation,
) -> None:
    mine = factories.conversation()
    address = reverse("conversations:messages-older", args=(mine.pk,))

    response = signed_in().get(address, {"before": str(theirs.leaf_id)})

    assert response.status_code == 404
