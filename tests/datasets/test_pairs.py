"""Sets that bring their own noisy pictures: which files belong together, and what is told of the others."""

from __future__ import annotations

import numpy as np
import picture_pairs as make
import pytest
from picture_folders import outcome
from PIL import Image

from priorbench.errors import PriorbenchError
from priorbench_images.real_noise.sets import fmd, pairs, polyu


def two(root, **more):
    return pairs(noisy=str(root / "noisy"), clean=str(root / "clean"), **more)


def scaled(pixels):
    planes = pixels[np.newaxis] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    return planes.astype(np.float32) / np.float32(255)


class TestTwoFolders:
    def test_files_are_matched_by_name_without_suffix(self, tmp_path):
        make.two_folders(tmp_path)
        found = two(tmp_path)
        assert outcome(found) == (["s0.png", "s1.png"], {})
        assert (len(found), found.frames(), found.ids()) == (2, 1, ["s0.png", "s1.png"])
        assert np.array_equal(found.load("s1.png").pixels, scaled(make.clean(1)))
        given = found.noisy("s1.png", 0)
        assert np.array_equal(given.pixels, scaled(make.noisy(1)))
        assert given.sigma is None

    def test_a_folder_of_a_scene_has_its_frames(self, tmp_path):
        make.two_folders(tmp_path, frames=3)
        found = two(tmp_path)
        assert found.frames() == 3
        assert np.array_equal(found.noisy("s0.png", 2).pixels, scaled(make.noisy(0, 2)))
        with pytest.raises(PriorbenchError, match="3 noisy pictures, no number 3"):
            found.noisy("s0.png", 3)

    def test_the_scene_with_the_fewest_frames_decides(self, tmp_path):
        make.two_folders(tmp_path, frames=3)
        (tmp_path / "noisy" / "s1" / "2.png").unlink()
        assert two(tmp_path).frames() == 2

    def test_files_without_a_partner_are_told(self, tmp_path):
        make.two_folders(tmp_path)
        make.write(tmp_path / "clean" / "alone.png", make.clean(3))
        make.write(tmp_path / "noisy" / "lost.png", make.noisy(4))
        used, skipped = outcome(two(tmp_path))
        assert used == ["s0.png", "s1.png"]
        assert skipped == {
            "alone.png": "no noisy picture alone.*, nor a folder of that name",
            "lost.png (noisy)": "no clean picture lost.*",
        }

    def test_names_that_may_be_of_two_pairs_are_no_pair(self, tmp_path):
        make.two_folders(tmp_path, scenes=3)
        make.write(tmp_path / "clean" / "s0.bmp", make.clean(0), "BMP")
        make.write(tmp_path / "noisy" / "s1" / "1.png", make.noisy(1))
        used, skipped = outcome(two(tmp_path))
        assert used == ["s2.png"]
        assert "which belong together?" in skipped["s0.bmp"]
        assert "and a folder of that name" in skipped["s1.png"]

    def test_frames_are_in_the_order_in_which_people_count(self, tmp_path):
        make.two_folders(tmp_path, scenes=1, frames=12)
        found = two(tmp_path)
        for frame in range(12):
            assert np.array_equal(found.noisy("s0.png", frame).pixels, scaled(make.noisy(0, frame)))

    def test_one_frame_in_two_formats_is_no_two_frames(self, tmp_path):
        make.two_folders(tmp_path, frames=2)
        make.write(tmp_path / "noisy" / "s0" / "1.bmp", make.noisy(0, 1), "BMP")
        used, skipped = outcome(two(tmp_path))
        assert used == ["s1.png"]
        assert skipped == {"s0.png": "several noisy files are called s0/1.*: which counts?"}

    def test_pictures_that_lie_otherwise_are_no_pair(self, tmp_path):
        make.two_folders(tmp_path)
        block = Image.Exif()
        block[274] = 3
        Image.fromarray(make.noisy(0)).save(tmp_path / "noisy" / "s0.tif", exif=block)
        found = two(tmp_path)
        assert np.array_equal(found.noisy("s1.png", 0).pixels, scaled(make.noisy(1)))
        with pytest.raises(PriorbenchError, match="its orientation is 3, that of the clean one 1"):
            found.noisy("s0.png", 0)

    def test_what_cannot_be_entered_or_read_is_told(self, tmp_path):
        make.two_folders(tmp_path)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "noisy" / "s2").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "noisy" / "s3.heic").write_bytes(b"x")
        _, skipped = outcome(two(tmp_path))
        assert skipped["*.heic (noisy)"] == "1 of a kind that is not read: save as PNG or TIFF"
        assert any(name.startswith("s2") for name in skipped)

    @pytest.mark.parametrize("sigma", [0, -1])
    def test_a_noise_level_of_nothing_is_refused(self, tmp_path, sigma):
        make.two_folders(tmp_path)
        with pytest.raises(PriorbenchError, match="give a number above 0"):
            two(tmp_path, sigma=sigma)

    def test_sizes_must_be_the_same_before_the_crop(self, tmp_path):
        make.two_folders(tmp_path)
        make.write(tmp_path / "noisy" / "s0.tif", make.noisy(0, side=26), "TIFF")
        used, skipped = outcome(two(tmp_path, crop=16))
        assert used == ["s1.png"]
        assert skipped == {
            "s0.png": "its noisy picture: 26 x 26, the clean one 24 x 24: pairs need pictures of one size"
        }

    def test_a_limit_counts_no_image_whose_noisy_picture_is_refused(self, tmp_path):
        make.two_folders(tmp_path, scenes=4)
        (tmp_path / "noisy" / "s0.tif").write_bytes((tmp_path / "noisy" / "s0.tif").read_bytes()[:300])
        make.write(tmp_path / "noisy" / "s1.tif", make.clean(1), "TIFF")
        limited = two(tmp_path, limit=2)
        assert outcome(limited)[0] == ["s0.png", "s1.png"], "other noise is drawn on the clean ones"
        found = []
        for image in limited:
            try:
                limited.noisy(image.id, 0)
            except PriorbenchError:
                continue
            found.append(image.id)
        assert found == ["s2.png", "s3.png"]

    def test_both_are_cut_from_the_same_place(self, tmp_path):
        make.two_folders(tmp_path)
        found = two(tmp_path, crop=16)
        assert np.array_equal(found.load("s0.png").pixels, scaled(make.clean(0))[:, 4:20, 4:20])
        assert np.array_equal(found.noisy("s0.png", 0).pixels, scaled(make.noisy(0))[:, 4:20, 4:20])

    def test_the_noise_level_is_in_the_digest(self, tmp_path):
        make.two_folders(tmp_path)
        told, blind = two(tmp_path, sigma=20 / 255).noisy("s0.png", 0), two(tmp_path).noisy("s0.png", 0)
        assert told.sigma == 20 / 255
        assert told.sha256 != blind.sha256

    def test_what_is_no_pair_of_folders_is_refused(self, tmp_path):
        make.two_folders(tmp_path)
        make.write(tmp_path / "other" / "x.png", make.clean(0))
        noisy, clean, other = (str(tmp_path / name) for name in ("noisy", "clean", "other"))
        with pytest.raises(PriorbenchError, match="one folder"):
            len(pairs(noisy=clean, clean=clean + "/."))
        with pytest.raises(PriorbenchError, match=r"no picture in .* 's0' and 'x'.*same names"):
            len(pairs(noisy=noisy, clean=other))
        with pytest.raises(PriorbenchError, match="give both folders"):
            pairs(noisy=noisy)
        with pytest.raises(PriorbenchError, match="is no folder"):
            pairs(noisy=noisy, clean=f"{other}/x.png")
        with pytest.raises(PriorbenchError, match="there is no such pair"):
            two(tmp_path).load("../clean/s0.png")


