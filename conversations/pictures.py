"""Has a child decode a picture; the serving process never decodes one itself."""

from dataclasses import dataclass
from pathlib import Path

from conversations import confined

# Twice the processor time that the child allows itself: the machine may be busy.
DEADLINE_S = 20.0
DECODER = Path(__file__).with_name("picture_decoder.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Two clean files that the child has written, and what they are."""

    path: Path
    thumbnail_path: Path
    media_type: str
    thumbnail_media_type: str
    width_px: int
    height_px: int


def is_picture(head: bytes) -> bool:
    """Whether a file that begins with `head` (16 bytes) is for the decoder."""
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    signatures = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
    return is_webp or head.startswith(signatures)


def decode(original: Path, *, deadline_s: float = DEADLINE_S) -> Picture:
    """Decode `original` in a child; the clean files are written beside it.

    Blocks as `confined.run` does. Raises Undecodable: type, broken, pixels (too many),
    bomb and busy.
    """
    picture, thumbnail = original.with_name("picture"), original.with_name("thumbnail")
    found = confined.run(DECODER, original, picture, thumbnail, deadline_s=deadline_s)
    return Picture(path=picture, thumbnail_path=thumbnail, **found)
