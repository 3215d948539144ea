"""An answer as a page shows it: its text and its steps, whole or while they come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from conversations.rendering.document import render_markdown
from conversations.rendering.incremental import IncrementalMarkdown, Update
from conversations.rendering.notes import AnswerText, marked_text
from conversations.rendering.steps import Steps, StepsUpdate

type Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerUpdate:
    """What changed since the last update; None for a part in which nothing did.

    `base` and `end` are places in the answer: characters of its text and its thoughts,
    and one for each other change of its steps. Whatever is shown moves them on, so one
    number says which part of an answer a page holds.
    """

    base: int
    end: int
    text: Update | None
    steps: StepsUpdate | None


class LiveAnswer:
    """An answer that is still being written."""

    def __init__(self) -> None:
        self.markdown = IncrementalMarkdown()
        self.steps = Steps()
        self._text = AnswerText()
        self._end = 0

    @classmethod
    def of(cls, content: Iterable[Block]) -> "LiveAnswer":
        """An answer of which this much has come, all of it shown."""
        answer = cls()
        for block in content:
            answer.begin(block)
            answer.complete(block)
        answer.update()
        return answer

    def begin(self, block: Block) -> None:
        """Take a content block that begins, with all that it has so far."""
        self.steps.begin(block)
        self.markdown.feed(self._text.begin(block))

    def feed(self, text: str) -> None:
        """Take more text of the last block; nothing is rendered before `update`."""
        self.markdown.feed(self._text.feed(text))

    def complete(self, block: Block) -> None:
        """Take what is known of a block once it is whole."""
        self.steps.complete(block)
        self._text.complete(block)

    def update(self) -> AnswerUpdate | None:
        """Render what came since the last update; None when there is nothing new."""
        text, steps = self.markdown.update(), self.steps.update()
        if text is None and steps is None:
            return None
        base = self._end
        self._end = self.markdown.end + (steps.end if steps else self.steps.end)
        return AnswerUpdate(base, self._end, text, steps)

    def snapshot(self) -> AnswerUpdate:
        """Return the whole as it was last updated, for a page that holds nothing."""
        return AnswerUpdate(
            0, self._end, self.markdown.snapshot(), self.steps.snapshot()
        )


def render_answer(content: Iterable[Block]) -> SafeString:
    """Return safe HTML of the text of an answer that has ended, with its notes."""
    return render_markdown(marked_text(content))
