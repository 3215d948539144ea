"""What lets a request in, where that is more than one credential for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request as it is about to travel: whole URL, body, media type of the body."""

    method: str
    url: str
    content: bytes | None
    content_type: str | None


class Authorizer(Protocol):
    """Signs requests, or brings them a token that does not last.

    `headers` are asked for before every attempt and may raise `ProviderError`.
    `renew` is asked after a 401: True if the same request may be let in now. `secrets`
    is what no error may repeat.
    """

    async def headers(self, request: Unsigned) -> Mapping[str, str]: ...

    async def renew(self) -> bool: ...

    def secrets(self) -> Sequence[str]: ...
