"""`manage.py demodata`: a made-up team, to look at and to measure with."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client

from chatsite.accounts.models import User
from conversations.ledger.models import Call
from conversations.models import Conversation, Message, Turn
from tests.factories import person

pytestmark = pytest.mark.django_db


def demodata(**options: int | bool) -> str:
    said = StringIO()
    call_command("demodata", stdout=said, **options)
    return said.getvalue()


def test_it_makes_so_many_people_and_messages() -> None:
    said = demodata(people=3, messages=400)

    assert User.objects.count() == 3
    assert Message.objects.count() == 400
    assert said.startswith(f"3 people, {Conversation.objects.count()} conversations")


def test_every_answer_has_its_turn_and_its_row_in_the_ledger() -> None:
    demodata(people=2, messages=200)

    answers = Message.objects.filter(role=Message.Role.ASSISTANT)
    turns = Turn.objects.values_list("pk", flat=True)
    assert set(answers.values_list("turn__pk", flat=True)) == set(turns)
    assert set(Call.objects.values_list("turn_id", flat=True)) == set(turns)
    assert not Turn.objects.filter(finished_at__lte=F("started_at")).exists()


def test_a_conversation_of_it_opens_as_any_other() -> None:
    demodata(people=1, messages=60)
    conversation = Conversation.objects.first()
    assert conversation is not None
    client = Client()
    client.force_login(conversation.owner)

    page = client.get(f"/c/{conversation.pk}/")

    assert page.status_code == 200
    newest = conversation.messages.filter(role=Message.Role.USER).last()
    assert newest is not None
    assert newest.text in page.content.decode()


def test_nobody_can_sign_in_as_a_made_up_person() -> None:
    demodata(people=2, messages=2)

    assert not any(user.has_usable_password() for user in User.objects.all())


def test_it_keeps_out_of_what_people_have_written() -> None:
    Conversation.objects.create(owner=person("ada"))

    with pytest.raises(CommandError, match="--add"):
        demodata(people=1, messages=2)

    demodata(people=1, messages=2, add=True)
    assert Message.objects.count() == 2
