"""One event is one line, told apart by ids, and holds nothing that is private."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

import pytest
from django.db import IntegrityError
from django.test import AsyncClient, Client
from pytest_django import Settings

from chatsite import logs
from conversations import correlation

CANARY = "canary-8f3a"
FORMATS = [logs.Lines(), logs.Json()]

each_format = pytest.mark.parametrize("formatter", FORMATS, ids=["lines", "json"])


@pytest.fixture(autouse=True)
def _working_for_nobody() -> Iterator[None]:
    correlation.begin()
    yield
    correlation.begin()


@contextmanager
def writing(*filters: logging.Filter) -> Iterator[list[str]]:
    """What a handler with these filters would write, as lines for people."""
    written: list[str] = []

    class Kept(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Kept()
    for each in filters:
        handler.addFilter(each)
    handler.setFormatter(logs.Lines())
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the site's handler would write, were nothing said seldom."""
    with writing(logs.HideSecrets()) as written:
        yield written


def raised(error: Exception) -> Exception:
    """The exception as it is once someone has caught it."""
    try:
        raise error
    except type(error) as caught:
        return caught


def record_of(
    words: str,
    *args: object,
    name: str = "chatsite",
    error: Exception | None = None,
    **extra: Any,
) -> logging.LogRecord:
    record = logging.LogRecord(
        *(name, logging.ERROR, __file__, 1, words, args),
        exc_info=(type(error), error, error.__traceback__) if error else None,
    )
    record.__dict__.update(extra)
    return record


def written(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    logs.HideSecrets().filter(record)
    return formatter.format(record)


@pytest.fixture
def seldom() -> Iterator[list[str]]:
    """What it does write."""
    with writing(logs.SayOnce(), logs.HideSecrets()) as written:
        yield written


def test_invalid_hosts_write_one_line_without_places(
    client: Client, seldom: list[str]
) -> None:
    for host in ("evil.test", "a b", "x" * 9_000, f"{CANARY}\x00\n"):
        assert client.get("/c/new/", headers={"host": host}).status_code == 400
    (line,) = seldom
    assert "'evil.test'" in line
    assert len(line) < 400


def test_what_goes_on_is_said_again_after_a_while_with_how_often_it_was() -> None:
    error = raised(ConnectionError("to 10.0.0.7"))

    def said(once: logs.SayOnce) -> list[str]:
        record = record_of("It failed", name="channels_redis.pubsub", error=error)
        found = once.filter(record)
        return [found.getMessage()] if isinstance(found, logging.LogRecord) else []

    seldom, sooner = logs.SayOnce(), logs.SayOnce(interval_s=0.02)
    words = "It failed (ConnectionError: to 10.0.0.7)"
    assert [said(seldom) for _ in range(3)] == [[words], [], []]
    assert said(sooner) == [words]
    unsaid = 0
    while not (again := said(sooner)):
        unsaid += 1
    assert again == [f"{words} ({unsaid} more since the last line)"]


def test_what_the_site_itself_says_is_never_left_out() -> None:
    once = logs.SayOnce()
    for _ in range(3):
        record = record_of("It failed", error=raised(ValueError("x")))
        assert once.filter(record)
        assert record.exc_info


@pytest.mark.parametrize(
    "path",
    [
        "/join/{}/",
        "/setup/{}/",
        "/accounts/password/reset/key/1-{}/",
        "/accounts/oidc/login/callback/?code={0}&state={0}",
        "/accounts/oidc/login/callback/?error={0}#{0}",
        "/accounts/login/?next=/join/{}/",
        "/join/%2F{}/",
        "//join/{}/",
    ],
)
def test_no_way_in_is_written_down(path: str, client: Client, db: None) -> None:
    """Neither as asked for, nor in what is said about the request."""
    filled = path.format(CANARY)
    for words in (f"GET {filled} 404", f"Not Found: {filled}", f"'{filled}', status"):
        assert CANARY not in logs.harmless(words), words


@each_format
def test_a_line_names_the_work_that_it_belongs_to(formatter: logging.Formatter) -> None:
    correlation.begin(request_id="r1", person=7)
    correlation.add(turn="t1", conversation=None)

    line = written(formatter, record_of("Done %s times", 3))

    for name, value in (("request_id", "r1"), ("turn", "t1"), ("person", "7")):
        assert f"{name}={value}" in line or json.loads(line).get(name) == value
    assert "Done 3 times" in line
    assert "None" not in line


def test_json_lines_are_objects_with_fixed_names() -> None:
    record = record_of("Done", status=200, duration_ms=1.5, request="<POST /?q=x>")

    line = json.loads(written(logs.Json(), record))

    assert set(line) == {"time", "level", "logger", "message", "status", "duration_ms"}
    assert line["time"].endswith("Z")


@each_format
@pytest.mark.parametrize(
    "end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K", "\0"]
)
def test_what_is_logged_cannot_begin_a_second_line(
    formatter: logging.Formatter, end: str
) -> None:
    line = written(formatter, record_of("Asked for %s", f"/a{end}INFO forged"))

    assert len(line.splitlines()) == 1
    assert end not in line


