"""Sign-ins that stand: where they are used, and how they end.

A session that ends is deleted, and the sockets that it opened are told.
"""

import re
from datetime import timedelta
from functools import partial
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from allauth.usersessions.models import UserSession
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from chatsite.accounts.models import User

SEEN_INTERVAL_S = 300
MAX_AGENT_LENGTH = 200
# The first that is found names it: most browsers also name those they imitate.
BROWSERS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"HeadlessChrome/|Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
SYSTEMS = (
    (r"iPhone|iPod", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"Linux|X11", "Linux"),
)


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
    UserSession.objects.filter(user=person).delete()
    close_sockets(person)
    return len(theirs)


def standing(person: User) -> list[UserSession]:
    """Return the person's sessions that stand, the one used last first."""
    alive: list[UserSession] = UserSession.objects.purge_and_list(person)
    return sorted(alive, key=lambda session: session.last_seen_at, reverse=True)


@transaction.atomic
def end_session(session: UserSession) -> None:
    """End one session, and the sockets that it opened."""
    close_sockets(session.user, session=session.session_key)
    session.end()


def note(request: HttpRequest) -> None:
    """Keep that the session of the request is in use, and from where."""
    address = get_client_ip(request)
    if not (address and request.user.is_authenticated):
        return
    facts = {
        "user": request.user,
        "ip": address,
        "user_agent": request.headers.get("User-Agent", "")[:MAX_AGENT_LENGTH],
        "last_seen_at": timezone.now(),
    }
    key = request.session.session_key
    # Another process may have noted it a moment ago.
    since = timezone.now() - timedelta(seconds=SEEN_INTERVAL_S)
    known = UserSession.objects.filter(session_key=key)
    if not known.filter(last_seen_at__lt=since).update(**facts):
        UserSession.objects.get_or_create(session_key=key, defaults=facts)


def device(agent: str) -> str:
    """Return the device in a person's words, such as "Firefox on Linux"."""
    browser = _first(BROWSERS, agent) or "A program"
    system = _first(SYSTEMS, agent)
    return f"{browser} on {system}" if system else browser


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent)), "")
