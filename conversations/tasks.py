"""Work beside the answers: titles, asked of a small model, summaries, clearing up.

A title is work of the process that answered, as the answer was: it needs that
process's provider, event loop and channel layer, and comes with the answer's end. What
may wait is a task of Django's, which another process may run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.tasks import task

from conversations import attachment_files, correlation, feed, rows, uploads
from conversations.catalogue import offered
from conversations.database import in_thread
from conversations.ledger.calls import reserve_call, settle_call
from conversations.ledger.models import Call
from conversations.messages_api import MessageRequest, ProviderError
from conversations.models import TITLE_LENGTH, Compaction, Conversation, Message, Turn
from conversations.providers.asking import parameters_of
from conversations.transcript import Transcript, build_request, with_files
from conversations.turns import end_compaction, reserve_compaction

if TYPE_CHECKING:
    import uuid

    from conversations.providers.base import ModelInfo

logger = logging.getLogger(__name__)

TITLE_MAX_TOKENS = 1024  # most of it for a model that thinks before it answers
EXCERPT_LENGTH = 2000  # characters of question and of answer that a title is made of
TITLE_SYSTEM = (
    "You name conversations. Answer with a title of two to six words for the"
    " conversation below, in its language, without quotation marks and without a"
    " full stop. Answer with the title alone."
)

SUMMARY_MAX_TOKENS = 8192
SUMMARY_REQUEST = (
    "Summarise this conversation so far, so that it can be gone on with from your"
    " summary alone. Keep what was decided, facts, names, figures, code that still"
    " matters, and what is open. Write in the language of the conversation, as briefly"
    " as that allows. Answer with the summary alone."
)

_running: set[asyncio.Task[None]] = set()


@task
def erase_unsent_uploads() -> int:
    """Erase what was uploaded a day ago and never sent; how many attachments."""
    return uploads.erase_unsent()


def begin_title(turn: Turn) -> None:
    """Ask for a title in the background, if the turn is a first one that wants it."""
    model = offered.model_info(turn.model)
    if model is None or not model.titles or turn.question.parent_id is not None:
        return
    _begin(_make_title(turn, model))


def begin_compaction(compaction: Compaction) -> None:
    """Have a summary made that was begun, in the background."""
    _begin(_make_summary(compaction))


def _begin(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work, context=correlation.handed_on())
    _running.add(task)
    task.add_done_callback(_running.discard)


def running() -> int:
    """How much background work this process has in hand."""
    return len(_running)


async def give_up() -> None:
    """At shutdown: end the work of this event loop; what it cost is unknown."""
    loop = asyncio.get_running_loop()
    mine = [title for title in _running if title.get_loop() is loop]
    for title in mine:
        title.cancel()
    await asyncio.gather(*mine, return_exceptions=True)


async def _make_title(turn: Turn, model: ModelInfo) -> None:
    name = model.titles_model or model.id
    reserved = await in_thread(_reserve, turn, model.provider, name)
    if reserved is None:
        return
    call_id, request = reserved
    try:
        message = await offered.provider_of(model.id).create(request)
    except ProviderError as error:
        await in_thread(settle_call, call_id, Call.Status.FAILED, error_code=error.code)
        return
    except BaseException:
        await in_thread(settle_call, call_id, Call.Status.UNKNOWN)
        raise
    group = await in_thread(_keep_title, turn.conversation_id, call_id, message)
    await feed.publish(
        feed.conversation_group(turn.conversation_id),
        {"type": "conversation.changed", "conversation": str(turn.conversation_id)},
    )
    rows.moved(group, turn.conversation_id)


def _reserve(
    turn: Turn, provider: str, model: str
) -> tuple[uuid.UUID, MessageRequest] | None:
    conversation = Conversation.objects.select_related("owner").get(
        pk=turn.conversation_id
    )
    if conversation.is_renamed:
        return None
    call = reserve_call(
        person=conversation.owner,
        purpose=Call.Purpose.TITLE,
        provider=provider,
        model=model,
        conversation_id=conversation.pk,
        turn_id=turn.pk,
    )
    turn.answer.refresh_from_db()
    excerpt = (
        f"<question>\n{turn.question.text[:EXCERPT_LENGTH]}\n</question>\n"
        f"<answer>\n{turn.answer.text[:EXCERPT_LENGTH]}\n</answer>"
    )
    request = MessageRequest(
        model=model,
        max_tokens=TITLE_MAX_TOKENS,
        system=TITLE_SYSTEM,
        messages=[{"role": "user", "content": excerpt}],
    )
    return call.pk, request


def _keep_title(
    conversation_id: uuid.UUID, call_id: uuid.UUID, message: dict[str, Any]
) -> str:
    """Write the title down; returns the group of the pages that list it."""
    settle_call(call_id, Call.Status.SETTLED, usage=message.get("usage") or {})
    text = _text_of(message)
    title = " ".join(text.split()).strip("\"'“”«».")[:TITLE_LENGTH]
    if title:
        # A name that the person gave meanwhile stays.
        Conversation.objects.filter(pk=conversation_id, is_renamed=False).update(
            title=title
        )
    conversation = Conversation.objects.select_related("owner").get(pk=conversation_id)
    return conversation.owner.live_group


def _text_of(message: dict[str, Any]) -> str:
    return "".join(
        block.get("text", "")
        for block in message.get("content") or []
        if block.get("type") == "text"
    )


async def _make_summary(compaction: Compaction) -> None:
    call_id: uuid.UUID | None = None
    try:
        request = await _summary_request(compaction)
        call_id = (await in_thread(reserve_compaction, compaction)).pk
        message = await offered.provider_of(compaction.model).create(request)
    except (ProviderError, offered.UnknownModel, attachment_files.Unreachable) as error:
        code = error.code if isinstance(error, ProviderError) else "internal"
        end = partial(end_compaction, error_code=code, call_status=Call.Status.FAILED)
        await in_thread(end, compaction, call_id)
        return
    except BaseException:
        unknown = Call.Status.UNKNOWN
        end = partial(end_compaction, error_code="interrupted", call_status=unknown)
        await in_thread(end, compaction, call_id)
        raise
    text, usage = _text_of(message).strip(), message.get("usage") or {}
    await in_thread(end_compaction, compaction, call_id, text=text, usage=usage)


async def _summary_request(compaction: Compaction) -> MessageRequest:
    transcript = await in_thread(_transcript_of, compaction)
    if transcript.attachments:
        transcript = await asyncio.to_thread(with_files, transcript)
    request = transcript.marked
    most = min(request.max_tokens, SUMMARY_MAX_TOKENS)
    return replace(request, max_tokens=most)


def _transcript_of(compaction: Compaction) -> Transcript:
    """The history up to the answer, and below it the wish for a summary.

    It begins as the next question's would, so that a cache has most of it.
    """
    model = offered.model_info(compaction.model)
    if model is None:
        raise offered.UnknownModel(compaction.model)
    asked = Message(
        conversation=compaction.conversation,
        parent_id=compaction.turn.answer_id,
        role=Message.Role.USER,
        content=[{"type": "text", "text": SUMMARY_REQUEST}],
    )
    # The system prompt alone: what else was chosen is for answers, not for a summary.
    system = (compaction.conversation.settings or {}).get("system")
    turn = Turn(
        conversation=compaction.conversation,
        question=asked,
        model=compaction.model,
        parameters=parameters_of({"system": system}, model),
    )
    return build_request(turn, model)
