"""Noise that is given: the image set's noisy pictures, under all the rest of the protocol."""

from __future__ import annotations

import json
import sys

import numpy as np
import picture_pairs as make
import pytest

from priorbench import evaluate
from priorbench.cli import main
from priorbench.contract.images import SkippedImage, array_sha256
from priorbench.errors import PriorbenchError, RequestError
from priorbench.loading.load import load_registry
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.suite.files import load_suite
from priorbench.suite.model import SuiteOptions


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def planned(registry, images, *, noises=("given",), repetitions=1, salt="", operators=(), skipped=None):
    options = SuiteOptions(
        images=(images,), noises=noises, denoisers=("tv",), operators=operators, repetitions=repetitions
    )
    plan = Plan(load_suite("-", registry, options), registry, PlanOptions(salt=salt))
    told: list[SkippedImage] = [] if skipped is None else skipped
    return list(plan.trials(lambda label, item: told.append(item)))


def pixels(number, frame=0):
    return make.noisy(number, frame)[np.newaxis].astype(np.float32) / np.float32(255)


def test_the_noisy_pictures_digest_is_in_the_key(registry, tmp_path):
    choice = make.two_folders(tmp_path)
    before = planned(registry, choice)
    assert [one.noisy_sha256 for one in before] == [array_sha256(pixels(0)), array_sha256(pixels(1))]
    make.write(tmp_path / "noisy" / "s1.tif", make.noisy(1, 5), "TIFF")
    after = planned(registry, choice)
    assert after[0].keys == before[0].keys
    assert after[1].keys != before[1].keys
    assert after[1].image_sha256 == before[1].image_sha256
    told = planned(registry, f"{choice},sigma=20/255")
    assert not {one.keys for one in told} & {one.keys for one in after}


def test_other_noise_on_a_set_of_pairs_is_drawn_on_the_clean_pictures(registry, tmp_path):
    choice = make.two_folders(tmp_path)
    both = planned(registry, choice, noises=("given", "gaussian-25"))
    drawn = [one for one in both if one.noise.name == "gaussian-25"]
    assert [one.noisy_sha256 for one in drawn] == ["", ""]
    assert planned(registry, choice, noises=("gaussian-25",)) == drawn


def test_repetitions_are_frames_and_no_more_than_there_are(registry, tmp_path):
    choice = make.two_folders(tmp_path, frames=3)
    found = {
        (one.image, one.repetition): one.noisy_sha256 for one in planned(registry, choice, repetitions=3)
    }
    assert found == {(f"s{n}.png", k): array_sha256(pixels(n, k)) for n in (0, 1) for k in range(3)}
    with pytest.raises(PriorbenchError, match=r"has only 3 of one of its scenes: give --repetitions 3"):
        planned(registry, choice, repetitions=4)


def test_what_cannot_be_given_is_refused_when_planning(registry, tmp_path):
    choice = make.two_folders(tmp_path)
    with pytest.raises(RequestError, match=r"'photos' brings no noisy pictures: give one that does.*pairs:"):
        planned(registry, "photos")
    with pytest.raises(RequestError, match="operator 'mask' cannot be applied"):
        planned(registry, choice, operators=("mask",))
    with pytest.raises(PriorbenchError, match="a salt cannot change it"):
        planned(registry, choice, salt="00" * 16)


def test_a_suite_file_is_told_with_its_line(registry, tmp_path):
    suite = tmp_path / "s.yaml"
    suite.write_text("name: s\nimages: [photos]\nnoises:\n  - given\ndenoisers: [tv]\n")
    with pytest.raises(RequestError, match=r"s.yaml:3: noises: given: the image set 'photos' brings no"):
        load_suite(str(suite), registry, SuiteOptions())


@pytest.mark.parametrize(
    ("noisy", "reason"),
    [
        (make.clean(0), "is the clean one, pixel for pixel"),
        (make.noisy(0, channels=3), "both grey or both colour"),
        (make.noisy(0, side=20), "pairs need pictures of one size"),
    ],
)
def test_a_noisy_picture_that_does_not_fit_is_skipped_with_the_reason(registry, tmp_path, noisy, reason):
    choice = make.two_folders(tmp_path)
    make.write(tmp_path / "noisy" / "s0.tif", noisy, "TIFF")
    skipped = []
    assert [one.image for one in planned(registry, choice, skipped=skipped)] == ["s1.png"]
    [(name, why)] = [(one.id, one.reason) for one in skipped]
    assert (name, reason in why) == ("s0.png", True)


