"""From rows to the request that a provider gets."""

import base64
import io
from typing import Any

import pytest
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from conversations import attachment_files, turns, uploads
from conversations.models import Attachment, Turn
from conversations.providers.base import ModelInfo
from conversations.transcript import build_request, with_files
from tests import documents as made
from tests import factories

pytestmark = pytest.mark.django_db


def model(**fields: Any) -> ModelInfo:
    return ModelInfo(
        **{
            "id": "m",
            "name": "M",
            "provider": "p",
            "images": True,
            "max_output_tokens": 1000,
            **fields,
        }
    )


def sent(turn: Turn, **fields: Any) -> list[dict[str, Any]]:
    transcript = with_files(build_request(turn, model(**fields)))
    return [dict(message) for message in transcript.request.messages]


def picture(name: str = "sky.png") -> Attachment:
    data = io.BytesIO()
    Image.new("RGB", (8, 6), "navy").save(data, "PNG")
    size = data.tell()
    data.seek(0)
    return uploads.accept(
        owner=factories.person(), name=name, stream=data, size_bytes=size
    )


def asked_with_picture(text: str = "What is this?") -> Turn:
    attached = picture()
    question = factories.question(text, attachment_ids=[attached.pk])
    return turns.start_conversation(owner=factories.person(), question=question)


def test_the_history_is_sent_as_it_was_stored() -> None:
    conversation = factories.conversation(None, "Why is the sky blue?")
    turn = factories.asked(conversation, "And at night?")

    assert sent(turn) == [
        {"role": "user", "content": [{"type": "text", "text": "Why is the sky blue?"}]},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Because of scattering."}],
        },
        {"role": "user", "content": [{"type": "text", "text": "And at night?"}]},
    ]


def test_the_model_gives_its_limits_its_system_prompt_and_its_parameters() -> None:
    turn = factories.started()

    request = build_request(
        turn, model(system="Be brief.", parameters={"temperature": 0.2})
    ).request

    assert (request.model, request.max_tokens) == ("m", 1000)
    assert request.system == "Be brief."
    assert request.parameters == {"temperature": 0.2}


def test_another_branch_is_not_sent() -> None:
    conversation = factories.conversation(None, "First")
    behind = conversation.leaf_id
    factories.ended(factories.asked(conversation, "On the other branch"))
    conversation.refresh_from_db()
    turn = turns.start_turn(
        conversation=conversation,
        parent_id=behind,
        question=factories.question("On this branch"),
    )

    texts = [message["content"][0]["text"] for message in sent(turn)]
    assert texts == ["First", "Because of scattering.", "On this branch"]


def test_an_answer_without_a_word_is_left_out() -> None:
    first = factories.ended(factories.started(), "", status=Turn.Status.FAILED)
    turn = factories.asked(first.conversation)

    assert [message["role"] for message in sent(turn)] == ["user", "user"]


def test_a_blank_text_is_left_out_of_a_complete_answer_too() -> None:
    first = factories.ended(factories.started(), "\n")
    turn = factories.asked(first.conversation)

    assert [message["role"] for message in sent(turn)] == ["user", "user"]


def test_what_a_stopped_answer_had_said_is_sent() -> None:
    first = factories.ended(factories.started(), "Half", status=Turn.Status.STOPPED)
    turn = factories.asked(first.conversation)

    assert sent(turn)[1]["content"] == [{"type": "text", "text": "Half"}]


def test_unsigned_thinking_of_a_cut_answer_is_not_sent() -> None:
    first = factories.begun(factories.started())
    content = [
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        {"type": "text", "text": "Half"},
    ]
    outcome = turns.Outcome(status=Turn.Status.STOPPED, content=content, text="Half")
    turns.end_turn(first, outcome, worker=factories.WORKER)
    turn = factories.asked(first.conversation)

    assert sent(turn)[1]["content"] == [{"type": "text", "text": "Half"}]


def test_a_complete_answer_is_sent_byte_for_byte_thinking_included() -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "", "signature": "Eq=="},
        {"type": "future_block", "payload": {"x": [1, None]}},
        {"type": "text", "text": "Whole."},
    ]
    first = factories.begun(factories.started())
    outcome = turns.Outcome(status=Turn.Status.COMPLETE, content=content, text="Whole.")
    turns.end_turn(first, outcome, worker=factories.WORKER)
    turn = factories.asked(first.conversation)

    assert sent(turn)[1]["content"] == content


