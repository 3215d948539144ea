"""Facts out of JSON objects that others wrote: None where it is not what it should."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# The largest whole number that a column of a database holds.
LARGEST_COUNT = 2**63 - 1


def word(raw: Mapping[str, Any], key: str) -> str | None:
    """A text that is not empty."""
    value = raw.get(key)
    return value if isinstance(value, str) and value else None


def count(raw: Mapping[str, Any], key: str) -> int | None:
    """A whole number from 0 on that a database holds."""
    value = raw.get(key)
    return value if type(value) is int and 0 <= value <= LARGEST_COUNT else None


def part(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object inside; empty if there is none."""
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def parts(raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of a list inside."""
    value = raw.get(key)
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def moment(raw: Mapping[str, Any], key: str) -> datetime | None:
    """An ISO 8601 time; in UTC if it names no zone."""
    try:
        value = datetime.fromisoformat(word(raw, key) or "")
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def supported(raw: Mapping[str, Any], key: str) -> bool | None:
    """What an object inside says of its support."""
    value = part(raw, key).get("supported")
    return value if isinstance(value, bool) else None
