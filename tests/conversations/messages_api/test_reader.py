"""Bytes become events up to the end of the message or the first fault."""

import pytest

from conversations.messages_api import EventReader, MessageStop, Ping, ProviderError
from tests import corpus


def test_events_before_a_fault_come_first_and_the_fault_stays() -> None:
    reader = EventReader()

    assert reader.feed(b'data: {"type":"ping"}\n\ndata: {\n\n') == [Ping()]
    for _ in range(2):
        with pytest.raises(ProviderError, match="malformed_stream"):
            reader.feed(b"")
    with pytest.raises(ProviderError, match="malformed_stream"):
        reader.finish()


def test_an_error_event_is_raised_as_the_error_it_names() -> None:
    reader = EventReader()

    events = reader.feed(corpus.body("overloaded_midstream"))

    assert len(events) == 5
    with pytest.raises(ProviderError, match="overloaded"):
        reader.raise_fault()


def test_nothing_is_read_after_the_end() -> None:
    reader = EventReader()

    events = reader.feed(corpus.body("text") + b"data: {\n\n")

    assert events[-1] == MessageStop()
    assert reader.ended
    assert reader.finish() == []


def test_an_end_without_message_stop_is_a_cut() -> None:
    reader = EventReader()
    reader.feed(corpus.body("text")[:-40])

    with pytest.raises(ProviderError, match="stream_cut"):
        reader.finish()
    assert not reader.ended
