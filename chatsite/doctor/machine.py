"""This machine: the data folder, the space on it, the static files in it."""

import shutil
import stat
import tempfile
from collections.abc import Iterator

from django.conf import settings

from chatsite import static
from chatsite.doctor.findings import Finding, fail, ok, warn

MEBIBYTE = 1024 * 1024
LOW_BYTES = 1024 * MEBIBYTE
EXHAUSTED_BYTES = 128 * MEBIBYTE


def check_data_folder() -> Iterator[Finding]:
    """Whether files can be made there, by this user and for nobody else."""
    folder = settings.DATA_DIR
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"doctor")
    except OSError as error:
        yield fail(
            f"Nothing can be written to {folder}: {error.strerror}.",
            "Give the folder to the user that serves, or name another in DATA_DIR.",
        )
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield warn(f"{folder} is open to others.", f"Run chmod 700 {folder}.")
    else:
        yield ok(f"{folder} is this user's own and can be written to.")


def check_space() -> Iterator[Finding]:
    """Whether there is room for what people will say."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    words = f"{free // MEBIBYTE} MB are free beside {settings.DATA_DIR}."
    advice = "Make room, or move the data folder: a full disk keeps no answer."
    if free < EXHAUSTED_BYTES:
        yield fail(words, advice)
    elif free < LOW_BYTES:
        yield warn(words, advice)
    else:
        yield ok(words)


def check_static() -> Iterator[Finding]:
    """Whether pages will find their scripts and styles."""
    if static.is_collected():
        yield ok("Static files are collected.")
    else:
        yield warn(
            "Static files are not collected, or have changed since.",
            "Start `manage.py serve`, which collects them; with another server run"
            " `manage.py collectstatic`.",
        )
