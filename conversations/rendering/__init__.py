"""Content blocks become safe HTML, whole or while they are still being written."""

from conversations.rendering.document import render_markdown
from conversations.rendering.frames import frame_markup
from conversations.rendering.incremental import IncrementalMarkdown, Update
from conversations.rendering.plain import plain_text, render_plain

RENDERER_VERSION = 2

__all__ = [
    "RENDERER_VERSION",
    "IncrementalMarkdown",
    "Update",
    "frame_markup",
    "plain_text",
    "render_markdown",
    "render_plain",
]