class TestPolyU:
    def test_the_cropped_pairs_are_taken_where_they_are(self, tmp_path):
        found = polyu(path=str(make.polyu(tmp_path)))
        assert outcome(found) == (["Canon5D2_5_160_3200_chair_11", "SonyA7II_stair_2"], {})
        assert found.noisy("SonyA7II_stair_2", 0).pixels.shape == (3, 24, 24)

    def test_the_whole_pictures_are_spelt_in_another_way(self, tmp_path):
        found = polyu(path=str(make.polyu(tmp_path) / "OriginalImages"))
        used, skipped = outcome(found)
        assert used == ["Canon5D2_chair"]
        assert skipped == {"IMG_8325.JPG": "its name ends neither in _real nor in _mean"}

    def test_half_a_pair_is_told(self, tmp_path):
        root = make.polyu(tmp_path)
        (root / "CroppedImages" / "SonyA7II_stair_2_mean.JPG").unlink()
        used, skipped = outcome(polyu(path=str(root)))
        assert used == ["Canon5D2_5_160_3200_chair_11"]
        assert skipped == {"SonyA7II_stair_2": "one file of each is needed, there are 1 of _real, 0 of _mean"}

    def test_another_folder_is_refused(self, tmp_path):
        make.two_folders(tmp_path)
        with pytest.raises(PriorbenchError, match="no two files SCENE_real"):
            len(polyu(path=str(tmp_path / "clean")))


