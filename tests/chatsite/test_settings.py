"""The environment makes the settings, and README says all of it."""

import re
import stat
from pathlib import Path

import chatsite.settings
from chatsite.secret_key import kept_key
from tests.settings_child import ROOT, run_python, settings_of


def test_readme_lists_exactly_the_variables_that_are_read() -> None:
    """Neither a variable nobody reads nor one that nobody knows of."""
    readme = (ROOT / "README.md").read_text()
    listed = set(re.findall(r"^\| `([A-Z_0-9]+)` \|", readme, re.MULTILINE))
    assert listed == set(chatsite.settings.env.dump())


def test_an_https_address_makes_everything_strict(tmp_path: Path) -> None:
    """One variable switches the cookies, the redirect and the headers."""
    settings = settings_of(tmp_path, SITE_URL="https://chat.example.org/")
    assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
    assert settings["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert settings["SECURE_SSL_REDIRECT"]
    assert settings["SECURE_HSTS_SECONDS"] >= 365 * 24 * 60 * 60
    assert settings["SECURE_PROXY_SSL_HEADER"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://chat.example.org"]
    assert "chat.example.org" in settings["ALLOWED_HOSTS"]


def test_lists_add_to_what_the_address_says(tmp_path: Path) -> None:
    """The operator's lists do not replace the site's own."""
    settings = settings_of(
        tmp_path,
        SITE_URL="https://chat.example.org",
        ALLOWED_HOSTS="inner.example.org,10.0.0.7",
        CSRF_TRUSTED_ORIGINS="https://inner.example.org",
        TRUSTED_PROXIES="2",
        DRAIN_SECONDS="3.5",
        EMAIL_URL="submission://mailer:s3cret@mail.example.org",
    )
    hosts = {"chat.example.org", "inner.example.org", "10.0.0.7", "localhost"}
    assert hosts <= set(settings["ALLOWED_HOSTS"])
    assert "https://inner.example.org" in settings["CSRF_TRUSTED_ORIGINS"]
    assert settings["ALLAUTH_TRUSTED_PROXY_COUNT"] == 2
    assert settings["DRAIN_SECONDS"] == 3.5
    options = settings["MAILERS"]["default"]["OPTIONS"]
    assert (options["host"], options["port"]) == ("mail.example.org", 587)
    assert options["use_tls"]


def test_an_https_deployment_passes_every_check(tmp_path: Path) -> None:
    """Django's own deployment checks find nothing."""
    result = run_python(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        data_dir=tmp_path,
        SITE_URL="https://chat.example.org",
    )
    assert result.returncode == 0, result.stderr


def test_plain_http_beyond_this_machine_is_said(tmp_path: Path) -> None:
    """It is a warning that every command prints."""
    result = run_python(
        "manage.py", "check", data_dir=tmp_path, SITE_URL="http://chat.example.org"
    )
    assert result.returncode == 0
    assert "not encrypted" in result.stderr


def test_a_site_does_not_answer_to_every_name(tmp_path: Path) -> None:
    """A star among the hosts ends the start."""
    result = run_python("manage.py", "check", data_dir=tmp_path, ALLOWED_HOSTS="*")
    assert result.returncode == 1
    assert "chatsite.E002" in result.stderr


def test_a_key_with_white_space_is_refused_without_being_shown(tmp_path: Path) -> None:
    """The message names the variable, not its value."""
    result = run_python(
        "manage.py", "check", data_dir=tmp_path, ANTHROPIC_API_KEY="sk-canary one"
    )
    assert result.returncode == 1
    assert "ANTHROPIC_API_KEY" in result.stderr
    assert "canary" not in result.stderr + result.stdout


def test_a_shared_database_wants_a_shared_key(tmp_path: Path) -> None:
    """Each process making its own key would void the other's cookies."""
    result = run_python(
        "-c",
        "import chatsite.settings",
        data_dir=tmp_path,
        DATABASE_URL="postgres://chat@db.example.org/chat",
    )
    assert result.returncode == 1
    assert "SECRET_KEY" in result.stderr


def test_the_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    """The second call finds what the first has made."""
    path = tmp_path / "secret-key"
    key = kept_key(path)
    assert len(key) >= 64
    assert kept_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