def test_thinking_that_nobody_signed_is_not_sent_to_a_model_that_asks_for_it() -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "Hm.", "signature": ""},
        {"type": "text", "text": "Whole."},
    ]
    first = factories.begun(factories.started())
    outcome = turns.Outcome(status=Turn.Status.COMPLETE, content=content, text="Whole.")
    turns.end_turn(first, outcome, worker=factories.WORKER)
    turn = factories.asked(first.conversation)

    assert sent(turn)[1]["content"] == content[1:]


def test_a_call_of_a_tool_that_nobody_answered_is_not_sent() -> None:
    said = {"type": "text", "text": "Let me look."}
    searched = {"type": "server_tool_use", "id": "s1", "name": "web_search"}
    found = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
    called = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    turn = factories.begun(factories.started(text="Look!"))
    content: list[dict[str, Any]] = [said, searched, found, called]
    outcome = turns.Outcome(status=Turn.Status.COMPLETE, content=content, text="")
    turns.end_turn(turn, outcome, worker=factories.WORKER)
    turn.conversation.refresh_from_db()

    history = sent(factories.asked(turn.conversation, "Well?"))

    assert history[1]["content"] == [said, searched, found]


@pytest.mark.parametrize("status", ["complete", "stopped", "interrupted", "failed"])
def test_thinking_and_steps_go_back_byte_for_byte_however_an_answer_ended(
    status: str,
) -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "Hm.", "signature": "Eq=="},
        {"type": "redacted_thinking", "data": "Fr=="},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
        {"type": "thinking", "thinking": "", "signature": "Gs=="},
        {"type": "text", "text": "Half", "citations": [{"type": "char_location"}]},
    ]
    first = factories.ended(
        factories.started(), content=content, status=Turn.Status(status)
    )

    assert sent(factories.asked(first.conversation))[1]["content"] == content


def test_thinking_below_what_was_left_out_is_not_sent() -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "Hm.", "signature": "Eq=="},
        {"type": "text", "text": "word " * 200},
    ]
    first = factories.ended(factories.started(text="word " * 1500), content=content)
    second = factories.ended(factories.asked(first.conversation), content=content)
    turn = factories.asked(second.conversation, "The newest question")

    messages = sent(turn, context_tokens=2200, max_output_tokens=1000)

    assert len(messages) < 5
    assert "thinking" not in {
        block["type"] for message in messages for block in message["content"]
    }


def test_a_refused_question_is_taken_out_with_its_refusal() -> None:
    first = factories.ended(factories.started(), "I", stop_reason="refusal")
    turn = factories.asked(first.conversation, "Something else")

    assert [message["content"][0]["text"] for message in sent(turn)] == [
        "Something else"
    ]


def test_a_picture_is_sent_as_base64_before_the_text() -> None:
    turn = asked_with_picture()
    attached = turn.question.attachments.get()

    image, text = sent(turn)[0]["content"]

    assert image["source"]["type"] == "base64"
    assert image["source"]["media_type"] == attached.media_type
    assert base64.b64decode(image["source"]["data"]) == uploads.read_bytes(attached)
    assert text == {"type": "text", "text": "What is this?"}


def test_a_model_without_eyes_is_told_the_name_of_a_picture() -> None:
    blocks = sent(asked_with_picture(), images=False)[0]["content"]

    assert blocks[0] == {"type": "text", "text": "[picture: sky.png]"}
    assert [block["type"] for block in blocks] == ["text", "text"]


def test_older_messages_are_left_out_to_fit_a_small_window_and_counted() -> None:
    conversation = factories.conversation(None, *["word " * 200] * 6)
    turn = factories.asked(conversation, "The newest question")

    built = build_request(turn, model(context_tokens=2200, max_output_tokens=1000))

    said = built.request.messages
    assert built.omitted_messages > 0
    assert len(said) + built.omitted_messages == 13
    assert said[0]["role"] == "user"
    assert said[-1]["content"][0]["text"] == "The newest question"


