"""Static files: names that carry a hash, compressed copies, kept for ever."""

import hashlib
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from servestatic import ServeStaticASGI
from servestatic.storage import CompressedManifestStaticFilesStorage

from chatsite.headers import HEADERS


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Names with a hash, also inside `import` statements of modules."""

    support_js_module_import_aggregation = True


def _fingerprint() -> str:
    """Digest of names, sizes and times of all source files: equal if unchanged."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list(None):
            about = storage.path(name)
            stat = storage.get_modified_time(name), storage.size(name)
            digest.update(f"{name}\0{about}\0{stat}\n".encode())
    return digest.hexdigest()


def _marker() -> Path:
    return Path(settings.STATIC_ROOT, ".fingerprint")


def _collected() -> str:
    return _marker().read_text() if _marker().exists() else ""


def is_collected() -> bool:
    """Whether STATIC_ROOT holds the static files as they are now."""
    return _collected() == _fingerprint()


def collect() -> bool:
    """Copy the static files to STATIC_ROOT; say whether anything had changed."""
    fingerprint = _fingerprint()
    if _collected() == fingerprint:
        return False
    # Older files stay: pages that are open name them.
    call_command("collectstatic", interactive=False, verbosity=0)
    _marker().write_text(fingerprint)
    return True


def _add_headers(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    for name, value in HEADERS.items():
        headers[name] = value


def serving(application: Any) -> Any:
    """Wrap an ASGI application so that collected files never reach it."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    return ServeStaticASGI(
        application,
        root=settings.STATIC_ROOT,
        prefix=settings.STATIC_URL,
        allow_all_origins=False,
        add_headers_function=_add_headers,
    )
