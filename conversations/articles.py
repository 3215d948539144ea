"""Message rows as the articles of the page: the one markup for page, partial and feed.

`changes_since` is what a POST answers, what a poll fetches and what a socket sends
after a gap: the articles that bring a page from one version to the newest.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from conversations.catalogue import offered
from conversations.ledger.prices import dollars
from conversations.messages_api import token_count
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.notices import attempt_countdown, notice_of, waiting_of
from conversations.querysets import branch_ids, versions_below
from conversations.rendering import (
    RENDERER_VERSION,
    LiveAnswer,
    render_answer,
    render_plain,
    render_steps,
    sources_of,
)
from conversations.turns import branch

if TYPE_CHECKING:
    from conversations.rendering import AnswerUpdate

LOG_LENGTH = 40  # messages on a page before one scrolls up
type PictureUrl = Callable[[Attachment, bool], str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What brings a page to `version`: rendered articles and the answers they start."""

    version: int
    html: str
    started: list[str]
    running: Turn | None


@dataclass(frozen=True, slots=True)
class Log:
    """The last messages of the shown branch, and whether there are older ones."""

    html: SafeString
    oldest_id: uuid.UUID | None
    has_older: bool


@dataclass(frozen=True, slots=True)
class Siblings:
    """A message's place among the versions of it, counted from 1."""

    number: int
    count: int
    previous_id: uuid.UUID | None
    next_id: uuid.UUID | None


def changes_since(conversation: Conversation, version: int) -> Changes:
    """The articles that changed after `version`, or the whole log if more did."""
    unfinished = list(conversation.turns.unfinished().select_related("answer"))
    running = next((turn for turn in unfinished if turn.is_running), None)
    turns = _changed_turns(conversation, version)
    if version < conversation.branch_version or len(turns) > LOG_LENGTH:
        html, started = _whole(conversation), [running] if running else []
        version = 0
    else:
        html = _changed_articles(_shown(conversation, turns))
        started = [turn for turn in turns if turn.is_running]
    state = {"since": version, "running": running}
    state["queued"] = len(unfinished) - bool(running)
    return _changes(conversation, html, started, state)


def changes_of_start(turn: Turn) -> Changes:
    """The same for a turn that was just started, pending and below what was shown.

    It needs no look into the store: the turn, its messages and its conversation are
    taken as `start_turn` left them.
    """
    html = _changed_articles([turn.question, turn.answer])
    state = {"since": turn.version - 1, "running": turn, "queued": 0}
    return _changes(turn.conversation, html, [turn], state)


def changes_of_end(turn: Turn) -> Changes:
    """The same for a turn that just ended at the end of what is shown, and alone.

    The turn, its messages and its conversation are taken as `end_turn` left them.
    """
    question, answer = turn.question, turn.answer
    if not hasattr(question, "pictures"):
        question.pictures = list(question.attachments.all())
    question.asked_turns, answer.turn = [turn], turn
    html = _changed_articles([question, answer])
    state = {"since": turn.version - 1, "running": None, "queued": 0}
    return _changes(turn.conversation, html, [], state)


def _changed_articles(messages: Sequence[Message]) -> str:
    return render_articles(messages, oob="upsert:#messages")


def _changes(
    conversation: Conversation,
    html: str,
    started: Sequence[Turn],
    state: dict[str, Any],
) -> Changes:
    context = {**state, "conversation": conversation}
    return Changes(
        version=conversation.version,
        html=html + render_to_string("conversations/live.html#state", context),
        started=[str(turn.pk) for turn in started],
        running=state["running"],
    )


def log_of(
    conversation: Conversation,
    *,
    before: uuid.UUID | None = None,
    limit: int = LOG_LENGTH,
) -> Log:
    """The last `limit` messages of the shown branch, or of those above `before`."""
    end = conversation.leaf_id
    if before is not None:
        shown = conversation.messages.filter(pk=before)
        end = shown.values_list("parent_id", flat=True).first()
    messages = Message.objects.branch(end, limit=limit + 1)
    shown_messages = messages[-limit:]
    return Log(
        html=render_articles(shown_messages),
        oldest_id=shown_messages[0].pk if shown_messages else None,
        has_older=len(messages) > limit,
    )


