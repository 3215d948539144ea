"""Sending, stopping, retrying: what a POST makes and what it answers."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
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


def test_the_first_message_makes_its_conversation_and_moves_the_address(
    client: Browser,
) -> None:
    response = create(client, text="Why is the sky blue?")

    conversation = Conversation.objects.get()
    assert response.status_code == 201
    assert response["HX-Push-Url"] == f"/c/{conversation.pk}/"
    page = response.content.decode()
    assert "Why is the sky blue?" in page
    assert f'ws-connect="/ws/c/{conversation.pk}/"' in page
    assert 'data-role="assistant" data-status="pending"' in page


def test_a_question_costs_as_many_queries_however_long_the_conversation(
    client: Browser,
) -> None:
    short = factories.conversation(None, "One", "Two")
    long = factories.conversation(None, *["Question"] * 30)
    ask(client, factories.conversation(None, "What every process asks once"))
    with CaptureQueriesContext(connection) as few:
        ask(client, short)
    with CaptureQueriesContext(connection) as many:
        ask(client, long)

    assert len(many) == len(few)


def test_without_scripts_the_first_message_leads_to_its_page() -> None:
    response = create(Browser(factories.person()))

    assert response.status_code == 303
    assert response["Location"] == f"/c/{Conversation.objects.get().pk}/"


def test_a_further_message_answers_both_articles(client: Browser) -> None:
    conversation = factories.conversation()

    response = ask(client, conversation, text="And at night?")

    turn = Turn.objects.get(question__text="And at night?")
    page = response.content.decode()
    assert response.status_code == 201
    assert f'data-message-id="{turn.question_id}"' in page
    assert f'data-message-id="{turn.answer_id}"' in page
    assert page.count("<article") == 2


def test_the_same_key_answers_the_same_and_makes_nothing_more(client: Browser) -> None:
    conversation = factories.conversation()
    key = uuid.uuid4()

    first = ask(client, conversation, key=key)
    again = ask(client, conversation, key=key)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert conversation.turns.count() == 2


def test_the_same_key_of_a_first_message_opens_the_same_conversation(
    client: Browser,
) -> None:
    key = uuid.uuid4()

    first, again = create(client, key=key), create(client, key=key)

    assert first["HX-Push-Url"] == again["HX-Push-Url"]
    assert Conversation.objects.count() == 1


def test_the_key_of_somebody_else_shows_nothing_of_theirs(client: Browser) -> None:
    theirs = factories.started(factories.person("eve"), "Eve's secret")

    response = create(client, key=theirs.key)

    assert response.status_code == 409
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": "  "}, "nothing to send"),
        ({"text": "x" * 200_001}, "longer than one message may be"),
        ({"model": "gone"}, "no longer offered"),
        ({"key": "none"}, "valid UUID"),
        ({"text": "a\x00b"}, "Null characters"),
    ],
)
def test_what_cannot_be_sent_is_said_in_an_alert(
    client: Browser, wrong: dict[str, Any], words: str
) -> None:
    response = create(client, **wrong)

    page = response.content.decode()
    assert response.status_code == 422
    assert 'role="alert"' in page
    assert words in page
    assert response["HX-Retarget"] == "#composer-problem"
    assert Conversation.objects.count() == 0


def test_pictures_that_are_gone_leave_the_question_unsent(client: Browser) -> None:
    response = create(client, attachments=[uuid.uuid4()])

    assert response.status_code == 409
    assert Conversation.objects.count() == 0


def test_a_conversation_in_the_trash_takes_no_message(client: Browser) -> None:
    conversation = factories.conversation()
    client.post(reverse("conversations:conversation-trash", args=(conversation.pk,)))

    response = ask(client, conversation)

    assert response.status_code == 409
    assert "trash" in response.content.decode()


@pytest.mark.parametrize(
    "verb", ["retry", "regenerate", "edit", "send", "withdraw", "show"]
)
def test_a_page_that_knows_not_of_the_trash_changes_nothing(
    client: Browser, verb: str
) -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation)
    factories.ended(first, status=Turn.Status.STOPPED)
    client.post(
        reverse("conversations:conversation-trash", args=(first.conversation_id,))
    )
    address = {
        "retry": reverse("conversations:turn-retry", args=(first.pk,)),
        "regenerate": reverse("conversations:turn-regenerate", args=(first.pk,)),
        "edit": reverse("conversations:question-create", args=(first.question_id,)),
        "send": reverse("conversations:turn-send", args=(waiting.pk,)),
        "withdraw": reverse("conversations:turn-withdraw", args=(waiting.pk,)),
        "show": reverse("conversations:message-show", args=(first.answer_id,)),
    }[verb]

    response = client.post(address, fields())

    waiting.refresh_from_db()
    assert response.status_code == 409
    assert "Restore it to go on." in response.content.decode()
    assert waiting.status == Turn.Status.QUEUED


def test_what_a_person_wrote_is_shown_as_text(client: Browser) -> None:
    response = create(client, text="<img src=x onerror=alert(1)> **not bold**")

    page = response.content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; **not bold**" in page


def test_a_stop_asks_the_running_answer_to_end(client: Browser) -> None:
    turn = factories.begun(factories.started())

    response = client.post(
        reverse("conversations:turn-stop", args=(turn.conversation_id,))
    )

    turn.refresh_from_db()
    assert response.status_code == 204
    assert turn.stop_requested_at is not None


def test_a_stop_when_nothing_runs_changes_nothing(client: Browser) -> None:
    conversation = factories.conversation()

    response = client.post(reverse("conversations:turn-stop", args=(conversation.pk,)))

    assert response.status_code == 204
    assert conversation.turns.get().status == Turn.Status.COMPLETE


def test_a_retry_shows_the_new_answer_as_the_second_version(client: Browser) -> None:
    turn = factories.ended(factories.started(), status=Turn.Status.FAILED)

    response = client.post(
        reverse("conversations:turn-retry", args=(turn.pk,)), {"key": uuid.uuid4()}
    )

    page = response.content.decode()
    assert response.status_code == 201
    assert "2 of 2" in page
    assert f'data-message-id="{turn.answer_id}"' not in page


def test_the_same_retry_twice_makes_one_answer(client: Browser) -> None:
    turn = factories.ended(factories.started(), status=Turn.Status.FAILED)
    address = reverse("conversations:turn-retry", args=(turn.pk,))
    key = uuid.uuid4()

    for _ in range(2):
        assert client.post(address, {"key": key}).status_code == 201

    assert turn.question.turns.count() == 2


def test_a_retry_of_a_complete_answer_is_refused(client: Browser) -> None:
    turn = factories.ended(factories.started())

    response = client.post(
        reverse("conversations:turn-retry", args=(turn.pk,)), {"key": uuid.uuid4()}
    )

    assert response.status_code == 409


def regenerate(client: Browser, turn: Turn, **changed: Any) -> Any:
    address = reverse("conversations:turn-regenerate", args=(turn.pk,))
    return client.post(address, fields(**changed))


def test_an_answer_made_once_more_is_the_second_version(client: Browser) -> None:
    turn = factories.ended(factories.started())
    key = uuid.uuid4()

    first, repeated = (regenerate(client, turn, key=key) for _ in range(2))

    page = first.content.decode()
    assert first.status_code == repeated.status_code == 201
    assert "2 of 2" in page
    assert f'data-message-id="{turn.answer_id}"' not in page
    assert turn.question.turns.count() == 2


def test_no_answer_is_made_by_a_model_that_is_not_offered(client: Browser) -> None:
    turn = factories.ended(factories.started())

    response = regenerate(client, turn, model="gone")

    assert response.status_code == 422
    assert "no longer offered" in response.content.decode()
    assert turn.question.turns.count() == 1


def edit(client: Browser, turn: Turn, **changed: Any) -> Any:
    address = reverse("conversations:question-create", args=(turn.question_id,))
    return client.post(address, fields(**changed))


def test_a_question_is_changed_in_a_form_that_holds_its_words(client: Browser) -> None:
    turn = factories.ended(factories.started(text="</textarea>\n& more"))
    address = reverse("conversations:question-edit", args=(turn.question_id,))

    page = client.get(address).content.decode()

    assert "&lt;/textarea&gt;\n&amp; more</textarea>" in page


def test_a_changed_question_is_the_second_version_and_is_answered(
    client: Browser,
) -> None:
    turn = factories.ended(factories.started())
    key = uuid.uuid4()

    first, repeated = (
        edit(client, turn, text="In other words?", key=key) for _ in range(2)
    )

    page = first.content.decode()
    assert first.status_code == repeated.status_code == 201
    assert page.count("<article") == 2
    assert "In other words?" in page
    assert "2 of 2" in page
    assert turn.conversation.turns.count() == 2


def test_a_question_is_not_changed_while_an_answer_is_written(client: Browser) -> None:
    turn = factories.begun(factories.started())

    response = edit(client, turn, text="In other words?")

    assert response.status_code == 409
    assert "Another answer is being written." in response.content.decode()


def test_a_question_is_not_changed_into_nothing(client: Browser) -> None:
    response = edit(client, factories.ended(factories.started()), text="  ")

    assert response.status_code == 422


def test_another_version_is_shown_with_what_followed_it(client: Browser) -> None:
    turn = factories.ended(factories.started(), "The first try.", Turn.Status.FAILED)
    client.post(
        reverse("conversations:turn-retry", args=(turn.pk,)), {"key": uuid.uuid4()}
    )

    response = client.post(
        reverse("conversations:message-show", args=(turn.answer_id,))
    )

    page = response.content.decode()
    assert "resync:#messages" in page
    assert "The first try." in page
    assert "1 of 2" in page


def test_a_queued_question_offers_to_be_withdrawn_and_not_yet_to_be_sent(
    client: Browser,
) -> None:
    turn = factories.started()
    turn.conversation.refresh_from_db()

    page = ask(client, turn.conversation, text="Later").content.decode()

    assert 'data-role="user" data-status="pending"' in page
    assert "Withdraw" in page
    assert "Send now" not in page


def test_a_question_that_waits_after_a_stop_can_be_sent_now(client: Browser) -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation)
    factories.ended(first, status=Turn.Status.STOPPED)
    address = reverse("conversations:conversation", args=(first.conversation_id,))
    assert "Send now" in client.get(address).content.decode()

    response = client.post(reverse("conversations:turn-send", args=(waiting.pk,)))

    waiting.refresh_from_db()
    assert waiting.status == Turn.Status.PENDING
    assert 'data-role="assistant" data-status="pending"' in response.content.decode()


def test_a_withdrawn_question_comes_back_into_the_composer(client: Browser) -> None:
    first = factories.started()
    waiting = factories.asked(first.conversation, "Wrong question")

    response = client.post(reverse("conversations:turn-withdraw", args=(waiting.pk,)))

    page = response.content.decode()
    assert 'hx-swap-oob="withdrawn:#composer"' in page
    assert "Wrong question" in page
    assert not Turn.objects.filter(pk=waiting.pk).exists()
