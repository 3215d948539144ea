"""Settings of a conversation: what a POST keeps, and what is asked with them."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from conversations.catalogue import offered
from conversations.models import Conversation, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories
from tests.draining import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    """The one model that is offered here."""
    with offered.use([ScriptedProvider(pace=0)]):
        yield


@pytest.fixture
def client() -> Browser:
    """Ada's browser, asking by htmx."""
    return Browser(factories.person(), **{"HX-Request": "true"})


def fields(**changed: Any) -> dict[str, Any]:
    question = {"key": uuid.uuid4(), "text": "Why?", "model": "scripted", "parent": ""}
    return {**question, **changed}


def create(client: Browser, **changed: Any) -> Any:
    return client.post(reverse("conversations:conversation-create"), fields(**changed))


def ask(client: Browser, conversation: Conversation, **changed: Any) -> Any:
    address = reverse("conversations:turn-create", args=(conversation.pk,))
    return client.post(address, fields(parent=conversation.leaf_id, **changed))


def again(client: Browser, view: str, turn: Turn) -> Turn:
    """Retry or regenerate the turn; the newest one."""
    client.post(reverse(f"conversations:{view}", args=(turn.pk,)), fields())
    newest = Turn.objects.order_by("created_at").last()
    assert newest is not None
    assert newest.pk != turn.pk
    return newest


def change_settings(client: Browser, conversation: Conversation, **fields: Any) -> Any:
    address = reverse("conversations:settings-change", args=(conversation.pk,))
    return client.post(address, {f"settings-{key}": fields[key] for key in fields})


def test_settings_are_kept_and_asked_with_from_the_next_question_on(
    client: Browser,
) -> None:
    conversation = factories.conversation()

    response = change_settings(
        client, conversation, system="Be brief.", effort="low", thinking="off"
    )
    conversation.refresh_from_db()
    ask(client, conversation, text="And now?")

    turn = Turn.objects.get(question__text="And now?")
    assert "Saved" in response.content.decode()
    chosen = {"system": "Be brief.", "effort": "low", "thinking": False}
    assert conversation.settings == chosen
    assert turn.parameters["system"] == "Be brief."
    assert turn.parameters["output_config"] == {"effort": "low"}


def test_a_new_conversation_takes_its_settings_with_the_first_question(
    client: Browser,
) -> None:
    create(client, **{"settings-max_tokens": "500", "settings-tools": "web_search"})

    conversation = Conversation.objects.get()
    assert conversation.settings == {"max_tokens": 500, "tools": ["web_search"]}
    assert conversation.turns.get().parameters["max_tokens"] == 500


def test_settings_out_of_range_are_refused_and_nothing_changes(client: Browser) -> None:
    conversation = factories.conversation()

    response = change_settings(client, conversation, temperature="3")

    conversation.refresh_from_db()
    assert response.status_code == 422
    said = response.content.decode()
    assert 'role="alert"' in said
    assert "The temperature is a number from 0 to 2." in said
    assert conversation.settings == {}


def test_a_conversation_in_the_trash_keeps_its_settings(client: Browser) -> None:
    conversation = factories.conversation()
    client.post(reverse("conversations:conversation-trash", args=(conversation.pk,)))

    response = change_settings(client, conversation, system="Be brief.")

    assert response.status_code == 409
    assert "trash" in response.content.decode()


def test_a_retry_asks_as_before_and_once_more_asks_as_chosen_now(
    client: Browser,
) -> None:
    create(client, **{"settings-system": "Before."})
    Turn.objects.update(worker=factories.WORKER)
    turn = factories.ended(Turn.objects.get(), status=Turn.Status.FAILED)
    change_settings(client, turn.conversation, system="Now.")

    retried = again(client, "turn-retry", turn)
    assert retried.parameters["system"] == "Before."

    Turn.objects.update(worker=factories.WORKER)
    newest = again(client, "turn-regenerate", factories.ended(retried))
    assert newest.parameters["system"] == "Now."
