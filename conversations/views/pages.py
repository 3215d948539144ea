"""The conversation page, and the partials that it fetches while it is open."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from conversations import uploads
from conversations.articles import (
    changes_since,
    heading,
    listed,
    log_of,
    stored_snapshot,
)
from conversations.catalogue import offered
from conversations.catalogue.access import models_for
from conversations.forms import SettingsForm
from conversations.http import SignedInRequest, page, partial
from conversations.models import Attachment, Conversation, Message
from conversations.rendering import frame_markup
from conversations.views.listing import list_context, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatsite.accounts.models import User
    from conversations.providers.base import ModelInfo

TOOLS = (
    ("web_search", "Search the web"),
    ("web_fetch", "Read pages of the web"),
    ("code_execution", "Run code"),
)
VERSION_LENGTH = 18  # digits
SUGGESTIONS = (
    "Explain how a transistor works, simply",
    "Plan a three-day trip to Lisbon",
    "Write a Python function that finds primes",
)


@require_safe
@page
def home(request: SignedInRequest) -> HttpResponse:
    """The newest conversation, or a new one."""
    newest = Conversation.objects.visible_to(request.user).listed().first()
    if newest is None:
        return redirect("conversations:conversation-new")
    return redirect("conversations:conversation", newest.pk)


@require_safe
@page
def conversation_new(request: SignedInRequest) -> HttpResponse:
    """An empty page: nothing is made before the first message."""
    context = page_context(request.user, None)
    return render(request, "conversations/conversation.html", context)


@require_safe
@page
def conversation(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """One conversation, as far as its last messages."""
    found = visible(request.user, conversation_id)
    if found.trashed_at is not None:
        context = {"conversation": found, **list_context(request.user, current=found)}
        return render(request, "conversations/trashed.html", context)
    context = page_context(request.user, found)
    return render(request, "conversations/conversation.html", context)


@require_safe
@partial
def messages_older(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """The messages before the one that the page begins with."""
    found = visible(request.user, conversation_id)
    before = get_object_or_404(found.messages, pk=_key(request.GET.get("before", "")))
    log = log_of(found, before=before.pk)
    context = {"conversation": found, "log": log}
    return render(request, "conversations/live.html#older", context)


@require_safe
@partial
def conversation_changes(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """What a page without a socket has missed since its version."""
    found = visible(request.user, conversation_id)
    version = request.GET.get("version", "")
    since = int(version[:VERSION_LENGTH]) if version.isdecimal() else 0
    changes = changes_since(found, since)
    html = changes.html + heading(found) + listed(found)
    if (turn := changes.running) is not None:
        update = stored_snapshot(turn)
        html += frame_markup(str(turn.answer_id), update, snapshot=True)
    return HttpResponse(html)


@require_safe
@partial
def message_text(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """A message as it was written, for the clipboard."""
    mine = Message.objects.filter(
        conversation__in=Conversation.objects.visible_to(request.user)
    )
    message = get_object_or_404(mine, pk=message_id)
    return HttpResponse(message.text, content_type="text/plain; charset=utf-8")


@require_safe
@partial
def attachment_chips(request: SignedInRequest) -> HttpResponse:
    """The chips of a draft: of `ids`, those that are one's own and not sent yet."""
    named = request.GET.get("ids", "").split()[: uploads.MAX_UNSENT]
    wanted = [key for text in named if (key := _key(text)) is not None]
    unsent = Attachment.objects.unsent_of(request.user).in_bulk(wanted)
    found = [unsent[key] for key in dict.fromkeys(wanted) if key in unsent]
    context = {"attachments": found}
    return render(request, "conversations/attachment_chips.html", context)


def _key(text: str) -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(text)
    return None


def page_context(user: User, found: Conversation | None) -> dict[str, Any]:
    """What the page is made of, the list beside it included."""
    models = models_for(user)
    wanted = (found and found.model) or user_model(user)
    return {
        "site_name": settings.SITE_NAME,
        "conversation": found,
        "key": uuid.uuid4(),
        "models": models,
        "model": _chosen(wanted, models),
        "chosen": (found and found.settings) or {},
        "efforts": SettingsForm.EFFORTS,
        "tools": TOOLS,
        "models_problem": offered.problem(),
        "accept": uploads.ACCEPT,
        "max_file_bytes": uploads.MAX_FILE_BYTES,
        "max_message_bytes": uploads.MAX_MESSAGE_BYTES,
        "draft_key": f"{user.pk}:{found.pk if found else 'new'}",
        "greeting_name": user.get_short_name() or user.get_username(),
        "suggestions": SUGGESTIONS,
        **_log_context(found),
        **list_context(user, current=found),
    }


def _chosen(wanted: str, models: Sequence[ModelInfo]) -> str:
    default = offered.default_among(models)
    if default is None or any(model.id == wanted for model in models):
        return wanted
    return default.id


def user_model(user: User) -> str:
    """The model that `user` chose last, empty before the first choice."""
    newest = Conversation.objects.visible_to(user).listed()
    return newest.values_list("model", flat=True).first() or ""


def _log_context(found: Conversation | None) -> dict[str, Any]:
    if found is None:
        return {"messages_html": "", "running": False}
    log = log_of(found)
    return {
        "messages_html": log.html,
        "older": log.has_older,
        "oldest_id": log.oldest_id,
        "version": found.version,
        "leaf_id": found.leaf_id,
        "running": found.turns.running().exists(),
        "queued": found.turns.queued().count(),
    }
