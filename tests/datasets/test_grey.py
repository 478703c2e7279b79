"""A grey picture that is stored as colour: noted, and grey where that is asked for."""

from __future__ import annotations

import numpy as np
import picture_files as make
import picture_pairs
from picture_folders import outcome

from priorbench_images.folder import folder
from priorbench_images.real_noise.sets import pairs


def files(root):
    grey = make.photograph(24, 24, 1)
    (root / "a.png").write_bytes(make.encoded(grey))
    (root / "b.png").write_bytes(make.encoded(np.stack([grey] * 3, axis=-1)))
    (root / "c.png").write_bytes(make.encoded(make.photograph(24, 24)))
    return str(root)


def test_equal_planes_are_taken_as_grey_where_grey_is_asked_for(tmp_path):
    """Before: refused as a colour picture."""
    images = folder(path=files(tmp_path), channels="grey", crop=16)
    used, skipped = outcome(images)
    assert used == ["a.png", "b.png"]
    assert skipped == {"c.png": "colour picture; channels = grey takes only grey ones"}
    assert images.load("a.png").sha256 == images.load("b.png").sha256
    assert "three equal planes, taken as grey" in images.load("b.png").notes


def test_equal_planes_are_noted_where_colour_is_used(tmp_path):
    images = folder(path=files(tmp_path))
    assert images.load("b.png").pixels.shape == (3, 24, 24)
    assert any("stored as colour" in note for note in images.load("b.png").notes)
    assert not any("equal" in note for name in "ac" for note in images.load(f"{name}.png").notes)


def test_a_pair_of_which_one_is_stored_as_colour(tmp_path):
    picture_pairs.two_folders(tmp_path)
    picture_pairs.write(tmp_path / "clean" / "s0.png", np.stack([picture_pairs.clean(0)] * 3, axis=-1))
    found = pairs(noisy=str(tmp_path / "noisy"), clean=str(tmp_path / "clean"), channels="grey")
    assert found.load("s0.png").pixels.shape == found.noisy("s0.png", 0).pixels.shape == (1, 24, 24)
