"""Sizes of pictures, read from bytes that Pillow wrote."""

from io import BytesIO

import pytest
from PIL import Image

from conversations.providers.pictures import picture_size


def written(kind: str, **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (321, 45)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG"])
def test_the_size_is_read_from_the_head_of_the_file(kind: str) -> None:
    assert picture_size(written(kind)[:1000]) == (321, 45)


def test_a_jpeg_with_metadata_in_front_is_read() -> None:
    assert picture_size(written("JPEG", comment=b"x" * 5000)) == (321, 45)


def test_a_progressive_jpeg_is_read() -> None:
    assert picture_size(written("JPEG", progressive=True)) == (321, 45)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II"}])
def test_every_kind_of_webp_is_read(options: dict[str, object]) -> None:
    assert picture_size(written("WEBP", **options)) == (321, 45)


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a\x01", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF....WEBP", b"BM"],
)
def test_other_bytes_have_no_size(data: bytes) -> None:
    assert picture_size(data) is None
