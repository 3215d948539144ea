"""The markup of live frames: what an open page is sent while an answer is written.

Made here and not by a template, which would cost more than all the rest of a frame:
they leave by the thousand a second.
"""

import html

from conversations.rendering.answers import AnswerUpdate
from conversations.rendering.incremental import Update
from conversations.rendering.steps import StepsUpdate


def frame_markup(
    message_id: str, update: AnswerUpdate, *, snapshot: bool = False
) -> str:
    """Return one frame for the answer `message_id`, which is a UUID.

    A page applies it to what it holds up to `update.base`; a `snapshot` replaces that.
    """
    marked = " data-snapshot" if snapshot else ""
    steps = _steps(update.steps) if update.steps else ""
    text = _text(update.text) if update.text else ""
    return (
        f'<div hx-swap-oob="frame:#message-{message_id}" data-base="{update.base}"'
        f' data-end="{update.end}"{marked}>{steps}{text}</div>'
    )


def _text(update: Update) -> str:
    closed = f'<div class="closed">{update.closed}</div>' if update.closed else ""
    opened = "" if update.open is None else f'<div class="open">{update.open}</div>'
    grown = f'<div class="grow">{_pre(update.grow)}</div>' if update.grow else ""
    return f"{closed}{opened}{grown}"


def _steps(update: StepsUpdate) -> str:
    changed = f'<div class="steps">{update.changed}</div>' if update.changed else ""
    grown = "".join(
        f'<div class="thought" data-step="{number}">{_pre(text)}</div>'
        for number, text in update.grown.items()
    )
    return f"{changed}{grown}"


def _pre(text: str) -> str:
    # A page drops the first line end in a <pre>, so that the text's own one stays.
    return f"<pre>\n{html.escape(text, quote=False)}</pre>"
