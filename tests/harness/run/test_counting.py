"""A folder of which more is read than a look at it shows is told, with the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench.contract.specs import ImageSetSpec
from priorbench.errors import PriorbenchError
from priorbench.run.foreseeing.counts import told_counts
from priorbench_images.folder import folder

SPEC = ImageSetSpec(name="folder", factory="m:f", label_from="path", takes_folder=True)


def told(path: Path, spec: ImageSetSpec = SPEC) -> Iterator[str]:
    return told_counts([("mine", spec, folder(path=str(path)))])


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_pictures_in_folders_inside_are_counted_by_folder(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "x/b.png", "x/deep/c.jpg", "y/d.png")
    assert list(told(tmp_path)) == [
        "image set 'mine': 4 pictures; 3 of them in 2 folders inside it (x 2, y 1): "
        "recursive=false leaves these out"
    ]
    (tmp_path / "a.png").unlink()
    fill(tmp_path, "v/e.png", "w/f.png")
    [line] = told(tmp_path)
    assert "5 pictures; all of them in 4 folders inside it (v 1, w 1, x 2, and 1 more)" in line


def test_other_files_are_counted_and_an_ordinary_folder_is_not_told(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.png", ".hidden")
    assert list(told(tmp_path)) == []
    fill(tmp_path, "notes.txt")
    assert list(told(tmp_path)) == ["image set 'mine': 2 pictures; 1 other file is no picture"]
    other = ImageSetSpec(name="imagenet", factory="m:f")
    assert list(told(tmp_path, other)) == []


def test_an_empty_folder_is_told_by_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "inner" / "empty").mkdir(parents=True)
    fill(tmp_path, "inner/a.png", "inner/b.png")
    assert list(told(tmp_path / "inner" / "empty")) == []
    with pytest.raises(PriorbenchError, match=r"holds no images; the folder around it, .*inner, has 2\Z"):
        folder(path=str(tmp_path / "inner" / "empty")).ids()
    with pytest.raises(PriorbenchError, match="no images; 1 folder inside it not entered: recursive=true"):
        folder(path=str(tmp_path), recursive=False).ids()
