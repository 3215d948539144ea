"""Sending, stopping, retrying, moving between versions: one POST, one verb each."""

from __future__ import annotations

import asyncio
import functools
import uuid
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations import feed, generation, rows, tasks, turns, uploads
from conversations.articles import changes_of_start, changes_since
from conversations.catalogue import access, offered
from conversations.forms import (
    NOT_OFFERED,
    AnswerForm,
    ComposeForm,
    KeyForm,
    SettingsForm,
    first_error,
)
from conversations.http import AsyncView, SignedInRequest, View, partial, problem
from conversations.models import Compaction, Conversation, Message, Turn
from conversations.views.listing import visible
from conversations.views.pages import page_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conversations.articles import Changes
    from conversations.generation.answer import Claimed


class ChangesResponse(HttpResponse):
    """The articles that a POST changed, for its page and for every other open one."""

    def __init__(
        self,
        conversation: Conversation,
        changes: Changes,
        html: str,
        status: int,
        claimed: Claimed | None = None,
    ) -> None:
        super().__init__(html, status=status)
        self.group = conversation.live_group
        self.claimed = claimed
        self.event: feed.TurnArticles = {
            "type": "turn.articles",
            "version": changes.version,
            "started": changes.started,
            "html": changes.html,
        }
        # Set where a row of the list changed too: for every page of the person.
        self.moved: tuple[str, uuid.UUID] | None = None
        # The summary that this process is to make.
        self.compacts: Compaction | None = None
        turn = changes.running
        unclaimed = turn is not None and (claimed or turn.worker is None)
        self.begins = turn.pk if turn is not None and unclaimed else None


_under_way: set[asyncio.Task[HttpResponse]] = set()


