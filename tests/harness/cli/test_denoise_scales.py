"""Scales, files beside, and what a file cannot hold: nothing is lost or changed without a word."""

from __future__ import annotations

import numpy as np
import picture_files as make
import pytest
import skimage.data
import tifffile
from PIL import Image

from priorbench.pictures import losses, read_picture
from priorbench.pictures.wanted import PictureRules

CLEAN = skimage.data.camera()[100:164, 200:264] / 255
NOISY = CLEAN + np.random.default_rng(7).normal(0, 15 / 255, CLEAN.shape)


@pytest.fixture
def denoise(command):
    def run(*arguments):
        return command("denoise", *map(str, arguments), PRIORBENCH_PLUGINS="standard,example,classical")

    return run


def levels(image, peak, dtype):
    return np.clip(np.rint(image * peak), 0, peak).astype(dtype)


def test_floats_of_a_stated_range_become_levels_from_black_to_white(denoise, tmp_path):
    """They were clipped to 0 to 1 on the scale of the file: a white picture."""
    tifffile.imwrite(tmp_path / "in.tif", (NOISY * 255).astype("f4"))
    done = denoise("in.tif", "out.png", "--denoiser", "wavelet", "--sigma", "15", "--range", "0:255")
    assert done.returncode == 0, done.stderr
    assert "0 is written as black, 255 as white" in done.stderr
    found = read_picture(tmp_path / "out.png").pixels[0]
    assert np.sqrt(np.mean((found - CLEAN) ** 2)) < 0.06


def test_a_range_means_one_depth(denoise, tmp_path):
    """Twelve bits in sixteen beside a clean picture of eight: its white is not 4095."""
    Image.fromarray(levels(NOISY, 4095, np.uint16)).save(tmp_path / "in.png")
    Image.fromarray(levels(CLEAN, 255, np.uint8)).save(tmp_path / "clean8.png")
    Image.fromarray(levels(CLEAN, 4095, np.uint16)).save(tmp_path / "clean12.png")
    chosen = ("--denoiser", "wavelet", "--sigma", "15", "--range", "0:4095", "--reference")
    wrong = denoise("in.png", "out.png", *chosen, "clean8.png")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "--range cannot mean both" in wrong.stderr
    right = denoise("in.png", "out.png", *chosen, "clean12.png")
    assert right.returncode == 0, right.stderr
    assert float(right.stdout.split("->")[1].split()[0]) > 25


def test_sixteen_bits_that_look_like_twelve_are_doubted(denoise, tmp_path):
    Image.fromarray(levels(NOISY, 4095, np.uint16)).save(tmp_path / "in.png")
    done = denoise("in.png", "out.png", "--denoiser", "mean", "--sigma", "15")
    assert "16 bits, but no value above" in done.stderr and "--range 0:4095" in done.stderr
    Image.fromarray(levels(NOISY, 65535, np.uint16)).save(tmp_path / "in.png")
    assert "no value above" not in denoise("in.png", "out.png", "--denoiser", "mean", "--sigma", "15").stderr


TOLD = [(281, "H", 1, 4095, True)]


def test_a_tiff_that_says_what_is_white_is_denoised_on_that_scale(denoise, tmp_path):
    """sigma 15 of 65535 was sixteen times too much; the file keeps its scale, and says it again."""
    tifffile.imwrite(tmp_path / "in.tif", levels(NOISY, 4095, np.uint16), extratags=TOLD, metadata=None)
    tifffile.imwrite(tmp_path / "clean.tif", levels(CLEAN, 4095, np.uint16), extratags=TOLD, metadata=None)
    Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / "in8.png")
    Image.fromarray(levels(CLEAN, 255, np.uint8)).save(tmp_path / "clean8.png")
    chosen = ("--denoiser", "wavelet", "--sigma", "15", "--reference")
    found = denoise("in.tif", "out.tif", *chosen, "clean.tif")
    eight = denoise("in8.png", "out8.png", *chosen, "clean8.png")
    assert (found.returncode, eight.returncode) == (0, 0), found.stderr + eight.stderr
    gains = [float(done.stdout.split("->")[1].split()[0]) for done in (found, eight)]
    assert gains[0] == pytest.approx(gains[1], abs=0.2)
    assert "white is 4095, as its tag MaxSampleValue says" in found.stderr
    assert "no value above" not in found.stderr
    written = tifffile.imread(tmp_path / "out.tif")
    assert 2000 < written.max() <= 4095
    assert np.sqrt(np.mean((written / 4095 - CLEAN) ** 2)) < 0.06
    np.testing.assert_array_equal(
        read_picture(tmp_path / "out.tif").pixels[0], np.float32(written) / np.float32(4095)
    )


def test_a_stated_range_goes_before_what_a_tiff_says(denoise, tmp_path):
    for name, tags in (("told", TOLD), ("plain", [])):
        file = tmp_path / f"{name}.tif"
        tifffile.imwrite(file, levels(NOISY, 4095, np.uint16), extratags=tags, metadata=None)
        done = denoise(
            file, f"{name}-out.tif", "--denoiser", "wavelet", "--sigma", "15", "--range", "0:16383"
        )
        assert done.returncode == 0, done.stderr
        assert "white" not in done.stderr
    told, plain = (tifffile.imread(tmp_path / f"{name}-out.tif").astype(int) for name in ("told", "plain"))
    assert np.abs(told - plain).max() <= 1
    assert read_picture(tmp_path / "told-out.tif").white == 65535


