"""The log: one event a line, told apart by ids, with nothing in it that is private.

A line holds what code says, the ids of the request or turn, and of an exception its
class and its places in the code: its own words may quote what people wrote. Secrets of
the settings and one-time links are cut out of whatever is left.
"""

import copy
import functools
import logging
import re
import time
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, override
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from pythonjsonlogger.json import JsonFormatter

from conversations import correlation

# What may stand on a line beside its words.
IDS = ("request_id", "turn", "conversation", "person", "trace")
FACTS = ("status", "duration_ms")
# Exceptions whose words come from the system and not from what was sent.
PLAIN_ERRORS = (OSError, ImproperlyConfigured, OperationalError)
OURS = ("chatsite", "conversations")
# Loggers whose exceptions say little, often.
REPEATED = ("django.security.", "channels_redis.")
LONGEST_REPEATED = 200  # characters
SHORTEST_SECRET = 8  # characters; shorter ones would blot out ordinary words
HIDDEN = "..."

# Set-up links, and links to set a password or to join.
_TOKEN = re.compile(r"(/setup/|/password/reset/key/|/join/)[^\s/?\"'<>]+")
_QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+")
_SECRET_NAME = re.compile(r"SECRET|TOKEN|API_KEY|PASSWORD$")
_URL_NAMES = ("REDIS_URL", "EMAIL_URL")
# Whatever a terminal or a reader of lines could take for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configuration(*, log_format: str, level: str) -> dict[str, Any]:
    """The setting LOGGING: one handler, on the standard error.

    `log_format` is `lines` or `json`. An empty `level` leaves to each logger its own:
    the log then holds what happens and not what is asked for.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "seldom": {"()": "chatsite.logs.SayOnce"},
            "secrets": {"()": "chatsite.logs.HideSecrets"},
        },
        "formatters": {
            "lines": {"()": "chatsite.logs.Lines"},
            "json": {"()": "chatsite.logs.Json"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": log_format,
                "filters": ["seldom", "secrets"],
            }
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "chatsite": {"level": level or "INFO"},
            "chatsite.access": {"level": level or "WARNING"},
            "conversations": {"level": level or "INFO"},
            "django": {"handlers": [], "level": "WARNING"},
            # A page that is not there is no event; an error of the server is one.
            "django.request": {"level": "ERROR"},
        },
    }


class SayOnce(logging.Filter):
    """Let one line a minute through of what others cause, or what goes on and on.

    Requests that Django refuses can be made at will, and a layer whose server is away
    says so every second. Such a line names its exception, and how many it stands for.
    """

    def __init__(self, interval_s: float = 60.0) -> None:
        """Begin with nothing said."""
        super().__init__()
        self._interval_s = interval_s
        self._quiet_until_s: dict[str, float] = {}
        self._dropped: dict[str, int] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:
        """Whether the record is let through, then without the places in the code."""
        if not (record.exc_info and record.name.startswith(REPEATED)):
            return True
        now_s = time.monotonic()
        if now_s < self._quiet_until_s.get(record.name, 0.0):
            self._dropped[record.name] = self._dropped.get(record.name, 0) + 1
            return False
        self._quiet_until_s[record.name] = now_s + self._interval_s
        return self._shortened(record)

    def _shortened(self, record: logging.LogRecord) -> logging.LogRecord:
        # Other handlers get the record as it was.
        record = copy.copy(record)
        error = record.exc_info[1] if record.exc_info else None
        words = _words(record)[:LONGEST_REPEATED]
        if error is not None and str(error) not in str(record.msg):
            words += f" ({described(error)})"
        if more := self._dropped.pop(record.name, 0):
            words += f" ({more} more since the last line)"
        record.msg, record.args, record.exc_info = words, (), None
        return record


class HideSecrets(logging.Filter):
    """Take out of every record what nobody may read; no record is dropped."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the words of the record in place."""
        record.msg, record.args = harmless(_words(record)), ()
        return True


