"""What the next turn takes of its model's window, asked while one writes."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from conversations.catalogue import access, offered
from conversations.context_window import Prompt, measured, prompt_of
from conversations.forms import DraftForm
from conversations.http import SignedInRequest, partial
from conversations.models import Attachment
from conversations.uploads import MAX_FILES_IN_A_MESSAGE
from conversations.views.listing import visible

if TYPE_CHECKING:
    from chatsite.accounts.models import User

# A page asks at most about once a second, and only while one writes.
ASKED_PER_MINUTE = 90


class _Drafted(HttpResponse):
    """Nothing to show yet, but what is to be measured."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(status=204)
        self.prompt = prompt


@require_POST
async def context_new(request: HttpRequest) -> HttpResponse:
    """The meter of a conversation that is not begun."""
    return await _shown(await _drafted_new(request))


@require_POST
async def context(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """The meter of a conversation with what is being written below it."""
    drafted = await _drafted_in(request, conversation_id=conversation_id)
    address = reverse("conversations:conversation-compact", args=(conversation_id,))
    return await _shown(drafted, compact_url=address)


async def _shown(drafted: HttpResponse, *, compact_url: str = "") -> HttpResponse:
    if not isinstance(drafted, _Drafted):
        return drafted
    use = await measured(drafted.prompt)
    context = {"use": use, "compact_url": compact_url}
    html = render_to_string("conversations/context.html", context)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


@partial
def _drafted_new(request: SignedInRequest) -> HttpResponse:
    return _drafted(request, None)


@partial
def _drafted_in(request: SignedInRequest, conversation_id: uuid.UUID) -> HttpResponse:
    return _drafted(request, conversation_id)


def _drafted(
    request: SignedInRequest, conversation_id: uuid.UUID | None
) -> HttpResponse:
    """The draft of a page; nothing where there is nothing that could be measured."""
    found = conversation_id and visible(request.user, conversation_id)
    form = DraftForm(request.POST)
    model = offered.model_info(request.POST.get("model", ""))
    if not form.is_valid() or model is None:
        return HttpResponse(status=204)
    if not access.may_use(request.user, model.id):
        return HttpResponse(status=204)
    if not _may_ask(request.user):
        return HttpResponse(status=429)
    ids = form.cleaned_data["attachments"][:MAX_FILES_IN_A_MESSAGE]
    unsent = Attachment.objects.unsent_of(request.user).filter(pk__in=ids)
    attached = list(unsent) if ids else []
    text = form.cleaned_data["text"]
    return _Drafted(prompt_of(found or None, model, text=text, attachments=attached))


def _may_ask(user: User) -> bool:
    key = f"context:{user.pk}:{int(time.time() // 60)}"
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) <= ASKED_PER_MINUTE
    except ValueError:  # it was pushed out meanwhile
        return True
