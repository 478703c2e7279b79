"""Folders of clean pictures and noisy ones, small and made up, in the layouts of published sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import picture_files as make
from numpy.typing import NDArray


def clean(number: int, side: int = 24, channels: int = 1) -> NDArray[np.uint8]:
    """Return the clean picture of a scene."""
    return make.photograph(side, side, channels, seed=number)


def noisy(number: int, frame: int = 0, side: int = 24, channels: int = 1) -> NDArray[np.uint8]:
    """Return one of its noisy pictures."""
    picture = clean(number, side, channels)
    drawn = np.random.default_rng([number, frame]).normal(0, 20, picture.shape)
    return np.clip(picture + drawn, 0, 255).astype(np.uint8)


def write(path: Path, pixels: NDArray[np.uint8], kind: str = "PNG") -> Path:
    """Write a picture, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make.encoded(pixels, kind))
    return path


def two_folders(root: Path, *, scenes: int = 2, frames: int = 0) -> str:
    """Write ``clean/sN.png`` and ``noisy/sN.tif``, or that many in ``noisy/sN/``; return the choice."""
    for number in range(scenes):
        write(root / "clean" / f"s{number}.png", clean(number))
        if not frames:
            write(root / "noisy" / f"s{number}.tif", noisy(number), "TIFF")
        for frame in range(frames):
            write(root / "noisy" / f"s{number}" / f"{frame}.png", noisy(number, frame))
    return f"pairs:noisy={root / 'noisy'},clean={root / 'clean'}"


def fmd(root: Path, *, types: tuple[str, ...] = ("Confocal_FISH", "TwoPhoton_MICE"), frames: int = 3) -> Path:
    """Write the layout of FMD: two fields of view for each type, and the mixed test set."""
    for place, name in enumerate(types):
        for field in (1, 19):
            number = 100 * place + field
            write(root / name / "gt" / str(field) / "avg50.png", clean(number))
            for frame in range(frames):
                for level in ("raw", "avg2"):
                    write(root / name / level / str(field) / f"HV110_{frame}.png", noisy(number, frame))
        write(root / "test_mix" / "gt" / f"{name}_1.png", clean(100 * place + 19))
        write(root / "test_mix" / "raw" / f"{name}_1.png", noisy(100 * place + 19))
    return root


def polyu(root: Path) -> Path:
    """Write the layout of PolyU: cropped pairs, and the whole pictures with another spelling."""
    for number, scene in enumerate(("Canon5D2_5_160_3200_chair_11", "SonyA7II_stair_2")):
        write(root / "CroppedImages" / f"{scene}_mean.JPG", clean(number, channels=3), "JPEG")
        write(root / "CroppedImages" / f"{scene}_real.JPG", noisy(number, channels=3), "JPEG")
    write(root / "OriginalImages" / "Canon5D2_chair_mean.JPG", clean(7, 48, 3), "JPEG")
    write(root / "OriginalImages" / "Canon5D2_chair_Real.JPG", noisy(7, 0, 48, 3), "JPEG")
    write(root / "OriginalImages" / "IMG_8325.JPG", clean(8, 48, 3), "JPEG")
    return root
