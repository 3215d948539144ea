"""What every provider offers: models, and answers as streams of events."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from conversations.messages_api import Event, MessageRequest, RateLimit
from conversations.messages_api.attempts import OnAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model as it is offered to people.

    `id` is the value of the picker, `name` what a person reads there, `note` one
    sentence said in the page. `max_output_tokens` is the `max_tokens` of an answer;
    `context_tokens` the room for a prompt and its answer, None if unknown. `system`
    and `parameters` are what the model needs in every request of its own.
    `names_pictures` asks for a text block `[picture: NAME]` before each picture.
    `titles` says that the provider may be asked for titles, `titles_model` of which
    of its models. `created_at` is an ISO 8601 time; `line` a family (haiku, ...); a
    `deprecated` model is served until `retires_at` at most.
    What it can do is said by `documents` (takes them as blocks), `thinking` (modes),
    `efforts` (levels), `sampling` (takes a temperature), `server_tools` (names as in
    `web_search`), `caching` (takes marks of the prompt's cache), `counting`
    (may be asked for the size of a prompt at any time) and
    `output_limit_tokens` (the most that `max_tokens` may be, None if unknown).
    """

    id: str
    name: str
    provider: str
    images: bool
    max_output_tokens: int
    context_tokens: int | None = None
    note: str = ""
    titles: bool = False
    titles_model: str | None = None
    names_pictures: bool = False
    system: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""
    line: str | None = None
    deprecated: bool = False
    retires_at: datetime | None = None
    documents: bool = False
    thinking: frozenset[str] = frozenset()
    efforts: frozenset[str] = frozenset()
    sampling: bool = False
    server_tools: frozenset[str] = frozenset()
    caching: bool = False
    counting: bool = True
    output_limit_tokens: int | None = None


class ProviderStream(Protocol):
    """One answer while it arrives.

    Iterating raises `ProviderError` where the answer breaks off. `gathered` waits for
    the next event and returns it with all others that have come meanwhile; nothing at
    the end. `request_id` is the provider's, None if it names none; `attempt` counts
    from 1; `rate_limits` are what the head of the answer says.
    """

    @property
    def request_id(self) -> str | None: ...

    @property
    def attempt(self) -> int: ...

    @property
    def rate_limits(self) -> Sequence[RateLimit]: ...

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def gathered(self) -> Sequence[Event]: ...


class Provider(Protocol):
    """A server of models. All methods may raise `ProviderError`.

    `name` is stored with every turn and never changes. `known` holds the models that
    may be offered before the server was asked. `stream` ends the call upstream when
    its context is left, whatever has been read. `count_tokens` is None where the
    server cannot count. After `aclose` nothing of the provider runs any more.
    """

    @property
    def name(self) -> str: ...

    @property
    def known(self) -> Sequence[ModelInfo]: ...

    async def models(self) -> Sequence[ModelInfo]: ...

    def stream(
        self,
        request: MessageRequest,
        *,
        on_attempt: OnAttempt | None = None,
    ) -> AbstractAsyncContextManager[ProviderStream]: ...

    async def create(self, request: MessageRequest) -> dict[str, Any]: ...

    async def count_tokens(self, request: MessageRequest) -> int | None: ...

    async def aclose(self) -> None: ...
