"""The markup of live frames: what an open page is sent while an answer is written.

Made here and not by a template, which would cost more than all the rest of a frame:
they leave by the thousand a second.
"""

import html

from conversations.rendering.incremental import Update


def frame_markup(message_id: str, update: Update, *, snapshot: bool = False) -> str:
    """Return one frame for the answer `message_id`, which is a UUID.

    A page applies it to what it holds up to `update.base`; a `snapshot` replaces that.
    """
    marked = " data-snapshot" if snapshot else ""
    closed = f'<div class="closed">{update.closed}</div>' if update.closed else ""
    opened = "" if update.open is None else f'<div class="open">{update.open}</div>'
    return (
        f'<div hx-swap-oob="frame:#message-{message_id}" data-base="{update.base}"'
        f' data-end="{update.end}"{marked}>{closed}{opened}{_grown(update.grow)}</div>'
    )


def _grown(text: str) -> str:
    if not text:
        return ""
    # A page drops the first line end in a <pre>, so that the text's own one stays.
    return f'<div class="grow"><pre>\n{html.escape(text, quote=False)}</pre></div>'
