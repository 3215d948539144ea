"""Words of a search and of a title: long, odd, or written for a machine to choke on."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatsite.accounts.models import User
from conversations.models import TITLE_LENGTH, Conversation
from tests import factories

MEGABYTE = 1_000_000
ODD: dict[str, str] = {
    "a very long word": "x" * 60_000,
    "a megabyte": "a" * MEGABYTE,
    "very many words": "a b " * 20_000,
    "wildcards": "%" * 5_000 + "_" * 5_000,
    "escapes": "\\" * 20_001,
    "a regular expression": "(a+)+$" * 2_000,
    "nothing": "\0" * 9,
    "nothing in between": "a\0b",
    "quotes": "' OR 1=1 -- \"'",
    "a query": 'q:"unclosed AND (NOT *',
    "half a letter": "\ud800",
    "right to left": "\u202e" * 300,
    "marks": "a" + "\u0301" * 20_000,
    "letters that grow": "\u0390" * 20_000,
    "space": "\u3000\n\t" * 3_000,
}
TITLE = "Zz 77"
SEARCHES = (
    *("/conversations/", "/admin/conversations/conversation/"),
    *("/admin/accounts/user/", "/admin/ledger/call/", "/admin/audit/reading/"),
)
QUERIES = 40


@pytest.fixture
def found(bob: User) -> Conversation:
    """What a search could find."""
    made = factories.conversation(bob)
    Conversation.objects.filter(pk=made.pk).update(title=TITLE)
    return made


def readable(text: str) -> str:
    """As a browser would send it."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@pytest.mark.parametrize("path", SEARCHES)
def test_odd_words_find_nothing_and_cost_little(
    bob_client: Client, found: Conversation, path: str
) -> None:
    for words, text in ODD.items():
        with CaptureQueriesContext(connection) as queries:
            response = bob_client.get(path, {"q": readable(text)})
        assert response.status_code in {200, 302}, words
        is_blank = not text.replace("\0", " ").strip()
        assert is_blank or TITLE not in response.content.decode(), words
        assert len(response.content) < 200_000
        assert len(queries) < QUERIES


def test_an_odd_title_is_kept_on_one_line_or_refused_in_words(
    bob_client: Client, found: Conversation
) -> None:
    path, head = f"/c/{found.pk}/rename", {"HX-Request": "true"}
    for words, text in ODD.items():
        response = bob_client.post(path, {"title": readable(text)}, headers=head)
        found.refresh_from_db()
        assert response.status_code in {200, 422}, words
        assert 0 < len(found.title) <= TITLE_LENGTH, words
        assert found.title.isprintable() or words == "right to left"
        assert len(response.content) < 20_000, words
    assert bob_client.get(f"/c/{found.pk}/").status_code == 200
