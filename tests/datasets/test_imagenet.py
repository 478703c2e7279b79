"""ImageNet: every layout on disk, lists, numbers, random selection, the paper's rule."""

from __future__ import annotations

import importlib
import os
import sys

import numpy as np
import picture_files as make
import pytest
from picture_folders import fill
from PIL import Image as PillowImage

from priorbench.contract.images import Image, SkippedImage
from priorbench.errors import PriorbenchError
from priorbench_images.imagenet import imagenet

SMALL = {"crop": 16, "min_side": 17}


def picture(number: int, side: int = 24, channels: int = 3) -> bytes:
    """Return a JPEG that is another one for every number."""
    return make.encoded(make.photograph(side, side + 3, channels, seed=number), "JPEG", quality=95)


def validation(root, numbers, layout="flat"):
    """Write validation pictures in one of the layouts that users have."""
    for number in numbers:
        stem, wnid = f"ILSVRC2012_val_{number:08d}", f"n{number % 3:08d}"
        path = {
            "flat": root / f"{stem}.JPEG",
            "class folders": root / wnid / f"{stem}.JPEG",
            "class in the name": root / f"{stem}_{wnid}.JPEG",
        }[layout]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return str(root)


def names_file(folder, *lines):
    """Write a list outside the picture folder."""
    path = folder / "names.list"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def digests(image_set):
    """Return the digests of the images, in order."""
    return [item.sha256 for item in image_set if isinstance(item, Image)]


LAYOUTS = ["flat", "class folders", "class in the name"]


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("select", ["first", "random"])
    def test_every_layout_gives_the_same_images_in_the_same_order(self, tmp_path, layout, select):
        reference = validation(tmp_path / "reference", range(1, 13))
        other = validation(tmp_path / "other", range(1, 13), layout)
        options = {"select": select, "seed": 3, "limit": 5, **SMALL}
        assert digests(imagenet(path=other, **options)) == digests(imagenet(path=reference, **options))
        assert len(digests(imagenet(path=other, **options))) == 5

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_list_is_found_in_every_layout_and_keeps_its_order(self, tmp_path, layout):
        root = validation(tmp_path / "val", range(1, 13), layout)
        wanted = [9, 2, 11, 4]
        lines = [f"ILSVRC2012_val_{number:08d}.JPEG" for number in wanted]
        images = imagenet(path=root, list=names_file(tmp_path, "# the paper's", "", *lines), **SMALL)
        reference = validation(tmp_path / "reference", wanted)
        by_number = {
            number: image.sha256
            for number, image in zip(sorted(wanted), imagenet(path=reference, **SMALL), strict=True)
        }
        assert digests(images) == [by_number[number] for number in wanted]
        assert len(images) == 4
        for image in images:
            assert images.load(image.id).sha256 == image.sha256

    def test_ids_are_relative_paths(self, tmp_path):
        root = validation(tmp_path, [4, 5], "class folders")
        ids = [item.id for item in imagenet(path=root, **SMALL)]
        assert ids == ["n00000001/ILSVRC2012_val_00000004.JPEG", "n00000002/ILSVRC2012_val_00000005.JPEG"]

    def test_the_usual_folder_is_found_where_the_data_are(self, tmp_path, monkeypatch):
        validation(tmp_path / "ILSVRC2012_img_val", [1, 2])
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
        assert len(imagenet(**SMALL)) == 2


