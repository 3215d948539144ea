"""What a status, its headers and its body, or an error event say went wrong.

The status and the machine-readable type and code decide, never the words, with one
exception that is marked below. Bodies of other servers and of proxies are read too:
OpenAI-like, llama.cpp's, plain text, HTML.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conversations.messages_api.errors import (
    ProviderError,
    RequestError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import ErrorEvent
from conversations.messages_api.rate_limits import rate_limits

MESSAGE_LIMIT_CHARS = 2000

_SPEND_LIMIT = "spend_limit"
_CONTEXT_TOO_LONG = "context_too_long"

_TOO_LONG_WORDS = ("prompt is too long", "Input is too long")
_BY_WORD = {
    "enforced_spend_limit_reached": _SPEND_LIMIT,
    "contract_spend_limit_reached": _SPEND_LIMIT,
    "insufficient_quota": _SPEND_LIMIT,
    "billing_hard_limit_reached": _SPEND_LIMIT,
    "context_length_exceeded": _CONTEXT_TOO_LONG,
    "exceed_context_size_error": _CONTEXT_TOO_LONG,
    "invalid_api_key": "authentication",
    "model_not_found": "not_found",
    "authentication_error": "authentication",
    "billing_error": "billing",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "conflict_error": "conflict",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limited",
    "rate_limit_exceeded": "rate_limited",
    "timeout_error": "timeout",
    "overloaded_error": "overloaded",
    "unavailable_error": "overloaded",
    "api_error": "api_error",
    "server_error": "api_error",
    # Amazon's exceptions, as headers and frames of a stream name them.
    "accessdeniedexception": "permission",
    "expiredtokenexception": "authentication",
    "incompletesignatureexception": "authentication",
    "internalserverexception": "api_error",
    "invalidsignatureexception": "authentication",
    "modelerrorexception": "api_error",
    "modelnotreadyexception": "overloaded",
    "modelstreamerrorexception": "api_error",
    "modeltimeoutexception": "timeout",
    "resourcenotfoundexception": "not_found",
    "servicequotaexceededexception": "rate_limited",
    "serviceunavailableexception": "overloaded",
    "throttlingexception": "rate_limited",
    "unrecognizedclientexception": "authentication",
    "validationexception": "invalid_request",
    # Google's statuses.
    "deadline_exceeded": "timeout",
    "internal": "api_error",
    "invalid_argument": "invalid_request",
    "not_found": "not_found",
    "permission_denied": "permission",
    "resource_exhausted": "rate_limited",
    "unauthenticated": "authentication",
    "unavailable": "overloaded",
    # Azure's codes; others are numbers, and said by the status.
    "deploymentnotfound": "not_found",
    "permissiondenied": "permission",
    "unauthorized": "authentication",
}
_BY_STATUS = {
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_REQUEST_IDS = ("request-id", "x-amzn-requestid", "apim-request-id", "x-request-id")
_RETRYABLE_STATUSES = frozenset({408, 409, 429})
_RETRYABLE_IN_STREAM = frozenset({"overloaded", "rate_limited", "timeout", "api_error"})


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> ProviderError:
    """The error that a response other than 2xx stands for.

    `headers` are looked up in lower case. `now` turns a date in `retry-after` into
    seconds.
    """
    if status < 400:
        return UnexpectedResponseError(
            "unexpected_response",
            f"Status {status}: a redirect is not followed with a credential.",
            status=status,
        )
    raw = _object_in(body)
    error = _error_in(raw)
    error_type = _word(error, "type") or _word(error, "status") or _amazons(headers)
    error_code = _error_code(error)
    message = _word(error, "message") or _plain_text(body)
    code = _code(status, error_type, error_code, message)
    failure = RequestError(
        code,
        message[:MESSAGE_LIMIT_CHARS],
        retryable=_is_retryable(status, code, headers.get("x-should-retry")),
        status=status,
        request_id=headers.get("request-id")
        or _word(raw, "request_id")
        or request_id_in(headers),
        retry_after_s=retry_after_s(headers, now=now),
        error_type=error_type,
        error_code=error_code,
    )
    failure.details = _details(error)
    failure.rate_limits = rate_limits(headers, now=now)
    return failure


def request_id_in(headers: Mapping[str, str]) -> str | None:
    """The server's own name of a call, whatever header it is in."""
    return next(filter(None, map(headers.get, _REQUEST_IDS)), None)


def error_from_event(event: ErrorEvent) -> RequestError:
    """The error that an event inside a stream of status 200 stands for."""
    error_type, error_code = _word(event.error, "type"), _error_code(event.error)
    message = _word(event.error, "message") or ""
    code = _code(500, error_type, error_code, message)
    failure = RequestError(
        code,
        message[:MESSAGE_LIMIT_CHARS],
        retryable=code in _RETRYABLE_IN_STREAM,
        status=200,
        request_id=event.request_id,
        error_type=error_type,
        error_code=error_code,
    )
    failure.details = _details(event.error)
    return failure


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds to wait as the headers ask; None without a positive wish."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    wish = headers.get("retry-after")
    return _number(wish) or _seconds_until(wish, now)


def _code(
    status: int, error_type: str | None, error_code: str | None, message: str
) -> str:
    code = next(filter(None, map(_meaning, (error_code, error_type))), None)
    # The fault is named in words alone; they change what is shown, not retries.
    if code in {None, "invalid_request"} and _says_too_long(message):
        return _CONTEXT_TOO_LONG
    if code is not None:
        return code
    if status >= 500 and error_type == "invalid_request_error":
        return "invalid_request"
    fallback = "api_error" if status >= 500 else "invalid_request"
    return _BY_STATUS.get(status, fallback)


def _meaning(word: str | None) -> str | None:
    return _BY_WORD.get(word.lower()) if word else None


def _says_too_long(message: str) -> bool:
    return any(words in message for words in _TOO_LONG_WORDS)


def _is_retryable(status: int, code: str, wish: str | None) -> bool:
    if code == _SPEND_LIMIT:
        return False
    if wish in {"true", "false"}:
        return wish == "true"
    return status in _RETRYABLE_STATUSES or status >= 500


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(raw, list) and len(raw) == 1:
        # So Google answers where it would have streamed.
        [raw] = raw
    return raw if isinstance(raw, dict) else {}


def _amazons(headers: Mapping[str, str]) -> str | None:
    """The exception's name, which Amazon puts in a header, with an address behind."""
    return headers.get("x-amzn-errortype", "").partition(":")[0] or None


def _error_in(raw: dict[str, Any]) -> dict[str, Any]:
    error = raw.get("error", raw)
    if isinstance(error, dict):
        return {"message": error.get("detail"), **error}
    return {"message": error}


def _error_code(error: dict[str, Any]) -> str | None:
    return _word(_details(error), "error_code") or _word(error, "code")


def _details(error: dict[str, Any]) -> dict[str, Any]:
    details = error.get("details")
    return details if isinstance(details, dict) else {}


def _word(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) and value else None


def _plain_text(body: bytes) -> str:
    text = body[: 4 * MESSAGE_LIMIT_CHARS].decode(errors="replace").strip()
    return "" if text.startswith(("<", "{", "[")) else text


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def _seconds_until(text: str | None, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - now).total_seconds()
    return seconds if seconds > 0 else None
