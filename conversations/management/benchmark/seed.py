"""People and conversations for the benchmark: a plan on stdin, rows on stdout.

The plan is JSON: how many people, and lists of conversations by their number of
messages. Each list comes back as pairs of a conversation's key and its last message's.
People without a password are signed in already: their cookies come back too.
"""

import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from chatsite.accounts.models import User
    from conversations.models import Conversation

_ANSWER = (
    "A river is *never* one thing:\n\n- the water,\n- the bed,\n- the way.\n\n"
    "It takes what it finds and leaves it further down, and so the valley is made."
)


def seed(wanted: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of a plan; conversations go to the people in turn."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    with transaction.atomic():
        users = [
            get_user_model().objects.create_user(
                username=f"reader{number}", password=wanted["password"]
            )
            for number in range(wanted["people"])
        ]
        lists = {
            name: _conversations(users, each["count"], each["messages"])
            for name, each in wanted["lists"].items()
        }
        sessions = [] if wanted["password"] else [_signed_in(user) for user in users]
    names = [user.get_username() for user in users]
    return {"people": names, "lists": lists, "sessions": sessions}


def _signed_in(user: "User") -> dict[str, str]:
    """A session as signing in makes one, which takes its time and is throttled."""
    from django.contrib import auth
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils.crypto import get_random_string

    session = SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    token = get_random_string(32)
    cookie = f"session={session.session_key}; csrf={token}"
    return {"cookie": cookie, "token": token}


def _conversations(
    users: list["User"], count: int, messages: int
) -> list[tuple[str, str]]:
    from conversations.models import Conversation

    made = [
        Conversation(owner=users[index % len(users)], title="Rivers", is_renamed=True)
        for index in range(count)
    ]
    Conversation.objects.bulk_create(made)
    return [(str(each.pk), _history(each, messages)) for each in made]


def _history(conversation: "Conversation", length: int) -> str:
    """Fill a conversation with `length` messages; returns the key of the last."""
    from django.utils import timezone

    from conversations.models import Message, Turn
    from conversations.rendering import RENDERER_VERSION, render_markdown

    if not length:
        return ""
    html, now = render_markdown(_ANSWER), timezone.now()
    questions, answers, turns = [], [], []
    parent: Message | None = None
    for number in range(length // 2):
        question = Message(
            conversation=conversation,
            parent=parent,
            role="user",
            text=f"What about river {number}?",
            content=[{"type": "text", "text": f"What about river {number}?"}],
        )
        parent = Message(
            conversation=conversation,
            parent=question,
            role="assistant",
            text=_ANSWER,
            content=[{"type": "text", "text": _ANSWER}],
            html=html,
            renderer_version=RENDERER_VERSION,
        )
        questions.append(question)
        answers.append(parent)
        turns.append(
            Turn(
                key=uuid.uuid4(),
                conversation=conversation,
                question=question,
                answer=parent,
                status=Turn.Status.COMPLETE,
                version=0,
                model="claude-simulated",
                provider="anthropic",
                finished_at=now,
            )
        )
    pairs = [row for pair in zip(questions, answers, strict=True) for row in pair]
    Message.objects.bulk_create(pairs)
    Turn.objects.bulk_create(turns)
    conversation.leaf = parent
    conversation.save(update_fields=("leaf",))
    return str(pairs[-1].pk)


if __name__ == "__main__":
    django.setup()
    json.dump(seed(json.load(sys.stdin)), sys.stdout)