def render_articles(messages: Sequence[Message], *, oob: str = "") -> SafeString:
    """Articles for the person whose conversation it is, with what can be done."""
    return _render(messages, {"oob": oob, "actions": True})


def render_transcript(
    messages: Sequence[Message], *, picture_url: PictureUrl
) -> SafeString:
    """Articles for a reader: the same words and pictures, nothing that can be done.

    `picture_url(attachment, is_thumbnail)` says where this reader finds a picture.
    """
    return _render(messages, {"actions": False, "picture_url": picture_url})


def waiting(message_id: str, wait_s: float, attempt: int) -> str:
    """The markup that says until when a pending answer waits for its next attempt."""
    countdown = attempt_countdown(wait_s, attempt)
    context = {"message_id": message_id, "countdown": countdown}
    return render_to_string("conversations/live.html#waiting", context)


def heading(conversation: Conversation) -> str:
    """The markup that tells a page the conversation's title and whereabouts."""
    context = {"conversation": conversation}
    return render_to_string("conversations/live.html#heading", context)


def listed(conversation: Conversation) -> str:
    """What brings every open page of its owner the conversation's row in the list."""
    return render_to_string("conversations/live.html#listed", {"item": conversation})


def unlisted() -> str:
    """The markup that tells a page to fetch its list anew: news of it may be lost."""
    return render_to_string("conversations/live.html#unlisted")


def stored_snapshot(turn: Turn) -> AnswerUpdate:
    """Everything that the store has of a running answer, as one frame."""
    return LiveAnswer.of(turn.answer.content).snapshot()


def _changed_turns(conversation: Conversation, version: int) -> list[Turn]:
    """The turns after `version`, the oldest first; one too many if there are more."""
    changed = conversation.turns.filter(version__gt=version)
    rows = changed.select_related("question", "answer", "compaction").prefetch_related(
        Prefetch("question__attachments", to_attr="pictures"),
        Prefetch("question__turns", to_attr="asked_turns"),
    )
    turns = list(rows.order_by("created_at", "id")[: LOG_LENGTH + 1])
    for turn in turns:
        turn.answer.turn = turn
    return turns


def _shown(conversation: Conversation, turns: Sequence[Turn]) -> list[Message]:
    """The messages of turns that stand on the shown branch, in its order."""
    messages = {m.pk: m for turn in turns for m in (turn.question, turn.answer)}
    if conversation.leaf_id is None or not messages:
        return []
    # What changed stands at the end of the branch, or a little above it.
    ids = branch_ids(conversation.leaf_id, limit=len(messages) + LOG_LENGTH)
    return [messages[key] for key in ids if key in messages]


def _whole(conversation: Conversation) -> str:
    log = log_of(conversation)
    context = {"log": log, "conversation": conversation}
    return render_to_string("conversations/live.html#whole", context)


def _render(messages: Sequence[Message], extra: dict[str, Any]) -> SafeString:
    siblings = _siblings_of(messages)
    waiting = _first_waiting(messages)
    articles = [
        render_to_string(
            "conversations/message.html",
            _context(message, siblings.get(message.pk), waiting, extra),
        )
        for message in messages
        if message.role == Message.Role.USER
        or message.turn.status != Turn.Status.QUEUED
    ]
    # Every part was rendered by a template.
    return mark_safe("".join(articles))  # noqa: S308 - see above


def _context(
    message: Message,
    siblings: Siblings | None,
    waiting: Turn | None,
    extra: dict[str, Any],
) -> dict[str, Any]:
    if message.role == Message.Role.USER:
        context = _question_context(message, waiting, **extra)
    else:
        context = _answer_context(message)
    return {**context, "message": message, "siblings": siblings, **extra}


