"""Processes are replaced behind the proxy while people ask: nobody notices more."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, override

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests import parts
from tests.browser.chat import Chat, words_of
from tests.browser.chromium import PATIENCE_MS
from tests.browser.serving import Person, Site, session_cookie
from tests.faults import proxy
from tests.faults.asking import TOKEN, question
from tests.faults.conftest import Note
from tests.faults.findings import times
from tests.faults.store import answers
from tests.faults.test_kill import until_none_runs

pytestmark = [
    pytest.mark.team,
    pytest.mark.skipif(not proxy.is_installed(), reason=proxy.MISSING),
]
DRAIN_SECONDS = "20"
ASKED_EVERY_S = 0.25
# As static/js/composer.js has it.
RESENT, RESENT_AFTER_S = 40, 0.5
WORDS = " ".join(f"wave{number}" for number in range(150))  # about five seconds


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    """Two processes of one site, serving."""
    with ExitStack() as ends:
        made = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            site = Site(
                folder,
                **parts.of_site(str(tmp_path)),
                DRAIN_SECONDS=DRAIN_SECONDS,
                TRUSTED_PROXIES="1",
            )
            ends.callback(site.end)
            made.append(site)
        yield made


@pytest.fixture
def person(sites: list[Site]) -> Person:
    """Someone with a conversation of one question and its answer."""
    person = sites[0].people({"ada": 1})["ada"]
    for site in sites:
        site.start()
    return person


@pytest.fixture
def address(sites: list[Site], person: Person) -> Iterator[str]:
    """Where the site is for browsers."""
    port = parts.free_port()
    with proxy.proxy([site.port for site in sites], port):
        yield f"http://127.0.0.1:{port}"


class Asker(threading.Thread):
    """Somebody who begins a conversation again and again, until told to end."""

    def __init__(self, address: str, person: Person) -> None:
        super().__init__()
        self.acknowledged: list[uuid.UUID] = []
        self.refused: list[str] = []
        self.resent = 0
        self._ended = threading.Event()
        self._client = httpx.Client(
            base_url=address,
            cookies={"session": person.session, "csrf": TOKEN},
            headers={"HX-Request": "true", "X-CSRFToken": TOKEN},
            timeout=60,
        )

    @override
    def run(self) -> None:
        with self._client as client:
            while not self._ended.wait(ASKED_EVERY_S):
                self._ask(client, question("/echo Still there?"))

    def _ask(self, client: httpx.Client, form: dict[str, Any]) -> None:
        """Ask, and once more as a page does where nobody answers."""
        said = ""
        for _ in range(RESENT):
            response = client.post("/c/", data=form)
            if response.status_code == 201:
                self.acknowledged.append(uuid.UUID(form["key"]))
                return
            said = f"{response.status_code} {response.text[:80]}"
            self.resent += 1
            time.sleep(RESENT_AFTER_S)
        self.refused.append(said)

    def end(self) -> None:
        """Let the last question be answered."""
        self._ended.set()
        self.join()


def test_replacing_every_process_costs_no_question_and_no_word(
    sites: list[Site], person: Person, address: str, browser: Browser, note: Note
) -> None:
    rounds, took_s = times(1, 10), 0.0
    context = browser.new_context(base_url=address)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([session_cookie(sites[0], person) | {"url": address}])
    page = context.new_page()
    page.goto(f"/c/{person.conversation}/")
    chat = Chat(page)
    asker = Asker(address, person)
    asker.start()
    for number in range(rounds * len(sites)):
        chat.ask(f"/echo {WORDS}")
        chat.begins()
        site = sites[number % len(sites)]
        begun = time.monotonic()
        site.end()
        took_s = time.monotonic() - begun
        site.start()
        expect(chat.answers).to_have_count(number + 2)
        chat.ends("complete")
        assert words_of(chat.answer) == WORDS
    asker.end()
    context.close()

    stored = until_none_runs(sites[0])
    assert asker.refused == []
    assert set(asker.acknowledged) <= stored.keys()
    assert {answer.status for answer in answers(sites[0]).values()} == {"complete"}
    note(
        "process replaced behind the proxy while people ask",
        rounds * len(sites),
        questions=len(asker.acknowledged),
        sent_again=asker.resent,
        refused=len(asker.refused),
        lost=0,
        last_drain_s=took_s,
    )
