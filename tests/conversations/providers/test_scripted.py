"""The scripted model: what it says, and how each steering word makes it end."""

import base64
from typing import Any

import pytest

from conversations.messages_api import (
    Accumulator,
    Attempt,
    ContentBlockDelta,
    MessageRequest,
    MessageStart,
    RequestError,
    StreamError,
)
from conversations.providers.scripted import ScriptedProvider

GIF = base64.b64encode(b"GIF89a\x40\x01\xc8\x00").decode()


def asked(*content: Any) -> MessageRequest:
    """A request whose newest message has these texts and blocks."""
    blocks = [
        {"type": "text", "text": part} if isinstance(part, str) else part
        for part in content
    ]
    return MessageRequest(
        model="scripted",
        messages=[{"role": "user", "content": blocks}],
        max_tokens=1000,
    )


def picture(data: str = GIF) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/gif", "data": data}
    return {"type": "image", "source": source}


async def answer(*content: Any) -> Accumulator:
    """The whole answer, played at full speed."""
    told = Accumulator()
    await listen(told, *content)
    return told


async def listen(told: Accumulator, *content: Any) -> None:
    async with ScriptedProvider(pace=0).stream(asked(*content)) as stream:
        async for event in stream:
            told.feed(event)


async def test_it_says_what_it_is_and_what_was_asked() -> None:
    told = await answer("What can you *do*?\nPlease tell.")
    assert told.done
    assert told.stop_reason == "end_turn"
    assert "I am the **scripted** model" in told.text
    assert "> What can you *do*?\n> Please tell." in told.text


async def test_it_shows_every_kind_of_markdown() -> None:
    text = (await answer("Hello")).text
    for mark in ("| :-- |", "- [x] ", "- [ ] ", "```python", "$e^", "$$", "[^1]: "):
        assert mark in text


async def test_it_counts_the_messages_that_came_along() -> None:
    messages = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": "Three"},
    ]
    request = MessageRequest(model="scripted", messages=messages, max_tokens=100)
    message = await ScriptedProvider(pace=0).create(request)
    assert "The 2 messages before it came along too" in message["content"][0]["text"]


async def test_it_describes_pictures_by_name_type_and_pixels() -> None:
    text = (
        await answer("[picture: a|b.gif]", picture(), picture("bm90aGluZw=="), "Well?")
    ).text
    assert "you sent 2 pictures" in text
    assert "| `a\\|b.gif` | image/gif | 320 × 200 |" in text  # noqa: RUF001 - its sign
    assert "| `Picture 2` | image/gif | unknown |" in text
    assert "> Well?" in text
    assert "[picture:" not in text


async def test_it_answers_pictures_without_a_question() -> None:
    text = (await answer("[picture: a.gif]", picture())).text
    assert "you sent a picture" in text
    assert "You wrote" not in text


async def test_it_shortens_a_long_question() -> None:
    assert "word …" in (await answer("word " * 500)).text


async def test_its_bytes_arrive_in_many_small_deltas() -> None:
    async with ScriptedProvider(pace=0).stream(asked("/echo naïve 你好 ☃")) as stream:
        events = [event async for event in stream]
    assert isinstance(events[0], MessageStart)
    assert sum(isinstance(event, ContentBlockDelta) for event in events) == 3
    assert stream.request_id.startswith("req_scripted_")
    assert stream.attempt == 1


@pytest.mark.parametrize("text", ["A  b\n\n    c", "x" * 100, " lead", "👩‍💻\n"])
async def test_echo_answers_the_text_exactly(text: str) -> None:
    assert (await answer(f"/echo {text}")).text == text


async def test_fail_breaks_before_any_text() -> None:
    told = Accumulator()
    with pytest.raises(RequestError) as caught:
        await listen(told, "/fail")
    assert caught.value.code == "overloaded"
    assert told.text == ""


async def test_fail_midway_breaks_after_some_text() -> None:
    told = Accumulator()
    with pytest.raises(RequestError) as caught:
        await listen(told, "/fail midway")
    assert caught.value.code == "overloaded"
    assert told.text.endswith("in the middle of")


async def test_cut_ends_the_stream_without_its_end() -> None:
    told = Accumulator()
    with pytest.raises(StreamError) as caught:
        await listen(told, "/cut")
    assert caught.value.code == "stream_cut"
    assert told.text.endswith("in the middle of")
    assert not told.done


async def test_busy_is_refused_with_the_seconds_to_wait() -> None:
    with pytest.raises(RequestError) as caught:
        await listen(Accumulator(), "/busy")
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after_s == 30
    assert caught.value.status == 429
    assert str(caught.value.request_id).startswith("req_scripted_")


async def test_refuse_is_a_refusal_without_content() -> None:
    told = await answer("/refuse")
    assert told.stop_reason == "refusal"
    assert told.content == []


async def test_limit_stops_in_mid_sentence() -> None:
    told = await answer("/limit")
    assert told.stop_reason == "max_tokens"
    assert told.text.endswith("just before the most interesting")


@pytest.mark.parametrize(
    ("command", "words"), [("/long", 400), ("/long 25", 25), ("/slow", 60)]
)
async def test_a_text_has_the_words_asked_for(command: str, words: int) -> None:
    assert len((await answer(command)).text.split()) == words


async def test_a_long_text_keeps_its_line_breaks() -> None:
    text = (await answer("/long 800")).text
    assert "\n\n## Part 2\n\n" in text
    assert "\n- clear sky" in text
    assert "\n    return 1.2" in text


async def test_thinking_comes_in_a_signed_block_before_the_text() -> None:
    told = await answer("/thinking about this")
    assert [block["type"] for block in told.content] == ["thinking", "text"]
    assert told.content[0]["thinking"].startswith("The question came in whole")
    assert told.content[0]["signature"]


async def test_wait_answers_with_the_tour_in_the_end() -> None:
    assert "I am the **scripted** model" in (await answer("/wait 30")).text


@pytest.mark.parametrize("text", ["/failure", "a/cut", "/Long", "no /failing"])
async def test_words_that_only_look_like_steering_are_ignored(text: str) -> None:
    assert "I am the **scripted** model" in (await answer(text)).text


async def test_usage_tells_tokens_of_both_sides() -> None:
    told = await answer("/echo one two three")
    assert told.usage["output_tokens"] == 3
    assert told.usage["input_tokens"] > 1


async def test_a_picture_counts_as_a_thousand_tokens() -> None:
    provider = ScriptedProvider(pace=0)
    plain = await provider.count_tokens(asked("Hello"))
    seen = await provider.count_tokens(asked("Hello", picture(GIF * 1000)))
    assert plain is not None
    assert seen is not None
    assert 1000 <= seen - plain < 1010


async def test_leaving_the_context_ends_the_stream() -> None:
    async with ScriptedProvider(pace=0).stream(asked("Hello")) as stream:
        await anext(aiter(stream))
    assert [event async for event in stream] == []


async def test_each_attempt_is_announced() -> None:
    attempts: list[Attempt] = []
    provider = ScriptedProvider(pace=0)
    async with provider.stream(asked("Hello"), on_attempt=attempts.append):
        assert attempts == [Attempt(1, 0.0, None)]
