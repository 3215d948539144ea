"""Text that is shown as it was typed."""

import html
import re

from django.utils.safestring import SafeString

from conversations.rendering.bounds import escaped
from conversations.rendering.document import safe
from conversations.rendering.sanitising import LINE_END, normalise, sanitise

# Only ASCII: ignoring case, `re` takes the long s of U+017F for an s.
_URL = re.compile(r"(?ai:https?)://[^\s<>\"'`\ufdd0-\ufdef]+")
_TRAILING = re.compile(r"[.,:;!?*_~\]}]+$")


def render_plain(text: str) -> SafeString:
    """Return `text` as typed: escaped, line breaks kept, http(s) addresses linked."""
    text = normalise(LINE_END.sub("\n", text))
    parts, at = [], 0
    for match in _URL.finditer(text):
        url = _trimmed(match[0])
        parts += [_escaped(text[at : match.start()]), _link(url)]
        at = match.start() + len(url)
    parts.append(_escaped(text[at:]))
    return safe("".join(parts))


def _escaped(text: str) -> str:
    # No line end beside it: the page keeps blanks, and would break the line twice.
    return escaped(text).replace("\n", "<br>")


def _link(url: str) -> str:
    link = f'<a href="{html.escape(url)}">{html.escape(url, quote=False)}</a>'
    return sanitise(link)


def _trimmed(url: str) -> str:
    """Leave off what ends the sentence, and a bracket that was opened before."""
    url = _TRAILING.sub("", url)
    while url.endswith(")") and url.count("(") < url.count(")"):
        url = _TRAILING.sub("", url[:-1])
    return url
