"""What the decoder makes of a picture, and what it does not take."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from conversations import confined
from conversations.confined import Undecodable
from conversations.pictures import Picture, decode
from tests import pictures as made

type Decode = Callable[[bytes], Picture]


@pytest.fixture
def decoded(tmp_path: Path) -> Decode:
    """Hands bytes to a decoder of its own process."""

    def decode_bytes(data: bytes) -> Picture:
        original = tmp_path / "original"
        original.write_bytes(data)
        return decode(original)

    return decode_bytes


def near(
    found: list[tuple[int, int, int]], expected: list[tuple[int, int, int]]
) -> bool:
    """Whether the colours are the same but for what a JPEG loses."""
    pairs = zip(sum(found, ()), sum(expected, ()), strict=True)
    return all(abs(one - other) <= 12 for one, other in pairs)


UPRIGHT = [made.RED, made.GREEN, made.BLUE, made.WHITE]


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/png"),
        ("WEBP", "image/png"),
    ],
)
def test_the_four_formats_are_kept_as_what_every_model_server_reads(
    decoded: Decode, kind: str, media_type: str
) -> None:
    found = decoded(made.encoded(made.quarters(), kind, lossless=True))

    assert (found.media_type, found.width_px, found.height_px) == (media_type, 64, 48)
    with Image.open(found.path) as image:
        assert Image.MIME[image.format or ""] == media_type
        assert near(made.corners(image), UPRIGHT)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_kept(decoded: Decode, kind: str) -> None:
    found = decoded(made.frames(kind))

    with Image.open(found.path) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert near(made.corners(image), UPRIGHT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "corners"),
    [
        (1, "RGBW"),
        (2, "GRWB"),
        (3, "WBGR"),
        (4, "BWRG"),
        (5, "RBGW"),
        (6, "BRWG"),
        (7, "WGBR"),
        (8, "GWRB"),
    ],
)
def test_a_picture_stands_as_the_camera_was_held(
    decoded: Decode, kind: str, orientation: int, corners: str
) -> None:
    exif = made.exif(orientation=orientation)

    found = decoded(made.encoded(made.quarters(), kind, exif=exif))

    colours = {"R": made.RED, "G": made.GREEN, "B": made.BLUE, "W": made.WHITE}
    sides = (48, 64) if orientation > 4 else (64, 48)
    assert (found.width_px, found.height_px) == sides
    with Image.open(found.path) as image:
        assert image.size == sides
        assert near(made.corners(image), [colours[letter] for letter in corners])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_camera_comments_and_profile_are_gone(decoded: Decode, kind: str) -> None:
    data = made.encoded(
        made.quarters(),
        kind,
        exif=made.exif(),
        xmp=b"<x:xmpmeta>at home</x:xmpmeta>",
        comment=b"at home",
        icc_profile=made.screen_profile(),
    )
    assert made.CAMERA.encode() in data

    found = decoded(data)

    for path in (found.path, found.thumbnail_path):
        kept = path.read_bytes()
        assert not [
            trace
            for trace in (
                made.CAMERA.encode(),
                b"Exif",
                b"eXIf",
                b"home",
                b"ICC",
                b"iCCP",
            )
            if trace in kept
        ]
        with Image.open(io.BytesIO(kept)) as image:
            assert not image.getexif()
            assert image.info.keys() <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
                "loop",
                "background",
                "timestamp",
                "duration",
            }


def test_text_in_a_png_is_gone(decoded: Decode) -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Author", "Alice at home")
    text.add_itxt("Comment", "at home")

    found = decoded(made.encoded(made.quarters(), "PNG", pnginfo=text, dpi=(72, 72)))

    assert b"home" not in found.path.read_bytes()


def test_metadata_that_cannot_be_read_costs_no_picture(decoded: Decode) -> None:
    exif = b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(range(64))

    found = decoded(made.encoded(made.quarters(), "JPEG", exif=exif))

    with Image.open(found.path) as image:
        assert near(made.corners(image), UPRIGHT)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((4000, 3000), (2000, 1500)),
        ((2001, 1000), (2000, 1000)),
        ((1500, 3000), (1000, 2000)),
        ((2000, 2000), (2000, 2000)),
        ((30_000, 1), (2000, 1)),
        ((1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_no_side_is_longer_than_2000_pixels(
    decoded: Decode, kind: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    found = decoded(made.encoded(Image.new("RGB", size, made.BLUE), kind))

    assert (found.width_px, found.height_px) == kept
    with Image.open(found.path) as image:
        assert image.size == kept


def test_the_thumbnail_is_small(decoded: Decode) -> None:
    found = decoded(made.jpeg(1600, 1200))

    assert found.thumbnail_media_type == "image/webp"
    with Image.open(found.thumbnail_path) as image:
        assert (image.format, image.size) == ("WEBP", (320, 240))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pngs_of_every_kind_look_the_same_afterwards(
    decoded: Decode, mode: str
) -> None:
    ramp = Image.linear_gradient("L")
    if mode == "I;16":
        deep = ramp.convert("I").point(lambda level: level * 256)
        source = deep.convert("I;16")
    else:
        source = ramp.convert(mode)
    expected = source.convert("L")

    found = decoded(made.encoded(source, "PNG"))

    with Image.open(found.path) as image:
        difference = ImageChops.difference(image.convert("L"), expected)
    assert ImageStat.Stat(difference).mean[0] < 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_of_every_kind_look_the_same_afterwards(
    decoded: Decode, mode: str
) -> None:
    ramp = Image.linear_gradient("L")
    sky = Image.merge("RGB", (ramp, ramp.rotate(90), ramp.rotate(180)))
    data = made.encoded(sky.convert(mode), "JPEG", quality=95)

    found = decoded(data)

    with Image.open(found.path) as image, Image.open(io.BytesIO(data)) as source:
        difference = ImageChops.difference(image.convert("RGB"), source.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 2


def test_a_photograph_with_a_second_one_behind_it_is_a_photograph(
    decoded: Decode,
) -> None:
    data = made.encoded(
        made.quarters(), "MPO", save_all=True, append_images=[made.quarters()]
    )

    found = decoded(data)

    assert found.media_type == "image/jpeg"
    assert found.path.read_bytes().count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparency_stays(decoded: Decode, kind: str) -> None:
    source = made.quarters().convert("RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 32, 24))

    found = decoded(made.encoded(source, kind))

    with Image.open(found.path) as image:
        alpha = image.convert("RGBA").getchannel("A")
    assert (alpha.getpixel((3, 3)), alpha.getpixel((60, 40))) == (0, 255)


def test_transparency_that_hides_nothing_goes(decoded: Decode) -> None:
    found = decoded(made.encoded(made.quarters().convert("RGBA"), "PNG"))

    with Image.open(found.path) as image:
        assert image.mode == "RGB"


def test_colours_of_a_profile_become_those_of_the_screen(decoded: Decode) -> None:
    data = made.encoded(made.quarters(), "PNG", icc_profile=made.swapped_profile())

    found = decoded(data)

    with Image.open(found.path) as image:
        above_left, above_right, *below = made.corners(image)
    assert near([above_left], [(0, 255, 0)])
    assert above_right[0] > 100 > above_right[1]
    assert near(below, UPRIGHT[2:])


def test_a_profile_that_cannot_be_read_costs_no_picture(decoded: Decode) -> None:
    found = decoded(made.encoded(made.quarters(), "PNG", icc_profile=b"no profile"))

    with Image.open(found.path) as image:
        assert near(made.corners(image), UPRIGHT)


@pytest.mark.parametrize(
    "data",
    [
        made.encoded(made.grain(400, 300), "JPEG", quality=60),
        made.encoded(made.grain(400, 300), "WEBP", quality=60),
        made.encoded(made.grain(400, 300), "PNG"),
        made.encoded(made.quarters(400, 300), "GIF"),
        made.encoded(made.quarters(400, 300).convert("1"), "PNG"),
    ],
    ids=["photograph", "webp photograph", "drawing", "gif", "black and white"],
)
def test_a_small_picture_does_not_grow_much(decoded: Decode, data: bytes) -> None:
    found = decoded(data)

    assert found.path.stat().st_size <= 2 * len(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_twenty_pictures_of_the_worst_kind_fit_into_one_request(
    decoded: Decode, mode: str
) -> None:
    found = decoded(made.encoded(made.grain(1400, 1400, mode), "PNG", compress_level=1))

    in_base64 = found.path.stat().st_size * 4 / 3
    assert 20 * in_base64 < 32_000_000 * 0.95
    assert min(found.width_px, found.height_px) > 700


def refusal(decoded: Decode, data: bytes) -> str:
    """The code that the decoder refuses `data` with."""
    with pytest.raises(Undecodable) as caught:
        decoded(data)
    return caught.value.code


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.7\n",
        b"hello",
        made.encoded(made.quarters(), "TIFF"),
        made.encoded(made.quarters(), "BMP"),
        made.encoded(made.quarters(), "ICO"),
        made.encoded(made.quarters(), "TGA"),
    ],
    ids=["svg", "html", "eps", "pdf", "text", "tiff", "bmp", "ico", "tga"],
)
def test_other_files_are_refused_whatever_they_are_called(
    decoded: Decode, data: bytes
) -> None:
    assert refusal(decoded, data) == "type"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_was_cut_off_is_refused(
    decoded: Decode, kind: str, share: float
) -> None:
    data = made.encoded(made.grain(200, 150), kind)

    assert refusal(decoded, data[: int(len(data) * share)]) == "broken"


def test_a_picture_with_wrong_checksums_is_refused(decoded: Decode) -> None:
    data = bytearray(made.png())
    data[29] ^= 0xFF  # in the checksum of the head

    assert refusal(decoded, bytes(data)) == "broken"


def test_too_many_pixels_are_refused_with_the_limit(decoded: Decode) -> None:
    with pytest.raises(Undecodable) as caught:
        decoded(made.bomb())

    assert (caught.value.code, caught.value.facts["limit"]) == ("pixels", 51_000_000)


def test_a_claim_of_more_pixels_than_there_can_be_is_refused(decoded: Decode) -> None:
    assert refusal(decoded, made.black(60_000, 60_000, rows=1)) == "pixels"


def test_what_needs_more_memory_than_the_child_has_is_refused(decoded: Decode) -> None:
    assert refusal(decoded, made.webp_bomb()) == "bomb"


def test_a_telephone_of_fifty_million_pixels_is_welcome(decoded: Decode) -> None:
    found = decoded(made.encoded(Image.new("L", (8160, 6120), 90), "JPEG"))

    assert (found.width_px, found.height_px) == (2000, 1500)


def test_a_page_that_hides_behind_a_picture_is_dropped(decoded: Decode) -> None:
    found = decoded(made.gif_with_page())

    assert b"script" not in found.path.read_bytes()


def test_the_child_is_not_told_the_keys_of_the_server() -> None:
    assert not [name for name in confined.ENVIRONMENT if "KEY" in name or "URL" in name]