def test_a_limit_of_the_set_gives_that_many_pairs(registry, tmp_path):
    choice = make.two_folders(tmp_path, scenes=4, frames=2)
    make.write(tmp_path / "noisy" / "s0" / "1.png", make.clean(0))
    choice += ",limit=2"
    assert {one.image for one in planned(registry, choice, repetitions=2)} == {"s1.png", "s2.png"}
    assert {one.image for one in planned(registry, choice, repetitions=1)} == {"s0.png", "s1.png"}
    found = evaluate(lambda observation: observation.image, image_set=choice, noise="given")
    assert [one.image for one in found.images] == ["s0.png", "s1.png"]


def test_evaluate_gives_the_noisy_picture_and_nothing_of_the_clean_one(tmp_path):
    choice = make.two_folders(tmp_path)
    seen = []

    def method(observation):
        seen.append(observation)
        return observation.image

    found = evaluate(method, image_set=f"{choice},sigma=20/255", noise="given")
    assert np.array_equal(seen[1].image.numpy(), pixels(1))
    assert seen[0].noise.family == "given"
    assert seen[0].sigma == 20 / 255
    assert [one.psnr for one in found.images] == [one.noisy_psnr for one in found.images]
    evaluate(method, image_set=choice, noise="given", limit=1)
    assert seen[-1].sigma is None
    with pytest.raises(PriorbenchError, match="'photos' brings no noisy pictures"):
        evaluate(method, noise="given")
    make.write(tmp_path / "noisy" / "s0.tif", make.clean(0), "TIFF")
    assert [one.image for one in evaluate(method, image_set=choice, noise="given").images] == ["s1.png"]
    make.write(tmp_path / "noisy" / "s1.tif", make.clean(1), "TIFF")
    with pytest.raises(
        PriorbenchError, match=r"none of its files can be used; s0\.png: its noisy picture is"
    ):
        evaluate(method, image_set=choice, noise="given")


@pytest.mark.slow(15)
def test_from_end_to_end(tmp_path, monkeypatch, capsys):
    """Run in worker processes, resume, export, rank, report."""
    choice = make.two_folders(tmp_path, scenes=2, frames=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRIORBENCH_PLUGINS", raising=False)

    def priorbench(*words: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["priorbench", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        assert not caught.value.code, err
        return out, err

    asked = ("run", "-", "--images", choice, "--noise", "given", "--denoiser", "tv", "--denoiser", "identity")
    asked = (*asked, "--repetitions", "2", "--executor", "local")
    priorbench(*asked)
    assert "8 found in the store" in priorbench(*asked)[1]
    records = [json.loads(line) for line in priorbench("export")[0].splitlines()]
    assert {one["status"] for one in records} == {"ok"}
    assert {(one["image"], one["repetition"], one["noisy_sha256"]) for one in records} == {
        (f"s{n}.png", k, array_sha256(pixels(n, k))) for n in (0, 1) for k in (0, 1)
    }
    same = [one for one in records if one["denoiser"] == "identity"]
    assert all(one["psnr"] == pytest.approx(one["noisy_psnr"]) for one in same)
    assert all(one["sigma"] is None for one in records)
    assert str(tmp_path) not in json.dumps(records), "a record tells no place of the machine"
    assert "noisy, given: 2 images" in priorbench("leaderboard")[0]
    assert all(one["given"] for record in records for one in record["requests"])
    priorbench("leaderboard", "--format", "html", "-o", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "noisy, given: 2 images" in page
    assert str(tmp_path) not in page


def test_a_noisy_picture_that_changes_in_a_run_is_not_used(registry, tmp_path):
    from priorbench.protocol.failure import MachineError
    from priorbench.worker.clean_images import CleanImages

    choice = make.two_folders(tmp_path)
    [trial, _] = planned(registry, choice)
    images = CleanImages(registry)
    assert np.array_equal(images.noisy(trial, images.image(trial)).pixels, pixels(0))
    make.write(tmp_path / "noisy" / "s0.tif", make.noisy(0, 9), "TIFF")
    with pytest.raises(MachineError, match=r"the noisy picture of 's0\.png' changed"):
        images.noisy(trial, images.image(trial))
