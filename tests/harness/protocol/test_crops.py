"""Crops: what a run keeps of the pixels, for the first images of a set."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from sample_records import record

from priorbench.protocol.crops import crops
from priorbench.store.database import Store


@pytest.mark.parametrize(("shape", "size"), [((1, 40, 300), (128, 40)), ((3, 129, 127), (127, 128))])
def test_a_crop_is_the_middle_at_eight_bits(shape, size):
    pixels = np.random.default_rng(0).normal(0.5, 0.4, shape).astype(np.float32)
    [(digest, png)] = crops({"d": pixels}).items()
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    assert digest == "d"
    assert picture.size == size
    centre = np.asarray(picture)[size[1] // 2, size[0] // 2]
    top, left = max(0, (shape[1] - 128) // 2), max(0, (shape[2] - 128) // 2)
    expected = pixels[:, top + size[1] // 2, left + size[0] // 2].clip(0, 1)
    np.testing.assert_allclose(centre / 255, expected.squeeze(), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("shape", [(2, 20, 20), (1, 1, 512), (40,)])
def test_what_no_file_can_hold_has_no_crop(shape):
    assert crops({"d": np.zeros(shape, dtype=np.float32)}) == {}


def test_the_store_gives_crops_by_digest_and_keeps_them_out_of_records(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}")
    store.add([record("k", crops={"d1": base64.b64encode(b"one").decode()}), record("l")])
    store.add([record("m", crops={"d1": base64.b64encode(b"other").decode()})])
    assert store.crop_digests() == {"d1"}
    assert store.crop("d1") == b"one"
    assert all(found.crops == {} for found in store.records())
    assert not any("crops" in document for document in store.documents())


def test_a_run_keeps_crops_of_the_first_images_and_the_first_draw(command, tmp_path):
    options = ("run", "-", "--images", "ramps:count=3", "--noise", "gaussian-25", "--denoiser", "mean")
    done = command(*options, "--repetitions", "2", "--pictures", "2", "--executor", "serial")
    assert done.returncode == 0, done.stderr
    store = Store(f"sqlite:///{tmp_path / 'priorbench.db'}")
    first = [found for found in store.records() if found.repetition == 0 and found.image != "ramp-2"]
    assert len(first) == 2
    assert store.crop_digests() == {
        digest for found in first for digest in (found.image_sha256, found.noisy_sha256, found.output_sha256)
    }
    exported = command("export").stdout
    assert '"crops"' not in exported


def test_how_many_pictures_are_kept_does_not_change_a_key(command):
    options = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean")
    assert command(*options, "--executor", "serial", "--pictures", "0").returncode == 0
    assert "nothing to do" in command(*options).stderr