def test_the_words_of_an_exception_cannot_pass_for_a_line() -> None:
    error = raised(OSError("full\n2026-01-01 INFO forged"))
    line = written(logs.Lines(), record_of("Failed", error=error))

    first, *others = line.split("\n")
    assert "Failed" in first
    assert all(other.startswith("  | ") for other in others)


@each_format
def test_an_exception_is_placed_and_not_quoted(formatter: logging.Formatter) -> None:
    error = raised(ValueError(CANARY))
    error.__cause__ = raised(IntegrityError(f"Failing row contains ({CANARY})"))
    line = written(formatter, record_of("Failed: %s", error, error=error))

    assert CANARY not in line
    assert "IntegrityError" in line
    assert "ValueError" in line
    assert "test_logs.py" in line


@each_format
def test_what_the_system_says_of_a_failure_is_kept(
    formatter: logging.Formatter,
) -> None:
    error = raised(OSError(28, "No space left on device"))
    line = written(formatter, record_of("Failed", error=error))

    assert "No space left on device" in line


def test_an_exception_that_is_its_own_cause_ends() -> None:
    error = ValueError()
    error.__context__ = error
    assert logs.places(error) == "ValueError"


@each_format
def test_secrets_of_the_settings_are_cut_out(
    formatter: logging.Formatter, settings: Settings
) -> None:
    settings.METRICS_TOKEN = CANARY
    settings.REDIS_URL = "redis://:pass%20word%20of%20redis@127.0.0.1/0"
    logs._secrets.cache_clear()
    try:
        words = f"{CANARY} {settings.SECRET_KEY} pass%20word%20of%20redis"
        line = written(formatter, record_of(words + " pass word of redis"))
    finally:
        logs._secrets.cache_clear()

    assert CANARY not in line
    assert settings.SECRET_KEY not in line
    assert "of redis" not in line
    assert "of%20redis" not in line


@each_format
def test_links_that_let_someone_in_and_query_strings_are_cut_out(
    formatter: logging.Formatter,
) -> None:
    words = f"/setup/{CANARY}/ /password/reset/key/1-{CANARY}/ /c/?q={CANARY}"
    line = written(formatter, record_of(words))

    assert CANARY not in line
    assert "/c/?..." in line


def test_other_libraries_log_one_line_and_no_words_of_errors() -> None:
    words = "Exception inside application: %s\n%s"
    record = record_of(words, ValueError(CANARY), CANARY, name="daphne.server")

    line = written(logs.Lines(), record)

    assert line.endswith("Exception inside application: ValueError")


def test_a_wrong_call_of_the_log_harms_nobody() -> None:
    assert "wrongly logged" in written(logs.Lines(), record_of("%s %s", "one"))


@pytest.mark.django_db
def test_every_answer_names_its_request(client: Client) -> None:
    ids = {client.get("/accounts/login/")["X-Request-ID"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.django_db(transaction=True)
async def test_async_answers_name_their_request(async_client: AsyncClient) -> None:
    assert (await async_client.get("/nothing-here/"))["X-Request-ID"]


@pytest.mark.django_db
def test_the_id_of_a_trusted_proxy_is_taken(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    response = client.get("/accounts/login/", headers={"X-Request-ID": "from-proxy.1"})
    assert response["X-Request-ID"] == "from-proxy.1"


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize("given", ["x" * 65, "a b", "a;b", ""])
def test_an_id_that_is_none_is_not_taken(
    client: Client, settings: Settings, proxies: int, given: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    response = client.get("/accounts/login/", headers={"X-Request-ID": given})
    assert response["X-Request-ID"] != given


@pytest.mark.django_db
def test_a_stranger_does_not_choose_the_id(client: Client) -> None:
    response = client.get("/accounts/login/", headers={"X-Request-ID": "mine"})
    assert response["X-Request-ID"] != "mine"


@pytest.mark.django_db
def test_where_it_is_wanted_each_request_is_a_line(
    alice_client: Client, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "chatsite.access"):
        response = alice_client.get("/conversations/", {"q": CANARY})

    (line,) = [line for line in lines if "chatsite.access" in line]
    assert f"GET /conversations/ {response.status_code}" in line
    assert f"request_id={response['X-Request-ID']}" in line
    assert "person=" in line
    assert "duration_ms=" in line
    assert CANARY not in line
