"""What an idle process does without."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatsite.unloaded import left_out, load_when_used

ROOT = Path(__file__).resolve().parents[2]
LOADING = """
import django, sys
django.setup()
import chatsite.management.commands.serve
from chatsite import asgi, lifetime, server, urls
lifetime.warm_up()
print(*(name for name in sys.argv[1:] if sys.modules.get(name) is not None))
"""
SELDOM_USED = (
    "boto3",
    "cryptography",
    "fido2",
    "httpx._main",
    "jwt",
    "opentelemetry",
    "OpenSSL",
    "PIL",
    "psycopg",
    "qrcode",
    "redis",
    "requests",
)


def test_a_site_without_a_team_loads_none_of_what_one_needs(tmp_path: Path) -> None:
    alone = {
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
    }
    done = subprocess.run(  # noqa: S603 - arguments are ours
        [sys.executable, "-c", LOADING, *SELDOM_USED],
        cwd=ROOT,
        env=alone,
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stdout.split() == []


def test_what_is_left_out_looks_as_if_it_were_not_installed() -> None:
    sys.modules.pop("this", None)
    with left_out("this"), pytest.raises(ImportError):
        __import__("this")

    assert "this" not in sys.modules


def test_what_was_loaded_before_stays() -> None:
    with left_out("json"):
        assert __import__("json") is sys.modules["json"]


def test_what_is_loaded_when_used_is_the_module_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "wsgiref.headers", raising=False)
    load_when_used("wsgiref", "headers")
    from wsgiref import headers

    assert headers.Headers([("A", "b")])["A"] == "b"
