"""Who may use a model: on the page, in a POST, and in a retry."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from conversations import turns
from conversations.catalogue import access, offered
from conversations.catalogue.decisions import Decision
from conversations.models import Conversation, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories

pytestmark = pytest.mark.django_db

OPEN = ScriptedProvider(pace=0).known[0]
CLOSED = replace(OPEN, id="closed", name="Closed")


class Lists(ScriptedProvider):
    """A provider of one model for everyone and one for few."""

    def __init__(self) -> None:
        super().__init__(pace=0)
        self.known = (OPEN, CLOSED)


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="Research")


@pytest.fixture(autouse=True)
def limited(group: Group) -> Iterator[None]:
    with offered.use([Lists()]):
        offered.decide({"closed": Decision(groups=frozenset({group.pk}))})
        yield


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.person())
    return client


def sent(client: Client, model: str) -> int:
    address = reverse("conversations:conversation-create")
    data = {"key": str(uuid.uuid4()), "text": "Why?", "model": model}
    return client.post(address, data, headers={"hx-request": "true"}).status_code


def test_a_model_for_a_group_is_offered_to_its_members_alone(group: Group) -> None:
    ada, bob = factories.person("ada"), factories.person("bob")
    bob.groups.add(group)

    assert [model.id for model in access.models_for(ada)] == ["scripted"]
    assert [model.id for model in access.models_for(bob)] == ["scripted", "closed"]
    assert not access.may_use(ada, "closed")
    assert access.may_use(bob, "closed")


def test_a_model_that_nobody_offers_may_nobody_use() -> None:
    assert not access.may_use(factories.person(), "gone")


def test_the_picker_names_no_model_that_one_may_not_use(client: Client) -> None:
    page = client.get(reverse("conversations:conversation-new")).content.decode()

    assert 'value="scripted"' in page
    assert "closed" not in page


def test_a_question_to_a_model_that_one_may_not_use_is_not_taken(
    client: Client,
) -> None:
    assert sent(client, "closed") == 422
    assert not Conversation.objects.exists()


def test_a_retry_asks_a_model_that_the_person_may_use(client: Client) -> None:
    asked = factories.question(model="closed", provider="scripted")
    turn = factories.ended(
        turns.start_conversation(owner=factories.person(), question=asked),
        status=Turn.Status.FAILED,
    )

    address = reverse("conversations:turn-retry", args=(turn.pk,))
    client.post(address, {"key": str(uuid.uuid4())}, headers={"hx-request": "true"})

    assert Turn.objects.exclude(pk=turn.pk).get().model == "scripted"


def test_without_limits_nobody_is_asked_for_groups(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ada = factories.person()
    offered.decide({})

    with django_assert_num_queries(0):
        assert len(access.models_for(ada)) == 2
