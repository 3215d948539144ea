"""The pages of the admin need nothing that the content security policy forbids."""

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponseBase
from django.urls import reverse

from chatsite.accounts.models import User
from conversations.models import Conversation
from tests.admin_data import signed_in

INLINE = re.compile(
    r"""<script(?![^>]*\b(?:src|nonce)=)  # a script that nothing allows
    | <style(?![^>]*\bnonce=)
    | <[^>]*\s(?:style|on[a-z]+)=["']     # what no nonce can allow
    | (?:href|src)=["']\s*javascript:
    """,
    re.VERBOSE | re.IGNORECASE,
)


@pytest.fixture
def pages(root: User, conversation: Conversation) -> Iterator[HttpResponseBase]:
    """A list, a detail, the reason, the transcript, the log, and a form."""
    client = signed_in(root)
    transcript = reverse(
        "admin:conversations_conversation_transcript", args=[conversation.pk]
    )
    detail = reverse("admin:conversations_conversation_change", args=[conversation.pk])
    return (
        client.post(path, {"reason": "Asked to"}) if is_post else client.get(path)
        for path, is_post in (
            (reverse("admin:index"), False),
            (reverse("admin:conversations_conversation_changelist"), False),
            (detail, False),
            (transcript, False),
            (transcript, True),
            (reverse("admin:audit_reading_changelist"), False),
            (reverse("admin:accounts_user_add"), False),
        )
    )


def test_no_page_has_a_script_or_a_style_of_its_own(
    pages: Iterator[HttpResponseBase],
) -> None:
    for response in pages:
        assert response.status_code == 200
        assert not INLINE.findall(getattr(response, "content", b"").decode())


def test_every_page_is_under_a_policy_without_exceptions(
    pages: Iterator[HttpResponseBase],
) -> None:
    for response in pages:
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
