"""How much of a model's window the next turn takes: counted, or estimated and said so.

The history is counted once for each state of a conversation and model, the draft each
time; a back end that cannot count, or not now, costs accuracy and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from django.utils import timezone

from conversations import enclosures
from conversations.attachment_files import Unreachable
from conversations.catalogue import offered
from conversations.ledger.prices import cost_of_call, day_of, dollars
from conversations.messages_api import MessageRequest, ProviderError, token_count
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.providers.asking import parameters_of
from conversations.transcript import (
    Transcript,
    build_request,
    estimated_tokens,
    with_files,
)

if TYPE_CHECKING:
    from conversations.providers.base import ModelInfo

COUNT_TIMEOUT_S = 4.0
# A back end that could not count is asked again after so long.
UNCOUNTED_FOR_S = 600.0
COUNTS_KEPT = 500
# Files of a history beyond this are estimated: they would be sent for a count.
# How long a history is kept by a cache, and how long an answer is before there is one.
CACHED_FOR = timedelta(minutes=5)
USUAL_ANSWER_TOKENS = 500
COUNTED_FILES_BYTES = 4 * 1024 * 1024
NEAR_PERCENT = 80
FULL_PERCENT = 95

type Level = Literal["", "near", "full"]
type _Key = tuple[uuid.UUID, int, str, str]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the next turn of a model would send.

    `history` is None where it was counted before, or is empty; `key` names its state.
    `is_cached` says that a cache still has the history, `answer_tokens` what the answer
    is expected to be: as long as the one before. `attached_tokens` is about what the
    files of the draft take, `max_tokens` what is left free for the answer.
    """

    model: ModelInfo
    draft: MessageRequest
    attached_tokens: int
    history: Transcript | None
    key: _Key | None
    max_tokens: int
    is_cached: bool = False
    answer_tokens: int = USUAL_ANSWER_TOKENS


@dataclass(frozen=True, slots=True)
class ContextUse:
    """Tokens of the next turn, and how many fit; `window` is None if unknown.

    `cost` is what the turn is expected to cost, in picodollars; None if unknown.
    """

    tokens: int
    window: int | None
    is_estimate: bool
    omitted_messages: int = 0
    cost: int | None = None

    @property
    def cost_words(self) -> str:
        """The expected cost for people; empty if unknown."""
        return "" if self.cost is None else dollars(self.cost)

    @property
    def percent(self) -> int:
        """The share that is taken, in percent of the window; 0 if that is unknown."""
        return 100 * self.tokens // self.window if self.window else 0

    @property
    def near(self) -> int:
        """From how many tokens on the window is nearly full."""
        return (self.window or 0) * NEAR_PERCENT // 100

    @property
    def level(self) -> Level:
        """Whether to warn."""
        if self.omitted_messages or self.percent >= FULL_PERCENT:
            return "full"
        return "near" if self.percent >= NEAR_PERCENT else ""


@dataclass(frozen=True, slots=True)
class _Count:
    tokens: int
    is_estimate: bool
    omitted_messages: int = 0


class _Kept:
    """What this process has counted, and which models it does not ask for a while."""

    histories: OrderedDict[_Key, _Count] = OrderedDict()
    uncounted_until: dict[str, float] = {}


def prompt_of(
    conversation: Conversation | None,
    model: ModelInfo,
    *,
    text: str,
    attachments: Sequence[Attachment] = (),
) -> Prompt:
    """What `model` would be sent, were this draft asked now. Reads the database."""
    content = [{"type": "text", "text": text}] if text.strip() else []
    draft = MessageRequest(
        model=model.id, messages=[{"role": "user", "content": content}], max_tokens=1
    )
    attached_tokens = sum(enclosures.alone(each, model) for each in attachments)
    key = history = None
    settings = (conversation and conversation.settings) or {}
    asked = parameters_of(settings, model)
    if conversation is not None and conversation.leaf_id is not None:
        chosen = json.dumps(settings, sort_keys=True)
        key = (conversation.pk, conversation.version, model.id, chosen)
        if key not in _Kept.histories:
            history = _history_of(conversation, model, asked)
    return replace(
        Prompt(model, draft, attached_tokens, history, key, asked["max_tokens"]),
        **_before(conversation, model),
    )


