"""Time the rendering of texts that are meant to take long: `manage.py blowups`."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from time import process_time
from typing import Any, override

from django.core.management.base import BaseCommand

from conversations.management.benchmark.lexing import silences
from conversations.management.benchmark.shapes import (
    IN_CODE,
    NUMBERED,
    PIECES,
    code_of,
    text_of,
)
from conversations.rendering import IncrementalMarkdown, render_markdown, render_plain

SIZES_CHARS = (10_000, 50_000, 100_000, 1_000_000)


def _live(text: str) -> None:
    markdown = IncrementalMarkdown(text)
    markdown.update()
    markdown.finish()


class Command(BaseCommand):
    """Prints a row for each shape and way of rendering: seconds at each size."""

    help = "Times the rendering of texts that are meant to take long."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the largest size."""
        parser.add_argument("--largest", type=int, default=100_000, help="characters")
        parser.add_argument(
            "--languages", action="store_true", help="try the lexers of code instead"
        )

    @override
    def handle(self, *_: Any, largest: int, languages: bool, **__: Any) -> None:
        """Time every shape up to that size, or what lexers are silent at."""
        if languages:
            for language, beginning, silent_s in silences():
                self.stdout.write(f"{language} {beginning!r} {silent_s:.3f} s")
            return
        sizes = [size for size in SIZES_CHARS if size <= largest]
        self.stdout.write(f"CPU seconds at {', '.join(map(str, sizes))} characters")
        ways = {"loaded": render_markdown, "live": _live, "as typed": render_plain}
        for name, text in _shapes():
            for way, render in ways.items():
                times = [_timed(render, text(size)) for size in sizes]
                figures = " ".join(f"{time:8.3f}" for time in times)
                self.stdout.write(f"{name[:24]:24} {way:9} {figures}")


def _shapes() -> Iterator[tuple[str, Callable[[int], str]]]:
    """Each shape's name, and what makes a text of so many characters of it."""
    for piece in (*PIECES, *NUMBERED):
        yield repr(piece), partial(text_of, piece)
    for language, piece in IN_CODE:
        yield f"{language}: {piece!r}", partial(code_of, language, piece)


def _timed(render: Any, text: str) -> float:
    begun = process_time()
    render(text)
    return process_time() - begun
