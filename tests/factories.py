"""Rows for tests, made the way the site makes them."""

import uuid
from typing import Any

from django.contrib.auth import get_user_model

from chatsite.accounts.models import User
from conversations import turns
from conversations.models import Conversation, Turn
from conversations.turns import Claim, Outcome, Question

WORKER = uuid.UUID("00000000-0000-4000-8000-000000000001")


def person(username: str = "ada") -> User:
    """A person who may sign in."""
    people = get_user_model().objects
    found = people.filter(username=username).first()
    return found or people.create_user(username=username, password="correct horse")


def question(text: str = "Why is the sky blue?", **fields: Any) -> Question:
    """A question with a fresh key, for the scripted model."""
    return Question(
        **{
            "key": uuid.uuid4(),
            "text": text,
            "model": "scripted",
            "provider": "scripted",
            **fields,
        }
    )


def started(owner: User | None = None, text: str = "Why is the sky blue?") -> Turn:
    """The pending first turn of a new conversation."""
    owner = owner or person()
    return turns.start_conversation(owner=owner, question=question(text))


def asked(conversation: Conversation, text: str = "And at night?") -> Turn:
    """A further turn, below what the conversation shows."""
    conversation.refresh_from_db()
    return turns.start_turn(
        conversation=conversation,
        parent_id=conversation.leaf_id,
        question=question(text),
    )


def begun(turn: Turn) -> Turn:
    """The turn as a worker has it in hand."""
    turns.begin_turn(turn, Claim(worker=WORKER))
    turn.refresh_from_db()
    return turn


def ended(
    turn: Turn,
    text: str = "Because of scattering.",
    status: Turn.Status = Turn.Status.COMPLETE,
    **facts: Any,
) -> Turn:
    """The turn in a final state, claimed before if it was not."""
    claim = Claim(worker=WORKER)
    begun_here = turns.begin_turn(turn, claim)
    facts.setdefault("content", [{"type": "text", "text": text}] if text else [])
    outcome = Outcome(status=status, text=text, **facts)
    call_id = claim.call_id if begun_here else None
    turns.end_turn(turn, outcome, worker=WORKER, call_id=call_id)
    turn.refresh_from_db()
    return turn


def conversation(
    owner: User | None = None, *texts: str, answers: str = "Because of scattering."
) -> Conversation:
    """A conversation with one finished answer to each of `texts`."""
    first, *others = texts or ("Why is the sky blue?",)
    turn = ended(started(owner, first), answers)
    for text in others:
        ended(asked(turn.conversation, text), answers)
    turn.conversation.refresh_from_db()
    return turn.conversation
