"""The key that signs cookies and links: made once, kept beside the database."""

import os
import secrets
from pathlib import Path

KEY_BYTES = 64


def kept_key(path: Path) -> str:
    """Return the key in `path`, made at the first call and readable by its owner.

    The file appears whole or not at all, so that processes that start together
    agree on one key.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
