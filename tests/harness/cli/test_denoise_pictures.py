"""``priorbench denoise`` with shipped methods: the same picture in any form, kept files, many pictures."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
from pathlib import Path

import far_scale
import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image

from priorbench.pictures import Kept, write_picture
from priorbench.pictures.keeping.exif import orientation_of

PLUGINS = "standard,example,classical,bm3d"
CLEAN = skimage.data.camera()[100:228, 200:328] / 255
SIZE = 96


@pytest.fixture
def denoise(command):
    def run(*arguments, **variables):
        return command("denoise", *map(str, arguments), PRIORBENCH_PLUGINS=PLUGINS, **variables)

    return run


@pytest.fixture
def noisy(tmp_path) -> np.ndarray:
    """Write clean.png and return a noisy picture of 8-bit levels."""
    levels = np.rint(CLEAN * 255).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "clean.png")
    noise = 25 * np.random.default_rng(7).standard_normal(CLEAN.shape)
    return np.clip(np.rint(levels + noise), 0, 255).astype(np.uint8)


def psnr(said: str) -> float:
    found = re.search(r"-> ([\d.]+) dB", said)
    assert found, said
    return float(found[1])


def forms(folder: Path, levels: np.ndarray) -> list[str]:
    """Write one picture in many forms; return their names."""
    grey = Image.fromarray(levels)
    colour = np.stack([levels] * 3, axis=-1)
    alpha = np.random.default_rng(1).integers(0, 256, levels.shape, np.uint8)
    grey.save(folder / "l.png")
    grey.convert("RGB").save(folder / "rgb.png")
    palette = grey.convert("P")
    palette.putpalette([value for level in range(256) for value in (level,) * 3])
    palette.putdata(levels.ravel().tolist())
    palette.save(folder / "palette.png")
    Image.fromarray(np.dstack([levels, alpha])).save(folder / "la.png")
    Image.fromarray(np.dstack([colour, alpha])).save(folder / "rgba.png")
    Image.fromarray(levels.astype(np.uint16) * 257).save(folder / "sixteen.png")
    write_picture(folder / "sixteen-rgb.png", np.stack([levels / 255] * 3), Kept(depth="16 bits"))
    tifffile.imwrite(folder / "float.tif", (levels / 255).astype("f4"))
    tifffile.imwrite(folder / "float-rgb.tif", (colour / 255).astype("f4"), photometric="rgb")
    return ["l.png", "rgb.png", "palette.png", "la.png", "rgba.png", "sixteen.png", "sixteen-rgb.png",
            "float.tif", "float-rgb.tif"]  # fmt: skip


@pytest.mark.parametrize("known", [["--sigma", "25"], []])
@pytest.mark.parametrize("method", ["bm3d", "wavelet", "tv", "nl-means"])
def test_a_grey_picture_is_denoised_alike_in_every_form(denoise, tmp_path, noisy, method, known):
    if method == "bm3d" and importlib.util.find_spec("bm3d") is None:
        pytest.skip("bm3d is not installed")
    found = {}
    for name in forms(tmp_path, noisy):
        done = denoise(name, f"out-{name}", "--denoiser", method, *known, "--reference", "clean.png")
        assert done.returncode == 0, done.stderr
        found[name] = psnr(done.stdout)
    assert max(found.values()) - min(found.values()) <= 0.05, found
    assert min(found.values()) > 24


class TestOriginals:
    """What must not be harmed."""

    @pytest.fixture
    def original(self, tmp_path, noisy):
        Image.fromarray(noisy).save(tmp_path / "in.png")
        (tmp_path / "soft.png").symlink_to("in.png")
        os.link(tmp_path / "in.png", tmp_path / "hard.png")
        (tmp_path / "sub").mkdir()
        return (tmp_path / "in.png").read_bytes()

    @pytest.mark.parametrize("output", ["in.png", "./sub/../in.png", "soft.png", "hard.png"])
    def test_the_input_is_no_output(self, denoise, tmp_path, original, output):
        done = denoise("in.png", output, "--denoiser", "mean", "--sigma", "25")
        assert done.returncode == 2
        assert "the noisy picture in.png itself; --overwrite replaces it" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert (tmp_path / "in.png").read_bytes() == original

    def test_a_link_as_input_is_the_same_file(self, denoise, tmp_path, original):
        assert denoise("soft.png", "in.png", "--denoiser", "mean").returncode == 2
        assert (tmp_path / "in.png").read_bytes() == original

    def test_overwrite_replaces_it(self, denoise, tmp_path, original):
        done = denoise("in.png", "in.png", "--denoiser", "mean", "--sigma", "25", "--overwrite")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "in.png").read_bytes() != original
        assert (tmp_path / "hard.png").read_bytes() == original

    @pytest.mark.parametrize("more", [[], ["--overwrite"]])
    def test_a_write_protected_file_stays(self, denoise, tmp_path, original, more):
        (tmp_path / "in.png").chmod(0o444)
        done = denoise("in.png", "in.png", "--denoiser", "mean", "--sigma", "25", *more)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == (1 if more else len(done.stderr.splitlines()))
        assert (tmp_path / "in.png").read_bytes() == original

    def test_neither_the_clean_picture_nor_the_noisy_one_is_compared_away(self, denoise, tmp_path, original):
        clean = (tmp_path / "clean.png").read_bytes()
        start = (
            "in.png",
            "o.png",
            "--denoiser",
            "mean",
            "--reference",
            "clean.png",
            "--overwrite",
            "--compare",
        )
        for target in ("clean.png", "hard.png", "o.png"):
            done = denoise(*start, target)
            assert done.returncode == 2, done.stderr
            assert "give it another name" in done.stderr
        assert denoise("in.png", "clean.png", *start[2:-1]).returncode == 2
        assert (tmp_path / "clean.png").read_bytes() == clean
        assert (tmp_path / "in.png").read_bytes() == original


class TestKept:
    """What the result has of its file."""

    def test_depth_alpha_profile_exif_and_resolution(self, denoise, tmp_path, noisy):
        alpha = np.random.default_rng(1).integers(0, 256, noisy.shape, np.uint8)
        block = Image.Exif()
        block[271], block[274] = "Maker", 6
        image = Image.fromarray(np.dstack([noisy, noisy // 2, noisy, alpha]))
        image.save(tmp_path / "in.png", exif=block, icc_profile=b"p" * 300, dpi=(72, 72))
        assert denoise("in.png", "out.png", "--denoiser", "mean").returncode == 0
        with Image.open(tmp_path / "out.png") as out:
            assert out.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(out)[..., 3], alpha)
            assert (out.getexif()[271], out.getexif()[274]) == ("Maker", 6)
            assert out.info["icc_profile"] == b"p" * 300
            assert round(out.info["dpi"][0]) == 72

    def test_sixteen_bits_stay_sixteen(self, denoise, tmp_path, noisy):
        Image.fromarray(noisy.astype(np.uint16) * 257).save(tmp_path / "in.png")
        for name in ("out.png", "out.tif"):
            assert denoise("in.png", name, "--denoiser", "wavelet").returncode == 0
            levels = np.asarray(Image.open(tmp_path / name))
            assert levels.dtype == np.uint16
            assert len(np.unique(levels)) > 256

    def test_unclipped_floats_need_a_stated_range_and_keep_their_scale(self, denoise, tmp_path, noisy):
        noise = np.random.default_rng(2).normal(0, 0.2, CLEAN.shape)
        tifffile.imwrite(tmp_path / "in.tif", ((CLEAN + noise) * 1000 + 100).astype("f4"))
        done = denoise("in.tif", "out.tif", "--denoiser", "wavelet")
        assert done.returncode == 2
        assert "--range" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        done = denoise("in.tif", "out.tif", "--denoiser", "wavelet", "--range", "100:1100")
        assert done.returncode == 0, done.stderr
        assert re.search(r"sigma (4[89]|5[0-3])", done.stderr), done.stderr
        restored = (tifffile.imread(tmp_path / "out.tif") - 100) / 1000
        assert restored.dtype == np.float32
        assert np.sqrt(np.mean((restored - CLEAN) ** 2)) < 0.08
        done = denoise("in.tif", "out.png", "--denoiser", "mean", "--range", "0:1200")
        assert "floating point becomes 16 bits" in done.stderr

    @pytest.mark.parametrize("text", ["1:0", "0", "a:b", "0:0", "0:inf", "0:1:2"])
    def test_a_wrong_range_is_one_line(self, denoise, tmp_path, noisy, text):
        done = denoise("clean.png", "out.png", "--denoiser", "mean", "--range", text)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


class TestNoise:
    """What is known of the noise."""

    def test_the_estimate_is_told(self, denoise, tmp_path, noisy):
        Image.fromarray(noisy).save(tmp_path / "in.png")
        done = denoise("in.png", "out.png", "--denoiser", "mean")
        assert re.search(r"in\.png: estimated noise: sigma 2[3-6](\.\d)?/255", done.stderr)
        assert "priorbench:" not in done.stderr

    def test_doubled_pixels_are_doubted(self, denoise, tmp_path, noisy):
        Image.fromarray(noisy.repeat(2, 0).repeat(2, 1)).save(tmp_path / "in.png")
        done = denoise("in.png", "out.png", "--denoiser", "mean")
        assert re.search(r"far too low: every second pixel shows sigma 2\d", done.stderr)

    @pytest.mark.parametrize("shape", [(1, 60), (60, 2), (3, 3), (1, 1)])
    def test_narrow_pictures_are_told_in_words(self, process, tmp_path, shape):
        Image.fromarray(np.random.default_rng(3).integers(0, 256, shape, np.uint8)).save(tmp_path / "in.png")
        done = process(
            "denoise", "in.png", "out.png", "--denoiser", "wavelet", PRIORBENCH_PLUGINS="standard,classical"
        )
        assert done.returncode == 0, done.stderr
        assert "too small, or too flat, to estimate its noise" in done.stderr
        assert "Warning" not in done.stderr

    def test_any_noise_can_be_told(self, denoise, tmp_path, noisy):
        rng = np.random.default_rng(4)
        field = 30 * rng.standard_normal((SIZE, SIZE, 1))
        clean = skimage.data.astronaut()[:SIZE, :SIZE]
        Image.fromarray(clean).save(tmp_path / "colour.png")
        Image.fromarray(np.clip(clean + field, 0, 255).astype(np.uint8)).save(tmp_path / "equal.png")
        found = {}
        for told in (("--sigma", "30"), ("--noise", "gaussian:sigma=30,channels=equal,clip=true"), ()):
            done = denoise(
                "equal.png", "out.png", "--denoiser", "wavelet", *told, "--reference", "colour.png"
            )
            assert done.returncode == 0, done.stderr
            found[told[:1]] = psnr(done.stdout)
        assert found["--noise",] > found["--sigma",] + 1
        assert found[()] > found["--noise",] - 0.5, "the estimate finds that the noise is equal"
        counts = rng.poisson(30 * CLEAN) / 30
        Image.fromarray((np.clip(counts, 0, 1) * 255).astype(np.uint8)).save(tmp_path / "photons.png")
        done = denoise("photons.png", "out.png", "--denoiser", "mean", "--noise", "poisson:peak=30")
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("told", "why"),
        [
            (["--sigma", "1"], "1/255"),
            (["--sigma", "0.7"], "0.7/1"),
            (["--noise", "gaussian:sigma=1"], "1/255"),
            (["--noise", "gausian"], "did you mean 'gaussian'?"),
            (["--noise", "gaussian", "--sigma", "25"], "not both"),
        ],
    )
    def test_a_noise_that_is_not_clear_is_one_line(self, denoise, tmp_path, noisy, told, why):
        done = denoise("clean.png", "out.png", "--denoiser", "mean", *told)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert why in done.stderr
        assert not (tmp_path / "out.png").exists()


class TestMany:
    """Several pictures, and folders."""

    @pytest.fixture
    def folder(self, tmp_path, noisy):
        (tmp_path / "in").mkdir()
        for name in ("a.png", "b.jpg", "c.tif"):
            Image.fromarray(noisy).save(tmp_path / "in" / name)
        (tmp_path / "in" / "notes.txt").write_text("mine")
        return tmp_path / "in"

    def test_a_folder_with_progress(self, denoise, tmp_path, folder):
        done = denoise("in", "out", "--denoiser", "mean", "--reference", "clean.png", "--compare", "seen")
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.tif"]
        assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["a.png", "b.png", "c.png"]
        for number, name in enumerate(("a.png", "b.png", "c.tif"), 1):
            assert f"[{number}/3] out/{name}: mean" in done.stderr
        assert len(done.stdout.splitlines()) == 3
        again = denoise("in", "out", "--denoiser", "mean")
        assert again.returncode == 2
        assert "there is a file already" in again.stderr
        assert denoise("in", "out", "--denoiser", "mean", "--overwrite").returncode == 0

    def test_a_broken_picture_does_not_keep_the_others_waiting(self, denoise, tmp_path, folder):
        (folder / "b.jpg").write_bytes((folder / "b.jpg").read_bytes()[:300])
        done = denoise("in/a.png", "in/b.jpg", "in/c.tif", "out", "--denoiser", "mean", "--sigma", "25")
        assert done.returncode == 1
        assert "priorbench: [2/3] in/b.jpg: " in done.stderr
        assert "1 of 3 pictures failed" in done.stderr
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.tif"]

    def test_a_folder_onto_itself_is_refused(self, denoise, folder):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        assert denoise("in", "in", "--denoiser", "mean").returncode == 2
        assert {path: path.read_bytes() for path in folder.iterdir()} == before

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["in/a.png", "in/b.jpg", "out.png"], "several pictures need a folder"),
            (["in/a.png", "in/b.jpg", "clean.png"], "several pictures need a folder"),
            (["in/a.png"], "say where the result goes"),
            (["in/a.png", "in/../in/a.png", "out"], "out/a.png"),
            (["empty", "out"], "no pictures in this folder"),
            (["in", "out", "--reference", "empty"], "no picture is named like a.png"),
        ],
    )
    def test_what_cannot_be_meant(self, denoise, tmp_path, folder, arguments, why):
        (tmp_path / "empty").mkdir()
        done = denoise(*arguments, "--denoiser", "mean")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert why in done.stderr
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_before_and_after_are_shown_upright_side_by_side(denoise, tmp_path, noisy, orientation):
    block = Image.Exif()
    block[274] = orientation
    Image.fromarray(noisy[:100, :60]).save(tmp_path / "in.png", exif=block)
    assert orientation_of(block.tobytes()[6:]) == orientation
    assert denoise("in.png", "out.png", "--denoiser", "mean", "--compare", "seen.png").returncode == 0
    with Image.open(tmp_path / "seen.png") as seen:
        # enlarged by whole numbers, so that a tile is 260 pixels wide at least; a caption above, gaps between
        across, down = (60 * 5, 100 * 5) if orientation < 5 else (100 * 3, 60 * 3)
        assert seen.size == (3 * across + 2 * 8, down + 24)
        shown = np.asarray(seen.convert("L"))[24:, :across]
    times = 5 if orientation < 5 else 3
    stored = noisy[:100, :60]
    turned = {1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.T,
              6: np.rot90(stored, -1), 7: stored[::-1, ::-1].T, 8: np.rot90(stored)}  # fmt: skip
    np.testing.assert_array_equal(shown[times // 2 :: times, times // 2 :: times], turned[orientation])


def test_the_reference_has_the_same_size_and_planes(denoise, tmp_path, noisy):
    colour = np.stack([noisy, noisy // 2, noisy], axis=-1)
    for name, image in {"small.png": noisy[:50], "colour.png": colour}.items():
        Image.fromarray(image).save(tmp_path / name)
    for one, other in itertools.pairwise(["clean.png", "colour.png", "small.png"]):
        done = denoise(one, "out.png", "--denoiser", "mean", "--reference", other)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert f"{other}: the clean picture is" in done.stderr


def test_an_output_on_the_scale_to_255_is_told(denoise, noisy):
    done = denoise(
        "clean.png", "out.png", "--denoiser", "far", "--plugin", far_scale.__file__, "--sigma", "5"
    )
    assert done.returncode == 0, done.stderr
    assert "priorbench: clean.png: far gave values up to 2" in done.stderr