def _words(record: logging.LogRecord) -> str:
    args = record.args
    if isinstance(args, tuple):
        args = tuple(map(_without_words, args))
    words = str(record.msg)
    try:
        words = words % args if args else words
    except (TypeError, ValueError):
        # A filter runs in the middle of what logs: its faults would become theirs.
        words = f"{words} (wrongly logged)"
    # Other people's code appends what it was dealing with, on lines of its own.
    return words if record.name.startswith(OURS) else words.partition("\n")[0]


def _without_words(value: object) -> object:
    return described(value) if isinstance(value, BaseException) else value


def described(error: BaseException) -> str:
    """The class of an exception, and its words where they cannot quote anyone."""
    name = type(error).__qualname__
    first, *_ = str(error).splitlines() or [""]
    return f"{name}: {first}" if isinstance(error, PLAIN_ERRORS) and first else name


def harmless(text: str) -> str:
    """The text without the settings' secrets, one-time links and query strings."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    return _QUERY.sub(rf"\1?{HIDDEN}", _TOKEN.sub(rf"\1{HIDDEN}", text))


@functools.cache
def _secrets() -> tuple[str, ...]:
    """Every secret that the settings hold, the longest first."""
    found = {str(each.get("PASSWORD", "")) for each in settings.DATABASES.values()}
    for name in dir(settings):
        if _SECRET_NAME.search(name):
            value = getattr(settings, name)
            found.update(map(str, value if isinstance(value, list) else [value]))
        elif name in _URL_NAMES:
            password = urlsplit(str(getattr(settings, name))).password or ""
            found.update((password, unquote(password)))
    long_enough = (each for each in found if len(each) >= SHORTEST_SECRET)
    return tuple(sorted(long_enough, key=len, reverse=True))


def one_line(text: str) -> str:
    """The text with each control character written out, as Python would."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def places(error: BaseException | None) -> str:
    """An exception, its causes, and where in the code they were raised."""
    parts = [
        f"{described(each)}\n{''.join(traceback.format_tb(each.__traceback__))}"
        for each in _chain(error)
    ]
    return harmless("which led to ".join(parts)).rstrip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The first cause first, each once."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        hidden = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or hidden
    return reversed(chain)


def ids_of(record: logging.LogRecord) -> dict[str, Any]:
    """What tells this line from others: ids of the work, facts of the record."""
    known = correlation.ids()
    ids = {name: known[name] for name in IDS if name in known}
    facts = {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
    return {**ids, **facts}


type _ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)


class Lines(logging.Formatter):
    """For people: time, level, logger, words, then `name=value` of what is known.

    The places of an exception follow, each on a line that begins with a bar.
    """

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """UTC, as ISO 8601 has it."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{moment}.{int(record.msecs):03}Z"

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line, unless there is an exception to place."""
        ids = " ".join(f"{name}={value}" for name, value in ids_of(record).items())
        line = f"{record.levelname} {record.name}: {record.getMessage()} {ids}".rstrip()
        line = f"{self.formatTime(record)} {one_line(line)}"
        if not record.exc_info:
            return line
        found = self.formatException(record.exc_info).split("\n")
        return "\n".join([line, *(f"  | {one_line(each)}" for each in found)])

    @override
    def formatException(self, ei: _ExcInfo) -> str:
        """Classes and places."""
        return places(ei[1])


class Json(JsonFormatter):
    """For machines: one object a line, with the same things by name."""

    @override
    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Name what is said; other attributes of the record are nobody's business."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        log_data["time"] = f"{moment}.{int(record.msecs):03}Z"
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        log_data.update(ids_of(record))
        if "exc_info" in message_dict:
            log_data["exception"] = message_dict["exc_info"]

    @override
    def formatException(self, ei: _ExcInfo) -> str:
        """Classes and places."""
        return places(ei[1])
