"""The doctor finds what is broken, says what to do, and changes nothing that lasts."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings

from chatsite.accounts.models import User
from chatsite.doctor import backends, machine, parts, site, store
from chatsite.doctor.findings import Check, Finding, found
from conversations.ledger.calls import reserve_call
from conversations.ledger.models import Call
from conversations.models import Attachment, Turn
from tests import factories
from tests.prepared import prepare
from tests.scripted_server import Connection, answer, scripted_server
from tests.settings_child import run_python

KEY = "sk-canary-key-of-the-doctor"
ADVICE = "Mend it."


def levels(check: Check) -> list[str]:
    return [finding.level for finding in found(check, advice=ADVICE)]


def trouble(check: Check) -> Finding:
    """The one finding that is not well; it says what to do."""
    (finding,) = (each for each in found(check, advice=ADVICE) if each.level != "ok")
    assert finding.advice
    return finding


def report(data_dir: Path, *arguments: str, **variables: str) -> tuple[int, Any, str]:
    """Exit code, findings and everything printed of a doctor in its own process."""
    result = run_python(
        "manage.py", "doctor", "--json", *arguments, data_dir=data_dir, **variables
    )
    assert result.stdout, result.stderr
    everything = result.stdout + result.stderr
    return result.returncode, json.loads(result.stdout), everything


def of(findings: list[dict[str, str]], check: str) -> set[str]:
    return {each["level"] for each in findings if each["check"] == check}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine that is taken and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_site_that_was_set_up_is_well(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    tmp_path.chmod(0o700)

    result = run_python("manage.py", "doctor", data_dir=tmp_path)

    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert all(line.startswith(("ok ", "warn ")) for line in lines), result.stdout
    assert any("migrations" in line and line.startswith("ok") for line in lines)
    key = (tmp_path / "secret-key").read_text().strip()
    assert key not in result.stdout


def test_closed_ports_are_each_a_failure_and_no_secret_is_shown(
    tmp_path: Path, closed_port: int
) -> None:
    secret = "canary-of-the-doctor"
    code, findings, everything = report(
        tmp_path,
        SECRET_KEY=secret * 4,
        DATABASE_URL=f"postgres://chat:{secret}@127.0.0.1:{closed_port}/chat",
        REDIS_URL=f"redis://:{secret}@127.0.0.1:{closed_port}/0",
        EMAIL_URL=f"smtp://chat:{secret}@127.0.0.1:{closed_port}",
        ANTHROPIC_BASE_URL=f"http://127.0.0.1:{closed_port}",
        ANTHROPIC_API_KEY=KEY,
    )

    assert code == 1
    for check in ("database", "migrations", "layer", "cache", "mail", "back ends"):
        assert of(findings, check) == {"fail"}, check
    assert all(each["advice"] for each in findings if each["level"] != "ok")
    assert secret not in everything
    assert KEY not in everything


def test_a_folder_of_others_and_a_key_that_they_can_read_are_said(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR, settings.SECRET_KEY = tmp_path, secrets.token_urlsafe(64)
    path = tmp_path / "secret-key"
    path.write_text(settings.SECRET_KEY)
    path.chmod(0o644)
    tmp_path.chmod(0o755)

    assert trouble(machine.check_data_folder).level == "warn"
    finding = trouble(site.check_key)
    assert finding.level == "fail"
    assert "chmod 600" in finding.advice
    assert settings.SECRET_KEY not in finding.words


def test_a_folder_that_takes_nothing_is_a_failure(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "a-file"
    settings.DATA_DIR.write_text("")
    assert trouble(machine.check_data_folder).level == "fail"


@pytest.mark.parametrize("key", ["short", "a" * 80])
def test_a_weak_key_is_a_failure(settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key
    assert trouble(site.check_key).level == "fail"


def test_former_keys_that_were_left_are_said(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = ["former " * 10]
    assert "SECRET_KEY_FALLBACKS" in trouble(site.check_key).advice


def test_a_proxy_that_is_not_counted_is_said(settings: Settings) -> None:
    settings.HTTPS, settings.TRUSTED_PROXIES = True, 0
    assert "TRUSTED_PROXIES" in trouble(site.check_surroundings).advice


def test_files_that_were_never_collected_are_said(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    assert trouble(machine.check_static).level == "warn"


@pytest.mark.django_db(transaction=True)
def test_missing_migrations_are_a_failure() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'ledger'")
    try:
        assert "ledger.0001_initial" in trouble(store.check_migrations).words
    finally:
        call_command("migrate", "ledger", fake=True, verbosity=0)
    assert levels(store.check_migrations) == ["ok"]


def test_a_damaged_database_is_a_failure(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    file = tmp_path / "chatsite.sqlite3"
    content = bytearray(file.read_bytes())
    content[40_000:60_000] = b"\xa5" * 20_000
    file.write_bytes(content)

    code, findings, _ = report(tmp_path)

    assert code == 1
    assert "fail" in of(findings, "database")


@pytest.mark.django_db
def test_a_clock_that_went_back_is_said() -> None:
    factories.ended(factories.started())
    Call.objects.update(reserved_at=timezone.now() + timedelta(hours=1))
    assert "NTP" in trouble(store.check_clock).advice


@pytest.mark.django_db
def test_what_a_dead_process_left_is_counted(alice: User) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    turn = factories.begun(factories.started(alice))
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=long_ago)
    Call.objects.update(reserved_at=long_ago)
    attachment(alice, "a" * 64, created_at=long_ago)

    words = [each.words for each in store.check_rows()]

    assert [each[:2] for each in words] == ["1 ", "1 ", "1 "]


@pytest.mark.django_db
def test_nothing_that_was_left_is_well() -> None:
    factories.ended(factories.started())
    assert levels(store.check_rows) == ["ok"]


def attachment(owner: User, digest: str, **fields: Any) -> Attachment:
    about = {"media_type": "image/png", "width_px": 1, "height_px": 1}
    thumbnail = {"thumbnail_digest": digest, "thumbnail_media_type": "image/png"}
    return Attachment.objects.create(
        owner=owner,
        name="sea.png",
        digest=digest,
        size_bytes=1,
        **about,
        **thumbnail,
        **fields,
    )


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Path:
    """A storage of attachments of this test's own."""
    settings.ATTACHMENTS_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "chatsite.files.DurableFiles",
            "OPTIONS": {"location": tmp_path},
        },
    }
    assert default_storage.path("x") == str(tmp_path / "x")
    return tmp_path


