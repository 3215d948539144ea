"""The child process that reads one untrusted document and writes its text.

Run by path, never imported: it knows pypdf and the standard library alone, so that a
parser that runs wild meets the limits below and not the serving process.
usage: document_reader.py ORIGINAL TEXT; answers with one JSON object.
"""

import codecs
import contextlib
import json
import os
import re
import signal
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, override
from xml.parsers import expat

MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 30
# The text of a PDF is worth this much; what is not read by then is left out.
TEXT_CPU_S = 12.0
WRITTEN_BYTES = 64 * 1024 * 1024
# More than a million tokens, which no model reads at once.
MAX_TEXT_BYTES = 5 * 1024 * 1024
# What the Messages API takes.
MAX_PAGES = 600
# Of one part of a DOCX, unpacked: its marks may outweigh its words by far.
MAX_PART_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 256 * 1024

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain"
MAIN_PART = "word/document.xml"
PARTS = (MAIN_PART, "word/footnotes.xml", "word/endnotes.xml")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REST = "[The text from page {} on is not here.]\n"
# What no text holds: controls but for tab, line ends, form feed and escape.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


class UnfitError(Exception):
    """The file is not taken; `code` is one of those of `documents.read`."""

    def __init__(self, code: str, **facts: int) -> None:
        """Keep the facts that the words for the person need."""
        super().__init__(code)
        self.code = code
        self.facts = facts


class OutOfTimeError(BaseException):
    """The time for the text is up; no Exception, so that no parser swallows it."""


def limit_itself() -> None:
    """Ask the system to end this process rather than to serve it without bounds.

    Where it knows no such limits the parent's deadline is what is left.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            continue


@contextlib.contextmanager
def timed(cpu_s: float) -> Iterator[None]:
    """Raise OutOfTimeError in the body after so much processor time."""

    def end(*_: object) -> None:
        raise OutOfTimeError

    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Words:
    """Text that grows up to MAX_TEXT_BYTES."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size_bytes = 0

    def add(self, text: str) -> bool:
        """Whether there was room for it."""
        # Half a pair of surrogates can be written nowhere.
        clean = text.replace("\0", "").encode("utf-8", "replace").decode()
        self.size_bytes += len(clean.encode())
        if self.size_bytes > MAX_TEXT_BYTES:
            return False
        self.parts.append(clean)
        return True

    @override
    def __str__(self) -> str:
        return "".join(self.parts)


def pdf(path: Path) -> tuple[str, int]:
    """The text of a PDF and its pages."""
    # Loaded under the limits, and only for what needs it.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted:
            raise UnfitError("encrypted")
        count = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnfitError("broken") from error
    if count > MAX_PAGES:
        raise UnfitError("pages", limit=MAX_PAGES)
    if not count:
        raise UnfitError("broken")
    return text_of_pages(reader, count), count


def text_of_pages(reader: Any, count: int) -> str:
    """What the pages say, each under its number; says where it had to end."""
    words, has_text, number = Words(), False, 0
    try:
        with timed(TEXT_CPU_S):
            for number in range(1, count + 1):
                said = text_of_page(reader, number)
                has_text = has_text or bool(said.strip())
                if not words.add(f"[page {number}]\n{said}\n\n"):
                    words.parts.append(_REST.format(number))
                    break
    except (OutOfTimeError, MemoryError):
        words.parts.append(_REST.format(number))
    return str(words) if has_text else ""


def text_of_page(reader: Any, number: int) -> str:
    """The text of one page; none where it cannot be read."""
    try:
        return str(reader.pages[number - 1].extract_text())
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - one page that is broken costs no other
        return ""


class DocxText:
    """Gathers the words of one part of a DOCX from the events of its XML."""

    ENDS = {"w:p": "\n", "w:tc": "\t", "w:tr": "\n"}
    EMPTY = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}

    def __init__(self, words: Words) -> None:
        self._words = words
        self._is_text = False
        # What is drawn otherwise is there a second time, for older programs.
        self._fallbacks = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        # No DOCX has one; entities that unfold without end are declared there.
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise UnfitError("broken")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._fallbacks += name == "mc:Fallback"
        self._is_text = name == "w:t"
        self._add(self.EMPTY.get(name, ""))

    def _end(self, name: str) -> None:
        self._add(self.ENDS.get(name, ""))
        self._fallbacks -= name == "mc:Fallback"
        self._is_text = False

    def _text(self, data: str) -> None:
        if self._is_text:
            self._add(data)

    def _add(self, text: str) -> None:
        if text and not self._fallbacks and not self._words.add(text):
            raise UnfitError("words", limit=MAX_TEXT_BYTES)


def docx(path: Path) -> str:
    """The text of a DOCX: its body, then its notes."""
    words = Words()
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if MAIN_PART not in names:
                raise UnfitError("type")
            for name in PARTS:
                if name in names:
                    read_part(archive, name, words)
    except (zipfile.BadZipFile, expat.ExpatError, EOFError, ValueError) as error:
        raise UnfitError("broken") from error
    except NotImplementedError as error:
        raise UnfitError("broken") from error
    except RuntimeError as error:
        raise UnfitError("encrypted") from error
    return str(words)


def read_part(archive: zipfile.ZipFile, name: str, words: Words) -> None:
    """Add the words of one part, however large it says it is."""
    parser, seen = DocxText(words).parser, 0
    with archive.open(name) as part:
        while chunk := part.read(CHUNK_BYTES):
            seen += len(chunk)
            if seen > MAX_PART_BYTES:
                raise UnfitError("bomb")
            parser.Parse(chunk, False)  # noqa: FBT003 - expat names it nowhere
    parser.Parse(b"", True)  # noqa: FBT003 - see above


def plain(data: bytes) -> str:
    """The text that `data` is, by its mark, as UTF-8, or as Windows wrote it."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return decoded(data, encoding)
    if b"\0" in data:
        raise UnfitError("binary")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _CONTROLS.search(data):
        raise UnfitError("binary")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def decoded(data: bytes, encoding: str) -> str:
    """The text, if it is what its mark says."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnfitError("binary") from error
    if "\0" in text:
        raise UnfitError("binary")
    return text


def found(path: Path) -> tuple[str, str, int | None]:
    """Media type, text and pages of the file at `path`, by what it holds."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"%PDF-"):
        text, pages = pdf(path)
        return PDF, text, pages
    if head.startswith(b"PK\x03\x04"):
        media_type, text = DOCX, docx(path)
    else:
        media_type, text = TEXT, plain(path.read_bytes())
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise UnfitError("words", limit=MAX_TEXT_BYTES)
    if not text.strip():
        raise UnfitError("blank")
    return media_type, text, None


def answer(original: Path, target: Path) -> dict[str, Any]:
    """Read `original`, write its text, and say what it is, or why not."""
    try:
        media_type, text, pages = found(original)
    except UnfitError as unfit:
        return {"refused": unfit.code, **unfit.facts}
    except (MemoryError, RecursionError, OutOfTimeError):
        return {"refused": "bomb"}
    except Exception:  # noqa: BLE001 - broken bytes raise anything, and all mean one thing
        return {"refused": "broken"}
    target.write_bytes(text.encode())
    return {"media_type": media_type, "pages": pages}


if __name__ == "__main__":
    limit_itself()
    sys.stdout.write(json.dumps(answer(*map(Path, sys.argv[1:3]))))
    sys.stdout.flush()
    # Nothing that a parser left behind runs on the way out.
    os._exit(0)
