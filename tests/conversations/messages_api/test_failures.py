"""A status, headers and a body become the error they mean."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.messages_api import ErrorEvent, ProviderError
from conversations.messages_api.failures import (
    MESSAGE_LIMIT_CHARS,
    error_from_event,
    error_from_response,
)
from tests import corpus

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def error(
    status: int, body: bytes | dict[str, Any] = b"", **headers: str
) -> ProviderError:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return error_from_response(status, names, content, now=NOW)


def typed(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": "words", **more}}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, typed("invalid_request_error"), "invalid_request"),
        (401, typed("authentication_error"), "authentication"),
        (402, typed("billing_error"), "billing"),
        (403, typed("permission_error"), "permission"),
        (404, typed("not_found_error"), "not_found"),
        (408, b"", "timeout"),
        (409, typed("conflict_error"), "conflict"),
        (412, b"", "invalid_request"),
        (413, typed("request_too_large"), "too_large"),
        (413, b"<html>", "too_large"),
        (418, b"", "invalid_request"),
        (429, typed("rate_limit_error"), "rate_limited"),
        (499, b"", "invalid_request"),
        (500, typed("api_error"), "api_error"),
        (501, b"", "api_error"),
        (502, b"<html>", "api_error"),
        (503, b"", "overloaded"),
        (504, typed("timeout_error"), "timeout"),
        (529, typed("overloaded_error"), "overloaded"),
        (599, b"", "api_error"),
    ],
)
def test_a_status_has_its_code(
    status: int, body: bytes | dict[str, Any], code: str
) -> None:
    assert error(status, body).code == code


@pytest.mark.parametrize("code", ["enforced", "contract"])
def test_a_spend_limit_is_not_tried_again_whatever_the_headers_say(code: str) -> None:
    body = typed(
        "rate_limit_error", details={"error_code": f"{code}_spend_limit_reached"}
    )

    found = error(429, body, x_should_retry="true")

    assert (found.code, found.retryable) == ("spend_limit", False)
    assert found.error_code == f"{code}_spend_limit_reached"


def test_a_ramp_limit_is_an_ordinary_rate_limit() -> None:
    body = typed("rate_limit_error", details={"error_code": "ramp_limit_exceeded"})

    assert (error(429, body).code, error(429, body).retryable) == ("rate_limited", True)


@pytest.mark.parametrize(
    ("status", "wish", "retryable"),
    [
        (400, "", False),
        (408, "", True),
        (409, "", True),
        (425, "", False),
        (429, "", True),
        (500, "", True),
        (501, "", True),
        (599, "", True),
        (400, "true", True),
        (500, "false", False),
        (500, "maybe", True),
    ],
)
def test_the_status_says_whether_to_try_again_unless_a_header_does(
    status: int, wish: str, *, retryable: bool
) -> None:
    assert error(status, x_should_retry=wish).retryable is retryable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
        ({"retry_after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Sun, 22 Nov 2026 12:00:30"}, 30.0),
        ({"retry_after": "Sun, 22 Nov 2026 11:00:00 GMT"}, None),
        ({"retry_after": "0"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
    ],
)
def test_headers_say_how_long_to_wait(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert error(429, b"", **headers).retry_after_s == seconds


@pytest.mark.parametrize(
    ("body", "code", "error_type", "error_code", "message"),
    [
        (
            {
                "error": {
                    "message": "w",
                    "type": "invalid_request_error",
                    "code": "context_length_exceeded",
                }
            },
            "context_too_long",
            "invalid_request_error",
            "context_length_exceeded",
            "w",
        ),
        (
            {
                "error": {
                    "code": 400,
                    "message": "w",
                    "type": "exceed_context_size_error",
                }
            },
            "context_too_long",
            "exceed_context_size_error",
            None,
            "w",
        ),
        (
            typed("invalid_request_error", message="prompt is too long: 9 > 8"),
            "context_too_long",
            "invalid_request_error",
            None,
            "prompt is too long: 9 > 8",
        ),
        (
            {"error": {"message": "w", "type": "tokens", "code": "insufficient_quota"}},
            "spend_limit",
            "tokens",
            "insufficient_quota",
            "w",
        ),
        ({"error": "just words"}, "invalid_request", None, None, "just words"),
        ({"detail": "Not so"}, "invalid_request", None, None, "Not so"),
        ({"message": "w"}, "invalid_request", None, None, "w"),
        ({"error": None}, "invalid_request", None, None, ""),
        ({"error": {"details": []}}, "invalid_request", None, None, ""),
        (b"upstream says no", "invalid_request", None, None, "upstream says no"),
        (b"<html>no</html>", "invalid_request", None, None, ""),
        (b'{"cut": ', "invalid_request", None, None, ""),
        (b"[1]", "invalid_request", None, None, ""),
        (b"[" * 100_000, "invalid_request", None, None, ""),
        (b"\xff\xfe", "invalid_request", None, None, "\ufffd\ufffd"),
    ],
)
def test_bodies_of_many_makers_are_read(
    body: bytes | dict[str, Any],
    code: str,
    error_type: str | None,
    error_code: str | None,
    message: str,
) -> None:
    found = error(400, body)

    assert (found.code, found.error_type, found.error_code, found.provider_message) == (
        code,
        error_type,
        error_code,
        message,
    )


def test_a_request_the_server_calls_invalid_is_so_with_status_500_too() -> None:
    assert error(500, typed("invalid_request_error")).code == "invalid_request"


def test_long_words_are_cut() -> None:
    assert len(error(400, b"x" * 10**6).provider_message) == MESSAGE_LIMIT_CHARS


@pytest.mark.parametrize(
    ("body", "headers", "request_id"),
    [
        ({"request_id": "req_body"}, {"request_id": "req_head"}, "req_head"),
        ({"request_id": "req_body"}, {"x_request_id": "other"}, "req_body"),
        ({}, {"x_request_id": "other"}, "other"),
        ({}, {}, None),
    ],
)
def test_the_request_id_is_kept(
    body: dict[str, Any], headers: dict[str, str], request_id: str | None
) -> None:
    assert error(500, body, **headers).request_id == request_id


def test_a_redirect_is_not_an_answer() -> None:
    found = error(302, b"", location="https://elsewhere.example")

    assert (found.code, found.retryable) == ("unexpected_response", False)


@pytest.mark.parametrize(
    ("raw", "code", "retryable"),
    [
        ({"type": "overloaded_error", "message": "m"}, "overloaded", True),
        ({"type": "rate_limit_error"}, "rate_limited", True),
        ({"type": "timeout_error"}, "timeout", True),
        ({"type": "api_error"}, "api_error", True),
        ({"type": "not_known_yet"}, "api_error", True),
        ({"type": "invalid_request_error"}, "invalid_request", False),
        ({"code": 500, "type": "server_error"}, "api_error", True),
    ],
)
def test_an_error_event_has_its_code(
    raw: dict[str, Any], code: str, *, retryable: bool
) -> None:
    found = error_from_event(ErrorEvent(raw, "req_1"))

    assert (found.code, found.retryable) == (code, retryable)
    assert (found.status, found.request_id) == (200, "req_1")


def test_the_recorded_overload_is_read() -> None:
    events = [
        event
        for event in corpus.events([corpus.body("overloaded_midstream")])
        if isinstance(event, ErrorEvent)
    ]

    assert str(error_from_event(events[0])) == (
        "overloaded HTTP 200 req_011DeXampleOverload0000001: Overloaded"
    )


def test_an_error_without_an_answer_says_so_shortly() -> None:
    assert str(ProviderError("connect_failed", "No way.")) == "connect_failed: No way."


@pytest.mark.parametrize(
    ("status", "exception", "code"),
    [
        (400, "ValidationException", "invalid_request"),
        (403, "AccessDeniedException", "permission"),
        (403, "ExpiredTokenException", "authentication"),
        (403, "InvalidSignatureException", "authentication"),
        (404, "ResourceNotFoundException", "not_found"),
        (408, "ModelTimeoutException", "timeout"),
        (424, "ModelErrorException", "api_error"),
        (429, "ThrottlingException", "rate_limited"),
        (429, "ModelNotReadyException", "overloaded"),
        (503, "ServiceUnavailableException", "overloaded"),
    ],
)
def test_amazon_names_the_fault_in_a_header(
    status: int, exception: str, code: str
) -> None:
    failure = error(
        status,
        {"message": "words"},
        x_amzn_errortype=f"{exception}:http://internal.example/",
        x_amzn_requestid="aws-1",
    )
    assert (failure.code, failure.request_id) == (code, "aws-1")
    assert failure.provider_message == "words"


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (400, "INVALID_ARGUMENT", "invalid_request"),
        (401, "UNAUTHENTICATED", "authentication"),
        (403, "PERMISSION_DENIED", "permission"),
        (404, "NOT_FOUND", "not_found"),
        (429, "RESOURCE_EXHAUSTED", "rate_limited"),
        (500, "INTERNAL", "api_error"),
        (503, "UNAVAILABLE", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "timeout"),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_google_names_the_fault_as_a_status(
    status: int, word: str, code: str, *, listed: bool
) -> None:
    body = {"error": {"code": status, "message": "words", "status": word}}
    content = json.dumps([body] if listed else body).encode()
    failure = error(status, content)
    assert (failure.code, failure.provider_message) == (code, "words")


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (404, "DeploymentNotFound", "not_found"),
        (401, "401", "authentication"),
        (401, "Unauthorized", "authentication"),
        (429, "429", "rate_limited"),
        (403, "PermissionDenied", "permission"),
    ],
)
def test_azure_names_the_fault_by_a_code(status: int, word: str, code: str) -> None:
    body = {"error": {"code": word, "message": "words"}}
    failure = error(status, body, apim_request_id="apim-1")
    assert (failure.code, failure.request_id) == (code, "apim-1")


@pytest.mark.parametrize("words", ["prompt is too long", "Input is too long for it."])
def test_a_prompt_too_long_is_told_by_amazon_in_words(words: str) -> None:
    failure = error(400, {"message": words}, x_amzn_errortype="ValidationException")
    assert failure.code == "context_too_long"


@pytest.mark.parametrize(
    ("exception", "code", "retryable"),
    [
        ("internalServerException", "api_error", True),
        ("modelStreamErrorException", "api_error", True),
        ("modelTimeoutException", "timeout", True),
        ("serviceUnavailableException", "overloaded", True),
        ("throttlingException", "rate_limited", True),
        ("validationException", "invalid_request", False),
    ],
)
def test_an_exception_in_the_stream_is_the_error_it_names(
    exception: str, code: str, *, retryable: bool
) -> None:
    failure = error_from_event(ErrorEvent({"type": exception, "message": "x"}, None))
    assert (failure.code, failure.retryable) == (code, retryable)


def test_details_of_an_error_are_kept_without_the_credential() -> None:
    details = {
        "error_code": "image_dimensions_too_large",
        "max_side_length_pixels": 2000,
        "paths": ["messages.0.content.1", "sk-canary"],
    }

    found = error(400, typed("invalid_request_error", details=details))
    found.redact(["sk-canary"])

    assert found.error_code == "image_dimensions_too_large"
    assert found.details == {**details, "paths": ["messages.0.content.1", "[redacted]"]}
