"""Parts of a measurement that stay while others are measured."""

from pathlib import Path

import pytest

from conversations.management.benchmark.processes import Processes

PART = """
import json, sys
print(json.dumps(json.loads(sys.stdin.readline())["wanted"]), flush=True)
print(len(sys.stdin.read()))
"""


def test_a_held_part_is_ready_and_reports_at_its_end() -> None:
    with (
        Processes(Path.cwd()) as processes,
        processes.held("-c", PART, question={"wanted": 7}) as part,
    ):
        assert part.ready == 7
        assert part.finish() == 0


def test_a_part_that_does_not_begin_is_told_of() -> None:
    with (
        Processes(Path.cwd()) as processes,
        pytest.raises(RuntimeError, match="before it was ready"),
        processes.held("-c", "", question={}),
    ):
        pass
