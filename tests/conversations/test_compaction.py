"""A summary is asked of a model, stands for what was said, and is shown at its end."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from conversations import tasks, turns
from conversations.articles import changes_since
from conversations.catalogue import offered
from conversations.ledger.models import Call
from conversations.models import Compaction, Conversation
from conversations.providers.base import ModelInfo
from conversations.providers.scripted import ScriptedProvider
from conversations.transcript import SUMMARY_INTRODUCTION, build_request
from tests import factories
from tests.played import OverloadedProvider

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = ModelInfo(
    id="m", name="M", provider="p", images=True, max_output_tokens=1000, caching=True
)


def begun(conversation: Conversation) -> Compaction:
    found = turns.start_compaction(
        conversation, key=uuid.uuid4(), model="scripted", provider="scripted"
    )
    assert found is not None
    return found


def compacted(
    conversation: Conversation, text: str = "They spoke of tides."
) -> Compaction:
    compaction = begun(conversation)
    turns.end_compaction(compaction, None, text=text)
    compaction.refresh_from_db()
    return compaction


def sent(conversation: Conversation, text: str, model: ModelInfo = MODEL) -> list[str]:
    """The texts of what is asked next, a line for each block."""
    turn = factories.asked(conversation, text)
    request = build_request(turn, model).request
    factories.ended(turn, "An answer.")
    return [
        f"{message['role']}: {block['text']}"
        for message in request.messages
        for block in message["content"]
    ]


def test_what_follows_is_sent_with_the_summary_of_what_came_before() -> None:
    conversation = factories.conversation(None, "One", "Two")
    compacted(conversation)
    summary = f"user: {SUMMARY_INTRODUCTION}\n\nThey spoke of tides."

    assert sent(conversation, "Three") == [summary, "user: Three"]
    # The same again, for a cache, and what was said since.
    assert sent(conversation, "Four") == [
        summary,
        "user: Three",
        "assistant: An answer.",
        "user: Four",
    ]


def test_of_two_summaries_the_newer_stands_for_the_older_one() -> None:
    conversation = factories.conversation(None, "One")
    compacted(conversation, "First.")
    sent(conversation, "Two")
    conversation.refresh_from_db()
    compacted(conversation, "Second.")

    blocks = sent(conversation, "Three")

    assert blocks == [f"user: {SUMMARY_INTRODUCTION}\n\nSecond.", "user: Three"]


@pytest.mark.parametrize("how", ["pending", "failed", "undone"])
def test_a_summary_that_does_not_hold_changes_nothing(how: str) -> None:
    conversation = factories.conversation(None, "One")
    compaction = begun(conversation)
    Compaction.objects.filter(pk=compaction.pk).update(status=how, text="No.")

    assert sent(conversation, "Two")[0] == "user: One"


def test_a_branch_that_parts_before_its_end_is_sent_whole() -> None:
    conversation = factories.conversation(None, "One", "Two")
    first = conversation.turns.order_by("created_at").first()
    assert first is not None
    compacted(conversation)
    turn = turns.start_turn(
        conversation=conversation,
        parent_id=first.answer_id,
        question=factories.question("Elsewhere"),
    )

    messages = build_request(turn, MODEL).request.messages

    assert messages[0]["content"][0]["text"] == "One"


def test_the_summary_stays_when_older_messages_are_left_out() -> None:
    conversation = factories.conversation(None, "One")
    compacted(conversation)
    small = ModelInfo(
        id="m",
        name="M",
        provider="p",
        images=True,
        max_output_tokens=1000,
        context_tokens=1600,
    )
    asked = [
        sent(conversation, f"{number} " + "word " * 200, small) for number in range(5)
    ]
    blocks = asked[-1]

    assert "They spoke of tides." in blocks[0]
    assert not blocks[1].startswith("user: 0")


async def done(compaction: Compaction) -> Compaction:
    """The summary once the background work for it is over."""
    await tasks._make_summary(compaction)
    return await Compaction.objects.aget(pk=compaction.pk)


async def test_a_model_makes_the_summary() -> None:
    conversation = await sync_to_async(factories.conversation)(None, "One")
    compaction = await sync_to_async(begun)(conversation)
    with offered.use([ScriptedProvider(pace=0)]):
        compaction = await done(compaction)

    assert compaction.status == Compaction.Status.COMPLETE
    assert compaction.text
    call = await Call.objects.aget(purpose=Call.Purpose.COMPACTION)
    assert call.status == Call.Status.SETTLED
    assert call.output_tokens


async def test_a_model_that_fails_leaves_all_as_it_was() -> None:
    conversation = await sync_to_async(factories.conversation)(None, "One")
    compaction = await sync_to_async(begun)(conversation)
    provider = OverloadedProvider()
    with offered.use([provider]):
        compaction = await done(compaction)

    assert compaction.status == Compaction.Status.FAILED
    assert compaction.error_code
    assert (await sync_to_async(sent)(conversation, "Two"))[0] == "user: One"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.person())
    return client


def shown(conversation: Conversation) -> str:
    conversation.refresh_from_db()
    return changes_since(conversation, conversation.version - 1).html


def test_an_open_page_is_told_of_it_where_it_ends(client: Client) -> None:
    conversation = factories.conversation(factories.person(), "One", "Two")
    compaction = compacted(conversation, "They <b>spoke</b>.")

    html = shown(conversation)

    assert f'id="message-{conversation.leaf_id}"' in html
    assert "They &lt;b&gt;spoke&lt;/b&gt;." in html
    response = client.post(f"/compactions/{compaction.pk}/undo", HTTP_HX_REQUEST="true")
    assert response.status_code == 200
    assert "spoke" not in response.content.decode()
    page = client.get(f"/c/{conversation.pk}/").content.decode()
    assert "Two" in page


def test_a_page_shows_whole_history_and_summary(client: Client) -> None:
    conversation = factories.conversation(factories.person(), "One", "Two")
    compacted(conversation)

    page = client.get(f"/c/{conversation.pk}/").content.decode()

    assert all(words in page for words in ("One", "Two", "They spoke of tides."))
    assert "Undo summary" in page


def test_in_the_middle_of_an_answer_one_is_told_to_wait(client: Client) -> None:
    conversation = factories.conversation(factories.person())
    factories.asked(conversation)

    response = client.post(
        f"/c/{conversation.pk}/compact", {"key": uuid.uuid4()}, HTTP_HX_REQUEST="true"
    )

    assert response.status_code == 409
    assert "is being written" in response.content.decode()