async def measured(prompt: Prompt) -> ContextUse:
    """The use of the window; asks the back end, and never fails."""
    history = await _history_count(prompt)
    draft = await _draft_count(prompt)
    window = prompt.model.context_tokens
    if window is not None:
        window = max(1, window - prompt.max_tokens)
    return ContextUse(
        tokens=history.tokens + draft.tokens,
        window=window,
        is_estimate=history.is_estimate or draft.is_estimate,
        omitted_messages=history.omitted_messages,
        cost=_cost(prompt, history.tokens, draft.tokens),
    )


def _before(conversation: Conversation | None, model: ModelInfo) -> dict[str, Any]:
    """What the answer at the end of a conversation lets one expect of the next."""
    if conversation is None or conversation.leaf_id is None:
        return {}
    last = Turn.objects.filter(answer_id=conversation.leaf_id)
    for name, usage, ended_at in last.values_list("model", "usage", "finished_at"):
        since = ended_at is not None and timezone.now() - ended_at
        is_cached = model.caching and name == model.id and since and since < CACHED_FOR
        answer = token_count(usage, "output_tokens") or USUAL_ANSWER_TOKENS
        return {"is_cached": bool(is_cached), "answer_tokens": answer}
    return {}


def _cost(prompt: Prompt, history: int, draft: int) -> int | None:
    read = history if prompt.is_cached else 0
    fresh = history + draft - read
    kind = "cache_creation_input_tokens" if prompt.model.caching else "input_tokens"
    usage = {
        "input_tokens": 0,
        kind: fresh,
        "cache_read_input_tokens": read,
        "output_tokens": prompt.answer_tokens,
    }
    return cost_of_call(prompt.model.id, usage, day_of(timezone.now()))


def _history_of(
    conversation: Conversation, model: ModelInfo, parameters: Mapping[str, Any]
) -> Transcript:
    asked = Message(
        conversation=conversation,
        parent_id=conversation.leaf_id,
        role=Message.Role.USER,
        # Anything: the draft is counted by itself.
        content=[{"type": "text", "text": "?"}],
    )
    turn = Turn(
        conversation=conversation,
        question=asked,
        model=model.id,
        parameters=dict(parameters),
    )
    return build_request(turn, model)


async def _history_count(prompt: Prompt) -> _Count:
    if prompt.key is None:
        return _Count(0, is_estimate=False)
    if prompt.history is None:
        return _Kept.histories.get(prompt.key) or _Count(0, is_estimate=True)
    request = await _countable(prompt.history)
    found = await _counted(request, prompt.model) if request else None
    is_estimate = found is None
    if found is None:
        history = prompt.history
        found = estimated_tokens(history.request, history.attachments)
    count = _Count(found, is_estimate, prompt.history.omitted_messages)
    _keep(prompt.key, count)
    return count


async def _draft_count(prompt: Prompt) -> _Count:
    (message,) = prompt.draft.messages
    attached = prompt.attached_tokens
    if not message["content"]:
        return _Count(attached, is_estimate=bool(attached))
    found = await _counted(prompt.draft, prompt.model)
    if found is None:
        return _Count(attached + estimated_tokens(prompt.draft, {}), is_estimate=True)
    return _Count(attached + found, is_estimate=bool(attached))


async def _countable(history: Transcript) -> MessageRequest | None:
    """The request with its files; None if they are too many bytes to be counted."""
    if not history.attachments:
        return history.request
    size = sum(file.size_bytes for file in history.attachments.values())
    if size > COUNTED_FILES_BYTES:
        return None
    try:
        return (await asyncio.to_thread(with_files, history)).request
    except Unreachable:
        return None


async def _counted(request: MessageRequest, model: ModelInfo) -> int | None:
    """The back end's own count; None if it has none, or none in time."""
    now = time.monotonic()
    if not model.counting or _Kept.uncounted_until.get(model.id, 0.0) > now:
        return None
    found: int | None = None
    with suppress(ProviderError, TimeoutError, offered.UnknownModel):
        async with asyncio.timeout(COUNT_TIMEOUT_S):
            found = await offered.provider_of(model.id).count_tokens(request)
    if found is None:
        _Kept.uncounted_until[model.id] = now + UNCOUNTED_FOR_S
    return found


def _keep(key: _Key, count: _Count) -> None:
    _Kept.histories[key] = count
    while len(_Kept.histories) > COUNTS_KEPT:
        _Kept.histories.popitem(last=False)
