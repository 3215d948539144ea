"""Rows full of hostile words, made in `manage.py shell` of the site under test."""

import json
import sys
import uuid
from io import BytesIO

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from chatsite.accounts.models import User
from conversations import uploads
from conversations.models import TITLE_LENGTH, Attachment, Conversation, Message, Turn
from tests import factories, pictures
from tests.browser.seeding import session_of
from tests.hostile.payloads import CANARY, corpus, documents, one_line

TURNS = 20  # of a conversation: as many messages as a page shows
NAMES = 6  # attached to one question
TITLES = 200
PEOPLE = 60


def seed(canary: str, *, full: bool) -> None:
    """Make two people, and whatever one may put on the pages of the other.

    Every second text leads to `canary`, an address that listens. Prints the keys of
    both sessions and of the conversations.
    """
    texts = [text.replace("\0", "\ufffd") for text in corpus(full=full)]
    lines = one_line(texts, TITLE_LENGTH)
    writer = _person(lines[7], is_staff=False)
    reader = _person("reader", is_staff=True)
    known = documents(texts)
    known[::2] = [document.replace(CANARY, canary) for document in known[::2]]
    picture = _picture(writer)
    with transaction.atomic():
        _titles(writer, lines)
        _people(lines)
        made = [
            _conversation(picture, known[at : at + TURNS], lines[at % len(lines) :])
            for at in range(0, len(known), TURNS)
        ]
    print(  # noqa: T201 - the test reads it
        json.dumps([session_of(writer), session_of(reader), made]), file=sys.stdout
    )


def _person(name: str, *, is_staff: bool) -> User:
    return User.objects.create(
        username=name[:150],
        first_name=name[:150],
        password=make_password(None),
        is_staff=is_staff,
        is_superuser=is_staff,
    )


def _conversation(picture: Attachment, texts: list[str], lines: list[str]) -> str:
    conversation: Conversation | None = None
    for number, text in enumerate(texts):
        asked = (
            factories.asked(conversation, text)
            if conversation
            else factories.started(picture.owner, text)
        )
        conversation = asked.conversation
        _answer(asked, text, lines[number % len(lines)], failed=number % 4 == 3)
        _attach(asked.question, lines[number : number + NAMES], picture)
    assert conversation is not None
    conversation.refresh_from_db()
    conversation.title = lines[0]
    conversation.save(update_fields=["title"])
    return str(conversation.pk)


def _answer(turn: Turn, text: str, line: str, *, failed: bool) -> None:
    status = Turn.Status.FAILED if failed else Turn.Status.COMPLETE
    # What a provider says of its own failure, and of itself.
    facts = {"error_code": line, "error_detail": text} if failed else {}
    factories.ended(turn, text, status, **facts)
    Turn.objects.filter(pk=turn.pk).update(model=line, request_id=line)
    content = [
        {"type": "thinking", "thinking": text, "signature": line},
        {"type": "text", "text": text},
    ]
    Message.objects.filter(pk=turn.answer_id).update(content=content)


def _picture(owner: User) -> Attachment:
    data = pictures.png()
    return uploads.accept(
        owner=owner, name="a.png", stream=BytesIO(data), size_bytes=len(data)
    )


def _attach(question: Message, names: list[str], kept: Attachment) -> None:
    for name in names:
        kept.pk, kept.name, kept.message = uuid.uuid4(), name, question
        kept.save(force_insert=True)


def _titles(owner: User, lines: list[str]) -> None:
    step = max(1, len(lines) // TITLES)
    Conversation.objects.bulk_create(
        Conversation(owner=owner, title=line, updated_at=timezone.now())
        for line in lines[::step]
    )


def _people(lines: list[str]) -> None:
    names = one_line(lines, 150)
    step = max(1, len(names) // PEOPLE)
    User.objects.bulk_create(
        User(username=name, first_name=name, last_name=name, email=name)
        for name in names[step - 1 :: step]
    )
