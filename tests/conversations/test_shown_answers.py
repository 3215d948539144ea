"""What a running answer shows is what a page that is loaded just then shows."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversations.generation.run import Run
from conversations.messages_api import EventReader
from conversations.providers import scripted_tools
from conversations.providers.scripted_wire import Script, play
from conversations.rendering import LiveAnswer, render_answer, render_steps

STREAMS = sorted((Path(__file__).parent.parent / "streams").glob("*.sse"))


def bodies() -> Iterator[tuple[str, bytes]]:
    for path in STREAMS:
        yield path.stem, path.read_bytes()
    script = Script(blocks=scripted_tools.search("tides"))
    yield "scripted", b"".join(chunk for _, chunk in play(script, {"id": "m"}))


BODIES = dict(bodies())


@pytest.mark.parametrize("name", BODIES)
def test_after_every_event_a_page_that_is_loaded_is_the_same(name: str) -> None:
    run = Run(uuid.uuid4())
    place = 0
    for event in EventReader().feed(BODIES[name]):
        run.take(event)
        if update := run.shown.update():
            assert update.base == place
            place = update.end
        live = run.shown.snapshot()
        stored = LiveAnswer.of(run.content).snapshot()
        assert stored.end == live.end == place
        assert stored == live


def test_of_an_answer_that_goes_on_everything_is_shown() -> None:
    run = Run(uuid.uuid4())
    beginning, rest = scripted_tools.paused(), scripted_tools.went_on()
    for blocks in (beginning, rest):
        run.go_on()
        body = b"".join(chunk for _, chunk in play(Script(blocks=blocks), {"id": "m"}))
        for event in EventReader().feed(body):
            run.take(event)
            run.shown.update()

    assert run.content == [*beginning, *rest]
    assert run.shown.snapshot() == LiveAnswer.of(run.content).snapshot()
    assert render_steps(run.content).count("<details") == 2
    assert render_answer(run.content).count("<p>") == 2
