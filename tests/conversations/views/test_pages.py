"""The conversation page: what it shows, what it costs, what it leaves to scrolling."""

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chatsite.accounts.models import User
from conversations import turns
from conversations.articles import LOG_LENGTH
from conversations.catalogue import offered
from conversations.models import Attachment, Conversation, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    """The one model that is offered here."""
    with offered.use([ScriptedProvider(pace=0)]):
        yield


@pytest.fixture
def client() -> Client:
    """Ada's browser."""
    client = Client()
    client.force_login(factories.person())
    return client


def shown(client: Client, conversation: Conversation) -> str:
    address = reverse("conversations:conversation", args=(conversation.pk,))
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_home_is_the_newest_conversation(client: Client) -> None:
    factories.conversation()
    newest = factories.conversation()

    assert client.get("/")["Location"] == f"/c/{newest.pk}/"


def test_home_of_someone_new_is_an_empty_page(client: Client) -> None:
    assert client.get("/")["Location"] == "/c/new/"


def test_an_empty_page_makes_nothing(client: Client) -> None:
    page = client.get(reverse("conversations:conversation-new")).content.decode()

    assert Conversation.objects.count() == 0
    assert 'ws-connect="/ws/"' in page


def test_a_page_shows_what_was_said_in_order(client: Client) -> None:
    conversation = factories.conversation(None, "First", "Second")

    page = shown(client, conversation)

    assert page.index("First") < page.index("Second")
    assert page.count('data-status="complete"') == 4


def test_a_running_answer_is_shown_as_far_as_it_is_kept(client: Client) -> None:
    turn = factories.begun(factories.started())
    turn.answer.content = [{"type": "text", "text": "# Begun\n\nand going"}]
    turn.answer.save()
    Turn.objects.filter(pk=turn.pk).update(status=Turn.Status.STREAMING)

    page = shown(client, turn.conversation)

    assert "<h1>Begun</h1>" in page
    assert "and going" in page
    assert 'data-status="streaming"' in page
    assert 'aria-busy="true"' in page


def test_an_interrupted_answer_says_so_and_offers_another_try(client: Client) -> None:
    turn = factories.ended(factories.started(), "Half", Turn.Status.INTERRUPTED)

    page = shown(client, turn.conversation)

    assert "restarted while the answer was being written" in page
    assert "What had arrived is kept." in page
    assert "Retry" in page


def test_the_words_of_the_provider_stand_under_details(client: Client) -> None:
    turn = factories.ended(
        factories.started(),
        "",
        Turn.Status.FAILED,
        error_code="overloaded",
        error_detail="<b>Overloaded</b>",
        request_id="req_42",
    )

    page = shown(client, turn.conversation)

    assert "The model is overloaded" in page
    assert "&lt;b&gt;Overloaded&lt;/b&gt;" in page
    assert "req_42" in page


def test_a_page_begins_with_the_last_messages_and_fetches_older_ones(
    client: Client,
) -> None:
    texts = [f"Question {number}." for number in range(LOG_LENGTH)]
    conversation = factories.conversation(None, *texts)

    page = shown(client, conversation)
    log = page.split('id="messages"')[1]
    assert log.count("<article") == LOG_LENGTH
    assert "Question 0." not in log
    oldest = page.split("older?before=")[1][:36]

    older = client.get(
        reverse("conversations:messages-older", args=(conversation.pk,)),
        {"before": oldest},
    ).content.decode()
    assert older.count("<article") == LOG_LENGTH
    assert "Question 0." in older
    assert "older?before=" not in older


