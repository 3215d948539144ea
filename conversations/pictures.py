"""Runs the child that decodes a picture: two at once, within a deadline.

Knows no Django and no Pillow: the serving process never decodes a picture itself.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PICTURES_AT_ONCE = 2
# Twice the processor time that the child allows itself: the machine may be busy.
DEADLINE_S = 20.0
# How long a picture may wait for one of the two places.
PATIENCE_S = 60.0
DECODER = Path(__file__).with_name("picture_decoder.py")
# What a process needs to start at all; the child sees no key and no password.
ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")

_places = threading.BoundedSemaphore(PICTURES_AT_ONCE)


class Undecodable(Exception):  # noqa: N818 - a finding about the file, not a fault
    """The file is no picture that can be kept.

    `code` is one of type, broken, pixels (too many), bomb (too much memory or time)
    and busy (no place in time); `facts` are numbers that the words may name.
    """

    def __init__(self, code: str, facts: dict[str, int] | None = None) -> None:
        """Keep the code and the facts."""
        super().__init__(code)
        self.code = code
        self.facts = facts or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Two clean files that the child has written, and what they are."""

    path: Path
    thumbnail_path: Path
    media_type: str
    thumbnail_media_type: str
    width_px: int
    height_px: int


def decode(original: Path, *, deadline_s: float = DEADLINE_S) -> Picture:
    """Decode `original` in a child; the clean files are written beside it.

    Blocks for up to PATIENCE_S + `deadline_s`. Raises Undecodable.
    """
    picture, thumbnail = original.with_name("picture"), original.with_name("thumbnail")
    if not _places.acquire(timeout=PATIENCE_S):
        raise Undecodable("busy")
    try:
        found = _run(original, picture, thumbnail, deadline_s=deadline_s)
    finally:
        _places.release()
    if "refused" in found:
        raise Undecodable(found.pop("refused"), found)
    return Picture(path=picture, thumbnail_path=thumbnail, **found)


def _run(*paths: Path, deadline_s: float) -> dict[str, Any]:
    # -I: neither the working folder nor the environment chooses what is imported.
    command = [sys.executable, "-I", str(DECODER), *map(str, paths)]
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
