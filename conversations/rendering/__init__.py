"""Content blocks become safe HTML, whole or while they are still being written."""

from conversations.rendering.answers import AnswerUpdate, LiveAnswer, render_answer
from conversations.rendering.document import render_markdown
from conversations.rendering.frames import frame_markup
from conversations.rendering.incremental import IncrementalMarkdown, Update
from conversations.rendering.notes import sources_of
from conversations.rendering.plain import render_plain
from conversations.rendering.steps import render_steps

RENDERER_VERSION = 2

__all__ = [
    "RENDERER_VERSION",
    "AnswerUpdate",
    "IncrementalMarkdown",
    "LiveAnswer",
    "Update",
    "frame_markup",
    "render_answer",
    "render_markdown",
    "render_plain",
    "render_steps",
    "sources_of",
]
