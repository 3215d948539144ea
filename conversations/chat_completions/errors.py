"""Errors inside answers of status 200: in the stream, or instead of an answer."""

import json
from datetime import UTC, datetime
from typing import Any

from conversations.messages_api import ErrorEvent, ProviderError
from conversations.messages_api.failures import error_from_event, error_from_response


def error_in(answer: dict[str, Any]) -> ProviderError | None:
    """The error that a chunk or a whole answer holds, None if it holds none.

    `error` is an object or a sentence; older vLLM has its fields beside
    `"object": "error"`. A number as its code is the status that it would have had.
    """
    error = answer.get("error")
    if not error:
        if answer.get("object") != "error":
            return None
        error = answer
    if not isinstance(error, dict):
        error = {"message": str(error)}
    status = error.get("code")
    if type(status) is not int or not 400 <= status < 600:
        return error_from_event(ErrorEvent(error, None))
    body = json.dumps({"error": error}).encode()
    found = error_from_response(status, {}, body, now=datetime.now(UTC))
    found.status = 200
    return found