def _question_context(
    message: Message,
    waiting: Turn | None,
    *,
    picture_url: PictureUrl | None = None,
    **_: Any,
) -> dict[str, Any]:
    turn = max(message.asked_turns, key=lambda turn: turn.created_at, default=None)
    queued = turn is not None and turn.status == Turn.Status.QUEUED
    return {
        "turn": turn,
        "status": "pending" if queued else "complete",
        "version": turn.version if turn else 0,
        "body": render_plain(message.text),
        "pictures": [
            {
                "attachment": picture,
                "url": picture_url and picture_url(picture, False),  # noqa: FBT003 - see PictureUrl
                "thumbnail_url": picture_url and picture_url(picture, True),  # noqa: FBT003 - see PictureUrl
            }
            for picture in message.pictures
            if picture.is_picture
        ],
        "files": [
            {"attachment": file, "url": picture_url and picture_url(file, False)}  # noqa: FBT003 - see PictureUrl
            for file in message.pictures
            if not file.is_picture
        ],
        "can_send_now": queued and turn == waiting,
        "can_withdraw": queued,
    }


def _answer_context(message: Message) -> dict[str, Any]:
    turn = message.turn
    turn.answer = message
    model = offered.model_info(turn.model)
    return {
        "turn": turn,
        "status": turn.status,
        "version": turn.version,
        "model_name": model.name if model else turn.model,
        **_shown_of(message, turn),
        "figures": _figures(turn) if not turn.is_running else None,
        "notice": notice_of(turn),
        "waiting": waiting_of(turn),
        "compaction": turn.shown_compaction,
        "can_retry": turn.status in branch.RETRIED,
    }


def _shown_of(message: Message, turn: Turn) -> dict[str, Any]:
    if turn.is_running:
        live = LiveAnswer.of(message.content)
        text, steps = live.markdown.snapshot(), live.steps.snapshot()
        open_body = text.open or SafeString("")
        return {"steps": steps.changed, "body": text.closed, "open_body": open_body}
    return {
        "steps": render_steps(message.content),
        "body": _body(message),
        "sources": sources_of(message.content),
    }


def _body(message: Message) -> SafeString:
    if message.renderer_version == RENDERER_VERSION:
        # Written by the renderer of this version when the answer ended.
        return mark_safe(message.html)  # noqa: S308 - see above
    return render_answer(message.content)


def _figures(turn: Turn) -> dict[str, float | int | str | None] | None:
    if not turn.usage and turn.first_delta_at is None:
        return None
    cached = token_count(turn.usage, "cache_read_input_tokens") or 0
    written = token_count(turn.usage, "cache_creation_input_tokens") or 0
    fresh = token_count(turn.usage, "input_tokens") or 0
    first_word_s, cost = None, turn.cost_picodollars
    if turn.first_delta_at and turn.started_at:
        first_word_s = (turn.first_delta_at - turn.started_at).total_seconds()
    return {
        "first_word_s": first_word_s,
        "input_tokens": fresh + cached + written,
        "output_tokens": token_count(turn.usage, "output_tokens"),
        "cached_tokens": cached,
        "cost": None if cost is None else dollars(cost),
    }


def _first_waiting(messages: Sequence[Message]) -> Turn | None:
    """The queued turn that may be sent by hand: the oldest, if none is running."""
    if not any(_is_queued(message) for message in messages):
        return None
    turns = Turn.objects.filter(conversation_id=messages[0].conversation_id)
    if turns.running().exists():
        return None
    return turns.queued().first()


def _is_queued(message: Message) -> bool:
    return message.role == Message.Role.USER and any(
        turn.status == Turn.Status.QUEUED for turn in message.asked_turns
    )


def _siblings_of(messages: Sequence[Message]) -> dict[uuid.UUID, Siblings]:
    if not messages:
        return {}
    parents = {message.parent_id for message in messages}
    versions = versions_below(messages[0].conversation_id, parents)
    return {
        message.pk: _place(message.pk, versions[message.parent_id])
        for message in messages
        if len(versions[message.parent_id]) > 1
    }


def _place(key: uuid.UUID, versions: Sequence[uuid.UUID]) -> Siblings:
    at = versions.index(key)
    return Siblings(
        number=at + 1,
        count=len(versions),
        previous_id=versions[at - 1] if at else None,
        next_id=versions[at + 1] if at + 1 < len(versions) else None,
    )
