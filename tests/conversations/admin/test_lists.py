"""The lists and details of the admin: what they say, to whom, at what cost."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chatsite.accounts.models import User
from conversations.ledger.models import Call
from conversations.models import Attachment, Conversation, Message, Turn
from tests.admin_data import (
    SECRET,
    attachment_of,
    conversation_of,
    person,
    signed_in,
)

MODELS: dict[str, type[Model]] = {
    "conversation": Conversation,
    "turn": Turn,
    "message": Message,
    "attachment": Attachment,
    "call": Call,
}


def address(name: str, page: str = "changelist", *args: Any, **query: str) -> str:
    app = "ledger" if name == "call" else "conversations"
    path = reverse(f"admin:{app}_{name}_{page}", args=args)
    return f"{path}?{urlencode(query)}" if query else path


def rows(kind: type[Model]) -> list[Model]:
    return list(kind._default_manager.all())


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def shown(client: Client, **query: str) -> set[str]:
    """The keys of the conversations that a list shows."""
    page = text_of(client, address("conversation", **query))
    return set(
        re.findall(r'field-short_id"><a href="[^"]*conversation/([0-9a-f-]{36})/', page)
    )


def test_a_list_of_conversations_says_owner_model_state_and_figures(
    conversation: Conversation, clerk: User
) -> None:
    page = text_of(signed_in(clerk), address("conversation"))
    cells = dict(re.findall(r'class="field-(\w+)[^"]*">([^<]*)<', page))
    assert str(conversation.pk) in page
    assert "alice" in page
    assert cells["model"] == "local"
    assert cells["state"] == "complete"
    assert cells["messages"] == "4"
    assert cells["tokens_in"] == "220"
    assert cells["tokens_out"] == "10"


def test_a_list_of_conversations_says_when_and_whether_it_is_in_the_trash(
    conversation: Conversation, clerk: User
) -> None:
    conversation.trashed_at = conversation.created_at = conversation.updated_at = (
        datetime(2026, 11, 22, 20, 16, tzinfo=UTC)
    )
    conversation.save()
    page = text_of(signed_in(clerk), address("conversation"))
    cells = dict(re.findall(r'class="field-(\w+)[^"]*">([^<]*)<', page))
    assert cells["created"] == "22 Nov 2026 20:16"
    assert cells["updated"] == "22 Nov 2026 20:16"
    assert cells["state"] == "complete, in the trash"


def test_a_list_of_turns_names_the_error_beside_the_status(
    conversation: Conversation, clerk: User
) -> None:
    conversation.turns.update(status="failed", error_code="overloaded")
    page = text_of(signed_in(clerk), address("turn"))
    cells = dict(re.findall(r'class="field-(\w+)[^"]*">([^<]*)<', page))
    assert cells["outcome"] == "failed: overloaded"
    assert cells["model"] == "local"


def test_a_conversation_without_turns_is_listed_as_not_started(
    alice: User, clerk: User
) -> None:
    conversation_of(alice, turns=0)
    page = text_of(signed_in(clerk), address("conversation"))
    assert "not started" in page


@pytest.mark.parametrize("name", MODELS)
def test_a_list_costs_the_same_with_one_row_and_with_many(
    name: str, clerk: User, alice: User
) -> None:
    client = signed_in(clerk)
    attachment_of(conversation_of(alice))
    # From here on it is known which values occur.
    text_of(client, address(name))
    with CaptureQueriesContext(
        connection,
    ) as few:
        text_of(client, address(name))
    for number in range(5):
        attachment_of(conversation_of(person(f"person-{number}"), turns=3))
    with CaptureQueriesContext(connection) as many:
        text_of(client, address(name))
    assert len(many) == len(few)
    assert len(many) <= 10


@pytest.mark.parametrize("name", MODELS)
def test_a_detail_page_costs_a_bounded_number_of_queries(
    name: str, clerk: User, conversation: Conversation
) -> None:
    row = rows(MODELS[name])[0]
    client = signed_in(clerk)
    with CaptureQueriesContext(connection) as queries:
        text_of(client, address(name, "change", row.pk))
    assert len(queries) <= 10


def test_conversations_are_found_by_name_email_and_id(
    conversation: Conversation, clerk: User
) -> None:
    conversation_of(person("someone-else"))
    client = signed_in(clerk)
    key = str(conversation.pk)
    for words in ("alice", "alice@example.org", key, conversation.pk.hex):
        assert shown(client, q=words) == {key}


def test_conversations_are_not_found_by_what_was_said_in_them(
    conversation: Conversation, clerk: User
) -> None:
    assert shown(signed_in(clerk), q=SECRET) == set()


def test_conversations_are_filtered_by_state_model_owner_trash_and_date(
    conversation: Conversation, clerk: User
) -> None:
    other = conversation_of(person("other"), turns=0, model="scripted")
    other.trashed_at = other.created_at
    other.save()
    client = signed_in(clerk)
    key = str(conversation.pk)
    assert shown(client, state="complete") == {key}
    assert shown(client, model="local") == {key}
    assert shown(client, owner__id__exact=str(conversation.owner.pk)) == {key}
    assert shown(client, trashed="no") == {key}
    assert shown(client, trashed="yes") == {str(other.pk)}
    assert shown(client, created_at__gte="2030-01-01 00:00:00+00:00") == set()


def test_the_state_of_a_conversation_is_that_of_its_newest_turn(
    conversation: Conversation, clerk: User
) -> None:
    newest = conversation.turns.latest("created_at")
    newest.status = Turn.Status.FAILED
    newest.save()
    client = signed_in(clerk)
    assert shown(client, state="failed") == {str(conversation.pk)}
    assert shown(client, state="complete") == set()


PROBES = [
    ("conversation", "title__icontains"),
    ("conversation", "title"),
    ("conversation", "leaf__text__contains"),
    ("conversation", "messages__text__contains"),
    ("conversation", "owner__password__startswith"),
    ("turn", "answer__text__contains"),
    ("turn", "error_detail__contains"),
    ("turn", "usage__contains"),
    ("turn", "conversation__title__contains"),
    ("message", "text__icontains"),
    ("message", "html__contains"),
    ("message", "content__icontains"),
    ("message", "conversation__title__contains"),
    ("attachment", "name__icontains"),
    ("attachment", "digest__startswith"),
    ("attachment", "message__text__contains"),
    ("call", "usage__icontains"),
]


@pytest.mark.parametrize(("name", "lookup"), PROBES)
def test_what_was_said_cannot_be_probed_through_the_address(
    name: str, lookup: str, root: User, conversation: Conversation
) -> None:
    response = signed_in(root).get(address(name, **{lookup: SECRET}))
    assert response.status_code == 400


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_added_changed_or_deleted_by_hand_even_by_a_superuser(
    name: str, root: User, conversation: Conversation
) -> None:
    client = signed_in(root)
    row = rows(MODELS[name])[0]
    assert client.post(address(name, "add")).status_code == 403
    assert client.post(address(name, "change", row.pk), {}).status_code == 403
    assert (
        client.post(address(name, "delete", row.pk), {"post": "yes"}).status_code == 403
    )
    action = {
        "action": "delete_selected",
        "_selected_action": str(row.pk),
        "post": "yes",
    }
    client.post(address(name), action)
    assert row in rows(MODELS[name])


@pytest.mark.parametrize("name", MODELS)
def test_lists_and_details_are_for_staff_who_may_view_them(
    name: str, conversation: Conversation, charlie: User, clerk: User, root: User
) -> None:
    row = rows(MODELS[name])[0]
    idle = person("idle", is_staff=True)
    for path in (address(name), address(name, "change", row.pk)):
        assert Client().get(path).status_code == 302
        assert signed_in(charlie).get(path).status_code in {302, 403, 404}
        assert signed_in(idle).get(path).status_code == 403
        assert signed_in(clerk).get(path).status_code == 200
        assert signed_in(root).get(path).status_code == 200


def test_no_row_is_named_by_what_was_said(conversation: Conversation) -> None:
    names = [str(row) for kind in MODELS.values() for row in rows(kind)]
    assert len(names) >= len(MODELS)
    assert not [name for name in names if SECRET in name]


def test_a_call_says_what_it_cost(clerk: User) -> None:
    for cost in (4_210_000_000, None):
        Call.objects.create(
            person_name="ada",
            purpose=Call.Purpose.ANSWER,
            provider="anthropic",
            model="claude-sonnet-5-5",
            cost_picodollars=cost,
        )

    page = text_of(signed_in(clerk), address("call"))

    assert re.findall(r'class="field-cost">([^<]*)<', page) == ["-", "$0.0042"]
