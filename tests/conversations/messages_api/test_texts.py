"""The words of an answer, out of its content blocks."""

from typing import Any

import pytest

from conversations.messages_api import text_of


def text(words: Any) -> dict[str, Any]:
    return {"type": "text", "text": words}


SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([text("One"), text(""), text("Two")], "OneTwo"),
        ([{"type": "thinking", "thinking": "hm"}, text("One")], "One"),
        ([text("One."), SEARCH, text("Two.")], "One.\n\nTwo."),
        ([text("One.\n"), SEARCH, text("Two.")], "One.\nTwo."),
        ([text("One."), SEARCH, text(""), text("Two.")], "One.\n\nTwo."),
        ([text("One."), SEARCH], "One."),
        ([text(None), {"type": "new_block", "text": "x"}, text(3)], ""),
        ([], ""),
    ],
)
def test_text_is_joined_and_parted_where_something_was_done(
    content: list[dict[str, Any]], said: str
) -> None:
    assert text_of(content) == said
