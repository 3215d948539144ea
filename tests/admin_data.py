"""Conversations full of a word that no list of the admin may show, and people."""

import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.ledger.models import Call
from conversations.models import Attachment, Conversation, Message, Turn

SECRET = "kingfisher"
REASON = "A complaint about this answer"


def person(username: str, *permissions: str, is_staff: bool = False) -> User:
    """Make someone with a set of permissions, named by their code names."""
    made = get_user_model().objects.create_user(
        username=username,
        email=f"{username}@example.org",
        password=f"password of {username}",
        is_staff=is_staff,
    )
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return made


def signed_in(someone: User) -> Client:
    """Open a browser in which `someone` is signed in."""
    client = Client()
    client.force_login(someone)
    return client


def conversation_of(
    owner: User, *, turns: int = 1, model: str = "local"
) -> Conversation:
    """Make a conversation in which every word of the owner and of models is secret."""
    started = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    made = Conversation.objects.create(
        owner=owner,
        title=f"About the {SECRET}",
        model=model,
        created_at=started,
        updated_at=started,
    )
    for number in range(turns):
        turn_in(made, number=number, at=started + timedelta(minutes=number))
    return made


def turn_in(conversation: Conversation, *, number: int, at: datetime) -> Turn:
    """Add a question with its finished answer, and the call that was made for it."""
    question = _say(conversation, "user", f"Question {number}: what is a {SECRET}?", at)
    later = at + timedelta(seconds=3)
    answer = _say(
        conversation, "assistant", f"Answer {number}: {SECRET}, a bird.", later
    )
    turn = Turn.objects.create(
        key=uuid.uuid4(),
        conversation=conversation,
        question=question,
        answer=answer,
        status=Turn.Status.COMPLETE,
        version=1,
        provider="scripted",
        model=conversation.model,
        usage={"input_tokens": 10, "output_tokens": 5, "service_tier": SECRET},
        error_detail=f"the provider quoted {SECRET}",
        created_at=at,
        first_delta_at=at + timedelta(seconds=1),
        finished_at=later,
    )
    Call.objects.create(
        person=conversation.owner,
        person_name=conversation.owner.username,
        conversation_id=conversation.pk,
        turn_id=turn.pk,
        purpose=Call.Purpose.ANSWER,
        status=Call.Status.SETTLED,
        provider="scripted",
        model=conversation.model,
        input_tokens=10,
        cache_read_tokens=100,
        output_tokens=5,
        usage={"note": SECRET},
        reserved_at=at,
        settled_at=at,
    )
    return turn


def _say(conversation: Conversation, role: str, text: str, at: datetime) -> Message:
    said = Message.objects.create(
        conversation=conversation,
        parent=conversation.leaf,
        role=role,
        content=[{"type": "text", "text": text}],
        text=text,
        html=f"<p>{text}</p>",
        created_at=at,
    )
    conversation.leaf = said
    conversation.save(update_fields=["leaf"])
    return said


def attachment_of(conversation: Conversation) -> Attachment:
    """Attach a picture, whose file name is secret too, to the first question."""
    return Attachment.objects.create(
        owner=conversation.owner,
        message=conversation.messages.filter(role="user").first(),
        name=f"{SECRET}.png",
        media_type="image/png",
        digest="0" * 64,
        size_bytes=70,
        width_px=1,
        height_px=1,
        thumbnail_digest="0" * 64,
        thumbnail_media_type="image/png",
    )


def version_of(turn: Turn, text: str) -> Turn:
    """Answer the question of `turn` once more; the new answer is the one shown."""
    conversation = turn.conversation
    conversation.leaf = turn.question
    answer = _say(conversation, "assistant", text, turn.created_at + timedelta(hours=1))
    return Turn.objects.create(
        key=uuid.uuid4(),
        conversation=conversation,
        question=turn.question,
        answer=answer,
        status=Turn.Status.COMPLETE,
        version=2,
        model=turn.model,
        created_at=answer.created_at,
        finished_at=answer.created_at,
    )


def transcript_address(conversation: Conversation) -> str:
    """Where a conversation is read."""
    return reverse(
        "admin:conversations_conversation_transcript", args=[conversation.pk]
    )


def picture_address(attachment: Attachment, reading: Reading) -> str:
    """Where a picture is seen under the reason of `reading`."""
    path = reverse("admin:conversations_attachment_picture", args=[attachment.pk])
    return f"{path}?reading={reading.pk}"


def opened(client: Client, conversation: Conversation, reason: str = REASON) -> str:
    """The transcript's page, after `reason` was given."""
    response = client.post(transcript_address(conversation), {"reason": reason})
    assert response.status_code == 200
    return unescape(response.content.decode())
