"""Reading another's conversation: the right, the reason, the row, and the page."""

import uuid
from html import unescape

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.models import Attachment, Conversation, Message
from tests.admin_data import (
    REASON,
    SECRET,
    attachment_of,
    conversation_of,
    opened,
    person,
    picture_address,
    signed_in,
    transcript_address,
    version_of,
)


def test_the_page_asks_for_a_reason_before_it_shows_anything(
    conversation: Conversation, reviewer: User
) -> None:
    response = signed_in(reviewer).get(transcript_address(conversation))
    page = response.content.decode()
    assert response.status_code == 200
    assert '<textarea name="reason"' in page
    assert "alice" in page
    assert SECRET not in page
    assert not Reading.objects.exists()


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 1001])
def test_a_reason_that_says_nothing_or_too_much_shows_nothing(
    reason: str, conversation: Conversation, reviewer: User
) -> None:
    page = opened(signed_in(reviewer), conversation, reason)
    assert SECRET not in page
    assert not Reading.objects.exists()


def test_a_reason_shows_the_conversation_as_its_owner_saw_it(
    conversation: Conversation, reviewer: User
) -> None:
    page = opened(signed_in(reviewer), conversation)
    assert f"About the {SECRET}" in page
    for message in conversation.messages.all():
        assert f'data-message-id="{message.pk}"' in page
        assert message.text in page
    assert page.count('data-role="user"') == 2
    assert page.count('data-role="assistant"') == 2


def test_a_transcript_offers_nothing_that_changes_the_conversation(
    conversation: Conversation, reviewer: User
) -> None:
    page = opened(signed_in(reviewer), conversation)
    articles = page[page.index("<article") : page.rindex("</article>")]
    assert "hx-post" not in articles
    assert "<button" not in articles
    assert "<form" not in articles


def test_the_row_says_who_read_what_of_whom_when_why_and_from_where(
    conversation: Conversation, reviewer: User
) -> None:
    before = timezone.now()
    opened(signed_in(reviewer), conversation)
    row = Reading.objects.get()
    assert (row.reader, row.reader_name) == (reviewer, "reviewer")
    assert (row.owner, row.owner_name) == (conversation.owner, "alice")
    assert row.subject == "conversation"
    assert row.subject_id == row.conversation_id == conversation.pk
    assert row.reason == REASON
    assert row.address == "127.0.0.1"
    assert before <= row.read_at <= timezone.now()


def test_a_superuser_gives_a_reason_and_is_written_down_too(
    conversation: Conversation, root: User
) -> None:
    client = signed_in(root)
    assert SECRET not in client.get(transcript_address(conversation)).content.decode()
    opened(client, conversation)
    assert Reading.objects.get().reader == root


def test_each_opening_has_a_row_of_its_own(
    conversation: Conversation, reviewer: User
) -> None:
    client = signed_in(reviewer)
    opened(client, conversation)
    opened(client, conversation)
    assert Reading.objects.count() == 2


def test_nothing_is_shown_when_the_row_cannot_be_written(
    conversation: Conversation, reviewer: User, picture: Attachment
) -> None:
    client = signed_in(reviewer)
    client.raise_request_exception = False
    opened(client, conversation)
    url = picture_address(picture, Reading.objects.get())
    connection.check_constraints()  # those that wait for the end of the transaction
    with connection.cursor() as cursor:
        # Over a constant, a unique index is full with one row.
        cursor.execute("CREATE UNIQUE INDEX full_log ON audit_reading ((1 + 0))")
    pages = [
        client.post(transcript_address(conversation), {"reason": REASON}),
        client.get(url),
        client.get(f"{url}&thumbnail=1"),
        client.get(f"{transcript_address(conversation)}?{url.partition('?')[2]}"),
    ]
    assert [page.status_code for page in pages] == [500] * 4
    for page in pages:
        assert SECRET.encode() not in page.content
        assert b"the picture" not in page.content
    assert Reading.objects.count() == 1


def test_those_who_may_not_read_see_neither_form_nor_words(
    conversation: Conversation, charlie: User, clerk: User
) -> None:
    retired = person("retired", "read_others", is_staff=True)
    visitor = person("visitor", "read_others")
    refused = {
        "anonymous": (Client(), 302),
        "ordinary": (signed_in(charlie), None),
        "with the right but not of the staff": (signed_in(visitor), None),
        "staff without the right": (signed_in(clerk), 403),
    }
    gone = signed_in(retired)
    retired.is_active = False
    retired.save()
    refused["deactivated"] = (gone, 302)
    for who, (client, status) in refused.items():
        for response in (
            client.get(transcript_address(conversation)),
            client.post(transcript_address(conversation), {"reason": REASON}),
        ):
            assert response.status_code in ({status} if status else {302, 403, 404}), (
                who
            )
            assert SECRET not in response.content.decode()
            assert b'name="reason"' not in response.content
    assert not Reading.objects.exists()


