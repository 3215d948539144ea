"""Pages that followed a conversation, held against one that is opened now."""

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.test_live_equals_reload import shown

# A fresh page shows the end of a long conversation, and a browser lays no more of it
# out than is near: all is compared when pages are as often as this.
COMPARED_EVERY = 10  # answers
_MESSAGES = 2 * COMPARED_EVERY
_PATIENCE_MS = 60_000


def assert_all_show_the_same(chats: Sequence[Chat], fresh: Chat) -> None:
    """The last messages are the same, in words and markup, once nothing runs.

    The page of `fresh` is closed.
    """
    expected = _settled(fresh)
    fresh.page.close()
    for chat in chats:
        found = _settled(chat)
        assert found[0] == expected[0]
        assert found[1] == expected[1]


def _settled(chat: Chat) -> tuple[list[str], list[str]]:
    """The texts and the markup of the last messages, at rest."""
    expect(chat.page.locator("#live")).to_have_attribute(
        "data-running", "false", timeout=_PATIENCE_MS
    )
    expect(chat.answer).to_have_attribute(
        "data-status", "complete", timeout=_PATIENCE_MS
    )
    found: dict[str, Any] = shown(chat.page)
    markup: list[str] = found["markup"]
    articles = [at for at, part in enumerate(markup) if part.startswith("<article")]
    return found["texts"][-_MESSAGES:], markup[articles[-_MESSAGES:][0] :]
