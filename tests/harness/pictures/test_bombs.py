"""Small files that ask for much time or memory are refused, or read within the limits of their size."""

from __future__ import annotations

import io
import resource
import subprocess
import sys

import numpy as np
import picture_bombs as bombs
import picture_files as make
import pytest
import tifffile
from picture_checks import reason_of

from priorbench.pictures import PictureRules, limits, picture_size, read_picture

MIB = 2**20


class TestJpeg:
    def test_many_scans_are_refused_before_they_are_decoded(self, file):
        assert "more than 200 scans" in reason_of(file("scans.jpg", bombs.many_scans(2000, 1000)))

    def test_scans_are_counted_across_the_blocks_that_are_read(self, file):
        data = bombs.many_scans(1)
        data = bombs.many_scans(202 - data.count(b"\xff\xda\x00"))
        place = data.rindex(b"\xff\xda")
        path = file("scans.jpg", data)
        for shift in (0, 1, 2):  # the last one lies across the end of a block
            filled = make_comments(data, MIB - place - shift)
            path.write_bytes(filled)
            assert filled.count(b"\xff\xda\x00") == 201
            assert filled.rindex(b"\xff\xda\x00") == MIB - shift
            assert "more than 200 scans" in reason_of(path)

    def test_a_usual_progressive_one_is_read(self, file):
        data = make.encoded(make.photograph(), "JPEG", progressive=True)
        assert read_picture(file("p.jpg", data)).pixels.shape == (3, 64, 64)
        assert read_picture(file("q.jpg", bombs.many_scans(100))).pixels.shape == (3, 64, 64)

    def test_a_size_beyond_the_rules_is_only_announced(self, file):
        path = file("j.jpg", bombs.announced_jpeg(65_535, 65_535))
        assert "too large" in reason_of(path)
        assert "broken JPEG" in reason_of(path, PictureRules(max_pixels=10**10))  # only the rules have a size

    def test_segments_without_end(self, file):
        """A colour profile in 5000 pieces of 64 kB, mostly the same: as large in memory as its file."""
        path = file("icc.jpg", bombs.segments(5000, 0xE2, b"ICC_PROFILE\0\x01\x01"))
        assert "far more memory" in reason_of(path)


class TestTiff:
    @pytest.mark.parametrize("bits", [(32,), (64,), (32, 32, 32), (16,)])
    def test_compressed_data_far_beyond_the_pixels(self, file, bits):
        path = file("f.tif", bombs.inflating_tiff(400 * MIB, bits))
        assert "bytes of compressed data for 64 x 64 pixels" in reason_of(path)

    @pytest.mark.parametrize("bits", [(64, 64, 64), (32, 32, 32)])
    def test_what_passes_for_poor_compression_inflates_within_the_limit_of_memory(self, file, bits):
        path = file("f.tif", bombs.inflating_tiff(230 * MIB, bits))
        assert "far more memory" in reason_of(path)

    @pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
    def test_noise_that_does_not_compress_is_read(self, file, compression):
        noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        path = file("n.tif", make.encoded(noise, "TIFF", compression=compression))
        np.testing.assert_array_equal(
            read_picture(path).pixels, np.moveaxis(noise, -1, 0).astype(np.float32) / np.float32(255)
        )

    def test_a_tile_far_larger_than_the_picture(self, file):
        assert "tiles of 32768 x 32768" in reason_of(file("t.tif", bombs.huge_tile_tiff()))

    @pytest.mark.parametrize("bits", [(8,), (32, 32, 32)])
    @pytest.mark.parametrize(("count", "cycle"), [(20_000, False), (2, True)])
    def test_many_directories_and_a_ring_of_them(self, file, bits, count, cycle):
        path = file("pages.tif", bombs.many_pages_tiff(count, cycle=cycle, bits=bits))
        assert "several pages" in reason_of(path)


