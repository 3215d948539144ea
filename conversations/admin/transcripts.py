"""The transcript: one conversation as its owner saw it, for a reader with a reason.

Every answer of these views that holds words or a file of another has its own row
in the log, committed before it leaves.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from conversations.articles import PictureUrl, render_transcript
from conversations.attachment_views import file_response
from conversations.audit import reading
from conversations.audit.models import REASON_LENGTH, Reading
from conversations.models import Attachment, Conversation, Message
from conversations.querysets import newest_below

if TYPE_CHECKING:
    from chatsite.accounts.models import User

PAGE_LENGTH = 50  # messages


class ReasonForm(forms.Form):
    """Why somebody wants to read what another wrote."""

    reason = forms.CharField(
        max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one shown message, and which of them is shown."""

    message: Message
    links: list[tuple[int, str, bool]]


@require_http_methods(["GET", "POST"])
def transcript(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Ask why; then write that down and show the conversation."""
    reader = _reader(request)
    conversation = get_object_or_404(
        Conversation.objects.select_related("owner"), pk=conversation_id
    )
    if conversation.owner == reader:
        return redirect("conversations:conversation", conversation.pk)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        row = reading.first_reading(
            reader=reader,
            owner=conversation.owner,
            conversation_id=conversation.pk,
            reason=form.cleaned_data["reason"],
            address=_address(request),
        )
        return _shown(request, conversation, row)
    if first := _open_reading(request, reader, conversation.pk):
        row = reading.later_reading(first, address=_address(request))
        return _shown(request, conversation, row)
    context = {"title": "Read a conversation", "conversation": conversation}
    return _page(request, "reason", {**context, "form": form})


@require_GET
def picture(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """One file of a conversation, under the reason given for reading that."""
    reader = _reader(request)
    sent = Attachment.objects.filter(pk=attachment_id).exclude(message=None)
    found = get_object_or_404(sent.select_related("message"))
    conversation_id = cast("Message", found.message).conversation_id
    first = _open_reading(request, reader, conversation_id)
    if first is None:
        raise Http404
    row = reading.later_reading(
        first, address=_address(request), attachment_id=found.pk
    )
    with reading.recorded(row):
        response = file_response(found, thumbnail="thumbnail" in request.GET)
    response.headers["Cache-Control"] = "no-store"
    return response


def _reader(request: HttpRequest) -> User:
    """The person who asks; PermissionDenied unless they may read others."""
    if not reading.may_read_others(request.user):
        raise PermissionDenied
    return cast("User", request.user)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _open_reading(
    request: HttpRequest, reader: User, conversation_id: uuid.UUID
) -> Reading | None:
    key = _key(request, "reading")
    if key is None:
        return None
    return reading.open_reading(key, reader=reader, conversation_id=conversation_id)


def _key(request: HttpRequest, name: str) -> uuid.UUID | None:
    """The key that the address gives under `name`; None if it gives none, or junk."""
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _shown(
    request: HttpRequest, conversation: Conversation, row: Reading
) -> HttpResponse:
    """Commit the row with what it lets be read; then make the page of it.

    The page is made afterwards so that nobody's writing waits for Markdown.
    """
    first = row.first or row
    with reading.recorded(row):
        end = _end(request, conversation)
        messages = Message.objects.branch(end, limit=PAGE_LENGTH + 1)
        shown = messages[-PAGE_LENGTH:]
        versions = _versions(conversation, shown, first)
    older = messages[0] if len(messages) > PAGE_LENGTH else None
    context = {
        "title": conversation.title or "New conversation",
        "conversation": conversation,
        "reading": first,
        "articles": render_transcript(shown, picture_url=_picture_urls(first)),
        "versions": versions,
        "older_url": older and _url(conversation, first, above=str(older.pk)),
        "newest_url": _url(conversation, first),
        "is_newest": not {"above", "version"} & request.GET.keys(),
    }
    return _page(request, "transcript", context)


def _picture_urls(first: Reading) -> PictureUrl:
    def url(attachment: Attachment, is_thumbnail: bool) -> str:  # noqa: FBT001 - as PictureUrl has it
        query = {"reading": str(first.pk)}
        if is_thumbnail:
            query["thumbnail"] = "1"
        path = reverse("admin:conversations_attachment_picture", args=[attachment.pk])
        return f"{path}?{urlencode(query)}"

    return url


def _end(request: HttpRequest, conversation: Conversation) -> uuid.UUID | None:
    """The last message to show: of a page further up, of a version, or the newest."""
    above, version = _key(request, "above"), _key(request, "version")
    chosen = above or version
    if chosen is None:
        return conversation.leaf_id
    get_object_or_404(conversation.messages.only("pk"), pk=chosen)
    return above or newest_below(chosen)


def _versions(
    conversation: Conversation, messages: list[Message], first: Reading
) -> list[Versions]:
    siblings: defaultdict[uuid.UUID | None, list[uuid.UUID]] = defaultdict(list)
    rows = conversation.messages.values_list("pk", "parent_id")
    for key, parent in rows:
        siblings[parent].append(key)
    return [
        Versions(
            message,
            [
                (number, _url(conversation, first, version=str(key)), key == message.pk)
                for number, key in enumerate(siblings[message.parent_id], start=1)
            ],
        )
        for message in messages
        if len(siblings[message.parent_id]) > 1
    ]


def _url(conversation: Conversation, first: Reading, **query: str) -> str:
    path = reverse(
        "admin:conversations_conversation_transcript", args=[conversation.pk]
    )
    return f"{path}?{urlencode({'reading': str(first.pk), **query})}"


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    response = render(
        request,
        f"admin/conversations/conversation/{name}.html",
        {**admin.site.each_context(request), "opts": Conversation._meta, **context},  # noqa: SLF001 - Django's own name for it
    )
    response.headers["Cache-Control"] = "no-store"
    return response
