"""How often a fault is tried, and the line of the table that it makes."""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass

# In CI every fault is tried a few times; in full it takes an hour.
FULL = os.environ.get("FAULTS") == "full"
HEAD = "| fault | parts | times | counted |\n|---|---|--:|---|"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that was tried; `counted` maps what was counted to how much."""

    fault: str
    parts: str
    times: int
    counted: Mapping[str, float]

    @property
    def line(self) -> str:
        """Its line of a Markdown table."""
        counted = ", ".join(
            f"{name.replace('_', ' ')} {value:,.4g}"
            for name, value in self.counted.items()
        )
        return f"| {self.fault} | {self.parts} | {self.times} | {counted} |"


def times(short: int, full: int) -> int:
    """How often a fault is tried."""
    return full if FULL else short


def chance() -> random.Random:
    """The same chance each time, so that what was found can be found again."""
    return random.Random(20261122)  # noqa: S311 - moments and orders, no secrets