def test_the_newest_question_is_sent_however_small_the_window() -> None:
    turn = factories.asked(factories.conversation(), "word " * 4000)

    built = build_request(turn, model(context_tokens=1500, max_output_tokens=1000))

    assert len(built.request.messages) == 1


def test_files_are_read_without_the_database(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    transcript = build_request(asked_with_picture(), model())
    assert len(transcript.attachments) == 1

    with django_assert_num_queries(0):
        filled = with_files(transcript)

    (message,) = filled.request.messages
    assert message["content"][0]["source"]["type"] == "base64"


def document(data: bytes, name: str) -> Attachment:
    return uploads.accept(
        owner=factories.person(), name=name, stream=io.BytesIO(data), size_bytes=9
    )


def asked_with(*attached: Attachment) -> Turn:
    ids = [each.pk for each in attached]
    question = factories.question("What of this?", attachment_ids=ids)
    return turns.start_conversation(owner=factories.person(), question=question)


def test_documents_are_sent_as_such_in_order_with_their_names_and_cited() -> None:
    data = made.pdf("The tide")
    turn = asked_with(document(data, "tides.pdf"), document(b"a;b", "table.csv"))

    pdf, text, words = sent(turn, documents=True)[0]["content"]
    assert pdf == {
        "type": "document",
        "source": {
            "type": "base64",
            "media_type": "application/pdf",
            "data": base64.b64encode(data).decode(),
        },
        "title": "tides.pdf",
        "citations": {"enabled": True},
    }
    assert text == {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "a;b"},
        "title": "table.csv",
        "citations": {"enabled": True},
    }
    assert words == {"type": "text", "text": "What of this?"}


def test_a_model_that_reads_no_documents_is_sent_their_text() -> None:
    turn = asked_with(
        document(made.pdf("The tide"), "tides.pdf"), document(b"a;b", "table.csv")
    )

    pdf, text, _ = sent(turn)[0]["content"]
    assert pdf["type"] == "text"
    assert pdf["text"].startswith("[document: tides.pdf]\n[page 1]\nThe tide")
    assert text == {"type": "text", "text": "[document: table.csv]\na;b"}


def test_a_model_is_told_of_a_document_of_which_it_can_be_sent_nothing() -> None:
    turn = asked_with(document(made.pdf(""), "scan.pdf"))

    told, _ = sent(turn)[0]["content"]
    assert told["text"] == "[document: scan.pdf, whose pages have no text to be sent]"


def test_pages_beyond_what_a_model_takes_are_sent_as_text() -> None:
    first, second = (
        document(made.pdf(str(number)), f"{number}.pdf") for number in "12"
    )
    Attachment.objects.filter(pk=second.pk).update(pages=100)
    turn = asked_with(first, second)
    small = {"documents": True, "context_tokens": 200_000}

    sources = [
        block["source"]["type"] for block in sent(turn, **small)[0]["content"][:2]
    ]
    assert sources == ["base64", "text"]


def test_what_a_request_has_no_room_for_is_sent_as_text() -> None:
    first, second = (
        document(made.pdf(str(number)), f"{number}.pdf") for number in "12"
    )
    Attachment.objects.filter(pk=first.pk).update(
        size_bytes=uploads.MAX_MESSAGE_BYTES - 5
    )
    turn = factories.ended(asked_with(first))
    again = turns.start_turn(
        conversation=turn.conversation,
        parent_id=turn.answer_id,
        question=factories.question("And this?", attachment_ids=[second.pk]),
    )

    before, _, now = sent(again, documents=True)
    assert before["content"][0]["source"]["type"] == "base64"
    assert now["content"][0]["source"]["type"] == "text"
    assert [before] == sent(turn, documents=True)


def test_a_document_takes_its_room_in_the_window() -> None:
    long = factories.ended(asked_with(document(b"word " * 2_000, "long.txt")))
    turn = factories.asked(long.conversation)

    assert len(sent(turn, context_tokens=3_000)) == 1
    assert len(sent(turn, context_tokens=30_000)) == 3


def test_a_document_whose_file_is_lost_is_named() -> None:
    attached = document(b"hello", "notes.txt")
    turn = asked_with(attached)
    attachment_files.erase(attached.digest)

    assert sent(turn, documents=True)[0]["content"][0] == {
        "type": "text",
        "text": "[document: notes.txt]",
    }
