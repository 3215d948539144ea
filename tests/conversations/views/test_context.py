"""The meter that a page fetches while one writes."""

import pytest
from django.core.cache import cache
from django.test import Client

from conversations.ledger.models import Call
from conversations.models import Conversation
from conversations.views.context import ASKED_PER_MINUTE
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.person())
    return client


def meter(client: Client, address: str, **draft: str) -> str:
    response = client.post(address, {"model": "scripted", **draft})
    assert response.status_code == 200
    return response.content.decode()


def test_a_draft_is_measured_before_there_is_a_conversation(client: Client) -> None:
    html = meter(client, "/c/new/context", text="Why is the sky blue? " * 20)

    assert "tokens" in html
    assert not Conversation.objects.exists()


def test_a_count_makes_no_row_in_the_ledger(client: Client) -> None:
    conversation = factories.conversation(factories.person())
    before = Call.objects.count()

    assert "tokens" in meter(client, f"/c/{conversation.pk}/context", text="Why?")
    assert Call.objects.count() == before


def test_an_empty_page_shows_nothing(client: Client) -> None:
    assert meter(client, "/c/new/context").strip() == ""


def test_what_cannot_be_measured_is_no_error(client: Client) -> None:
    response = client.post("/c/new/context", {"model": "gone", "text": "Why?"})

    assert response.status_code == 204


def test_a_person_may_not_ask_without_end(client: Client) -> None:
    cache.clear()
    # Even where a new minute begins in between.
    asked = [
        client.post("/c/new/context", {"model": "scripted"}).status_code
        for _ in range(2 * ASKED_PER_MINUTE + 1)
    ]

    assert asked[0] == 200
    assert asked[-1] == 429


def test_the_page_knows_where_to_ask(client: Client) -> None:
    conversation = factories.conversation(factories.person())

    html = client.get(f"/c/{conversation.pk}/").content.decode()

    assert f'data-context-url="/c/{conversation.pk}/context"' in html
