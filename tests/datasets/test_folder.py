"""A folder of the user's: trees, links, rights, selection, and what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import picture_files as make
import pytest
from picture_folders import PICTURE, fill, outcome

from priorbench.contract.images import SkippedImage
from priorbench.errors import PriorbenchError
from priorbench_images.folder import folder
from priorbench_images.imagenet import imagenet


class TestTree:
    def test_pictures_are_keyed_by_their_relative_path(self, tmp_path):
        fill(tmp_path, "b/img.png", "a/img.png", "a/Img.png", "a/deep/er/x.png", "top.png")
        fill(tmp_path, "a/img.jpg", data=make.encoded(make.photograph(), "JPEG"))
        used, skipped = outcome(folder(path=str(tmp_path)))
        assert used == ["a/Img.png", "a/deep/er/x.png", "a/img.jpg", "a/img.png", "b/img.png", "top.png"]
        assert not skipped
        assert outcome(folder(path=str(tmp_path), recursive=False))[0] == ["top.png"]

    def test_other_files_are_ignored_and_counted(self, tmp_path):
        fill(tmp_path, "a.png")
        fill(tmp_path, "Thumbs.db", "README.txt", "labels.csv", "LICENSE", ".DS_Store", data=b"text")
        images = folder(path=str(tmp_path))
        assert outcome(images) == (["a.png"], {})
        assert images.ignored == 4  # .DS_Store is hidden

    def test_pictures_of_a_kind_that_is_not_read_are_mentioned_once(self, tmp_path):
        fill(tmp_path, "a.png", "b.png")
        fill(tmp_path, "one.HEIC", "two.heic", "deep/three.heic", "raw.nef", "README.txt", data=b"x")
        images = folder(path=str(tmp_path), limit=1)
        reason = "of a kind that is not read: save as PNG or TIFF"
        assert outcome(images) == (["a.png"], {"*.heic": f"3 files {reason}", "*.nef": f"1 file {reason}"})
        assert images.ids() == ["a.png", "b.png"]
        assert images.ignored == 5

    def test_what_browsers_and_numpy_write_is_read(self, tmp_path):
        pixels = make.photograph()
        fill(tmp_path, "saved.jfif", "saved.pjpeg", data=make.encoded(pixels, "JPEG"))
        fill(tmp_path, "scan.jp2", data=make.encoded(pixels, "JPEG2000"))
        fill(tmp_path, "small.avif", data=make.encoded(pixels, "AVIF"))
        np.save(tmp_path / "array.npy", pixels)
        names = ["array.npy", "saved.jfif", "saved.pjpeg", "scan.jp2", "small.avif"]
        assert outcome(folder(path=str(tmp_path))) == (names, {})

    def test_content_decides_for_what_phones_call_heic(self, tmp_path):
        fill(tmp_path, "phone.HEIC", data=make.encoded(make.photograph(), "JPEG"))
        fill(tmp_path, "camera.hif", data=make.encoded(make.photograph(), "AVIF"))
        fill(tmp_path, "real.heic", data=b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        reason = "1 file of a kind that is not read: save as PNG or TIFF"
        assert outcome(folder(path=str(tmp_path))) == (["camera.hif", "phone.HEIC"], {"*.heic": reason})

    def test_content_decides_for_files_without_a_suffix(self, tmp_path):
        fill(tmp_path, "picture")
        fill(tmp_path, "zip", data=b"PK\x03\x04")
        fill(tmp_path, "empty", data=b"")
        assert outcome(folder(path=str(tmp_path))) == (["picture"], {})

    def test_a_folder_with_a_picture_name_is_walked(self, tmp_path):
        fill(tmp_path, "directory-named.png/a.png")
        (tmp_path / "empty-dir").mkdir()
        assert outcome(folder(path=str(tmp_path))) == (["directory-named.png/a.png"], {})

    def test_links_to_folders_are_followed_if_that_is_asked_for(self, tmp_path):
        fill(tmp_path, "data/real/a.png", "classes/n01/b.png", "classes/n02/c.png")
        root = tmp_path / "data"
        (root / "n01").symlink_to("../classes/n01")
        (root / "n02").symlink_to(tmp_path / "classes" / "n02")
        used, skipped = outcome(folder(path=str(root), follow_links=True))
        assert used == ["n01/b.png", "n02/c.png", "real/a.png"]
        assert not skipped
        images = imagenet(path=str(root), follow_links=True, crop=None, min_side=1)
        assert sorted(outcome(images)[0]) == used
        assert folder(path=str(root), follow_links=True).load("n02/c.png").id == "n02/c.png"

    def test_circles_of_links_and_second_ways_are_refused(self, tmp_path):
        fill(tmp_path, "data/deep/er/a.png", "data/b.png", "out/in/c.png")
        root = tmp_path / "data"
        (root / "deep" / "er" / "up").symlink_to("../..")
        (root / "self").symlink_to(".")
        (root / "same").symlink_to("deep/er")
        (root / "x-out").symlink_to("../out")
        (root / "y-out").symlink_to("../out/in")
        (tmp_path / "out" / "back").symlink_to("../data")
        used, skipped = outcome(folder(path=str(root), follow_links=True))
        assert used == ["b.png", "deep/er/a.png", "x-out/in/c.png"]
        assert skipped == {
            "deep/er/up/": "a circle of links: it is the set's own folder, in which it lies",
            "same/": "a second way to the folder deep/er: its pictures would count twice",
            "self/": "a circle of links: it is the set's own folder, in which it lies",
            "x-out/back/": "a circle of links: it is the set's own folder, in which it lies",
            "y-out/": "a second way to the folder x-out/in: its pictures would count twice",
        }

    def test_links(self, tmp_path):
        fill(tmp_path, "data/real.png", "elsewhere/b.png")
        root = tmp_path / "data"
        (root / "link-to-file.png").symlink_to("real.png")
        (root / "link-to-dir").symlink_to(tmp_path / "elsewhere")
        (root / "self-loop").symlink_to(".")
        (root / "dangling.png").symlink_to("nothing")
        (root / "dangling").symlink_to("nothing")
        (root / "loop-a.png").symlink_to("loop-b.png")
        (root / "loop-b.png").symlink_to("loop-a.png")
        (root / "escapes-root.png").symlink_to("/etc/hostname")
        used, skipped = outcome(folder(path=str(root)))
        assert used == ["link-to-file.png", "real.png"]
        assert "not an image" in skipped.pop("escapes-root.png")
        assert skipped == {
            "dangling": "broken link",
            "dangling.png": "broken link",
            "link-to-dir": "link to a folder: not followed (follow_links=true does)",
            "loop-a.png": "link loop",
            "loop-b.png": "link loop",
            "self-loop": "link to a folder: not followed (follow_links=true does)",
        }

    def test_a_named_pipe_does_not_block(self, tmp_path):
        fill(tmp_path, "a.png")
        os.mkfifo(tmp_path / "pipe.png")
        os.mkfifo(tmp_path / "pipe")
        used, skipped = outcome(folder(path=str(tmp_path)))
        assert used == ["a.png"]
        assert skipped == {"pipe.png": "not a regular file but a named pipe"}

    def test_a_given_link_to_a_folder_is_followed(self, tmp_path):
        fill(tmp_path, "data/a.png")
        (tmp_path / "link").symlink_to("data")
        assert outcome(folder(path=str(tmp_path / "link"))) == (["a.png"], {})

    def test_unreadable_entries_are_named(self, tmp_path):
        """The superuser reads everything: it drops its rights, in a process of its own."""
        fill(tmp_path, "a.png", "unreadable.png", "unreadable-dir/b.png", "no-suffix")
        for name in ("unreadable.png", "unreadable-dir", "no-suffix"):
            (tmp_path / name).chmod(0)
        code = (
            "import json, os, sys\n"
            "from priorbench.contract.images import Image\nfrom priorbench_images.folder import folder\n"
            "images = folder(path='.'); os.chdir(sys.argv[1])\n"
            "from priorbench.pictures import picture_size\n"
            "picture_size('a.png')\n"  # starts the decoder, while this process may read the files of that
            "if os.geteuid() == 0: os.seteuid(65534)\n"
            "print(json.dumps([[i.id, getattr(i, 'reason', '')] for i in images]))\n"
        )
        tmp_path.chmod(0o755)  # its parents need not be open: all is read relative to it
        try:
            done = subprocess.run(
                [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
            )
        finally:
            (tmp_path / "unreadable-dir").chmod(0o755)
        assert json.loads(done.stdout) == [
            ["a.png", ""],
            ["no-suffix", "permission denied"],
            ["unreadable-dir/", "folder cannot be read: permission denied"],
            ["unreadable.png", "permission denied"],
        ]


class TestErrors:
    def test_a_path_that_is_not_there(self, tmp_path):
        fill(tmp_path, "kodak/a.png")
        with pytest.raises(PriorbenchError, match=r"kodka does not exist; did you mean .*/kodak\?"):
            folder(path=str(tmp_path / "kodka"))
        with pytest.raises(PriorbenchError, match="path="):
            folder()

    def test_a_folder_without_pictures(self, tmp_path):
        (tmp_path / "empty-dir").mkdir()
        with pytest.raises(PriorbenchError, match=r"holds no images$"):
            len(folder(path=str(tmp_path / "empty-dir")))
        fill(tmp_path, "a.tar", "b.heic", "c.heic", data=b"x")
        with pytest.raises(PriorbenchError, match=r"holds no images \(other files: 2 .heic, 1 .tar; unpack"):
            list(folder(path=str(tmp_path)))

    @pytest.mark.parametrize("wrong", [{"limit": 0}, {"crop": 0}, {"select": "last"}, {"channels": "rbg"}])
    def test_impossible_parameters(self, tmp_path, wrong):
        with pytest.raises(PriorbenchError, match=next(iter(wrong))):
            folder(path=str(fill(tmp_path, "a.png")), **wrong)

    def test_one_line_only(self, tmp_path):
        with pytest.raises(PriorbenchError) as caught:
            folder(path=str(tmp_path / "new\nline\udcff"))
        assert "\n" not in str(caught.value)
        str(caught.value).encode("utf-8")


class TestSelection:
    def test_broken_files_come_out_in_their_place(self, tmp_path):
        fill(tmp_path, "a.png", "c.png", "d.png")
        fill(tmp_path, "b.png", data=PICTURE[:60])
        items = list(folder(path=str(tmp_path), limit=2))
        assert [item.id for item in items] == ["a.png", "b.png", "c.png"]
        assert isinstance(items[1], SkippedImage)

    def test_len_is_bounded_by_the_limit(self, tmp_path):
        fill(tmp_path, *(f"{number}.png" for number in range(5)))
        assert len(folder(path=str(tmp_path))) == 5
        assert len(folder(path=str(tmp_path), limit=3)) == 3
        assert len(folder(path=str(tmp_path), limit=9)) == 5

    def test_a_single_file(self, tmp_path):
        fill(tmp_path, "a.png", "b.png")
        images = folder(path=str(tmp_path / "b.png"))
        assert outcome(images) == (["b.png"], {})
        assert images.load("b.png").pixels.shape == (3, 16, 16)

    def test_channels(self, tmp_path):
        fill(tmp_path, "colour.png")
        fill(tmp_path, "grey.png", data=make.encoded(make.photograph(16, 16, 1)))
        assert outcome(folder(path=str(tmp_path)))[0] == ["colour.png", "grey.png"]
        assert outcome(folder(path=str(tmp_path), channels="rgb"))[0] == ["colour.png"]
        assert outcome(folder(path=str(tmp_path), channels="grey"))[0] == ["grey.png"]

    def test_random_is_reproducible_and_hardly_moved_by_one_file_more(self, tmp_path):
        fill(tmp_path, *(f"{number:03}.png" for number in range(200)))

        def order(seed: int) -> list[str]:
            return outcome(folder(path=str(tmp_path), select="random", seed=seed))[0]

        first = order(1)
        assert sorted(first) == outcome(folder(path=str(tmp_path)))[0]
        assert first == order(1)
        assert first != order(2)
        assert first != sorted(first)
        fill(tmp_path, "new.png")
        assert [name for name in order(1) if name != "new.png"] == first

    def test_random_selections_are_uniform(self, tmp_path):
        """Each of 20 files is the first of 400 shuffles about 20 times (binomial, 5 standard deviations)."""
        fill(tmp_path, *(f"{number}.png" for number in range(20)))
        firsts = [
            next(iter(folder(path=str(tmp_path), select="random", limit=1, seed=seed))).id
            for seed in range(400)
        ]
        counts = np.array([firsts.count(f"{number}.png") for number in range(20)])
        assert abs(counts - 20).max() < 5 * np.sqrt(400 * 0.05 * 0.95)
