"""A served site under fire: it stays up, stays small, and goes on answering others."""

import asyncio
import contextlib
import http.client
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from websockets import ClientConnection, ConnectionClosed, InvalidStatus, Origin
from websockets.asyncio.client import connect

from tests import parts, pictures
from tests.browser.serving import Person, Site
from tests.hostile.conftest import FULL

FRAMES = 100_000 if FULL else 10_000
REQUESTS = 50_000 if FULL else 400
SLOW = 200
MEBIBYTE = 1024 * 1024
# Of a bucket's client each thread that asks it keeps a copy; a bomb takes 400.
ROOM_BYTES = (150 if parts.chosen() else 50) * MEBIBYTE
RANDOM = random.Random()  # noqa: S311 - odd requests, no secrets
PATIENCE_S = 30.0
KINDS = ("PNG", "JPEG", "WEBP")
TRACE = "Taken at 52.52 N 13.40 E"


@dataclass(frozen=True, slots=True)
class Target:
    """The site, its process, and two people with a conversation each."""

    site: Site
    process: psutil.Process
    ada: Person
    eve: Person

    def headers(self, person: Person | None) -> dict[str, str]:
        return {"Cookie": f"session={person.session}"} if person else {}

    @contextlib.asynccontextmanager
    async def page(self, person: Person | None = None, **options: Any) -> Any:
        """A socket of ada's page, opened by `person`."""
        url = f"{self.site.url}/ws/c/{self.ada.conversation}/?version=0"
        options = {"origin": Origin(self.site.url), **options}
        async with connect(
            url.replace("http", "ws", 1),
            additional_headers=self.headers(person),
            open_timeout=PATIENCE_S,
            **options,
        ) as socket_:
            yield socket_


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The site in a process of its own; the same one after all of these tests."""
    site = Site(tmp_path_factory.mktemp("target"))
    people = site.people({"ada": 1, "eve": 1})
    site.start()
    target = Target(site, psutil.Process(site.pid), people["ada"], people["eve"])
    before = target.process.memory_info().rss
    yield target
    assert target.process.is_running()
    log = (site.data_dir / "serve.log").read_text().splitlines()
    assert [line for line in log if line.startswith(("Traceback", "  |"))] == []
    assert target.process.memory_info().rss - before < ROOM_BYTES
    site.end()


@pytest.fixture(autouse=True)
def _same_each_time() -> None:
    """Let no test depend on those before it."""
    RANDOM.seed(10)


async def greeting(page: ClientConnection) -> str:
    """What a page hears first."""
    return str(await asyncio.wait_for(page.recv(), PATIENCE_S))


async def code_of(page: ClientConnection) -> int | None:
    """The code with which the site ends this socket."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await page.recv()
    return page.close_code


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "", "null", "http://evil.example", "https://127.0.0.1:{port}"),
        *(
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            "http://127.0.0.1:{port}.evil.test",
        ),
        *("http://127.0.0.1:{port}@evil.test", "http://evil.test/127.0.0.1:{port}"),
        *("ws://127.0.0.1:{port}", "http://127.0.0.1:{port}, http://evil.test"),
        *("http://127.0.0.1:{port}/", "http://sub.localhost:{port}", "file://"),
    ],
)
async def test_a_foreign_page_gets_no_socket(
    target: Target, origin: str | None
) -> None:
    spelled = None if origin is None else Origin(origin.format(port=target.site.port))
    with pytest.raises(InvalidStatus) as caught:
        async with target.page(target.ada, origin=spelled):
            pass
    assert caught.value.response.status_code in {400, 403}


async def test_only_its_person_hears_a_conversation(target: Target) -> None:
    async with target.page() as page:
        assert await code_of(page) == 4401
    async with target.page(target.eve) as page:
        assert await code_of(page) == 4404


