"""The list beside every conversation: search, paging, rename, trash and its undo."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from conversations import feed
from conversations.articles import listed
from conversations.forms import TitleForm, first_error
from conversations.http import SignedInRequest, page, partial, problem
from conversations.models import Conversation

if TYPE_CHECKING:
    from chatsite.accounts.models import User

ROWS = 40  # conversations in the list before one scrolls down


@require_safe
@page
def trash(request: SignedInRequest) -> HttpResponse:
    """What one has deleted, the latest first, each to be taken back."""
    rows = Conversation.objects.visible_to(request.user).trashed()
    found, next_before = _rows_after(rows, "trashed_at", request.GET.get("before", ""))
    context = list_context(request.user)
    context |= {"trashed": found, "next_before": next_before, "is_trash": True}
    return render(request, "conversations/trash.html", context)


@require_safe
@partial
def conversation_list(request: SignedInRequest) -> HttpResponse:
    """Rows of the list: found by words of the title, or further down."""
    context = list_context(
        request.user,
        query=request.GET.get("q", "").strip(),
        after=request.GET.get("after", ""),
    )
    context["current_id"] = _open_id(request)
    return render(request, "conversations/conversation_list.html#rows", context)


@require_POST
@partial
def conversation_rename(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """Give a conversation the title that its owner wants."""
    conversation = visible(request.user, conversation_id)
    form = TitleForm(request.POST)
    if not form.is_valid():
        return problem(request, first_error(form), status=422)
    conversation.title = form.cleaned_data["title"]
    conversation.is_renamed = True
    conversation.save(update_fields=("title", "is_renamed"))
    _announce(request, conversation)
    if not request.htmx:
        return redirect("conversations:conversation", conversation.pk)
    context = {
        "conversation": conversation,
        "item": conversation,
        "current_id": conversation.pk if _is_current(request, conversation) else None,
        "oob": _is_current(request, conversation),
    }
    return render(request, "conversations/live.html#renamed", context)


@require_POST
@partial
def conversation_trash(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """Move a conversation to the trash, with the offer to take it back."""
    conversation = visible(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk, trashed_at=None).update(
        trashed_at=timezone.now()
    )
    conversation.refresh_from_db()
    _announce(request, conversation)
    if not request.htmx:
        return redirect("conversations:home")
    context = {
        "site_name": settings.SITE_NAME,
        "conversation": conversation,
        "is_current": _is_current(request, conversation),
    }
    return render(request, "conversations/live.html#trashed", context)


@require_POST
@partial
def conversation_restore(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """Take a conversation out of the trash."""
    conversation = visible(request.user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=None)
    conversation.refresh_from_db()
    _announce(request, conversation)
    if not request.htmx:
        return redirect("conversations:conversation", conversation.pk)
    context = {"item": conversation}
    response = render(request, "conversations/live.html#listed", context)
    if _is_current(request, conversation):
        response.headers["HX-Refresh"] = "true"
    return response


def list_context(
    user: User,
    *,
    current: Conversation | None = None,
    query: str = "",
    after: str = "",
) -> dict[str, Any]:
    """One page of the list of `user`'s conversations, newest activity first."""
    rows = Conversation.objects.visible_to(user).listed().titled(query)
    found, next_after = _rows_after(rows, "updated_at", after)
    return {
        "site_name": settings.SITE_NAME,
        "conversations": found,
        "next_after": next_after,
        "query": query,
        "is_further": bool(after),
        "current_id": current.pk if current else None,
    }


def _rows_after(
    rows: QuerySet[Conversation], field: str, mark: str
) -> tuple[list[Conversation], str]:
    """As many rows as a list shows at once, and the mark of the last if more follow.

    `rows` stand in the order of `field`, the latest first.
    """
    if (place := _parse_mark(mark)) is not None:
        moment, key = place
        same = Q(**{field: moment}, pk__lt=key)
        rows = rows.filter(Q(**{f"{field}__lt": moment}) | same)
    found = list(rows[: ROWS + 1])
    if len(found) <= ROWS:
        return found, ""
    last = found[ROWS - 1]
    return found[:ROWS], f"{getattr(last, field).isoformat()}_{last.pk}"


def _parse_mark(mark: str) -> tuple[datetime, uuid.UUID] | None:
    moment, _, key = mark.partition("_")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), uuid.UUID(key)
    except (ValueError, OverflowError):
        return None


def visible(user: User, conversation_id: uuid.UUID) -> Conversation:
    """The conversation if `user` may see it; 404 as if there were none otherwise."""
    seen = Conversation.objects.visible_to(user)
    found = get_object_or_404(seen, pk=conversation_id)
    if found.owner_id == user.pk:
        found.owner = user
    return found


def _is_current(request: SignedInRequest, conversation: Conversation) -> bool:
    return _open_id(request) == conversation.pk


def _open_id(request: SignedInRequest) -> uuid.UUID | None:
    """Which conversation the page shows that asks for a part of itself."""
    try:
        match = resolve(request.htmx.current_url_abs_path or "/")
    except Resolver404:
        return None
    is_page = match.view_name == "conversations:conversation"
    return match.kwargs["conversation_id"] if is_page else None


def _announce(request: SignedInRequest, conversation: Conversation) -> None:
    changed: feed.ConversationChanged = {
        "type": "conversation.changed",
        "conversation": str(conversation.pk),
    }

    async def announce() -> None:
        await feed.publish(conversation.live_group, changed)
        await feed.publish(request.user.live_group, row)

    row: feed.ConversationListed = {
        "type": "conversation.listed",
        "html": listed(conversation),
    }
    async_to_sync(announce)()
