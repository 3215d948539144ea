"""Token counts as a provider reports them, read with distrust."""

from collections.abc import Mapping
from typing import Any

# The largest whole number that a column of a database holds.
LARGEST_COUNT = 2**63 - 1


def token_count(usage: Mapping[str, Any], key: str) -> int | None:
    """The tokens counted under `key`; None if that is no count at all."""
    value = usage.get(key)
    return value if type(value) is int and 0 <= value <= LARGEST_COUNT else None
