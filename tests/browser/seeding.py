"""Rows in the data folder of the served site, made in `manage.py shell`."""

import json
import sys
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.db import transaction

from chatsite.accounts.models import User
from conversations.providers.scripted_text import demonstration
from tests.browser.serving import ADMINISTRATOR, PASSWORD, TOURIST
from tests.factories import conversation


def people(questions: dict[str, int]) -> None:
    """The named people, with a conversation of that many questions if there are any.

    Prints for each name the key of a session and the id of the conversation.
    """
    # Hashed once for all of them: hashing is meant to be slow.
    password = make_password(PASSWORD)
    made = {}
    with transaction.atomic():
        for name, count in questions.items():
            user = _person(name, password)
            begun = _conversation(user, count) if count else ""
            made[name] = [session_of(user), begun]
    json.dump(made, sys.stdout)


def _person(name: str, password: str) -> User:
    may_all = name == ADMINISTRATOR
    return User.objects.create(
        username=name, password=password, is_staff=may_all, is_superuser=may_all
    )


def session_of(user: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _conversation(owner: User, count: int) -> str:
    texts = [f"Question {number}" for number in range(1, count + 1)]
    is_long = owner.username == TOURIST
    answers = demonstration(texts[0], [], [], 0) if is_long else "It is the tide."
    return str(conversation(owner, *texts, answers=answers).pk)
