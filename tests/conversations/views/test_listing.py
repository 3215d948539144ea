"""The list of conversations: order, search, paging, names, trash and undo."""

from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations.articles import listed
from conversations.models import Conversation
from conversations.views.listing import ROWS
from tests import factories
from tests.hearing import Hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    """Ada's browser, asking by htmx."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(factories.person())
    return client


def titled(*titles: str) -> list[Conversation]:
    owner = factories.person()
    return [Conversation.objects.create(owner=owner, title=each) for each in titles]


def rows(client: Client, **query: str) -> str:
    return client.get(
        reverse("conversations:conversation-list"), query
    ).content.decode()


def post(client: Client, name: str, conversation: Conversation, **fields: str) -> str:
    address = reverse(f"conversations:{name}", args=(conversation.pk,))
    response = client.post(address, fields)
    assert response.status_code == 200
    return response.content.decode()


def test_the_newest_activity_stands_first(client: Client) -> None:
    titled("Older", "Newer")

    page = rows(client)

    assert page.index("Newer") < page.index("Older")


def test_a_search_finds_every_word_in_any_case(client: Client) -> None:
    titled("Blue sky", "Blue sea", "Green sky")

    page = rows(client, q="SKY blue")

    assert "Blue sky" in page
    assert "Blue sea" not in page
    assert "Green sky" not in page


def test_a_search_treats_signs_as_text(client: Client) -> None:
    titled("100 % done", "1000 things")

    page = rows(client, q="100 %")

    assert "100 % done" in page
    assert "1000 things" not in page


def test_a_search_that_finds_nothing_says_so(client: Client) -> None:
    assert "Nothing found" in rows(client, q="<b>nothing</b>")
    assert "<b>nothing" not in rows(client, q="<b>nothing</b>")


def test_other_people_are_not_listed(client: Client) -> None:
    factories.conversation(factories.person("eve"), "Eve's question")

    assert "Eve" not in rows(client)


def test_further_rows_come_when_one_scrolls_down(client: Client) -> None:
    titled(*[f"Number {number:03}" for number in range(ROWS + 5)])

    first = rows(client)
    after = first.split("after=")[1].split('"')[0].split("&")[0]
    second = client.get(
        f"{reverse('conversations:conversation-list')}?after={after}"
    ).content.decode()

    assert first.count('class="row"') == ROWS
    assert second.count('class="row"') == 5
    assert "Number 000" in second


def test_a_new_name_is_shown_and_kept(client: Client) -> None:
    (conversation,) = titled("Old")

    page = post(client, "conversation-rename", conversation, title="New & better")

    conversation.refresh_from_db()
    assert conversation.title == "New & better"
    assert conversation.is_renamed
    assert "New &amp; better" in page


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_name_that_is_none_is_refused(client: Client, title: str) -> None:
    (conversation,) = titled("Old")
    address = reverse("conversations:conversation-rename", args=(conversation.pk,))

    response = client.post(address, {"title": title})

    conversation.refresh_from_db()
    assert response.status_code == 422
    assert conversation.title == "Old"


def test_what_is_deleted_goes_to_the_trash_and_offers_an_undo(client: Client) -> None:
    conversation = factories.conversation()

    page = post(client, "conversation-trash", conversation)

    conversation.refresh_from_db()
    assert conversation.trashed_at is not None
    assert conversation.messages.count() == 2
    assert "Undo" in page
    assert str(conversation.pk) not in rows(client)


def test_the_undo_brings_it_back_to_the_list(client: Client) -> None:
    (conversation,) = titled("Once deleted")
    post(client, "conversation-trash", conversation)

    page = post(client, "conversation-restore", conversation)

    conversation.refresh_from_db()
    assert conversation.trashed_at is None
    assert "Once deleted" in page


def test_deleting_twice_keeps_the_first_date(client: Client) -> None:
    (conversation,) = titled("Twice")
    post(client, "conversation-trash", conversation)
    conversation.refresh_from_db()
    first = conversation.trashed_at

    post(client, "conversation-trash", conversation)

    conversation.refresh_from_db()
    assert conversation.trashed_at == first


def trash(client: Client, **query: str) -> str:
    return client.get(reverse("conversations:trash"), query).content.decode()


def test_the_trash_lists_what_was_deleted_the_latest_first(client: Client) -> None:
    for conversation in titled("Deleted first", "Deleted last"):
        post(client, "conversation-trash", conversation)
    titled("Kept")

    _, page = trash(client).split("<main")

    assert page.index("Deleted last") < page.index("Deleted first")
    assert page.count("Restore") == 2
    assert "Kept" not in page


def test_the_trash_says_when_it_is_empty(client: Client) -> None:
    titled("Kept")

    page = trash(client)

    assert "The trash is empty" in page
    assert "Restore" not in page


def test_the_trash_of_another_is_not_to_be_seen(client: Client) -> None:
    conversation = factories.conversation(factories.person("eve"), "Eve's question")
    Conversation.objects.update(trashed_at=timezone.now())

    assert "Eve" not in trash(client)
    assert str(conversation.pk) not in trash(client)


def test_the_trash_goes_on_where_a_page_of_it_ends(client: Client) -> None:
    titled(*[f"Number {number:03}" for number in range(ROWS + 5)])
    Conversation.objects.update(trashed_at=timezone.now())

    first = trash(client)
    before = unquote(first.split("?before=")[1].split('"')[0])
    second = trash(client, before=before)

    assert first.count('class="trash-row"') == ROWS
    assert second.count('class="trash-row"') == 5
    assert "?before=" not in second


def test_someone_who_is_signed_out_is_sent_to_sign_in_before_the_trash() -> None:
    response = Client().get(reverse("conversations:trash"))

    assert response.status_code == 302
    assert "next=%2Ftrash%2F" in response["Location"]


def test_what_is_found_is_marked_where_the_page_shows_it(client: Client) -> None:
    shown, other = titled("Tides of Lisbon", "Tides of Porto")
    page = reverse("conversations:conversation", args=(shown.pk,))

    found = client.get(
        reverse("conversations:conversation-list"),
        {"q": "tides"},
        headers={"HX-Current-URL": f"http://testserver{page}"},
    ).content.decode()

    link = reverse("conversations:conversation", args=(other.pk,))
    assert f'href="{page}" aria-current="page"' in found
    assert f'href="{link}" aria-current="page"' not in found


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "2026-01-01_6f4b1c34-6a3f-4c7e-9a58-0d6a6a1a6f11"},
        {"after": "0001-01-01T00:00:00+14:00_6f4b1c34-6a3f-4c7e-9a58-0d6a6a1a6f11"},
        {"q": "\0"},
        {"q": "tide " * 2000},
    ],
)
def test_an_address_made_up_by_hand_does_no_harm(
    client: Client, query: dict[str, str]
) -> None:
    response = client.get(reverse("conversations:conversation-list"), query)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        ("conversation-rename", {"title": "New & better"}, "New &amp; better"),
        ("conversation-trash", {}, "data-trashed"),
        ("conversation-restore", {}, "Once deleted"),
    ],
)
def test_every_page_of_a_person_hears_what_becomes_of_a_row(
    client: Client, heard: Hear, name: str, fields: dict[str, str], told: str
) -> None:
    (conversation,) = titled("Once deleted")
    next_message = heard(conversation.owner)

    post(client, name, conversation, **fields)

    message = next_message()
    assert message["type"] == "conversation.listed"
    assert f'id="conversation-row-{conversation.pk}"' in message["html"]
    assert told in message["html"]


def test_a_row_is_told_of_without_a_look_into_the_store(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    (conversation,) = titled("Tides")

    with django_assert_num_queries(0):
        listed(conversation)


def test_the_list_costs_as_many_queries_however_long_it_is(client: Client) -> None:
    titled("One")
    with CaptureQueriesContext(connection) as few:
        rows(client)
    titled(*[f"Number {number:03}" for number in range(2 * ROWS)])
    with CaptureQueriesContext(connection) as many:
        rows(client)

    assert len(many) == len(few)


def test_only_the_top_of_the_list_says_that_it_is_empty(client: Client) -> None:
    titled(*[f"Number {number:03}" for number in range(ROWS + 1)])

    first = rows(client)
    after = first.split("after=")[1].split('"')[0]

    assert first.count("rows-empty") == 1
    assert "rows-empty" not in rows(client, after=unquote(after))
