"""Lists of models, as the Messages API and as other servers give them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


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


def model_records(page: dict[str, Any]) -> list[ModelRecord]:
    """The models of one page, without entries that have no id."""
    entries = page.get("data")
    return [
        _record(raw)
        for raw in (entries if isinstance(entries, list) else ())
        if isinstance(raw, dict) and isinstance(raw.get("id"), str) and raw["id"]
    ]


def _record(raw: dict[str, Any]) -> ModelRecord:
    return ModelRecord(
        id=raw["id"],
        display_name=_word(raw, "display_name") or raw["id"],
        created_at=_word(raw, "created_at") or _moment(raw.get("created")),
        lifecycle=_word(raw, "lifecycle"),
        line=_word(raw, "line"),
        max_input_tokens=_count(raw, "max_input_tokens"),
        max_output_tokens=_count(raw, "max_tokens"),
        image_input=_supports(raw.get("capabilities"), "image_input"),
        raw=raw,
    )


def _word(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) and value else None


def _count(raw: dict[str, Any], key: str) -> int | None:
    value = raw.get(key)
    return value if type(value) is int and value > 0 else None


def _moment(seconds: Any) -> str | None:
    """An ISO time from the seconds since 1970 of OpenAI-like lists."""
    if type(seconds) is not int or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _supports(capabilities: Any, name: str) -> bool | None:
    fact = capabilities.get(name) if isinstance(capabilities, dict) else None
    supported = fact.get("supported") if isinstance(fact, dict) else None
    return supported if isinstance(supported, bool) else None