def test_a_clean_picture_of_another_white_is_refused(denoise, tmp_path):
    """PSNR was that of a picture sixteen times too dark."""
    tifffile.imwrite(tmp_path / "in.tif", levels(NOISY, 4095, np.uint16), extratags=TOLD, metadata=None)
    Image.fromarray(levels(CLEAN, 4095, np.uint16)).save(tmp_path / "clean.png")
    chosen = ("--denoiser", "mean", "--sigma", "15", "--reference", "clean.png")
    wrong = denoise("in.tif", "out.tif", *chosen)
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "clean.png: another value is white there than in in.tif: say which is" in wrong.stderr
    right = denoise("in.tif", "out.tif", *chosen, "--range", "0:4095")
    assert right.returncode == 0, right.stderr


def test_a_png_cannot_say_what_is_white(denoise, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", levels(NOISY, 4095, np.uint16), extratags=TOLD, metadata=None)
    done = denoise("in.tif", "out.png", "--denoiser", "mean", "--sigma", "15")
    assert "that white is 4095 is not in the file" in done.stderr


@pytest.mark.parametrize("told", [4000, 255, 65535, 2047])
def test_a_largest_value_that_is_no_white_scales_nothing(denoise, tmp_path, told):
    tag = (281, "H", 1, told, True)
    tifffile.imwrite(tmp_path / "in.tif", levels(CLEAN, 4095, np.uint16), extratags=[tag])
    assert "as its tag" not in denoise("in.tif", "out.tif", "--denoiser", "mean", "--sigma", "15").stderr


def test_sixty_four_bits_become_thirty_two_with_a_word(denoise, tmp_path):
    np.save(tmp_path / "in.npy", np.clip(NOISY, 0, 1))
    tifffile.imwrite(tmp_path / "in.tif", np.clip(NOISY, 0, 1))
    for name in ("in.npy", "in.tif"):
        done = denoise(name, "out.tif", "--denoiser", "mean", "--sigma", "15")
        assert f"{name}: floating point of 64 bits becomes 32 bits" in done.stderr
        assert tifffile.imread(tmp_path / "out.tif").dtype == np.float32


def test_a_jpeg_that_a_phone_calls_heic_is_denoised(denoise, tmp_path):
    (tmp_path / "noisy").mkdir()
    Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / "noisy" / "a.HEIC", format="JPEG")
    done = denoise("noisy", "results", "--denoiser", "mean", "--sigma", "15")
    assert (done.returncode, "left out" in done.stderr) == (0, False)
    assert (tmp_path / "results" / "a.png").exists()


def test_a_folder_of_comparisons_replaces_nothing(denoise, tmp_path):
    for folder in ("noisy", "clean"):
        (tmp_path / folder).mkdir()
        Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / folder / "a.png")
    before = (tmp_path / "clean" / "a.png").read_bytes()
    chosen = ("noisy", "results", "--denoiser", "mean", "--sigma", "15", "--compare", "clean")
    done = denoise(*chosen)
    assert done.returncode == 2
    assert "clean/a.png: there is a file already" in done.stderr
    assert (tmp_path / "clean" / "a.png").read_bytes() == before
    assert denoise(*chosen, "--overwrite").returncode == 0


def test_pictures_of_a_kind_that_is_not_read_are_mentioned(denoise, tmp_path):
    (tmp_path / "noisy").mkdir()
    Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / "noisy" / "a.png")
    (tmp_path / "noisy" / "b.heic").write_bytes(b"x")
    done = denoise("noisy", "results", "--denoiser", "mean", "--sigma", "15")
    assert done.returncode == 0
    assert "noisy/b.heic: left out, for its kind is not read" in done.stderr


def test_large_pictures_of_phones_are_taken(denoise, tmp_path):
    """They were refused for max_pixels, which is no option of this command."""
    for name, width, why in (("phone", 10_000, "truncated PNG"), ("vast", 40_000, "too large")):
        (tmp_path / f"{name}.png").write_bytes(make.bomb_header(width, 8000))  # says its size, has no pixels
        done = denoise(f"{name}.png", "out.png", "--denoiser", "mean", "--sigma", "15")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert why in done.stderr, done.stderr


@pytest.mark.parametrize("date", ["2020-01-01 10:00", "2020:01:01 10:00:00", "soon"])
def test_whatever_date_a_file_has_is_kept(denoise, tmp_path, date):
    block = Image.Exif()
    block[306] = date
    Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / "in.jpg", exif=block)
    done = denoise("in.jpg", "out.tif", "--denoiser", "mean", "--sigma", "15")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out.tif").getexif()[306].startswith(date)


def test_texts_of_any_letters_are_kept(denoise, tmp_path):
    def with_artist(name):
        block = Image.Exif()
        block[315] = name
        Image.fromarray(levels(NOISY, 255, np.uint8)).save(tmp_path / "in.png", exif=block)
        return read_picture(tmp_path / "in.png", PictureRules(keep=True)).kept

    assert losses("out.tif", with_artist("Jorg")) == ()
    assert losses("out.tif", with_artist(b"J\xf6rg")) == ()
    assert denoise("in.png", "out.tif", "--denoiser", "mean", "--sigma", "15").returncode == 0
    assert b"J\xf6rg\0" in (tmp_path / "out.tif").read_bytes()
