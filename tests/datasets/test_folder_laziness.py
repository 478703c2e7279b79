"""A large folder starts at once, and costs no memory."""

from __future__ import annotations

import itertools
import os
import time
import tracemalloc

import pytest
from picture_folders import PICTURE, fill

from priorbench.contract.images import Image
from priorbench.errors import PriorbenchError
from priorbench_images import fileset
from priorbench_images.folder import folder


class TestLaziness:
    def test_images_are_decoded_when_they_are_reached(self, tmp_path, monkeypatch):
        fill(tmp_path, *(f"{number}.png" for number in range(9)))
        decoded = []
        real = fileset.read_member

        def counting(path, rules):
            decoded.append(os.path.basename(path))  # noqa: PTH119
            return real(path, rules)

        monkeypatch.setattr(fileset, "read_member", counting)
        images = folder(path=str(tmp_path), limit=4)
        assert len(images) == 4
        assert decoded == []
        list(itertools.islice(images, 2))
        assert decoded == ["0.png", "1.png"]
        list(images)
        assert decoded[2:] == ["0.png", "1.png", "2.png", "3.png"]

    def test_load_does_not_walk(self, tmp_path, monkeypatch):
        fill(tmp_path, "a/b.png")
        images = folder(path=str(tmp_path))

        def refuse(*_args):
            raise AssertionError("walked")

        monkeypatch.setattr("os.scandir", refuse)
        assert images.load("a/b.png").id == "a/b.png"

    def test_load_says_why_not(self, tmp_path):
        fill(tmp_path, "a.png", data=PICTURE[:60])
        images = folder(path=str(tmp_path))
        with pytest.raises(PriorbenchError, match=r"a\.png: truncated PNG|a\.png: broken PNG"):
            images.load("a.png")
        with pytest.raises(PriorbenchError, match="no such file"):
            images.load("b.png")

    def test_a_folder_of_50000_pictures_starts_in_a_second(self, tmp_path):
        """Hard links, a thousand to a file, so that no file system runs out of them."""
        for start in range(0, 50_000, 1000):
            first = tmp_path / f"{start:05}.png"
            first.write_bytes(PICTURE)
            for number in range(start + 1, start + 1000):
                os.link(first, tmp_path / f"{number:05}.png")
        start = time.perf_counter()
        images = folder(path=str(tmp_path))
        assert len(images) == 50_000
        shuffled = folder(path=str(tmp_path), select="random", limit=100)
        assert len(shuffled) == 100
        first_image = next(iter(shuffled))
        seconds = time.perf_counter() - start
        assert isinstance(first_image, Image)
        assert seconds < 2.5  # about 0.4 s alone on the machine

        tracemalloc.start()
        walk = iter(images)
        sizes = []
        for _ in range(3):
            for _ in range(300):
                next(walk)
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert sizes[2] - sizes[0] < 200_000  # 600 images of 3 KB would be 1.8 MB
