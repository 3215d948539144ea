"""The picture of a conversation, light and dark, that the README shows."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Playwright

WIDTH_PX, HEIGHT_PX = 1280, 800
SIZE_LIMIT_BYTES = 400_000
COLOURS = 256
END_TIMEOUT_S = 30
ANSWER_TIMEOUT_MS = 120_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# What a container has no room or no network for.
FLAGS = ("--no-sandbox", "--disable-quic", "--disable-background-networking")
NAME, PASSWORD = "ada", "a harbour at six"
# What any program needs; nothing that configures a site.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
EARLIER = ("Tides, explained", "A letter to the harbour office")
QUESTION = "Show me what this page can do, and tell me about this picture."


class Command(BaseCommand):
    """`manage.py screenshot [--out FILE]`: serves, asks, and takes the picture."""

    help = "Takes the README's picture in a Chromium, of a site with scratch data."
    requires_system_checks = ()

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Take where the picture goes."""
        default = settings.BASE_DIR / "static" / "images" / "screenshot.png"
        parser.add_argument("--out", type=Path, default=default)

    @override
    def handle(self, *args: Any, out: Path, **options: Any) -> None:
        """Serve, visit, and put a light and a dark view side by side."""
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as missing:
            raise CommandError("Playwright is missing: `uv sync` adds it.") from missing
        with (
            tempfile.TemporaryDirectory(prefix="screenshot-") as scratch,
            _served(Path(scratch)) as url,
            sync_playwright() as playwright,
        ):
            picture = _side_by_side(_taken(_chromium(playwright), url, Path(scratch)))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(_png(picture))
        self.stdout.write(f"{out}: {out.stat().st_size / 1000:.0f} KB")


@contextmanager
def _served(scratch: Path) -> Iterator[str]:
    """The address of a site with one administrator, ended with the context."""
    environment = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "DATA_DIR": str(scratch / "data"),
        "DRAIN_SECONDS": "0",
        "DJANGO_SUPERUSER_USERNAME": NAME,
        "DJANGO_SUPERUSER_EMAIL": f"{NAME}@example.org",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", "0"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _greeted(process)
    finally:
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _greeted(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        _, found, url = line.strip().partition(" serves on ")
        if found:
            return url.rstrip("/")
    raise CommandError("The site could not be served; what it said stands above.")


def _chromium(playwright: Playwright) -> Browser:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise CommandError("Chromium is missing: `apt-get install chromium`.")
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


def _taken(browser: Browser, url: str, scratch: Path) -> list[Image.Image]:
    page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
    page.set_default_timeout(ANSWER_TIMEOUT_MS)
    _sign_in(page, url)
    for title in EARLIER:
        _ask(page, url, f"/echo {title}")
        _rename(page, title)
    _harbour(scratch / "harbour.png")
    _ask(page, url, QUESTION, scratch / "harbour.png")
    _rename(page, "What this page can do")
    return [_shot(page, "light", top_px=0), _shot(page, "dark", top_px=100_000)]


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/c/new/")


def _ask(page: Page, url: str, question: str, *pictures: Path) -> None:
    page.goto(f"{url}/c/new/")
    page.get_by_role("combobox", name="Model", exact=True).select_option("scripted")
    if pictures:
        page.get_by_label("Attach files", exact=True).set_input_files(pictures)
        page.get_by_role("button", name="Remove ").wait_for()
    page.get_by_role("textbox", name="Message", exact=True).fill(question)
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("article[data-role=assistant][data-status=complete]").wait_for()


def _rename(page: Page, title: str) -> None:
    page.get_by_role("heading", level=1).click()
    page.get_by_role("textbox", name="Title").fill(title)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").get_by_role("link", name=title).wait_for()


def _shot(page: Page, scheme: Any, *, top_px: int) -> Image.Image:
    """The page in a colour scheme, scrolled as far down as it goes up to `top_px`."""
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("textbox", name="Message", exact=True).focus()
    page.evaluate("(top) => scrollTo({top, behavior: 'instant'})", top_px)
    # The page hears of scrolling before its next frame, and hides what it no longer
    # offers by then.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    shot = page.screenshot(animations="disabled")
    return Image.open(io.BytesIO(shot)).convert("RGB")


def _harbour(path: Path) -> None:
    """Draw something to look at: an evening, the sea, a sail."""
    picture = Image.new("RGB", (1200, 900), (244, 196, 148))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((500, 330, 760, 590), fill=(250, 233, 190))
    draw.rectangle((0, 520, 1200, 900), fill=(38, 92, 104))
    draw.rectangle((590, 520, 670, 900), fill=(96, 132, 128))
    draw.polygon(((330, 200), (330, 560), (120, 560)), fill=(250, 246, 238))
    draw.polygon(((350, 260), (350, 560), (500, 560)), fill=(222, 110, 78))
    draw.polygon(((90, 585), (540, 585), (470, 660), (160, 660)), fill=(58, 44, 42))
    picture.save(path)


def _side_by_side(shots: list[Image.Image]) -> Image.Image:
    joined = Image.new("RGB", (WIDTH_PX * len(shots), HEIGHT_PX))
    for number, shot in enumerate(shots):
        joined.paste(shot, (WIDTH_PX * number, 0))
    return joined


def _png(picture: Image.Image) -> bytes:
    """The picture in few colours; raises CommandError if it is too heavy for a page."""
    packed = io.BytesIO()
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(packed, "PNG", optimize=True)
    if packed.tell() > SIZE_LIMIT_BYTES:
        raise CommandError(f"The picture has {packed.tell()} bytes.")
    return packed.getvalue()
