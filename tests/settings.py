"""The site's settings as the tests run them: every part real, nothing on disk."""

import tempfile
from pathlib import Path

from chatsite.settings import *  # noqa: F403 - the tests run the site's own settings
from chatsite.settings import DATABASES

DATA_DIR = Path(tempfile.mkdtemp(prefix="chatsite-tests-"))
ATTACHMENTS_DIR = DATA_DIR / "attachments"
SECRET_KEY = "a-key-of-the-tests-alone-that-is-long-enough-to-pass-every-check"
# A fast hasher: no test is about the strength of a hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"] |= {
    "NAME": DATA_DIR / "chatsite.sqlite3",
    "TEST": {"NAME": str(DATA_DIR / "test.sqlite3")},
}