def frame_of(opcode: int, data: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """A masked frame as a client sends it, honest or not."""
    head = bytes([fin << 7 | rsv << 4 | opcode])
    size = len(data)
    if size < 126:
        head += bytes([128 | size])
    else:
        head += bytes([128 | 127]) + struct.pack(">Q", size)
    return head + bytes(4) + data


def some_bytes(most: int) -> bytes:
    return RANDOM.randbytes(RANDOM.randrange(most))


SHAPES: dict[str, Callable[[], bytes]] = {
    "binary": lambda: frame_of(2, some_bytes(400)),
    "text that is not UTF-8": lambda: frame_of(1, b"\xff\xfe" + some_bytes(20)),
    "deep JSON": lambda: frame_of(1, b"[" * 20_000),
    "htmx's JSON": lambda: frame_of(1, b'{"HEADERS":{"HX-Request":"true"},"text":"x"}'),
    "huge numbers": lambda: frame_of(1, b'{"version":' + b"9" * 9_000 + b"}"),
    "a fragment without an end": lambda: frame_of(1, b"x", fin=False),
    "fragments without a beginning": lambda: frame_of(0, b"x") * 3,
    "ten thousand fragments": lambda: (
        frame_of(1, b"x", fin=False) + frame_of(0, b"x", fin=False) * 10_000
    ),
    "empty fragments": lambda: (
        frame_of(1, b"", fin=False) + frame_of(0, b"", fin=False) * 10_000
    ),
    "pings": lambda: frame_of(9, b"x" * 125) * 10_000,
    "pongs": lambda: frame_of(10, b"x") * 10_000,
    "a long ping": lambda: frame_of(9, b"x" * 200),
    "closes": lambda: frame_of(8, struct.pack(">H", 4999)) * 3,
    "a bad close": lambda: frame_of(8, struct.pack(">H", 5)),
    "reserved bits": lambda: frame_of(1, b"x", rsv=7),
    "an unknown opcode": lambda: frame_of(11, b"x"),
    "without a mask": lambda: b"\x81\x01x",
    "too long": lambda: frame_of(1, b"x" * 70_000),
    "a length of exabytes": lambda: b"\x81\xff" + b"\x7f" + b"\xff" * 7 + bytes(4),
    "half a frame": lambda: b"\x81",
    "noise": lambda: some_bytes(4_000),
}


def opened(target: Target) -> socket.socket:
    """A raw connection past its handshake."""
    raw = socket.create_connection(("127.0.0.1", target.site.port), timeout=PATIENCE_S)
    lines = (
        f"GET /ws/c/{target.ada.conversation}/ HTTP/1.1",
        f"Host: 127.0.0.1:{target.site.port}",
        f"Origin: {target.site.url}",
        f"Cookie: session={target.ada.session}",
        *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    raw.sendall("\r\n".join(lines).encode())
    assert raw.recv(4096).startswith(b"HTTP/1.1 101")
    return raw


@pytest.mark.parametrize("shape", SHAPES)
async def test_frames_of_any_shape_are_survived(target: Target, shape: str) -> None:
    """And the page of another goes on."""
    async with target.page(target.ada) as other:
        await greeting(other)
        with opened(target) as raw, contextlib.suppress(OSError):
            raw.sendall(SHAPES[shape]())
        await asyncio.wait_for(await other.ping(), PATIENCE_S)
    assert target.process.is_running()


async def test_thousands_of_random_frames_are_survived(target: Target) -> None:
    async with target.page(target.ada) as other:
        await greeting(other)
        sent = 0
        while sent < FRAMES:
            with opened(target) as raw, contextlib.suppress(OSError):
                for _ in range(200):
                    opcode = RANDOM.choice((0, 1, 1, 1, 2, 3, 9, 10, 15))
                    fin, rsv = RANDOM.random() < 0.8, RANDOM.choice((0, 0, 0, 4))
                    raw.sendall(frame_of(opcode, some_bytes(60), fin=fin, rsv=rsv))
                    sent += 1
            await asyncio.sleep(0)
        await asyncio.wait_for(await other.ping(), PATIENCE_S)


PATHS = ("/", "/c/new/", "/c/", "/conversations/", "/attachments/", "/accounts/login/")
HEADS = (
    *("Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Cookie", "Host"),
    *("Referer", "Origin", "If-None-Match", "If-Modified-Since", "Range", "HX-Request"),
    *("HX-Current-URL", "HX-Target", "HX-Prompt", "HX-Current-URL-URI-AutoEncoded"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-CSRFToken"),
    *("Expect", "X-Request-ID", "X-HTTP-Method-Override", "Forwarded", "Via"),
)
VALUES = (
    *(b"", b"\x00", b"\xff\xfe", b"a" * 8_000, b"a,b;q=" + b"9" * 400, b"," * 4_000),
    *(b"../../etc/passwd", b"%00%ff", b"http://[::1", b"http://\xe2\x80\xae/c/x/"),
    *(b"bytes=0-,0-,0-", b"multipart/form-data", b"multipart/form-data; boundary="),
    *(
        b"multipart/form-data; boundary=" + b"x" * 300,
        b"application/json; charset=\xff",
    ),
    *(b"text/html;charset=utf-7", b"-1", b"9" * 40, b"chunked, chunked", b'W/"', b"*"),
    *(b"session=%s; csrf=\xff", b"session=" + b"z" * 3_000, b"\xe2\x80\xa8", b"true"),
)


def fuzzed(target: Target) -> bytes:
    """A request of which anything may be odd."""
    verb = RANDOM.choice(("GET", "POST", "HEAD", "PUT", "DELETE", "TRACE", "X" * 90))
    path = RANDOM.choice((*PATHS, f"/c/{target.ada.conversation}/"))
    odd = RANDOM.choice(("", "", "?q=%00", "?after=%ff_%ff", "?version=9e9", "%2e%2e/"))
    lines = [f"{verb} {path}{odd} HTTP/1.1".encode(), b"Connection: close"]
    lines += [f"Host: 127.0.0.1:{target.site.port}".encode()]
    lines += [f"Cookie: session={target.ada.session}; csrf={'a' * 32}".encode()]
    if RANDOM.random() < 0.5:
        lines += [b"X-CSRFToken: " + b"a" * 32, b"HX-Request: true"]
    for _ in range(RANDOM.randrange(4)):
        lines.append(RANDOM.choice(HEADS).encode() + b": " + RANDOM.choice(VALUES))
    body = RANDOM.choice((b"", b"text=x&key=x", b"\xff" * 90, b"key=%00&model=%ff"))
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status_of(target: Target, request: bytes) -> int:
    """The status of the answer; 0 where there is none."""
    address = ("127.0.0.1", target.site.port)
    with contextlib.suppress(ConnectionError), socket.create_connection(address) as raw:
        raw.settimeout(PATIENCE_S)
        raw.sendall(request)
        head = raw.recv(4096)
        return int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
    return 0


def test_no_odd_request_makes_an_error_of_the_server(target: Target) -> None:
    statuses = Counter[int]()
    for _ in range(REQUESTS):
        request = fuzzed(target)
        status = status_of(target, request)
        assert status < 500 or status in {501, 505}, request
        statuses[status] += 1
    # Many get as far as a view.
    assert statuses[200] + statuses[201] + statuses[422] > REQUESTS / 40, statuses
    assert target.process.is_running()


def test_connections_that_never_end_their_request_keep_nobody_out(
    target: Target,
) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(SLOW):
            address = ("127.0.0.1", target.site.port)
            raw = slow.enter_context(socket.create_connection(address))
            raw.sendall(
                b"POST /c/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nx"
            )
        answer = httpx.get(f"{target.site.url}/healthz", timeout=PATIENCE_S)
        assert answer.status_code == 200
        assert len(target.process.net_connections()) < SLOW + 50


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
@pytest.mark.parametrize(
    ("path", "limit"), [("/c/", 2), ("/accounts/login/", 2), ("/attachments/", 25)]
)
def test_a_body_over_the_limit_is_refused(
    target: Target, path: str, limit: int, *, declared: bool
) -> None:
    before = target.process.memory_info().rss
    size = (limit + 1) * MEBIBYTE
    pieces = (b"x" * MEBIBYTE for _ in range(limit + 1))
    connection = http.client.HTTPConnection("127.0.0.1", target.site.port)
    with contextlib.closing(connection):
        headers = target.headers(target.ada)
        if declared:
            headers["Content-Length"] = str(size)
        connection.request("POST", path, pieces, headers, encode_chunked=not declared)
        assert connection.getresponse().status == 413
    assert target.process.memory_info().rss - before < ROOM_BYTES


def peak_bytes(process: psutil.Process) -> int:
    """The most memory that the process has held so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) * 1024


def traced(kind: str) -> bytes:
    """A picture that says in every way its kind has where it was taken, and by whom."""
    image, facts = pictures.quarters(), {"exif": pictures.exif()}
    about: dict[str, Any] = {**facts, "icc_profile": pictures.screen_profile()}
    if kind == "PNG":
        about["pnginfo"] = PngInfo()
        about["pnginfo"].add_text("Comment", TRACE)
        about["pnginfo"].add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{TRACE}", zip=True)
    else:
        about["xmp"] = f"<x:xmpmeta>{TRACE}</x:xmpmeta>".encode()
    if kind == "JPEG":
        about["comment"] = TRACE
    return pictures.encoded(image, kind, **about)


def huge_webp() -> bytes:
    """A header that claims the most pixels there can be, and nothing behind it."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff" * 6
    return b"RIFF" + struct.pack("<I", len(body)) + body


UPLOADS: dict[str, tuple[Callable[[], bytes], int]] = {
    "81 million pixels in ten kilobytes": (pictures.bomb, 422),
    "49 million in 34 bytes": (pictures.webp_bomb, 422),
    "a claim of all pixels there can be": (huge_webp, 422),
    "three thousand frames": (lambda: pictures.frames("GIF", 3_000), 201),
    "an animated PNG": (lambda: pictures.frames("PNG"), 201),
    # Taken for the text that they are, and never shown as what they want to be.
    "a page": (lambda: b"<!doctype html><script>__x(1)</script>", 201),
    "a drawing that runs": (lambda: b"<svg xmlns='' onload='__x(1)'/>", 201),
    "half a picture": (lambda: pictures.png()[:90], 422),
    **{f"a {kind} with traces": (partial(traced, kind), 201) for kind in KINDS},
}


async def sent(target: Target, browser: httpx.AsyncClient, name: str) -> bytes:
    """The picture that is kept of an upload, and how it is served; empty if none is."""
    make, expected = UPLOADS[name]
    file = {"file": ("a.png", await asyncio.to_thread(make))}
    answer = await browser.post("/attachments/", files=file)
    assert answer.status_code == expected, name
    if expected == 422:
        return b""
    (address,) = set(re.findall(r"/attachments/[0-9a-f-]{36}/", answer.text))
    kept = await browser.get(address)
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert kept.headers["Content-Security-Policy"].startswith("sandbox")
    if kept.headers["Content-Type"].startswith("text/"):
        assert kept.headers["Content-Type"].startswith("text/plain")
        assert kept.headers["Content-Disposition"].startswith("attachment")
        return b""
    return kept.content


async def test_files_that_unpack_to_gigabytes_or_tell_are_held_up_or_cleaned(
    target: Target,
) -> None:
    """All at once, by a server that needs no memory for it."""
    head = {**target.headers(target.eve), "X-CSRFToken": "a" * 32, "HX-Request": "true"}
    head["Cookie"] += f"; csrf={'a' * 32}"
    before = peak_bytes(target.process)
    async with httpx.AsyncClient(
        base_url=target.site.url, headers=head, timeout=PATIENCE_S * 2
    ) as browser:
        kept = await asyncio.gather(*(sent(target, browser, each) for each in UPLOADS))
    assert peak_bytes(target.process) - before < ROOM_BYTES
    for data in filter(None, kept):
        for trace in (TRACE, pictures.CAMERA, "GPS", "Exif", "ICC_PROFILE", "xmp"):
            assert trace.encode() not in data
        with Image.open(BytesIO(data)) as image:
            assert getattr(image, "n_frames", 1) == 1
            assert not image.getexif()