def changing[**P](view: View[P]) -> AsyncView[P]:
    """A partial whose changes reach the other open pages, and whose turn begins.

    What the rows no longer allow is refused in words.
    """

    @partial
    @functools.wraps(view)
    def guarded(
        request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except turns.Conflict as conflict:
            return problem(request, str(conflict), status=409)

    async def announced(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        response = await guarded(request, *args, **kwargs)
        if isinstance(response, ChangesResponse):
            await feed.publish(response.group, response.event)
            _begin(response)
            if response.moved is not None:
                rows.moved(*response.moved)
        return response

    @functools.wraps(view)
    async def kept(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        # A page that is closed cancels its request; what it asked for goes on.
        task = asyncio.create_task(announced(request, *args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
        return await asyncio.shield(task)

    return require_POST(kept)


def _begin(response: ChangesResponse) -> None:
    """Begin what a POST asked of a model: an answer, or a summary."""
    if response.begins is not None:
        generation.begin(response.begins, response.claimed)
    if response.compacts is not None:
        tasks.begin_compaction(response.compacts)


@changing
def conversation_create(request: SignedInRequest) -> HttpResponse:
    """The first message: the conversation is made together with its first turn."""
    form, chosen = ComposeForm(request.POST), SettingsForm(request.POST)
    if not (form.is_valid() and chosen.is_valid()):
        words = first_error(form) or first_error(chosen)
        return problem(request, words, status=422)
    return _started(
        request,
        form,
        lambda claim: turns.start_conversation(
            owner=request.user,
            question=form.question,
            claim=claim,
            settings=chosen.settings,
        ),
        model=form.cleaned_data["model"],
        settings=chosen.settings,
        is_new=True,
    )


@changing
def turn_create(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """A further message: answered now, or queued while an answer is written."""
    conversation = visible(request.user, conversation_id)
    form = ComposeForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    return _started(
        request,
        form,
        lambda claim: turns.start_turn(
            conversation=conversation,
            parent_id=form.cleaned_data["parent"],
            question=form.question,
            claim=claim,
        ),
        model=form.cleaned_data["model"],
        settings=conversation.settings,
    )


@changing
def turn_retry(request: SignedInRequest, turn_id: uuid.UUID) -> HttpResponse:
    """Ask again what was not answered; the old text stays as the version before."""
    turn = _visible_turn(request, turn_id)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    model = offered.model_info(turn.asked_model or turn.model)
    if model is None or not access.may_use(request.user, model.id):
        model = access.default_for(request.user)
    if model is None:
        return problem(request, "No model is offered at the moment.", status=409)
    before, now = turn.settings, turn.conversation.settings
    return _started(
        request,
        form,
        lambda claim: turns.retry_turn(
            turn,
            key=form.cleaned_data["key"],
            model=model.id,
            provider=model.provider,
            claim=claim,
        ),
        model=model.id,
        settings=now if before is None else before,
    )


@changing
def turn_regenerate(request: SignedInRequest, turn_id: uuid.UUID) -> HttpResponse:
    """Have it answered once more, by the model that the composer shows."""
    turn = _visible_turn(request, turn_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    key, model = form.cleaned_data["key"], form.cleaned_data["model"]
    return _started(
        request,
        form,
        lambda claim: turns.regenerate_turn(
            turn, key=key, model=model, provider=form.provider, claim=claim
        ),
        model=model,
        settings=turn.conversation.settings,
    )


@changing
def turn_send(request: SignedInRequest, turn_id: uuid.UUID) -> HttpResponse:
    """Send the question that has waited longest now."""
    conversation = _visible_turn(request, turn_id).conversation
    turns.send_queued(conversation)
    return _changed(request, conversation, _last_change(conversation))


@changing
def turn_withdraw(request: SignedInRequest, turn_id: uuid.UUID) -> HttpResponse:
    """Take a waiting question back into the composer."""
    turn = _visible_turn(request, turn_id)
    pictures = list(turn.question.attachments.all())
    question = turns.withdraw_turn(turn)
    context = {"text": question.text, "pictures": pictures}
    withdrawn = render_to_string(
        "conversations/live.html#withdrawn", context, request=request
    )
    conversation = turn.conversation
    return _changed(request, conversation, _last_change(conversation), more=withdrawn)


@changing
def message_show(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show another version of a message, and what followed it."""
    message = _visible_message(request, message_id)
    turns.show_version(message)
    return _changed(request, message.conversation, _last_change(message.conversation))


@changing
def question_create(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Ask a question in other words; the old ones stay as the version before."""
    message = _visible_message(request, message_id)
    form = ComposeForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    return _started(
        request,
        form,
        lambda claim: turns.edit_question(message, question=form.question, claim=claim),
        model=form.cleaned_data["model"],
        settings=message.conversation.settings,
    )


@require_safe
@partial
def question_edit(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """The words of a question, in a form that asks it anew."""
    message = _visible_message(request, message_id)
    if message.role != Message.Role.USER:
        return problem(request, "Only what you asked can be changed.", status=409)
    context = {"message": message, "attachments": message.attachments.all()}
    return render(request, "conversations/question_edit.html", context)


@changing
def conversation_compact(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """Have what was said so far summarised for what models are sent from here on."""
    conversation = visible(request.user, conversation_id)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    model = offered.model_info(conversation.model)
    if model is None or not access.may_use(request.user, model.id):
        model = access.default_for(request.user)
    if model is None:
        return problem(request, "No model is offered at the moment.", status=409)
    key, provider = form.cleaned_data["key"], model.provider
    begun = turns.start_compaction(
        conversation, key=key, model=model.id, provider=provider
    )
    response = _changed(request, conversation, _last_change(conversation))
    response.compacts = begun
    return response


@changing
def compaction_undo(request: SignedInRequest, compaction_id: uuid.UUID) -> HttpResponse:
    """Send models the whole history again; the summary is kept."""
    mine = Compaction.objects.filter(
        conversation__in=Conversation.objects.visible_to(request.user)
    )
    found = get_object_or_404(mine.select_related("conversation"), pk=compaction_id)
    turns.undo_compaction(found)
    conversation = found.conversation
    return _changed(request, conversation, _last_change(conversation))


@require_POST
@partial
def turn_stop(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Stop the running answer; what it said stays."""
    turns.request_stop(visible(request.user, conversation_id))
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("conversations:conversation", conversation_id)


def _started(
    request: SignedInRequest,
    form: KeyForm,
    start: Callable[[turns.Claim], Turn],
    *,
    model: str,
    settings: Mapping[str, Any] | None = None,
    is_new: bool = False,
) -> HttpResponse:
    if not access.may_use(request.user, model):
        return problem(request, NOT_OFFERED, status=422)
    claim = generation.claim(model, settings)
    try:
        turn = start(claim)
    except (IntegrityError, turns.Conflict, uploads.Refused) as refusal:
        # The same POST may have arrived before; that one made the turn.
        made = turns.turn_of_key(form.cleaned_data["key"], request.user)
        if made is None:
            return problem(request, _words_of(refusal), status=409)
        turn, claimed, changes = made, None, None
    else:
        # Committed by now: what follows may fail and takes no question along.
        claimed, changes = generation.claimed(turn, claim), _changes_of(turn)
    conversation = turn.conversation
    changes = changes or changes_since(conversation, turn.version - 1)
    if is_new:
        response = _opened(request, conversation, changes, claimed)
    else:
        response = _changed(request, conversation, changes, status=201, claimed=claimed)
    if conversation.updated_at == turn.created_at:
        response.moved = request.user.live_group, conversation.pk
    return response


def _changes_of(turn: Turn) -> Changes | None:
    """The changes of a turn that was just started, if it is all that changed."""
    moved = turn.conversation.branch_version == turn.version
    if moved or turn.status != Turn.Status.PENDING:
        return None
    return changes_of_start(turn)


def _words_of(refusal: Exception) -> str:
    if isinstance(refusal, IntegrityError):
        return "This was sent from another page."
    return str(refusal)


def _opened(
    request: SignedInRequest,
    conversation: Conversation,
    changes: Changes,
    claimed: Claimed | None,
) -> ChangesResponse:
    if not request.htmx:
        return _changed(request, conversation, changes, claimed=claimed)
    context: dict[str, Any] = page_context(request.user, conversation)
    html = render_to_string("conversations/live.html#opened", context, request=request)
    response = ChangesResponse(conversation, changes, html, 201, claimed)
    response.headers["HX-Push-Url"] = _address(conversation)
    return response


def _changed(
    request: SignedInRequest,
    conversation: Conversation,
    changes: Changes,
    *,
    status: int = 200,
    more: str = "",
    claimed: Claimed | None = None,
) -> ChangesResponse:
    if request.htmx:
        html = changes.html + more
        return ChangesResponse(conversation, changes, html, status, claimed)
    response = ChangesResponse(conversation, changes, "", 303, claimed)
    response.headers["Location"] = _address(conversation)
    return response


def _last_change(conversation: Conversation) -> Changes:
    return changes_since(conversation, conversation.version - 1)


def _address(conversation: Conversation) -> str:
    return reverse("conversations:conversation", args=(conversation.pk,))


def _visible_turn(request: SignedInRequest, turn_id: uuid.UUID) -> Turn:
    mine = Turn.objects.filter(
        conversation__in=Conversation.objects.visible_to(request.user)
    )
    rows = mine.select_related("conversation", "question")
    return get_object_or_404(rows, pk=turn_id)


def _visible_message(request: SignedInRequest, message_id: uuid.UUID) -> Message:
    mine = Message.objects.filter(
        conversation__in=Conversation.objects.visible_to(request.user)
    )
    return get_object_or_404(mine.select_related("conversation"), pk=message_id)
