"""A history is sent such that a server which caches by prefix reads most of it."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from conversations import turns, uploads
from conversations.messages_api import MessageRequest, Usage, check_request
from conversations.models import Attachment, Turn
from conversations.providers.base import ModelInfo
from conversations.transcript import build_request, with_files
from tests import factories
from tests.prefix_cache import PrefixCache, share_read

pytestmark = pytest.mark.django_db

TURNS = 20
SYSTEM = "Answer briefly, and say where it is from. " * 60


def model(**fields: Any) -> ModelInfo:
    return ModelInfo(
        **{
            "id": "m",
            "name": "M",
            "provider": "p",
            "images": True,
            "max_output_tokens": 1000,
            "system": SYSTEM,
            "caching": True,
            **fields,
        }
    )


def plain(turn: int) -> list[dict[str, Any]]:
    return [{"type": "text", "text": f"Answer {turn}: " + "because. " * 120}]


def thought_out(turn: int) -> list[dict[str, Any]]:
    thinking = {"type": "thinking", "thinking": "", "signature": f"s{turn}" * 50}
    return [thinking, *plain(turn)]


def searched(turn: int) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for step in range(8):
        name = f"t{turn}-{step}"
        call = {"type": "server_tool_use", "id": name, "name": "web_search"}
        found = {"type": "web_search_tool_result", "tool_use_id": name, "content": []}
        blocks += [{**call, "input": {"query": "why " * 20}}, found]
    return [*blocks, *plain(turn), *plain(turn), *plain(turn), *plain(turn)]


def picture(owner: Any, shade: int) -> Attachment:
    data = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 0, 0)).save(data, "PNG")
    size = data.tell()
    data.seek(0)
    return uploads.accept(owner=owner, name="a.png", stream=data, size_bytes=size)


def asked(before: Turn | None, number: int, *, has_picture: bool) -> Turn:
    owner = factories.person()
    attached = [picture(owner, number)] if has_picture else []
    text = f"Question {number}: " + "why so? " * 30
    question = factories.question(text, attachment_ids=[each.pk for each in attached])
    if before is None:
        return turns.start_conversation(owner=owner, question=question)
    conversation = before.conversation
    conversation.refresh_from_db()
    leaf_id = conversation.leaf_id
    return turns.start_turn(
        conversation=conversation, parent_id=leaf_id, question=question
    )


def requests_of_a_conversation(
    answer: Any, info: ModelInfo, *, pictures_at: tuple[int, ...] = ()
) -> Iterator[MessageRequest]:
    """What is asked in twenty turns, each read from the rows of those before it."""
    turn: Turn | None = None
    for number in range(TURNS):
        turn = asked(turn, number, has_picture=number in pictures_at)
        begun = factories.begun(turn)
        request = with_files(build_request(begun, info)).marked
        check_request(request)
        yield request
        content = answer(number)
        text = "".join(block.get("text", "") for block in content)
        outcome = turns.Outcome(status=Turn.Status.COMPLETE, content=content, text=text)
        turns.end_turn(begun, outcome, worker=factories.WORKER)


def usage_of(requests: Iterator[MessageRequest]) -> list[Usage]:
    cache = PrefixCache()
    return [cache.answer(request) for request in requests]


@pytest.mark.parametrize("answer", [plain, thought_out, searched])
def test_twenty_turns_are_read_from_the_cache_to_85_percent(answer: Any) -> None:
    usage = usage_of(requests_of_a_conversation(answer, model(), pictures_at=(3, 9)))

    assert len(usage) == TURNS
    assert share_read(usage) >= 0.85
    assert all(each.cache_read_tokens for each in usage[1:])


def test_a_picture_keeps_its_mark_with_its_bytes() -> None:
    info = model(names_pictures=False)
    turn = asked(None, 0, has_picture=True)
    turn.question.content = turn.question.content[:1]

    (message,) = with_files(build_request(turn, info)).marked.messages

    (block,) = message["content"]
    assert block["source"]["type"] == "base64"
    assert block["cache_control"] == {"type": "ephemeral"}


def test_a_full_window_is_left_in_steps_so_that_most_of_it_is_still_read() -> None:
    # Room for about ten of the twenty turns.
    small = model(context_tokens=6000, max_output_tokens=1000, system=None)
    asked_for = list(requests_of_a_conversation(plain, small))

    begins = [request.messages[0]["content"][0]["text"][:11] for request in asked_for]

    assert 2 < len(set(begins)) < 8
    assert share_read(usage_of(iter(asked_for))) >= 0.6


def test_a_model_without_such_a_cache_is_sent_no_marks() -> None:
    turn = asked(None, 0, has_picture=False)

    request = build_request(turn, model(caching=False)).marked

    assert request.system == SYSTEM
    assert "cache_control" not in request.messages[0]["content"][0]
