"""A made-up site of any size: people, their conversations, turns and ledger rows.

The shapes are those of a team in use: a few people write much, most conversations are
short and a few very long, and everything is spread over a year, nights and weekends
left out. The same seed makes the same words, never the same keys.
"""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from conversations.ledger.models import Call
from conversations.models import Conversation, Message, Turn
from conversations.rendering import RENDERER_VERSION, render_markdown

BATCH_ROWS = 5_000
DAYS = 365
LONGEST = 2_000  # messages of one conversation
# Of the logarithm of a conversation's number of questions.
MEAN_LOG, SPREAD_LOG = 1.4, 1.1
WORK_BEGINS_H, WORK_ENDS_H = 8, 19
MODELS = {"claude-opus-5": 1, "claude-sonnet-5-5": 6, "claude-haiku-5": 3}
FIRST_NAMES = ("Ada", "Bruno", "Chen", "Dora", "Emil", "Fatma", "Goran", "Hana")
SUBJECTS = (
    "the tender of the harbour",
    "a query that takes too long",
    "the letter to the tax office",
    "our holiday rota",
    "the broken build",
    "names for the new boat",
    "the chapter on rivers",
    "a talk about bees",
)
ASKED = (
    "How would you begin with {}?",
    "What did we miss in {}?",
    "Please shorten what stands above about {}.",
    "Make a table for {}, with dates.",
    "Is there a risk in {} that nobody has named?",
)
ANSWERED = (
    (
        "For {0}, three things come first:\n\n1. what is **known** and by whom,\n"
        "2. what it costs to wait,\n3. who has to agree.\n\nThe second is the one that"
        " is usually forgotten."
    ),
    (
        "Here is a sketch for {0}.\n\n```python\ndef first(rows):\n"
        "    return sorted(rows, key=len)[:3]\n```\n\nIt leaves out the empty rows."
    ),
    (
        "| step | until | who |\n|---|---|---|\n| read | Monday | all |\n"
        "| decide | Thursday | two of us |\n\n"
        "As for {0}, Thursday is late but possible."
    ),
    (
        "In short: {0} can wait a week, and not longer. *Whoever* takes it should say"
        " so in the list, and ask for what is missing before the weekend."
    ),
)


@dataclass(frozen=True, slots=True)
class Made:
    """How much there is now that was not there before."""

    people: int
    conversations: int
    messages: int


def make(*, people: int, messages: int, seed: int = 1) -> Made:
    """Write so many people and messages, in transactions of some thousand rows."""
    chance = random.Random(seed)  # noqa: S311 - words for a demonstration
    persons = _people(people)
    weights = [1 / (rank + 1) for rank in range(people)]
    plans = _plans(chance, persons, weights, messages)
    conversations = written = 0
    while group := _next_group(plans):
        _write(group, chance)
        conversations += len(group)
        written += sum(2 * plan.questions for plan in group)
    return Made(people, conversations, written)


@dataclass(frozen=True, slots=True)
class _Plan:
    owner: Any
    questions: int
    begun_at: datetime


def _people(count: int) -> list[Any]:
    taken = get_user_model().objects.count()
    # Nobody can sign in as them until they are given a password.
    password = make_password(None)
    people = [
        get_user_model()(
            username=f"{FIRST_NAMES[number % len(FIRST_NAMES)].lower()}{number}",
            email=f"person{number}@example.org",
            first_name=FIRST_NAMES[number % len(FIRST_NAMES)],
            last_name=f"Example {number}",
            password=password,
        )
        for number in range(taken, taken + count)
    ]
    return list(get_user_model().objects.bulk_create(people))


