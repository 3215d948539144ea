"""Which models may answer a turn, and handing it from one to the next."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conversations import measures
from conversations.catalogue import access, offered
from conversations.database import in_thread
from conversations.models import Attachment, Turn
from conversations.providers.asking import parameters_of
from conversations.turns import NOT_ASKED, Claim, Substitute, substitute_model

if TYPE_CHECKING:
    from conversations.generation.run import Run
    from conversations.messages_api import ProviderError


def claim_of(
    model_id: str, worker_id: uuid.UUID, settings: Mapping[str, Any] | None = None
) -> Claim:
    """The claim of a process on a turn that is to be answered by this model.

    `settings` are those of the conversation, of which the model follows what it can.
    """
    model, chosen = offered.model_info(model_id), settings or {}
    parameters = parameters_of(chosen, model) if model else {}
    return Claim(worker=worker_id, settings=chosen, parameters=parameters)


def models_to_ask(turn: Turn) -> list[str]:
    """The model of the turn, then those of its fallbacks that can stand in for it.

    They do if its person may use them, and if they see the pictures that it sees.
    """
    owner, models = turn.conversation.owner, [turn.model]
    pictured = Attachment.objects.filter(message__conversation=turn.conversation_id)
    needs_sight = pictured.exists()
    for model_id in offered.fallbacks_of(turn.model):
        info = offered.model_info(model_id)
        sees = info is not None and (info.images or not needs_sight)
        if sees and access.may_use(owner, model_id):
            models.append(model_id)
    return models


def worth_asking(models: Sequence[str]) -> Iterator[str]:
    """Those of the models whose back ends have been answering, else all of them.

    Each is looked at in its turn, for a breaker lets only one probe through.
    """
    is_any = False
    for model_id in models:
        if len(models) == 1 or offered.breaker_of(model_id).admits():
            is_any = True
            yield model_id
    if not is_any:
        yield from models


async def hand_over(
    run: Run, turn: Turn, model_id: str, failure: ProviderError | None
) -> None:
    """Have another model answer, for this failure or because nobody was asked."""
    writing = asyncio.create_task(_hand_over(run, turn, model_id, failure))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        # What is being written is known before the turn is ended.
        await asyncio.wait([writing])
        raise


async def _hand_over(
    run: Run, turn: Turn, model_id: str, failure: ProviderError | None
) -> None:
    worker_id = turn.worker or uuid.UUID(int=0)
    parameters = claim_of(model_id, worker_id, turn.settings).parameters
    substitute = Substitute(
        model=model_id,
        provider=offered.provider_of(model_id).name,
        parameters=parameters,
        reason=failure.code if failure else NOT_ASKED,
        request_id=(failure.request_id if failure else None) or "",
    )
    before = turn.provider, measures.model_label(turn.model)
    call = await in_thread(substitute_model, turn, run.call_id, substitute)
    if call is None:
        # Somebody else has ended the turn meanwhile.
        run.cut_short(Turn.Status.INTERRUPTED)
        return
    run.call_id = call.pk
    measures.FALLBACKS.labels(*before, substitute.reason).inc()
