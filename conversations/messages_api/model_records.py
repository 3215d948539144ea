"""Lists of models, as the Messages API and as other servers give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conversations.messages_api.facts import (
    count,
    moment,
    part,
    parts,
    supported,
    word,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a model can do; None where its server does not say.

    `effort` are the levels it takes, `thinking` its modes (adaptive, enabled,
    disabled, between_tools), `server_tools` and `context_edits` what the server does
    for it: all empty for a model that has none of them.
    """

    batch: bool | None = None
    image_input: bool | None = None
    pdf_input: bool | None = None
    citations: bool | None = None
    structured_outputs: bool | None = None
    code_execution: bool | None = None
    effort: frozenset[str] | None = None
    thinking: frozenset[str] | None = None
    server_tools: frozenset[str] | None = None
    context_edits: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """One model; None where the server does not say. `raw` is its own record.

    `created_at` is an ISO 8601 time, `lifecycle` one of active, deprecated, retired,
    `line` the family (haiku, sonnet, ...).
    """

    id: str
    display_name: str
    created_at: str | None
    lifecycle: str | None
    line: str | None
    max_input_tokens: int | None
    max_output_tokens: int | None
    image_input: bool | None
    raw: dict[str, Any]
    deprecated_at: datetime | None = None
    retires_at: datetime | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)


def model_records(page: dict[str, Any]) -> list[ModelRecord]:
    """The models of one page, without entries that have no id."""
    return [model_record(raw) for raw in parts(page, "data") if word(raw, "id")]


def model_record(raw: dict[str, Any]) -> ModelRecord:
    """One model of a server's list; it has an id."""
    capabilities = _capabilities(part(raw, "capabilities"))
    return ModelRecord(
        id=raw["id"],
        display_name=word(raw, "display_name") or raw["id"],
        created_at=word(raw, "created_at") or _moment(raw.get("created")),
        lifecycle=word(raw, "lifecycle"),
        line=word(raw, "line"),
        max_input_tokens=count(raw, "max_input_tokens") or None,
        max_output_tokens=count(raw, "max_tokens") or None,
        image_input=capabilities.image_input,
        raw=raw,
        deprecated_at=moment(raw, "deprecated_at"),
        retires_at=moment(raw, "retires_at"),
        capabilities=capabilities,
    )


def _capabilities(raw: Mapping[str, Any]) -> Capabilities:
    thinking = part(raw, "thinking")
    return Capabilities(
        batch=supported(raw, "batch"),
        image_input=supported(raw, "image_input"),
        pdf_input=supported(raw, "pdf_input"),
        citations=supported(raw, "citations"),
        structured_outputs=supported(raw, "structured_outputs"),
        code_execution=supported(raw, "code_execution"),
        effort=_kinds(raw, "effort", part(raw, "effort")),
        thinking=_kinds(raw, "thinking", part(thinking, "types")),
        server_tools=_kinds(raw, "server_tools", part(raw, "server_tools")),
        context_edits=_kinds(
            raw, "context_management", part(raw, "context_management")
        ),
    )


def _kinds(
    raw: Mapping[str, Any], key: str, kinds: Mapping[str, Any]
) -> frozenset[str] | None:
    """Which of the kinds are supported; None if nothing is said of any."""
    whole = supported(raw, key)
    if whole is None:
        return None
    return frozenset(name for name in kinds if whole and supported(kinds, name))


def _moment(seconds: Any) -> str | None:
    """An ISO time from the seconds since 1970 of OpenAI-like lists."""
    if type(seconds) is not int or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()
