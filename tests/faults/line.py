"""A line between browsers and the site: it can be cut, held up, closed to sockets."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE_BYTES = 65_536


class Line:
    """Passes connections on to a port of this machine, on a thread of its own.

    What it does to them may be changed while it runs: `hold_s` keeps what the site
    says back for so long, as a proxy does that buffers; `forbids_sockets` answers
    every websocket with 403.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.cuts = 0
        self.hold_s = 0.0
        self.forbids_sockets = False
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @property
    def url(self) -> str:
        """Where browsers find the site through this line."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._do(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break every connection, as a network does that goes away."""
        self.cuts += 1
        self._loop.call_soon_threadsafe(self._abort)

    def _do[T](self, work: "asyncio._CoroutineLike[T]") -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _abort(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        self._server.close()
        self._abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first = await reader.read(PIECE_BYTES)
        if self.forbids_sockets and b"upgrade: websocket" in first.lower():
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            return
        to_site = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._open.add(to_site[1])
        try:
            to_site[1].write(first)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._copy(reader, to_site[1], lambda: 0.0))
                both.create_task(self._copy(to_site[0], writer, lambda: self.hold_s))
        except* OSError:
            pass
        finally:
            self._open.discard(to_site[1])
            to_site[1].close()

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        wait_s: Callable[[], float],
    ) -> None:
        while piece := await reader.read(PIECE_BYTES):
            if held_s := wait_s():
                await asyncio.sleep(held_s)
            writer.write(piece)
            await writer.drain()
        writer.close()