class TestOtherFormats:
    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("frames.gif", lambda: bombs.many_frames_gif(500), "several frames"),
            ("animated.png", lambda: bombs.animation("PNG"), "several frames"),
            ("animated.webp", lambda: bombs.animation("WEBP"), "several frames"),
            ("canvas.webp", lambda: bombs.announced_webp(16_384, 16_384), "too large"),
            ("canvas-within.webp", lambda: bombs.announced_webp(7900, 7900), "broken WEBP"),
            ("runs.bmp", lambda: bombs.run_length_bmp(7900, 7900), "broken BMP"),
            ("texts.png", lambda: bombs.text_chunks(100), "broken PNG"),
            ("profile.png", lambda: bombs.profile_bomb(200 * MIB), "broken PNG"),
            ("plain.ppm", lambda: b"P3\n7900 7900\n255\n" + b"1 " * 1000, "PPM"),
        ],
    )
    def test_is_refused_in_one_line(self, file, name, data, reason):
        assert reason in reason_of(file(name, data()))

    @pytest.mark.parametrize(
        "beginning",
        [
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            b"8BPS\0\x01",
            b"\0\0\x01\0\x01\0",
            b"%PDF-1.4",
            b"<svg",
            b"\0\0\0\x0cjP  ",
        ],
        ids=["eps", "psd", "ico", "pdf", "svg", "jpeg2000"],
    )
    def test_other_formats_of_pillow_are_never_tried(self, file, beginning):
        assert "not an image" in reason_of(file("a.png", beginning + bytes(2000)))

    def test_what_follows_the_pixels_of_a_png_is_not_read_without_end(self, tmp_path):
        bombs.png_with_long_end(tmp_path / "long.png", 1 << 30)
        assert "far more memory" in reason_of(tmp_path / "long.png")

    def test_a_webp_is_measured_by_its_first_bytes(self, file):
        for options in ({"lossless": True}, {"lossless": False}, {"exif": make.exif_orientation(6)}):
            path = file("w.webp", make.encoded(make.photograph(40, 60), "WEBP", **options))
            assert picture_size(path) == (60, 40)
            assert "more than max_pixels" in reason_of(path, PictureRules(max_pixels=2399))
            assert read_picture(path, PictureRules(max_pixels=2400)).pixels.shape == (3, 40, 60)


class TestLimits:
    def test_they_grow_with_the_announced_pixels(self):
        assert limits.seconds_allowed(64_000_000) > 10 * limits.seconds_allowed(64)
        assert limits.bytes_allowed(64_000_000) > 10 * limits.bytes_allowed(64)
        assert limits.patience(64) > limits.seconds_allowed(64)

    def test_the_largest_pictures_are_read_within_them(self, file):
        """The dearest layout for each pixel."""
        samples = np.full((3, 2000, 3000), 0.5)
        stream = io.BytesIO()
        tifffile.imwrite(stream, samples, photometric="rgb", planarconfig="separate", compression="zlib")
        assert read_picture(file("64.tif", stream.getvalue())).pixels.shape == (3, 2000, 3000)

    def test_time_is_limited_by_the_system(self):
        done = run_limited("while True: pass", "limits._SECONDS = 0.2")
        assert done == -27  # SIGPROF

    def test_memory_is_limited_by_the_system(self):
        code = "try: bytes(600 * 2**20)\nexcept MemoryError: sys.exit(3)"
        assert run_limited(code) == 3

    def test_a_narrower_limit_of_the_reading_process_stays(self):
        """A worker may have one."""
        code = "print(resource.getrlimit(resource.RLIMIT_AS)); sys.exit(resource.getrlimit(9)[0] > 2**31)"
        assert run_limited(code, f"resource.setrlimit(resource.RLIMIT_AS, ({2**31}, {2**31}))", 10**9) == 0
        assert resource.RLIMIT_AS == 9


def make_comments(data: bytes, length: int) -> bytes:
    """Return a JPEG that is `length` bytes longer, by comments after its start."""
    out = b""
    while length > 0:
        size = length if length < 65_000 else 60_000
        out += b"\xff\xfe" + (size - 2).to_bytes(2, "big") + b"." * (size - 4)
        length -= size
    return data[:2] + out + data[2:]


def run_limited(code: str, before: str = "", pixels: int = 0) -> int:
    """Run code in a process that has limited itself; return its status."""
    program = (
        "import os, resource, sys\nfrom priorbench.pictures import limits\n"
        "from priorbench.machine.memory import address_space_bytes\nlimits.settle(os.getppid())\n"
        f"{before}\nlimits.allow({pixels}, address_space_bytes())\n{code}\n"
    )
    return subprocess.run([sys.executable, "-c", program], check=False, timeout=180).returncode
