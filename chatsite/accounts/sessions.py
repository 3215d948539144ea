"""The end of a sign-in: sessions are deleted, open sockets are told."""

from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from chatsite.accounts.models import User


def close_sockets(person: User, *, session: str | None = None) -> None:
    """Tell the person's open sockets, on commit, that they are signed out.

    With `session` only those that were opened by that session.
    """
    message: dict[str, Any] = {"type": "person.signed_out"}
    if session is not None:
        message["session"] = session
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 - the settings name one
    send = async_to_sync(layer.group_send)
    transaction.on_commit(partial(send, person.live_group, message))


@transaction.atomic
def end_sessions(person: User) -> int:
    """Sign the person out everywhere; return how many sessions ended.

    Sessions carry no column for their person. A team has few of them and this is
    rare, so they are read one by one.
    """
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [
        session.pk
        for session in alive.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(person.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()
    close_sockets(person)
    return len(theirs)