class TestLists:
    def test_missing_names_are_reported_in_their_place(self, tmp_path):
        root = validation(tmp_path / "val", [1, 2])
        lines = names_file(tmp_path, "ILSVRC2012_val_00000002.JPEG", "ILSVRC2012_val_00000007.JPEG",
                           "ILSVRC2012_val_00000001_n01751748.JPEG")  # fmt: skip
        items = list(imagenet(path=root, list=lines, **SMALL))
        assert [type(item) for item in items] == [Image, SkippedImage, Image]
        assert items[1].id == "ILSVRC2012_val_00000007.JPEG"
        assert "not in the folder" in items[1].reason

    def test_other_names_are_matched_with_or_without_suffix_or_by_path(self, tmp_path):
        root = tmp_path / "sample"
        for number, name in enumerate(["a/n01_dog.JPEG", "a/n02_cat.JPEG", "b/same.png", "c/same.png"]):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(picture(number))
        lines = names_file(tmp_path, "n02_cat", "n01_dog.JPEG", "same.png", "c/same.png")
        items = list(imagenet(path=str(root), list=lines, **SMALL))
        assert [item.id for item in items] == ["a/n02_cat.JPEG", "a/n01_dog.JPEG", "same.png", "c/same.png"]
        assert "2 files have this name" in items[2].reason

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("root:x:0:0:root:/root:/bin/bash\n", 1),
            ("# hosts\n\n127.0.0.1\tlocalhost\n", 3),
            ("word\nkey = hunter2\n", 2),
            ("a\x1b[2J.png\n", 1),
            ("x" * 5000 + ".png\n", 1),
        ],
    )
    def test_what_is_no_list_of_pictures_is_not_told(self, tmp_path, text, line):
        root = validation(tmp_path / "val", [1])
        (tmp_path / "other").write_text(text)
        with pytest.raises(PriorbenchError) as caught:
            imagenet(path=root, list=str(tmp_path / "other"), **SMALL)
        assert str(caught.value) == (
            f"imagenet: {tmp_path}/other is no list of pictures: line {line} is no picture's name"
        )

    def test_a_word_that_is_not_there_is_told_by_its_line(self, tmp_path):
        root = validation(tmp_path / "val", [1])
        lines = names_file(tmp_path, "hunter2", "ILSVRC2012_val_00000001", "ILSVRC2012_val_00000009", "a.png")
        items = list(imagenet(path=root, list=lines, **SMALL))
        assert [item.id for item in items if isinstance(item, SkippedImage)] == [
            "line 1 of the list",
            "ILSVRC2012_val_00000009",
            "a.png",
        ]
        with pytest.raises(PriorbenchError, match="names a picture twice, in lines 1 and 2"):
            imagenet(path=root, list=names_file(tmp_path, "hunter2", "hunter2"), **SMALL)

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("ILSVRC2012_val_00000001.JPEG 65", "ILSVRC2012_val_00000001.JPEG"),
            ("ILSVRC2012_val_00000001.JPEG\t65", "ILSVRC2012_val_00000001.JPEG"),
            ("ILSVRC2012_val_00000001,n01751748 85 1 499 272", "ILSVRC2012_val_00000001"),
            ('"n01751748/a.jpeg";"sea snake"', "n01751748/a.jpeg"),
        ],
    )
    def test_a_list_with_another_column_is_told_what_to_keep(self, tmp_path, line, name):
        """Before: each line a name that is not in the folder, or no picture's name."""
        fill(tmp_path, "val/ILSVRC2012_val_00000001.JPEG")
        lines = names_file(tmp_path, "# a comment", line)
        with pytest.raises(PriorbenchError) as caught:
            imagenet(path=str(tmp_path / "val"), list=lines, **SMALL)
        told = f"imagenet: {lines}, line 2: '{name}' and more, a label? Keep one name in each line"
        assert str(caught.value).startswith(told)
        assert "snake" not in str(caught.value)

    def test_names_with_spaces_are_names(self, tmp_path):
        fill(tmp_path, "val/my picture.png", "val/a.png b.png")
        lines = names_file(tmp_path, "my picture.png", "a.png b.png")
        found = imagenet(path=str(tmp_path / "val"), list=lines, crop=None, min_side=1)
        assert [item.id for item in found] == ["my picture.png", "a.png b.png"]

    def test_a_list_with_backslashes_is_told_what_to_write(self, tmp_path):
        """Before: each line a name that is in the list, but not in the folder."""
        fill(tmp_path, "val/n01/a.JPEG", "val/b\\c.JPEG")
        lines = names_file(tmp_path, "# of Windows", "n01\\a.JPEG")
        with pytest.raises(PriorbenchError, match=r"\.list, line 2: .* backslash, .*'n01/a.JPEG'.*tr"):
            len(imagenet(path=str(tmp_path / "val"), list=lines, **SMALL))
        lines = names_file(tmp_path, "b\\c.JPEG")
        found = imagenet(path=str(tmp_path / "val"), list=lines, crop=None, min_side=1)
        assert [item.id for item in found] == ["b\\c.JPEG"]

    def test_a_list_is_a_file_of_bounded_size(self, tmp_path):
        root = validation(tmp_path / "val", [1])
        os.mkfifo(tmp_path / "pipe")
        for odd in (str(tmp_path / "pipe"), "/dev/zero", root):
            with pytest.raises(PriorbenchError, match=r"list .* cannot be read"):
                imagenet(path=root, list=odd, **SMALL)
        with (tmp_path / "large").open("wb") as file:
            file.truncate(2**24 + 1)
        with pytest.raises(PriorbenchError, match="more than 16 MiB"):
            imagenet(path=root, list=str(tmp_path / "large"), **SMALL)

    def test_a_list_inside_a_package(self, tmp_path, monkeypatch):
        root = validation(tmp_path / "val", [1, 2, 3])
        package = tmp_path / "site" / "some_paper"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "names.txt").write_text("ILSVRC2012_val_00000003.JPEG\nILSVRC2012_val_00000001.JPEG\n")
        monkeypatch.syspath_prepend(str(package.parent))
        monkeypatch.delitem(sys.modules, "some_paper", raising=False)
        with pytest.raises(PriorbenchError, match="no plugin that is loaded has the package 'some_paper'"):
            imagenet(path=root, list="some_paper:names.txt", **SMALL)
        assert "some_paper" not in sys.modules
        importlib.import_module("some_paper")
        ids = [item.id for item in imagenet(path=root, list="some_paper:names.txt", **SMALL)]
        assert ids == ["ILSVRC2012_val_00000003.JPEG", "ILSVRC2012_val_00000001.JPEG"]

    def test_numbers(self, tmp_path):
        root = validation(tmp_path, range(1, 6), "class folders")
        ids = [item.id for item in imagenet(path=root, numbers=(4, 1), **SMALL)]
        assert ids == ["n00000001/ILSVRC2012_val_00000004.JPEG", "n00000001/ILSVRC2012_val_00000001.JPEG"]
        for wrong in [(0,), (50_001,), (1, 1)]:
            with pytest.raises(PriorbenchError, match="numbers"):
                imagenet(path=root, numbers=wrong)

    def test_bad_lists(self, tmp_path):
        root = validation(tmp_path / "val", [1])
        twice = names_file(tmp_path, "a.JPEG", "b.JPEG", "a.JPEG")
        with pytest.raises(PriorbenchError, match=r"a\.JPEG twice, in lines 1 and 3"):
            imagenet(path=root, list=twice)
        with pytest.raises(PriorbenchError, match="no names"):
            imagenet(path=root, list=names_file(tmp_path, "# nothing"))
        (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(PriorbenchError, match="not a text file"):
            imagenet(path=root, list=str(tmp_path / "binary"))
        for missing in ("none.txt", "no_such_package:names.txt", "priorbench:none.txt"):
            with pytest.raises(PriorbenchError, match=r"list.*(does not exist|cannot be read)"):
                imagenet(path=root, list=missing)
        with pytest.raises(PriorbenchError, match="not both"):
            imagenet(path=root, list=twice, numbers=(1,))


class TestSelection:
    def test_random_is_reproducible_and_differs_by_seed(self, tmp_path):
        root = validation(tmp_path, range(1, 40))

        def ids(seed):
            return [item.id for item in imagenet(path=root, select="random", seed=seed, limit=8, **SMALL)]

        assert ids(1) == ids(1)
        assert ids(1) != ids(2)

    def test_a_random_part_of_a_list(self, tmp_path):
        root = validation(tmp_path / "val", range(1, 40))
        lines = [f"ILSVRC2012_val_{number:08d}" for number in range(1, 20)]
        images = imagenet(path=root, list=names_file(tmp_path, *lines), select="random", limit=6, **SMALL)
        ids = [item.id for item in images]
        assert len(ids) == len(images) == 6
        assert {name.removesuffix(".JPEG") for name in ids} < set(lines)


class TestRule:
    def test_the_defaults_are_the_papers(self, tmp_path):
        """Both sides above 512, three channels, the centre 512 x 512 with halves rounded to even."""
        sides = {"a": (513, 513), "b": (512, 768), "c": (768, 512), "d": (515, 519), "e": (600, 513)}
        for name, (width, height) in sides.items():
            data = make.encoded(make.photograph(height, width), "PNG")
            (tmp_path / f"{name}.png").write_bytes(data)
        (tmp_path / "grey.png").write_bytes(make.encoded(make.photograph(600, 600, 1)))
        used, skipped = {}, {}
        for item in imagenet(path=str(tmp_path)):
            (used if isinstance(item, Image) else skipped)[item.id] = item
        assert set(used) == {"a.png", "d.png", "e.png"}
        assert {name: item.reason.split(":")[0].split(";")[0] for name, item in skipped.items()} == {
            "b.png": "too small", "c.png": "too small", "grey.png": "grey picture"
        }  # fmt: skip
        for name, image in used.items():
            with PillowImage.open(tmp_path / name) as whole:
                left, top = (whole.width - 512) / 2, (whole.height - 512) / 2
                expected = np.asarray(whole.crop((left, top, left + 512, top + 512)))
            np.testing.assert_array_equal(
                image.pixels, np.moveaxis(expected, -1, 0).astype("f4") / np.float32(255)
            )

    def test_sizes_are_refused_before_decoding(self, tmp_path):
        data = make.encoded(make.photograph(100, 100), "JPEG")
        (tmp_path / "a.JPEG").write_bytes(data[: len(data) // 2])
        (item,) = imagenet(path=str(tmp_path))
        assert item.reason.startswith("too small: 100 x 100")


class TestErrors:
    def test_no_folder(self, tmp_path, monkeypatch):
        monkeypatch.delenv("PRIORBENCH_DATA", raising=False)
        with pytest.raises(PriorbenchError, match=r"path=.*PRIORBENCH_DATA is not set.*image-net\.org"):
            imagenet()
        monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
        with pytest.raises(PriorbenchError, match="has no folder ILSVRC2012_img_val"):
            imagenet()

    def test_the_archive_instead_of_the_folder(self, tmp_path):
        (tmp_path / "ILSVRC2012_img_val.tar").write_bytes(b"tar")
        with pytest.raises(PriorbenchError, match="unpack"):
            len(imagenet(path=str(tmp_path)))
        with pytest.raises(PriorbenchError, match="is a file"):
            imagenet(path=str(tmp_path / "ILSVRC2012_img_val.tar"))
