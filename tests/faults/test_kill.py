"""The site is killed while it answers: nothing that it acknowledged is lost."""

import time
import uuid
from collections.abc import Iterable

from conversations.providers.scripted_text import long_text
from tests.browser.serving import Person, Site
from tests.faults.asking import Reader, client, conversation_of, question
from tests.faults.conftest import Note
from tests.faults.findings import chance, times
from tests.faults.store import Answer, answers, call_statuses, is_intact

STREAMS = 4
LONGEST_LIFE_S = 4.0
# Words are stored once a second; what was shown before that is there.
MAY_BE_BEHIND_S = 1.5
WORDS = 400
PATIENCE_S = 90.0
INTERVAL_S = 0.2


def test_a_site_killed_at_random_moments_loses_nothing(
    site: Site, person: Person, note: Note
) -> None:
    drawn = chance()
    kills = times(2, 50)
    acknowledged: set[uuid.UUID] = set()
    shown: dict[uuid.UUID, int] = {}
    for _ in range(kills):
        site.start()
        asked = _asked(site, person)
        acknowledged |= asked.keys()
        time.sleep(drawn.uniform(0, LONGEST_LIFE_S))
        site.kill()
        killed_at = time.monotonic()
        for key, reader in asked.items():
            reader.join()
            shown[key] = reader.shown_at(killed_at - MAY_BE_BEHIND_S)
    site.start()

    stored = until_none_runs(site)

    ours = {key: answer for key, answer in stored.items() if key in acknowledged}
    assert ours.keys() == acknowledged
    whole = long_text(WORDS)
    behind = [key for key, end in shown.items() if len(ours[key].text) < end]
    for answer in ours.values():
        assert answer.status == "interrupted"
        assert answer.text == answer.content
        assert whole.startswith(answer.text)
    assert behind == []
    assert "reserved" not in call_statuses(site)
    assert is_intact(site)
    note(
        "`kill -9` while four answers stream",
        kills,
        questions_acknowledged=len(acknowledged),
        lost=len(acknowledged - ours.keys()),
        too_far_behind=len(behind),
        characters_kept=sum(len(answer.text) for answer in ours.values()),
    )


def test_what_a_killed_site_had_taken_is_not_taken_twice_and_can_be_retried(
    site: Site, person: Person
) -> None:
    site.start()
    asked = question()
    with client(site, person) as page:
        assert page.post("/c/", data=asked).status_code == 201
        site.kill()
        site.start()
        assert page.post("/c/", data=asked).status_code == 201
        given_up = until_none_runs(site)[uuid.UUID(asked["key"])]
        fresh = uuid.uuid4()

        retried = page.post(f"/turns/{given_up.turn}/retry", data={"key": str(fresh)})

    assert retried.status_code == 201
    found = [
        a for a in answers(site).values() if a.conversation == given_up.conversation
    ]
    assert {answer.key for answer in found} == {given_up.key, fresh}
    assert given_up.status == "interrupted"


def until_none_runs(site: Site) -> dict[uuid.UUID, Answer]:
    """What is stored once nothing is said to run: on a server only silence tells."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = answers(site)
        if not _running(found.values()):
            return found
        assert time.monotonic() < deadline, "Answers of a dead process still run."
        time.sleep(INTERVAL_S)


def _running(found: Iterable[Answer]) -> bool:
    return any(answer.status in {"pending", "streaming"} for answer in found)


def _asked(site: Site, person: Person) -> dict[uuid.UUID, Reader]:
    """Ask in some new conversations, and read what comes."""
    readers = {}
    with client(site, person) as page:
        for _ in range(STREAMS):
            form = question(f"/long {WORDS}")
            response = page.post("/c/", data=form)
            assert response.status_code == 201
            reader = Reader(site, person, conversation_of(response))
            reader.start()
            readers[uuid.UUID(form["key"])] = reader
    return readers