class TestFMD:
    def test_fields_of_view_are_images_and_frames_are_repetitions(self, tmp_path):
        found = fmd(path=str(make.fmd(tmp_path)))
        names = [f"{name}/{field}" for name in ("Confocal_FISH", "TwoPhoton_MICE") for field in (1, 19)]
        assert outcome(found) == (names, {})
        assert found.frames() == 3
        assert np.array_equal(found.noisy("TwoPhoton_MICE/19", 1).pixels, scaled(make.noisy(119, 1)))

    def test_one_type_by_its_name_or_its_folder(self, tmp_path):
        root = make.fmd(tmp_path)
        by_name = fmd(path=str(root), types=("TwoPhoton_MICE",), level="avg2")
        by_folder = fmd(path=str(root / "TwoPhoton_MICE"), level="avg2")
        assert by_name.ids() == by_folder.ids() == ["TwoPhoton_MICE/1", "TwoPhoton_MICE/19"]
        with pytest.raises(PriorbenchError, match=r"no type 'Fish'; there is Confocal_FISH"):
            len(fmd(path=str(root), types=("Fish",)))

    def test_a_type_has_one_name_from_wherever_it_is_named(self, tmp_path, monkeypatch):
        root = make.fmd(tmp_path)
        monkeypatch.chdir(root / "Confocal_FISH")
        assert fmd(path=".").ids() == fmd(path=str(root), types=("Confocal_FISH",)).ids()

    def test_the_mixed_test_set_counts_where_it_is_named(self, tmp_path):
        found = fmd(path=str(make.fmd(tmp_path)), types=("test_mix",))
        assert outcome(found)[0] == ["test_mix/Confocal_FISH_1", "test_mix/TwoPhoton_MICE_1"]
        assert found.frames() == 1

    def test_a_field_without_ground_truth_is_told(self, tmp_path):
        root = make.fmd(tmp_path, types=("Confocal_FISH",))
        (root / "Confocal_FISH" / "gt" / "19" / "avg50.png").unlink()
        assert outcome(fmd(path=str(root)))[1] == {"Confocal_FISH/19": "no ground truth in Confocal_FISH/gt"}

    def test_another_folder_is_refused(self, tmp_path):
        make.two_folders(tmp_path)
        with pytest.raises(PriorbenchError, match="no folder with 'raw' and 'gt'"):
            len(fmd(path=str(tmp_path)))
