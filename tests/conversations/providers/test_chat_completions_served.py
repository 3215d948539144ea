"""A site whose back end speaks Chat Completions answers in its page."""

from pathlib import Path

from tests.chat_streams import STREAMS, USAGE
from tests.scripted_server import Connection, answer, event_stream, scripted_server
from tests.signed_in import signed_in

KEY = "sk-canary-0123456789abcdef"
WORDS = "Let me look at the clock."


async def back_end(connection: Connection) -> None:
    """Lists one model; streams an answer, or names a conversation."""
    request = connection.server.requests[-1]
    if request.method == "GET":
        models = {"object": "list", "data": [{"id": "gpt-test", "object": "model"}]}
        await answer(200, models)(connection)
    elif request.json.get("stream"):
        body = STREAMS["text"][0].replace("Grüße".encode(), WORDS.encode())
        await event_stream([body])(connection)
    else:
        said = {"role": "assistant", "content": "About clocks"}
        choice = {"message": said, "finish_reason": "stop"}
        await answer(200, {"choices": [choice], "usage": USAGE})(connection)


async def test_a_question_is_answered_in_the_page(tmp_path: Path) -> None:
    async with (
        scripted_server(back_end) as server,
        signed_in(tmp_path, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY) as person,
    ):
        await person.until("/c/new/", lambda page: 'value="gpt-test"' in page)
        conversation = await person.ask("What time is it?", model="gpt-test")
        path = f"/c/{conversation}/"
        page = await person.until(path, lambda page: 'status="complete"' in page)
        assert WORDS in page
        await person.until(path, lambda page: "About clocks" in page)
        log = person.log()

    posts = [each for each in server.requests if each.method == "POST"]
    asked = next(each for each in posts if each.json.get("stream"))
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json["messages"][-1] == {"role": "user", "content": "What time is it?"}
    assert KEY not in "\n".join(log) + page
