"""The site's server around an application of a few lines, run as a child process.

It prints its address, then a line for everything that the application lived through.
"""

import asyncio
import sys
from typing import Any

from chatsite.server import ChatServer

FLOOD_BYTES = 64 * 1024
FLOOD_MESSAGES = 3200
MEBIBYTE = 1024 * 1024


def say(*words: object) -> None:
    """Tell the test."""
    print(*words, flush=True)  # noqa: T201 - the test reads it


async def answer_http(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body; /slow answers when the server closes."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    say("request", scope["path"], size)
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def answer_socket(scope: Any, receive: Any, send: Any) -> None:
    """Accept; /flood sends 200 MB as fast as it may, /steady one when it is asked."""
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/flood":
        for _ in range(FLOOD_MESSAGES):
            await send({"type": "websocket.send", "text": "x" * FLOOD_BYTES})
            await asyncio.sleep(0)
        say("flooded")
    while True:
        if scope["path"] == "/steady":
            await send({"type": "websocket.send", "text": "x" * MEBIBYTE})
        message = await receive()
        if message["type"] == "websocket.disconnect":
            say("disconnect", message["code"])
            return
        say("message", len(message.get("text") or ""))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tell HTTP and websockets apart."""
    answer = answer_http if scope["type"] == "http" else answer_socket
    await answer(scope, receive, send)


async def beside() -> None:
    """Run as long as the server."""
    if "--loop" in sys.argv:
        say("loop of", type(asyncio.get_running_loop()).__module__)
    try:
        await asyncio.Event().wait()
    finally:
        say("beside stopped")


async def drain(seconds: float) -> None:
    """Take all the time there is when asked to; otherwise none."""
    say("drain", "with time" if seconds else "at once")
    if "--busy" in sys.argv:
        await asyncio.sleep(seconds)
    say("drained")


if __name__ == "__main__":
    server = ChatServer(
        application, host="127.0.0.1", port=0, beside=beside, drain=drain, drain_s=30
    )
    say(*server.listen())
    server.run()
    say("ended")