@pytest.mark.django_db
def test_an_attachment_without_its_file_is_a_failure(alice: User, files: Path) -> None:
    attachment(alice, "b" * 64)
    assert "1 files" in trouble(parts.check_files).words


@pytest.mark.django_db
def test_a_file_without_an_attachment_is_said(files: Path) -> None:
    (files / ("c" * 64)).write_text("")
    assert trouble(parts.check_files).level == "warn"


def test_a_storage_that_works_holds_nothing_afterwards(files: Path) -> None:
    assert levels(parts.check_storage) == ["ok"]
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_a_storage_that_takes_nothing_is_a_failure(
    settings: Settings, files: Path
) -> None:
    (files / "doctor").write_text("in the way")
    assert trouble(parts.check_storage).advice == ADVICE


def test_an_event_and_a_value_come_back() -> None:
    assert levels(parts.check_layer) == ["ok"]
    assert levels(parts.check_cache) == ["ok"]
    assert levels(parts.check_mail) == ["ok"]


async def asked(script: Any, back_end: str = "ANTHROPIC") -> list[Finding]:
    """What is found of a back end that answers so."""
    async with scripted_server(script) as server:
        about = {f"{back_end}_BASE_URL": server.url, f"{back_end}_API_KEY": KEY}
        with override_settings(**about):
            return await asyncio.to_thread(lambda: list(backends.check_backends()))


LIST = {"data": [{"id": "claude-small", "type": "model"}]}
ERROR = {"error": {"type": "authentication_error", "message": f"bad key {KEY}"}}


def test_a_back_end_that_takes_the_key_is_well() -> None:
    (finding,) = async_to_sync(asked)(answer(200, LIST))
    assert (finding.level, "1 models" in finding.words) == ("ok", True)


def test_a_wrong_key_is_a_failure_that_does_not_show_it() -> None:
    (finding,) = async_to_sync(asked)(answer(401, ERROR, "request-id: req_doctor"))
    assert finding.level == "fail"
    assert "req_doctor" in finding.words
    assert "ANTHROPIC_API_KEY" in finding.advice
    assert KEY not in finding.words


@pytest.mark.parametrize(
    ("script", "variable"),
    [(answer(401, ERROR), "OPENAI_API_KEY"), (answer(500, {}), "OPENAI_BASE_URL")],
)
def test_advice_names_the_variables_of_the_back_end_that_fails(
    script: Any, variable: str
) -> None:
    (finding,) = async_to_sync(asked)(script, back_end="OPENAI")
    assert variable in finding.advice


def test_a_back_end_without_models_is_said() -> None:
    (finding,) = async_to_sync(asked)(answer(404, {}))
    assert (finding.level, "DEFAULT_MODEL" in finding.advice) == ("warn", True)


async def provider(connection: Connection) -> None:
    request = connection.server.requests[-1]
    message = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "ok"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 11, "output_tokens": 2},
    }
    if request.method == "GET":
        await answer(200, LIST)(connection)
    elif request.json["model"] == "claude-small":
        await answer(200, message)(connection)


@pytest.mark.django_db(transaction=True)
def test_a_real_call_is_written_into_the_ledger(bob: User, settings: Settings) -> None:
    (finding,) = async_to_sync(called)("claude-small", settings)
    assert finding.level == "ok"
    call = Call.objects.get()
    assert (call.purpose, call.status) == ("check", "settled")
    assert (call.input_tokens, call.output_tokens) == (11, 2)
    assert call.person == bob


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bob")
def test_a_model_that_nobody_offers_is_not_called(settings: Settings) -> None:
    (finding,) = async_to_sync(called)("claude-unheard-of", settings)
    assert finding.level == "fail"
    assert not Call.objects.exists()


async def called(model: str, settings: Settings) -> list[Finding]:
    async with scripted_server(provider) as server:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = server.url, KEY
        return await asyncio.to_thread(_called, model)


def _called(model: str) -> list[Finding]:
    with contextlib.closing(connection):
        return list(backends.call(model))


def test_what_a_call_costs_is_said_before_it_is_made(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    code, findings, everything = report(tmp_path, "--call", "scripted")
    assert code == 1
    assert "There is no administrator" in everything
    assert "tokens in, at most" in everything
    assert of(findings, "call") == {"fail"}


@pytest.mark.django_db
def test_a_call_of_the_doctor_belongs_to_no_conversation(alice: User) -> None:
    call = reserve_call(
        person=alice,
        purpose=Call.Purpose.CHECK,
        provider="anthropic",
        model="claude-small",
        conversation_id=None,
    )
    assert call.conversation_id is None


def test_a_check_that_breaks_off_has_failed_without_quoting() -> None:
    def broken() -> Iterator[Finding]:
        yield from ()
        raise ValueError(KEY)

    (finding,) = found(broken, advice=ADVICE)
    assert finding == Finding("fail", "ValueError.", ADVICE)
