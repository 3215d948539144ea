"""How a conversation is answered, as its page says it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations import turns
from conversations.forms import SettingsForm, first_error
from conversations.http import SignedInRequest, partial
from conversations.views.listing import visible


@require_POST
@partial
def settings_change(
    request: SignedInRequest, conversation_id: uuid.UUID
) -> HttpResponse:
    """Keep how the conversation is answered from the next question on."""
    conversation = visible(request.user, conversation_id)
    form = SettingsForm(request.POST)
    words, status = first_error(form), 422
    if form.is_valid():
        words, status = "Saved", 200
        try:
            turns.change_settings(conversation, form.settings)
        except turns.Conflict as conflict:
            words, status = str(conflict), 409
    context = {"words": words, "failed": status != 200}
    return render(request, "conversations/settings.html#said", context, status=status)
