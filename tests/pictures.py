"""Pictures to upload: honest ones, careless ones and hostile ones."""

import io
import re
import struct
import zlib
from typing import Any

from PIL import ExifTags, Image, ImageCms

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
CAMERA = "Camera of Alice"
# A lossless WebP of one colour, 7,000 pixels wide and high.
WEBP_BOMB = "524946461a000000574542505650384c0e0000002f57dbd506071011fd0f4444ff03"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of `image` as a file of `kind`."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def quarters(width_px: int = 64, height_px: int = 48) -> Image.Image:
    """Red and green above, blue and white below: its orientation can be seen."""
    image = Image.new("RGB", (width_px, height_px), RED)
    left, top = width_px // 2, height_px // 2
    image.paste(GREEN, (left, 0, width_px, top))
    image.paste(BLUE, (0, top, left, height_px))
    image.paste(WHITE, (left, top, width_px, height_px))
    return image


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """The colours near the four corners: above from the left, then below."""
    colours = image.convert("RGB")
    right, bottom = colours.width - 4, colours.height - 4
    found = []
    for at in ((3, 3), (right, 3), (3, bottom), (right, bottom)):
        colour = colours.getpixel(at)
        assert isinstance(colour, tuple)
        found.append((int(colour[0]), int(colour[1]), int(colour[2])))
    return found


def jpeg(width_px: int = 64, height_px: int = 48) -> bytes:
    """A small photograph."""
    return encoded(quarters(width_px, height_px), "JPEG", quality=90)


def png(width_px: int = 64, height_px: int = 48) -> bytes:
    """A small drawing."""
    return encoded(quarters(width_px, height_px), "PNG")


def exif(*, orientation: int = 1) -> Image.Exif:
    """What a telephone writes beside a photograph: how it was held, what, where."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Model] = CAMERA
    gps = tags.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    gps[ExifTags.GPS.GPSLongitudeRef] = "E"
    gps[ExifTags.GPS.GPSLongitude] = (13.0, 24.0, 18.0)
    return tags


def frames(kind: str, count: int = 12) -> bytes:
    """An animation whose first frame shows the quarters and the others do not."""
    others = [Image.new("RGB", (64, 48), (n, n, n)) for n in range(1, count)]
    return encoded(quarters(), kind, save_all=True, append_images=others)


def screen_profile() -> bytes:
    """A colour profile, as a camera or a screen adds one."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return profile.tobytes()


def swapped_profile() -> bytes:
    """A profile of a screen whose red and green have changed places."""
    names = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
    return re.sub(rb"[rg]XYZ", lambda found: names[found[0]], screen_profile())


def grain(width_px: int, height_px: int, mode: str = "RGB") -> Image.Image:
    """Noise in every channel: the picture that compresses worst."""
    channels = [Image.effect_noise((width_px, height_px), 90) for _ in mode]
    return Image.merge(mode, channels)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def black(width_px: int, height_px: int, *, rows: int) -> bytes:
    """A PNG of one bit a pixel that holds `rows`, made without holding its pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width_px + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", data),
            _chunk(b"IEND", b""),
        )
    )


def bomb() -> bytes:
    """Under 10 KB that decode to 81 million pixels, below Pillow's own warning."""
    return black(9000, 9000, rows=9000)


def webp_bomb() -> bytes:
    """34 bytes that decode to 49 million pixels, at twenty bytes of memory each."""
    return bytes.fromhex(WEBP_BOMB)


def gif_with_page() -> bytes:
    """A GIF for a decoder and a page for a browser that guesses types."""
    return encoded(quarters(), "GIF") + b"<html><script>alert(1)</script></html>"