def test_a_conversation_that_is_not_there_is_not_found(reviewer: User) -> None:
    path = reverse("admin:conversations_conversation_transcript", args=[uuid.uuid4()])
    assert signed_in(reviewer).get(path).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(
    method: str, conversation: Conversation, reviewer: User
) -> None:
    client = signed_in(reviewer)
    assert getattr(client, method)(transcript_address(conversation)).status_code == 405


def test_ones_own_conversation_needs_no_reason_and_leaves_no_row(
    reviewer: User,
) -> None:
    own = conversation_of(reviewer)
    response = signed_in(reviewer).get(transcript_address(own))
    assert response.status_code == 302
    assert response["Location"] == f"/c/{own.pk}/"
    assert not Reading.objects.exists()


def test_a_transcript_is_kept_by_no_cache(
    conversation: Conversation, reviewer: User
) -> None:
    client = signed_in(reviewer)
    response = client.post(transcript_address(conversation), {"reason": REASON})
    assert "no-store" in response["Cache-Control"]


def test_the_words_of_the_owner_are_escaped(alice: User, reviewer: User) -> None:
    made = conversation_of(alice)
    attack = "<script>alert(1)</script>"
    Conversation.objects.filter(pk=made.pk).update(title=attack)
    Message.objects.filter(conversation=made).update(
        text=attack, content=[{"type": "text", "text": attack}], html=""
    )
    response = signed_in(reviewer).post(transcript_address(made), {"reason": attack})
    assert "<script>alert" not in response.content.decode()


def test_a_transcript_costs_the_same_with_few_messages_and_with_many(
    alice: User, reviewer: User
) -> None:
    client = signed_in(reviewer)
    costs = []
    for turns in (1, 20):
        made = conversation_of(alice, turns=turns)
        attachment_of(made)
        with CaptureQueriesContext(connection) as queries:
            opened(client, made)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[0] <= 20


def test_a_long_conversation_is_read_in_pages_each_with_its_row(
    alice: User, reviewer: User
) -> None:
    made = conversation_of(alice, turns=30)
    client = signed_in(reviewer)
    newest = opened(client, made)
    assert "Answer 29:" in newest
    assert "Question 0:" not in newest
    oldest = unescape(client.get(link(newest, "Earlier messages")).content.decode())
    assert "Question 0:" in oldest
    assert "Answer 29:" not in oldest
    assert "Earlier messages" not in oldest
    first, later = Reading.objects.order_by("read_at")
    assert (later.first, later.reason) == (first, REASON)


def test_other_versions_are_counted_and_read_under_the_same_reason(
    conversation: Conversation, reviewer: User
) -> None:
    version_of(conversation.turns.latest("created_at"), "Once more the kingfisher.")
    client = signed_in(reviewer)
    page = opened(client, conversation)
    assert "2 of 2" in page
    assert "Once more" in page
    assert "Answer 1:" not in page
    other = unescape(client.get(link(page, "1", last=True)).content.decode())
    assert "Answer 1:" in other
    assert "Once more" not in other
    assert Reading.objects.filter(first=None).count() == 1
    assert Reading.objects.count() == 2


def link(page: str, words: str, *, last: bool = False) -> str:
    """The address of the link with these words."""
    before = page[
        : page.rindex(f">{words}</a>") if last else page.index(f">{words}</a>")
    ]
    return before[before.rindex('href="') :].split('"')[1]


def test_a_message_of_another_conversation_is_not_shown_under_this_reason(
    conversation: Conversation, reviewer: User
) -> None:
    other = conversation_of(person("other"))
    client = signed_in(reviewer)
    opened(client, conversation)
    row = Reading.objects.get()
    path = transcript_address(conversation)
    for name in ("above", "version"):
        url = f"{path}?reading={row.pk}&{name}={other.leaf_id}"
        assert client.get(url).status_code == 404
    assert Reading.objects.count() == 1


def test_the_database_itself_refuses_a_row_without_a_reason(
    conversation: Conversation, reviewer: User
) -> None:
    with pytest.raises(DatabaseError, match="reading_has_a_reason"):
        Reading.objects.create(
            reader=reviewer,
            reader_name="reviewer",
            owner=conversation.owner,
            owner_name="alice",
            subject=Reading.Subject.CONVERSATION,
            subject_id=conversation.pk,
            conversation_id=conversation.pk,
            reason="",
        )