def test_a_page_costs_as_many_queries_however_long_the_conversation(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    short = factories.conversation(None, "One", "Two")
    long = factories.conversation(None, *["Question"] * 30)

    for conversation in (short, long):
        with django_assert_num_queries(11):
            shown(client, conversation)


def test_changes_bring_a_page_from_its_version_to_the_newest(client: Client) -> None:
    conversation = factories.conversation()
    version = conversation.version
    factories.ended(factories.asked(conversation, "Asked elsewhere"))
    address = reverse("conversations:conversation-changes", args=(conversation.pk,))

    changes = client.get(address, {"version": version}).content.decode()

    assert changes.count("<article") == 2
    assert "Asked elsewhere" in changes
    assert f'data-version="{conversation.version}"' in changes


def test_there_are_no_changes_for_a_page_that_is_up_to_date(client: Client) -> None:
    conversation = factories.conversation()
    address = reverse("conversations:conversation-changes", args=(conversation.pk,))

    changes = client.get(address, {"version": conversation.version})

    assert "<article" not in changes.content.decode()


def test_changes_hold_a_running_answer_as_far_as_it_is_kept(client: Client) -> None:
    turn = factories.begun(factories.started())
    turn.answer.content = [{"type": "text", "text": "so far"}]
    turn.answer.save()
    turn.conversation.refresh_from_db()
    address = reverse(
        "conversations:conversation-changes", args=(turn.conversation_id,)
    )

    changes = client.get(address, {"version": turn.conversation.version})

    page = changes.content.decode()
    assert f"frame:#message-{turn.answer_id}" in page
    assert "so far" in page


def test_the_text_of_a_message_is_served_as_it_was_written(client: Client) -> None:
    conversation = factories.conversation(answers="**bold** & <plain>")
    address = reverse("conversations:message-text", args=(conversation.leaf_id,))

    response = client.get(address)

    assert response.content.decode() == "**bold** & <plain>"
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_a_conversation_in_the_trash_offers_to_be_restored(client: Client) -> None:
    conversation = factories.conversation()
    client.post(reverse("conversations:conversation-trash", args=(conversation.pk,)))

    page = shown(client, conversation)

    assert "Restore" in page
    assert "<article" not in page


def test_an_address_that_never_was_is_404(client: Client) -> None:
    address = reverse("conversations:conversation", args=(uuid.uuid4(),))

    assert client.get(address).status_code == 404


def test_changes_say_which_version_they_build_upon(client: Client) -> None:
    conversation = factories.conversation()
    address = reverse("conversations:conversation-changes", args=(conversation.pk,))

    changes = client.get(address, {"version": conversation.version})

    assert f'data-since="{conversation.version}"' in changes.content.decode()


def test_a_change_on_another_branch_is_not_shown_on_this_one(client: Client) -> None:
    conversation = factories.conversation()
    shown_before = conversation.leaf_id
    factories.begun(factories.asked(conversation, "Answered out of sight"))
    elsewhere = Turn.objects.running().get()
    conversation.refresh_from_db()
    turns.start_turn(
        conversation=conversation,
        parent_id=shown_before,
        question=factories.question("Asked by a page that was behind"),
    )
    version = Conversation.objects.get().version
    factories.ended(elsewhere)
    address = reverse("conversations:conversation-changes", args=(conversation.pk,))

    page = client.get(address, {"version": version}).content.decode()

    assert "Asked by a page that was behind" in page
    assert "Answered out of sight" not in page


def test_changes_come_in_the_order_in_which_they_are_shown(client: Client) -> None:
    first = factories.begun(factories.started())
    version = first.version
    texts = ("Asked next", "Asked last")
    for text in texts:
        factories.asked(first.conversation, text)
    factories.ended(first)
    address = reverse(
        "conversations:conversation-changes", args=(first.conversation_id,)
    )

    page = client.get(address, {"version": version - 1}).content.decode()

    assert page.index(texts[0]) < page.index(texts[1])


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("conversation-changes", {"version": "9" * 5000}, 200),
        ("conversation-changes", {"version": "x"}, 200),
        ("messages-older", {"before": "x"}, 404),
        ("messages-older", {}, 404),
    ],
)
def test_an_address_made_up_by_hand_does_no_harm(
    client: Client, name: str, query: dict[str, str], status: int
) -> None:
    conversation = factories.conversation()
    address = reverse(f"conversations:{name}", args=(conversation.pk,))

    assert client.get(address, query).status_code == status


def chips(client: Client, *keys: object) -> str:
    address = reverse("conversations:attachment-chips")
    return client.get(address, {"ids": " ".join(map(str, keys))}).content.decode()


def uploaded(owner: User, name: str) -> Attachment:
    return Attachment.objects.create(
        owner=owner, name=name, size_bytes=1, width_px=1, height_px=1
    )


def test_a_draft_gets_the_chips_of_its_pictures_in_its_own_order(
    client: Client,
) -> None:
    first, second = (uploaded(factories.person(), name) for name in ("1.png", "2.png"))

    page = chips(client, second.pk, first.pk, first.pk, "junk")

    assert page.index("Remove 2.png") < page.index("Remove 1.png")
    assert page.count('name="attachments"') == 2


def test_a_draft_gets_no_chip_of_what_was_sent_or_is_anothers(client: Client) -> None:
    sent = uploaded(factories.person(), "sent.png")
    sent.message = factories.conversation().messages.first()
    sent.save()
    other = uploaded(factories.person("eve"), "hers.png")

    assert chips(client, sent.pk, other.pk).strip() == ""


USAGE = {"input_tokens": 1_000, "output_tokens": 100}


def answered_by(model: str) -> Conversation:
    asked = factories.question(model=model, provider="anthropic")
    turn = turns.start_conversation(owner=factories.person(), question=asked)
    return factories.ended(turn, usage=USAGE).conversation


def test_an_answer_says_quietly_what_it_cost(client: Client) -> None:
    assert "<span>$0.0030</span>" in shown(client, answered_by("claude-sonnet-5-5"))


def test_an_answer_without_a_known_price_says_nothing_of_a_cost(
    client: Client,
) -> None:
    page = shown(client, answered_by("somebodys"))

    assert "tokens in" in page
    assert "$" not in page
