"""The child process that decodes one untrusted picture and writes a clean one.

Run by path, never imported: it knows Pillow and the standard library alone, so that
a decoder that runs wild meets the limits below and not the serving process.
usage: picture_decoder.py ORIGINAL PICTURE THUMBNAIL; answers with one JSON object.
"""

import io
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

# Enough for a colour picture of MAX_PIXELS at four bytes a pixel, twice (scaling with
# transparency makes a second copy), and the interpreter with Pillow (35 MB).
MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 10
WRITTEN_BYTES = 64 * 1024 * 1024


def limit_itself() -> None:
    """Ask the system to end this process rather than to serve it without bounds.

    Windows knows no such limits; macOS ignores the one on memory. There the check of
    the pixels before decoding and the parent's deadline are what is left.
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


if __name__ == "__main__":
    limit_itself()

from PIL import (  # noqa: E402 - Pillow is loaded under the limits
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

# Named, so that Pillow does not load the decoders of every other format.
PLUGINS = (GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
# The cameras of today's telephones reach 50 million.
MAX_PIXELS = 51_000_000
# What the Messages API takes when a history holds more than twenty pictures.
MAX_SIDE_PX = 2000
# Twenty pictures of this size, as base64, fit into one request of 32 MB.
MAX_KEPT_BYTES = 1_100_000
THUMBNAIL_SIDE_PX = 320
QUALITIES = (88, 75)
ORIENTATION_TAG = 0x0112
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnfitError(Exception):
    """The file is not taken; `code` is one of type, broken, pixels, bomb."""

    def __init__(self, code: str, **facts: int) -> None:
        """Keep the facts that the words for the person need."""
        super().__init__(code)
        self.code = code
        self.facts = facts


class Encoded(NamedTuple):
    """A finished file and what it is."""

    data: bytes
    media_type: str
    size_px: tuple[int, int]


def opened(path: Path) -> Image.Image:
    """The picture at `path` with its head read and its pixels not yet decoded."""
    with path.open("rb") as file:
        signature = file.read(8)
    try:
        image = Image.open(path, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnfitError("pixels", limit=MAX_PIXELS) from error
    except UnidentifiedImageError as error:
        known = signature.startswith(SIGNATURES)
        raise UnfitError("broken" if known else "type") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnfitError("pixels", limit=MAX_PIXELS, width_px=width, height_px=height)
    return image


def orientation(image: Image.Image) -> Image.Transpose | None:
    """How the camera was held, if the picture says so in a readable way."""
    try:
        return ORIENTATIONS.get(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - metadata is not worth losing a picture for
        return None


def within(size_px: tuple[int, int], side_px: float) -> tuple[int, int]:
    """`size_px` in the same proportions with no side over `side_px`, none under 1."""
    scale = min(1.0, side_px / max(size_px))
    return max(1, round(size_px[0] * scale)), max(1, round(size_px[1] * scale))


def scaled(image: Image.Image, side_px: float) -> Image.Image:
    """The picture, made smaller if a side is longer than `side_px`."""
    size = within(image.size, side_px)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def in_srgb(image: Image.Image) -> Image.Image:
    """The colours as every screen and model reads them, once the profile is gone."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    from PIL import ImageCms

    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    plain = image.convert("RGB") if alpha else image
    try:
        done = ImageCms.profileToProfile(
            plain,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    if done is None:
        return image
    if alpha:
        done.putalpha(alpha)
    return done


def in_full_colour(image: Image.Image) -> Image.Image:
    """Palettes and single bits cannot be scaled; transparency becomes a channel."""
    if image.mode in {"RGBA", "LA"}:
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGB")
    return image.convert("L") if image.mode == "1" else image


def in_kept_mode(image: Image.Image) -> Image.Image:
    """One of L, RGB and RGBA; RGBA only where something is transparent."""
    if image.mode in {"RGBA", "LA"}:
        if image.getchannel("A").getextrema() != (255, 255):
            return image.convert("RGBA")
        return image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode in {"L", "RGB"}:
        return image
    return image.convert("L" if image.mode.startswith(("I", "F")) else "RGB")


def is_plain_palette(image: Image.Image) -> bool:
    """Whether the picture is best kept with the few colours that it has."""
    small = max(image.size) <= MAX_SIDE_PX
    return small and image.mode in {"1", "P"} and "icc_profile" not in image.info


def saved(image: Image.Image, kind: str, **options: Any) -> Encoded:
    """The picture as a file of `kind` that holds its pixels and nothing else."""
    image.info.clear()
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Encoded(file.getvalue(), f"image/{kind.lower()}", image.size)


def fitted(image: Image.Image, kind: str) -> Encoded:
    """The best `kind` (JPEG or WEBP) that is no larger than MAX_KEPT_BYTES."""
    while True:
        best, *smaller = QUALITIES
        found = saved(image, kind, quality=best, optimize=True)
        for quality in smaller:
            if len(found.data) > MAX_KEPT_BYTES:
                found = saved(image, kind, quality=quality, optimize=True)
        if len(found.data) <= MAX_KEPT_BYTES:
            return found
        # The size of a file grows with the area; the rest is what it may err by.
        share = (MAX_KEPT_BYTES / len(found.data)) ** 0.5
        image = scaled(image, max(image.size) * share * 0.95)


def photograph(image: Image.Image, source: Image.Image) -> Encoded:
    """A JPEG of `image`, with the source's own tables when no pixel was scaled.

    The same tables lose next to nothing, and the file does not grow.
    """
    tables = getattr(source, "quantization", None)
    if tables and sorted(image.size) == sorted(source.size) and source.mode != "CMYK":
        sampling = JpegImagePlugin.get_sampling(source)
        found = saved(
            image, "JPEG", qtables=tables, subsampling=sampling, optimize=True
        )
        if len(found.data) <= MAX_KEPT_BYTES:
            return found
    return fitted(image, "JPEG")


def drawing(image: Image.Image, source_bytes: int) -> Encoded:
    """A PNG of `image`, unless that is needlessly large: then as a photograph.

    A PNG far larger than what was uploaded shows that the source was lossy already.
    PNG and JPEG are what every model server reads; WebP is left for what has
    transparency and would be too large otherwise.
    """
    exact = saved(image, "PNG")
    small = len(exact.data) <= MAX_KEPT_BYTES
    if image.mode == "RGBA":
        return exact if small else fitted(image, "WEBP")
    if small and len(exact.data) <= 2 * source_bytes:
        return exact
    return min(exact, fitted(image, "JPEG"), key=lambda found: len(found.data))


def palette(image: Image.Image) -> Encoded | None:
    """A PNG with the colours as they are listed in the source, if that fits."""
    options = {key: value for key, value in image.info.items() if key == "transparency"}
    found = saved(image, "PNG", **options)
    return found if len(found.data) <= MAX_KEPT_BYTES else None


def cleaned(source: Image.Image, source_bytes: int) -> tuple[Encoded, Encoded]:
    """The picture to keep and its thumbnail."""
    turn = orientation(source)
    full_size = source.size
    source.draft(None, (MAX_SIDE_PX, MAX_SIDE_PX))
    source.load()
    turned = source if turn is None else source.transpose(turn)
    image = in_srgb(scaled(in_full_colour(turned), MAX_SIDE_PX))
    image = in_kept_mode(image)
    small = scaled(image, THUMBNAIL_SIDE_PX)
    small = small.convert("RGBA" if small.mode == "RGBA" else "RGB")
    thumbnail = saved(small, "WEBP", quality=80)
    if source.format in {"JPEG", "MPO"}:
        untouched = source.size == full_size and image.mode == source.mode
        kept = photograph(image, source) if untouched else fitted(image, "JPEG")
        return kept, thumbnail
    kept_colours = palette(turned) if is_plain_palette(turned) else None
    return kept_colours or drawing(image, source_bytes), thumbnail


def answer(original: Path, picture: Path, thumbnail: Path) -> dict[str, Any]:
    """Decode `original`, write both files, and say what they are, or why not."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    # Pillow's other warnings are about metadata, which is dropped anyway.
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        kept, small = cleaned(opened(original), original.stat().st_size)
    except UnfitError as unfit:
        return {"refused": unfit.code, **unfit.facts}
    except (MemoryError, Image.DecompressionBombError):
        return {"refused": "bomb"}
    except Exception:  # noqa: BLE001 - broken bytes raise anything, and all mean one thing
        return {"refused": "broken"}
    picture.write_bytes(kept.data)
    thumbnail.write_bytes(small.data)
    return {
        "media_type": kept.media_type,
        "width_px": kept.size_px[0],
        "height_px": kept.size_px[1],
        "thumbnail_media_type": small.media_type,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(*map(Path, sys.argv[1:4]))))
    sys.stdout.flush()
    # Nothing that a decoder left behind runs on the way out.
    os._exit(0)
