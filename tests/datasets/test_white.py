"""Sets of 12-bit pictures in files of 16: noted, and on their own scale where the user says what is white."""

from __future__ import annotations

import numpy as np
import picture_files as make
import picture_pairs
import pytest
import tifffile
from picture_folders import outcome
from small_runs import HERE, records

from priorbench.errors import PriorbenchError
from priorbench_images.folder import folder
from priorbench_images.imagenet import imagenet
from priorbench_images.real_noise.sets import pairs

PLUGINS = "standard,example,images"


def twelve(seed: int) -> np.ndarray:
    samples = make.photograph(24, 24, 1, seed).astype(np.uint16) * 16
    samples[0, 0] = 4095
    return samples


@pytest.fixture
def deep(tmp_path):
    """Make a folder of two 12-bit pictures in 16-bit PNG."""
    root = tmp_path / "deep"
    root.mkdir()
    for number, name in enumerate("ab"):
        (root / f"{name}.png").write_bytes(make.encoded(twelve(number)))
    return root


@pytest.mark.parametrize("made", [folder, imagenet])
def test_sets_of_files_take_it(deep, made):
    rest = {} if made is folder else {"crop": None, "min_side": 1, "channels": "any"}
    plain, scaled = made(path=str(deep), **rest), made(path=str(deep), white=4095, **rest)
    assert plain.load("a.png").pixels.max() == np.float32(4095) / np.float32(65535)
    np.testing.assert_array_equal(
        scaled.load("a.png").pixels, twelve(0)[None].astype(np.float32) / np.float32(4095)
    )
    assert any("no value above 4095" in note and "white=4095" in note for note in plain.load("a.png").notes)
    assert scaled.load("a.png").notes == ("white is 4095, as was asked for",)


def test_a_picture_above_it_and_one_that_cannot_have_it_are_skipped(deep):
    samples = twelve(3)
    samples[5, 5] = 5000
    (deep / "c.png").write_bytes(make.encoded(samples))
    (deep / "d.jpg").write_bytes(make.encoded(make.photograph(24, 24), "JPEG"))
    used, skipped = outcome(folder(path=str(deep), white=4095, crop=8))
    assert used == ["a.png", "b.png"]
    assert skipped["c.png"].startswith("white = 4095, but it has the value 5000")
    assert "8 bits a sample, at most 255" in skipped["d.jpg"]


def test_pairs_have_one_white_for_both(tmp_path):
    for name, seed in (("clean", 0), ("noisy", 1)):
        picture_pairs.write(tmp_path / name / "s.png", twelve(seed))
    found = pairs(noisy=str(tmp_path / "noisy"), clean=str(tmp_path / "clean"), white=4095)
    assert found.load("s.png").pixels.max() == found.noisy("s.png", 0).pixels.max() == 1


def test_a_pair_of_which_one_says_another_white_is_no_pair(tmp_path):
    """A noisy picture sixteen times as bright as its clean one is noise that nobody had."""
    for seed, (name, tags) in enumerate((("clean", []), ("noisy", [(281, "H", 1, 4095, True)]))):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "s.tif", twelve(seed), extratags=tags, metadata=None)
    folders = {"noisy": str(tmp_path / "noisy"), "clean": str(tmp_path / "clean")}
    with pytest.raises(PriorbenchError, match=r"white is 4095 there, and 65535 in the clean one.*white=4095"):
        pairs(**folders).noisy("s.tif", 0)
    assert pairs(**folders, white=4095).noisy("s.tif", 0).pixels.max() == 1
    picture_pairs.write(tmp_path / "clean" / "s.tif", picture_pairs.clean(0), "TIFF")
    assert pairs(**folders).noisy("s.tif", 0).pixels.max() == 1  # of 8 bits it has a white of its own


@pytest.mark.parametrize("made", [folder, imagenet])
def test_a_white_that_is_none_is_refused(deep, made):
    with pytest.raises(PriorbenchError, match="white is 0: it must be above 0"):
        made(path=str(deep), white=0)


def test_it_makes_another_set_with_other_keys_and_a_board_of_its_own(command, deep):
    """Noise of 25/255 on 4095/65535 of the scale is no noise that anybody means."""
    noise = ("--noise", "gaussian-25", "--denoiser", "mean")
    told = {}
    for choice in (f"folder:path={deep}", f"folder:path={deep},white=4095"):
        done = command("run", "-", "--images", choice, *noise, *HERE, PRIORBENCH_PLUGINS=PLUGINS)
        assert done.returncode == 0, done.stderr
        told[choice] = [line for line in done.stderr.splitlines() if line.startswith("noted")]
    plain, white = told.values()
    assert len(plain) == 1 and "noted deep/a.png: 16 bits, but no value above 4095" in plain[0]
    assert "white=4095 (2 such pictures)" in plain[0]
    assert white == ["noted deep/a.png: white is 4095, as was asked for (2 such pictures)"]
    found = records(command)
    assert len({one["key"] for one in found}) == 4
    assert {tuple(one["notes"]) for one in found if one["image_sha256"]} >= {
        ("white is 4095, as was asked for",)
    }
    board = command("leaderboard", "--format", "markdown", PRIORBENCH_PLUGINS=PLUGINS).stdout
    assert "### deep (white=none), gaussian-25" in board
    assert "### deep (white=4095), gaussian-25" in board
