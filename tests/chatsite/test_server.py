"""The server around Daphne: what it bounds, and how it ends."""

import asyncio
import contextlib
import http.client
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.served import Served, serving

MEBIBYTE = 1024 * 1024
HUGE_BYTES = 60 * MEBIBYTE
FLAT_BYTES = 16 * MEBIBYTE

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextlib.contextmanager
def small_server(tmp_path: Path, *arguments: str) -> Iterator[Served]:
    """The server around an application of a few lines."""
    with serving("-m", "tests.small_server", *arguments, data_dir=tmp_path) as server:
        server.port = int(server.line().split()[1])
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """One that has nothing to wait for at its end."""
    with small_server(tmp_path) as served:
        yield served


def post(server: Served, path: str, size: int, *, declared: bool) -> int:
    """Post `size` bytes, piece by piece; return the status."""
    pieces = (b"x" * MEBIBYTE for _ in range(size // MEBIBYTE))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        headers = {"Content-Length": str(size)} if declared else {}
        connection.request("POST", path, pieces, headers, encode_chunked=not declared)
        return connection.getresponse().status


async def close_code(server: Served, path: str, *messages: str) -> int | None:
    """Send messages; return the code with which the server closes."""
    async with connect(f"ws://127.0.0.1:{server.port}{path}") as page:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await page.send(message)
            async for _ in page:
                pass
        return page.close_code


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run there")
def test_it_runs_on_the_quick_event_loop(tmp_path: Path) -> None:
    """Though Daphne makes another one when it is imported."""
    with small_server(tmp_path, "--loop") as server:
        assert server.line() == "loop of uvloop"


@needs_proc
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
@pytest.mark.parametrize("path", ["/c/", "/attachments/"])
def test_a_huge_body_is_refused_before_it_is_kept(
    server: Served, path: str, *, declared: bool
) -> None:
    """By its length or as it arrives; the application hears nothing of it."""
    before = server.peak_bytes()
    assert post(server, path, HUGE_BYTES, declared=declared) == 413
    assert server.peak_bytes() - before < FLAT_BYTES
    server.tell(signal.SIGTERM)
    assert not any("request" in line for line in server.lines_until("ended"))


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_picture_passes_where_pictures_go(server: Served, *, declared: bool) -> None:
    """Elsewhere bodies are text, and smaller."""
    assert post(server, "/attachments/", 20 * MEBIBYTE, declared=declared) == 200
    assert server.line() == f"request /attachments/ {20 * MEBIBYTE}"
    assert post(server, "/c/", 3 * MEBIBYTE, declared=declared) == 413
    assert post(server, "/c/", MEBIBYTE, declared=declared) == 200


def test_it_does_not_say_what_it_is(server: Served) -> None:
    """Neither in an answer nor in an error of its own."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as raw:
        raw.sendall(b"GET /\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"aphne" not in answer
    assert b"erver:" not in answer


@needs_proc
async def test_a_reader_who_lags_is_dropped_and_memory_stays_flat(
    server: Served,
) -> None:
    """200 MB for someone who reads nothing; coming back, the page resyncs."""
    before = server.peak_bytes()
    url = f"ws://127.0.0.1:{server.port}/flood"
    async with connect(url, max_queue=1, max_size=None) as page:
        lines = await asyncio.to_thread(server.lines_until, "disconnect")
        assert server.peak_bytes() - before < FLAT_BYTES
        assert lines[-1] in {"disconnect 1006", "disconnect 1013"}
        with contextlib.suppress(ConnectionClosed):
            async for _ in page:
                pass
        # Both make the page connect again.
        assert page.close_code in {1006, 1013}


async def test_a_reader_who_keeps_up_gets_everything(server: Served) -> None:
    """The bound is on what waits, not on what is sent."""
    received = 0
    url = f"ws://127.0.0.1:{server.port}/steady"
    async with connect(url, max_size=None) as page:
        while received < 8 * MEBIBYTE:
            received += len(await page.recv())
            await page.send("more")
    assert received == 8 * MEBIBYTE


async def test_a_message_that_is_too_long_closes_the_socket(server: Served) -> None:
    """With a code after which no page comes back to try again."""
    assert await close_code(server, "/", "x" * 65537) == 1009
    assert server.line() == "disconnect 1009"


async def test_a_flood_of_messages_closes_the_socket(server: Served) -> None:
    """A page has little to say over it."""
    assert await close_code(server, "/", *["x"] * 1000) == 1008
    heard = server.lines_until("disconnect")
    assert len(heard) <= 130


async def test_at_its_end_pages_are_told_to_come_back(server: Served) -> None:
    """And what was begun is ended in order."""
    async with connect(f"ws://127.0.0.1:{server.port}/") as page:
        server.tell(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 1012
    lines = server.lines_until("ended")
    order = [line for line in lines if line != "beside stopped"]
    assert order[:3] == ["disconnect 1012", "drain with time", "drained"]
    assert "beside stopped" in lines
    assert server.ended() == 0


def test_at_its_end_a_request_is_answered(server: Served) -> None:
    """One that is under way; a new one finds nobody."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/slow")
        server.lines_until("request /slow")
        server.tell(signal.SIGTERM)
        assert connection.getresponse().status == 200
    server.lines_until("ended")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=60)
    assert server.ended() == 0


def test_at_its_end_no_connection_waits_for_a_further_request(tmp_path: Path) -> None:
    """So that a proxy asks another process, while answers drain here."""
    with small_server(tmp_path, "--busy") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.1 200")
            server.tell(signal.SIGTERM)
            while idle.recv(4096):
                pass
        server.tell(signal.SIGTERM)
        assert server.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_cuts_the_draining_short(
    tmp_path: Path, number: signal.Signals
) -> None:
    """What then runs is cut off, and still kept."""
    with small_server(tmp_path, "--busy") as server:
        server.tell(number)
        server.lines_until("drain with time")
        server.tell(number)
        assert server.lines_until("ended")[-3:] == ["drain at once", "drained", "ended"]
        assert server.ended() == 0
