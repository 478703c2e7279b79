"""JPEGs that end early, and yet have an end marker."""

from __future__ import annotations

import io
import itertools

import numpy as np
import picture_files as make
import pytest
from picture_checks import reason_of
from PIL import Image

from priorbench.pictures import PictureRules, UnusableImageError, read_picture
from priorbench.pictures.decoding import decode

END = b"\xff\xd9"
SCAN = b"\xff\xda"
KINDS = list(itertools.product([1, 3], [20, 90], [False, True], [0, 2], [0, 1, 7]))


def jpeg(channels, quality, progressive, subsampling, restarts) -> bytes:
    return make.encoded(
        make.photograph(43, 61, channels), "JPEG", quality=quality, progressive=progressive,
        subsampling=subsampling, restart_marker_blocks=restarts,
    )  # fmt: skip


def pixels(data: bytes):
    return decode(io.BytesIO(data), PictureRules(), lambda width, height: None).values


def scans(data: bytes) -> list[int]:
    return [at for at in range(len(data)) if data.startswith(SCAN, at)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_cut_jpeg_with_an_end_marker_is_found_and_a_whole_one_is_used(kind):
    data = jpeg(*kind)
    np.testing.assert_array_equal(pixels(data), np.asarray(Image.open(io.BytesIO(data))))
    start = scans(data)[0] + 20
    for length in (*range(start, len(data) - 2, 41), len(data) - 3):
        cut = data[:length].rstrip(b"\xff") + END
        with pytest.raises(UnusableImageError, match=r"truncated|damaged|broken"):
            pixels(cut)


def test_a_progressive_jpeg_lacks_scans(file):
    data = jpeg(3, 90, True, 2, 0)
    begins = scans(data)
    assert len(begins) == 10
    for count in range(1, len(begins)):
        cut = data[: begins[count]] + END
        assert reason_of(file(f"{count}.jpg", cut)) == (
            f"truncated JPEG: its scans ({count}) do not hold the whole picture"
        )


def test_a_part_between_restart_markers_is_missing(file):
    data = jpeg(1, 90, False, 0, 1)
    first, second, third = (data.index(bytes([0xFF, 0xD0 + number])) for number in range(3))
    assert first < second < third
    assert "damaged JPEG" in reason_of(file("hole.jpg", data[:first] + data[second:]))
    eight = [at for at in range(len(data)) if data.startswith(b"\xff\xd0", at)]
    assert "truncated JPEG" in reason_of(file("eight.jpg", data[: eight[0]] + data[eight[1] :]))


def test_what_stands_behind_the_picture_does_not_matter(file):
    """Phones put a preview there, or a film; others some bytes."""
    data = jpeg(3, 90, False, 2, 0)
    for number, tail in enumerate((b"\0" * 99, data, data[: len(data) // 2], b"\xff\xda\xff\xd0")):
        found = read_picture(file(f"{number}.jpg", data + tail)).pixels
        np.testing.assert_array_equal(found, read_picture(file("plain.jpg", data)).pixels)


def test_a_preview_in_the_metadata_is_not_looked_at(file):
    small = jpeg(3, 20, False, 0, 0)
    data = make.jpeg_with(make.photograph(), 0xE1, b"Exif\0\0" + small[: len(small) // 2] + END)
    assert read_picture(file("preview.jpg", data)).pixels.shape == (3, 64, 64)


def test_12_bits_are_not_called_broken(file):
    data = bytearray(jpeg(3, 90, False, 0, 0))
    frame = data.index(b"\xff\xc0")
    data[frame : frame + 5] = b"\xff\xc1" + data[frame + 2 : frame + 4] + b"\x0c"
    assert reason_of(file("12.jpg", bytes(data))) == (
        "JPEG of 12 bits a sample: save it as 16-bit PNG or TIFF"
    )
