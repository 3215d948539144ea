"""Runs what reads an untrusted file in a child: two at once, within a deadline.

Knows no Django, and none of the libraries that the children load.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

CHILDREN_AT_ONCE = 2
# How long a file may wait for one of the two places.
PATIENCE_S = 60.0
# What a process needs to start at all; the child sees no key and no password.
ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")

_places = threading.BoundedSemaphore(CHILDREN_AT_ONCE)


class Undecodable(Exception):  # noqa: N818 - a finding about the file, not a fault
    """The file is nothing that can be kept.

    `code` is one that the child gave, or bomb (too much memory or time) or busy (no
    place in time); `facts` are numbers that the words may name.
    """

    def __init__(self, code: str, facts: dict[str, int] | None = None) -> None:
        """Keep the code and the facts."""
        super().__init__(code)
        self.code = code
        self.facts = facts or {}


def run(script: Path, *paths: Path, deadline_s: float) -> dict[str, Any]:
    """What `script` finds about the first of `paths`; it may write to the others.

    Blocks for up to PATIENCE_S + `deadline_s`. Raises Undecodable.
    """
    if not _places.acquire(timeout=PATIENCE_S):
        raise Undecodable("busy")
    try:
        found = _answer(script, *paths, deadline_s=deadline_s)
    finally:
        _places.release()
    if "refused" in found:
        raise Undecodable(found.pop("refused"), found)
    return found


def _answer(script: Path, *paths: Path, deadline_s: float) -> dict[str, Any]:
    # -I: neither the working folder nor the environment chooses what is imported.
    command = [sys.executable, "-I", str(script), *map(str, paths)]
    try:
        child = subprocess.run(  # noqa: S603 - our own script, and paths that are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=deadline_s,
            env={key: os.environ[key] for key in ENVIRONMENT if key in os.environ},
            # Ctrl-C in the terminal is the server's to answer.
            start_new_session=True,
            check=False,
        )
        found: dict[str, Any] = json.loads(child.stdout)
    except subprocess.TimeoutExpired:
        return {"refused": "bomb"}
    except json.JSONDecodeError:
        # Ended by a limit of its own, or by a fault in a decoder.
        return {"refused": "bomb"}
    return found
