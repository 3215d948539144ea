"""Everything that can go wrong between a request and its answer, as one tree.

ProviderError                   what is caught; `code` says which
├── ProviderConnectionError     connect_failed, connection_lost, timeout
├── StreamError                 stream_cut, stalled, malformed_stream
├── UnexpectedResponseError     unexpected_response
├── CredentialError             authentication, base_url, cloud_url, missing_extra,
│                               project, region, resource: before anything was sent
└── RequestError                the provider said no: overloaded, rate_limited,
                                spend_limit, authentication, permission, billing,
                                not_found, invalid_request, too_large,
                                context_too_long, conflict, timeout, api_error
    └── InvalidRequestError     it would: invalid_request, too_large; never sent
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, override

from conversations.messages_api.rate_limits import RateLimit

_TEXT_FIELDS = ("provider_message", "request_id", "error_type", "error_code")


class ProviderError(Exception):
    """No answer, or no whole one.

    `code` is stable and machine-readable. `retryable` says whether the same request
    may succeed a moment later. `status` is the HTTP status, None if there was none
    and 200 for an error inside a stream. `provider_message` is in the provider's own
    words: escape it where it is shown. `details` are its further facts, by name;
    `rate_limits` what its headers said. No field ever holds a credential.
    """

    def __init__(
        self,
        code: str,
        provider_message: str = "",
        *,
        retryable: bool = False,
        status: int | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        error_type: str | None = None,
        error_code: str | None = None,
    ) -> None:
        super().__init__(code, provider_message)
        self.code = code
        self.provider_message = provider_message
        self.retryable = retryable
        self.status = status
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.error_type = error_type
        self.error_code = error_code
        self.details: dict[str, Any] = {}
        self.rate_limits: Sequence[RateLimit] = ()

    def redact(self, secrets: Iterable[str]) -> None:
        """Blot out `secrets` wherever the provider echoed them."""
        for secret in secrets:
            for name in _TEXT_FIELDS:
                text = getattr(self, name)
                if text is not None:
                    setattr(self, name, text.replace(secret, "[redacted]"))
            if self.details:
                told = json.dumps(self.details, ensure_ascii=False)
                self.details = json.loads(told.replace(secret, "[redacted]"))
        self.args = (self.code, self.provider_message)

    @override
    def __str__(self) -> str:
        facts = [self.code]
        if self.status is not None:
            facts.append(f"HTTP {self.status}")
        if self.request_id is not None:
            facts.append(self.request_id)
        return f"{' '.join(facts)}: {self.provider_message}"


class ProviderConnectionError(ProviderError):
    """No response came: refused, lost on the way, or too late."""


class StreamError(ProviderError):
    """The answer began and did not arrive whole."""


class UnexpectedResponseError(ProviderError):
    """Something answered, but not as a Messages API does."""


class CredentialError(ProviderError):
    """A credential or header that cannot be sent; it is never shown."""


class RequestError(ProviderError):
    """The provider answered with an error, by status or inside the stream."""


class InvalidRequestError(RequestError):
    """A request that the API would refuse, found before it was sent.

    `field` is the path to what is wrong: `messages.2.content.0.text`. Its value is
    not repeated.
    """

    def __init__(self, field: str, words: str, *, code: str = "invalid_request"):
        super().__init__(code, f"{field}: {words}")
        self.field = field
