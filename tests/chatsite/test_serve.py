"""`manage.py serve` on a fresh machine, from the first start to the last signal."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.prepared import prepare
from tests.served import Served, serving

FIELDS = {
    "username": "grace",
    "email": "grace@example.org",
    "password": "nanosecond wire",
}


def start(served: Served) -> str:
    """The address that a start prints."""
    (address,) = re.findall(r"http://\S+/", served.lines_until("serves on")[-1])
    return str(address).rstrip("/")


def token_in(page: httpx.Response) -> dict[str, str]:
    """What a form of the page sends along."""
    found = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    return {"csrfmiddlewaretoken": found[0]}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all starts here: collecting files takes its time."""
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that was started before, and that nobody has entered."""
    folder = tmp_path_factory.mktemp("named")
    prepare(folder, {})
    return folder


@pytest.fixture
def served(data_dir: Path) -> Iterator[Served]:
    """A start without anything said."""
    with serving("manage.py", "serve", "--port", "0", data_dir=data_dir) as served:
        yield served


def test_a_fresh_machine_serves_sets_up_and_signs_in(served: Served) -> None:
    """One command, one link, no prompt; then an end that leaves nothing."""
    address = start(served)
    (link,) = re.findall(r"http://\S+", served.lines_until("/setup/")[-1])
    with httpx.Client(base_url=address, follow_redirects=True) as browser:
        assert browser.get("/healthz").text == "ok"
        assert browser.get("/readyz").text == "ok"
        page = browser.get("/")
        assert page.url.path == "/accounts/login/"
        made = browser.post(link, data=FIELDS | token_in(browser.get(link)))
        assert made.url.path == "/accounts/login/"
        assert browser.get(link).status_code == 404
        inside = browser.post(
            "/accounts/login/",
            data={"login": "grace", "password": FIELDS["password"]} | token_in(made),
        )
        assert inside.status_code == 200
        assert not inside.url.path.startswith("/accounts/")
        assert_static_files_last(browser, page.text)
    served.tell(signal.SIGTERM)
    assert served.ended() == 0
    assert "Traceback" not in "".join(iter(served.line, ""))


def assert_static_files_last(browser: httpx.Client, page: str) -> None:
    """Names carry a hash, copies are compressed, and nobody asks twice."""
    (sheet,) = re.findall(r'href="(/static/css/tokens\.[0-9a-f]{12}\.css)"', page)
    headers = browser.get(sheet).headers
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "gzip"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_an_administrator_of_the_environment_replaces_the_link(named: Path) -> None:
    """And a site with an administrator prints no link."""
    with serving(
        *("manage.py", "serve", "--port", "0"),
        data_dir=named,
        DJANGO_SUPERUSER_USERNAME="grace",
        DJANGO_SUPERUSER_EMAIL="grace@example.org",
        DJANGO_SUPERUSER_PASSWORD="nanosecond wire",
    ) as served:
        start(served)
        assert served.line() == "Administrator grace is made."
        served.tell(signal.SIGINT)
        assert served.ended() == 0
        assert "/setup/" not in "".join(iter(served.line, ""))


def test_a_second_server_waits_for_the_first(served: Served, data_dir: Path) -> None:
    """It would take the answers that the first is making for dead."""
    start(served)
    with serving("manage.py", "serve", "--port", "0", data_dir=data_dir) as second:
        assert second.line() == "Waiting for another server to end."
        served.tell(signal.SIGTERM)
        start(second)
        second.tell(signal.SIGTERM)
        assert second.ended() == 0


def test_another_server_serves_the_same_application(
    served: Served, data_dir: Path
) -> None:
    """What `serve` has prepared, uvicorn serves; it starts and ends in order."""
    start(served)
    served.tell(signal.SIGTERM)
    assert served.ended() == 0
    arguments = ("-m", "uvicorn", "chatsite.asgi:application", "--port", "0")
    with serving(*arguments, data_dir=data_dir) as uvicorn:
        line = uvicorn.lines_until("running on")[-1]
        (address,) = re.findall(r"http://[0-9.:]+", line)
        page = httpx.get(f"{address}/accounts/login/")
        assert page.status_code == 200
        (script,) = re.findall(r'src="(/static/js/preferences[^"]+)"', page.text)
        assert httpx.get(address + script).status_code == 200
        uvicorn.tell(signal.SIGINT)
        lines = uvicorn.lines_until("Finished server process")
        assert any("shutdown complete" in line for line in lines)


def test_a_port_that_is_taken_is_said(served: Served, named: Path) -> None:
    """In one line, with an exit code."""
    port = start(served).rpartition(":")[2]
    with serving("manage.py", "serve", "--port", port, data_dir=named) as second:
        assert "Cannot listen" in second.lines_until("Cannot listen")[-1]
        assert second.ended() == 1
