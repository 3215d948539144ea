"""What the log may not hold: links that let someone in."""

import logging
import re
from typing import override

# Set-up links, and links to set a password.
_TOKEN = re.compile(r"(/setup/|/password/reset/key/)[^\s/?\"'<>]+")


class HideTokens(logging.Filter):
    """Cut the secret part of one-time links out of every line."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the line in place; no line is dropped."""
        message = record.getMessage()
        hidden = _TOKEN.sub(r"\1...", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
