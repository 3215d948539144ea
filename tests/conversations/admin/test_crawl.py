"""Every page of the admin that a link, a filter or a search leads to keeps quiet."""

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

from django.contrib import admin
from django.test import Client
from django.urls import reverse

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.models import Conversation
from tests.admin_data import SECRET, signed_in

MAX_PAGES = 1000
# Signing out would end the walk; filters are tried one by one, not in every mixture.
LEFT_OUT = re.compile(r"/logout/|/jsi18n/|[?&](o|_facets|_changelist_filters)=|&")


def starts() -> Iterator[str]:
    """The index, and what no link leads to: searches, deletions and histories."""
    yield reverse("admin:index")
    for kind in admin.site._registry:
        prefix = f"admin:{kind._meta.app_label}_{kind._meta.model_name}"
        # Half the word finds what the whole finds, and the page repeats the half.
        for words in (SECRET[:6], "alice"):
            yield f"{reverse(f'{prefix}_changelist')}?q={words}"
        for row in kind._default_manager.all():
            for page in ("change", "delete", "history"):
                yield reverse(f"{prefix}_{page}", args=[row.pk])
    for field in ("conversation", "question", "answer"):
        query = f"app_label=conversations&model_name=turn&field_name={field}"
        yield f"{reverse('admin:autocomplete')}?term=&{query}"


def walk(client: Client) -> Iterator[tuple[str, int, str]]:
    """Every page below the admin that can be reached, each once."""
    waiting = deque(starts())
    seen = set(waiting)
    while waiting:
        path = waiting.popleft()
        response = client.get(path)
        page = response.content.decode()
        yield path, response.status_code, page
        for href in re.findall(r'href="([^"#]+)"', page):
            found = urljoin(path, unescape(href))
            if found.startswith("/admin/") and not LEFT_OUT.search(found):
                waiting.extend({found} - seen)
                seen.add(found)
        assert len(seen) < MAX_PAGES


def test_no_page_of_the_admin_says_what_was_said_unless_a_reason_was_given(
    conversation: Conversation, root: User
) -> None:
    transcript = f"/admin/conversations/conversation/{conversation.pk}/transcript/"
    visited = set()
    for path, status, page in walk(signed_in(root)):
        assert SECRET not in page, path
        assert status in {200, 302, 403}, path
        visited.add(path)
    assert transcript in visited
    assert len(visited) > 60
    assert not Reading.objects.exists()