def _plans(
    chance: random.Random, people: list[Any], weights: list[float], messages: int
) -> Iterator[_Plan]:
    left = messages // 2
    cumulative = list(itertools.accumulate(weights))
    now = timezone.now()
    while left > 0:
        (owner,) = chance.choices(people, cum_weights=cumulative)
        drawn = round(chance.lognormvariate(MEAN_LOG, SPREAD_LOG))
        questions = max(1, min(drawn, left, LONGEST // 2))
        left -= questions
        yield _Plan(owner, questions, _working_hour(chance, now))


def _working_hour(chance: random.Random, now: datetime) -> datetime:
    day = now - timedelta(days=chance.randrange(1, DAYS))
    day -= timedelta(days=max(0, day.weekday() - 4))
    hour = chance.randrange(WORK_BEGINS_H, WORK_ENDS_H)
    return day.replace(hour=hour, minute=chance.randrange(60), second=0)


def _next_group(plans: Iterator[_Plan]) -> list[_Plan]:
    group: list[_Plan] = []
    rows = 0
    while rows < BATCH_ROWS and (plan := next(plans, None)):
        group.append(plan)
        rows += 2 * plan.questions
    return group


@transaction.atomic
def _write(group: list[_Plan], chance: random.Random) -> None:
    conversations = [_conversation(plan, chance) for plan in group]
    Conversation.objects.bulk_create(conversations)
    messages: list[Message] = []
    turns: list[Turn] = []
    for plan, conversation in zip(group, conversations, strict=True):
        _fill(conversation, plan, chance, messages, turns)
    Message.objects.bulk_create(messages)
    Turn.objects.bulk_create(turns)
    Call.objects.bulk_create([_call(turn, turn.conversation.owner) for turn in turns])
    Conversation.objects.bulk_update(
        conversations, ["leaf", "updated_at", "version", "branch_version"]
    )


def _conversation(plan: _Plan, chance: random.Random) -> Conversation:
    subject = chance.choice(SUBJECTS)
    (model,) = chance.choices(list(MODELS), list(MODELS.values()))
    return Conversation(
        owner=plan.owner,
        title=subject[:1].upper() + subject[1:],
        model=model,
        created_at=plan.begun_at,
        updated_at=plan.begun_at,
    )


def _fill(
    conversation: Conversation,
    plan: _Plan,
    chance: random.Random,
    messages: list[Message],
    turns: list[Turn],
) -> None:
    at, parent = plan.begun_at, None
    for number in range(plan.questions):
        at += timedelta(seconds=chance.randrange(20, 600))
        question = _message(conversation, parent, "user", _asked(chance), at)
        took = timedelta(seconds=chance.randrange(2, 30))
        text, html = _answered(chance.randrange(len(ANSWERED) * len(SUBJECTS)))
        parent = _message(conversation, question, "assistant", text, at)
        parent.html, parent.renderer_version = html, RENDERER_VERSION
        messages += [question, parent]
        turns.append(_turn(question, parent, number + 1, took, chance))
    conversation.leaf = parent
    conversation.updated_at = at
    conversation.version = plan.questions


def _message(
    conversation: Conversation,
    parent: Message | None,
    role: str,
    text: str,
    at: datetime,
) -> Message:
    return Message(
        conversation=conversation,
        parent=parent,
        role=role,
        text=text,
        content=[{"type": "text", "text": text}],
        created_at=at,
    )


def _asked(chance: random.Random) -> str:
    return chance.choice(ASKED).format(chance.choice(SUBJECTS))


@cache
def _answered(number: int) -> tuple[str, str]:
    pattern, subject = divmod(number, len(SUBJECTS))
    text = ANSWERED[pattern].format(SUBJECTS[subject])
    return text, render_markdown(text)


def _turn(
    question: Message,
    answer: Message,
    version: int,
    took: timedelta,
    chance: random.Random,
) -> Turn:
    at = question.created_at
    return Turn(
        key=uuid.uuid4(),
        conversation=question.conversation,
        question=question,
        answer=answer,
        status=Turn.Status.COMPLETE,
        version=version,
        provider="anthropic",
        model=question.conversation.model,
        stop_reason="end_turn",
        usage={
            "input_tokens": chance.randrange(50, 2_000),
            "cache_read_input_tokens": 700 * version,
            "output_tokens": chance.randrange(40, 900),
        },
        attempts=1,
        created_at=at,
        started_at=at,
        first_delta_at=at + timedelta(milliseconds=chance.randrange(300, 1_900)),
        finished_at=at + took,
    )


def _call(turn: Turn, person: Any) -> Call:
    usage = turn.usage
    first = turn.first_delta_at or turn.created_at
    ended = turn.finished_at or turn.created_at
    return Call(
        person=person,
        person_name=person.get_username(),
        conversation_id=turn.conversation_id,
        turn_id=turn.pk,
        purpose=Call.Purpose.ANSWER,
        status=Call.Status.SETTLED,
        provider=turn.provider,
        model=turn.model,
        input_tokens=usage["input_tokens"],
        cache_read_tokens=usage["cache_read_input_tokens"],
        output_tokens=usage["output_tokens"],
        usage=usage,
        reserved_at=turn.created_at,
        settled_at=ended,
        first_token_ms=round((first - turn.created_at).total_seconds() * 1000),
        duration_ms=round((ended - turn.created_at).total_seconds() * 1000),
    )
