"""Kept outputs: the same pixels come back or none, and a folder stays within its size."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from priorbench.contract.images import array_sha256
from priorbench.store.kept_outputs import Kept, KeptOutputs

KEYS = [f"{number:032x}" for number in range(100)]


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((3, 8, 8), dtype=np.float32)  # 768 bytes


def test_the_same_pixels_come_back(tmp_path: Path) -> None:
    outputs, output = KeptOutputs(tmp_path / "kept"), picture(0)
    assert outputs.find(KEYS[0]) is None
    assert outputs.keep(KEYS[0], KEYS[1], output)
    digest = array_sha256(output)
    assert outputs.find(KEYS[0]) == Kept(record=KEYS[1], output=digest)
    found = outputs.output(digest)
    assert found is not None and found.tobytes() == output.tobytes()


def test_one_array_is_kept_once(tmp_path: Path) -> None:
    outputs = KeptOutputs(tmp_path)
    for key in KEYS[:5]:
        outputs.keep(key, key, picture(0))
    assert len(list(tmp_path.glob("outputs/*/*.npy"))) == 1
    assert outputs.find(KEYS[4]) is not None


@pytest.mark.parametrize("harm", [b"", b"no array", None])
def test_a_file_that_was_damaged_is_no_output_and_goes(tmp_path: Path, harm: bytes | None) -> None:
    outputs, digest = KeptOutputs(tmp_path), array_sha256(picture(0))
    outputs.keep(KEYS[0], KEYS[0], picture(0))
    [file] = tmp_path.glob("outputs/*/*.npy")
    if harm is None:
        np.save(file, picture(1))  # another picture under this name
    else:
        file.write_bytes(harm)
    assert outputs.output(digest) is None
    assert outputs.find(KEYS[0]) is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    limit = 5 * 1000
    outputs = KeptOutputs(tmp_path, limit)
    for number in range(4):
        outputs.keep(KEYS[number], KEYS[number], picture(number))
        [file] = tmp_path.glob(f"outputs/*/{array_sha256(picture(number))}.npy")
        os.utime(file, (number, number))
    assert outputs.output(array_sha256(picture(0))) is not None  # used now
    for number in range(4, 7):
        outputs.keep(KEYS[number], KEYS[number], picture(number))
    assert outputs.size() <= limit
    assert [outputs.find(key) is not None for key in KEYS[:4]] == [True, False, False, True]


def test_two_writers_together_stay_near_the_limit(tmp_path: Path) -> None:
    limit = 20 * 1000
    writers = [KeptOutputs(tmp_path, limit) for _ in range(2)]
    for number in range(100):
        writers[number % 2].keep(KEYS[number], KEYS[number], picture(number))
    assert writers[0].size() <= 2 * limit
    KeptOutputs(tmp_path, limit).keep(KEYS[0], KEYS[0], picture(1000))
    assert writers[0].size() <= limit


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    outputs = KeptOutputs(tmp_path, 100)
    assert not outputs.keep(KEYS[0], KEYS[0], picture(0))
    assert outputs.find(KEYS[0]) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not KeptOutputs(tmp_path / "file").keep(KEYS[0], KEYS[0], picture(0))


@pytest.mark.parametrize("said", ["", "[]", '{"record": 1}', '{"record": "a", "output": "../../etc/passwd"}'])
def test_what_is_no_note_of_an_output_finds_none(tmp_path: Path, said: str) -> None:
    outputs = KeptOutputs(tmp_path)
    outputs.keep(KEYS[0], KEYS[0], picture(0))
    [note] = tmp_path.glob("results/*/*")
    note.write_text(said)
    assert outputs.find(KEYS[0]) is None
