"""`priorbench.evaluate` on a person's own function or object."""

from __future__ import annotations

import re

import numpy as np
import pytest

import priorbench
from priorbench.errors import PriorbenchError


def test_evaluate_gives_a_function_the_noise_that_every_method_gets():
    seen = []

    def keep(observation):
        seen.append((observation.image.clone(), observation.sigma))
        return observation.image.clone()

    result = priorbench.evaluate(keep, image_set="photos:crop=48", sigma=25, limit=2)
    again = priorbench.evaluate(keep, image_set="photos:crop=48", sigma="50/255", limit=2)
    assert len(result.images) == 2
    assert seen[0][1] == pytest.approx(25 / 255)
    # levels share their draw: noise at 50 is twice the noise at 25, so y50 - y25 = y25 - clean
    clean = 2 * seen[0][0] - seen[2][0]
    assert float(clean.min()) > -1e-5
    assert float(clean.max()) < 1 + 1e-5
    kept = np.clip(seen[0][0].numpy(), 0, 1)  # the harness clips what a method returns
    assert result.images[0].psnr == pytest.approx(
        -10 * np.log10(np.mean((kept - clean.numpy()) ** 2)), abs=1e-3
    )
    assert again.psnr < result.psnr
    assert "mean" in str(result)


def test_evaluate_takes_an_iterative_object_and_refuses_nonsense():
    class Halves:
        def iterate(self, observation):
            estimate = observation.image
            while True:
                estimate = 0.5 + (estimate - 0.5) / 2
                yield estimate

    result = priorbench.evaluate(Halves(), image_set="photos:crop=16", limit=1, iterations=30)
    assert np.allclose(result.images[0].output, 0.5, atol=1e-6)
    with pytest.raises(PriorbenchError, match="not both"):
        priorbench.evaluate(Halves(), sigma=3, noise="gaussian-25")
    with pytest.raises(PriorbenchError, match="did you mean 'photos'"):
        priorbench.evaluate(Halves(), image_set="photo")
    with pytest.raises(PriorbenchError, match="neither a function"):
        priorbench.evaluate(3, limit=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iterations": 0},
        {"iterations": -5},
        {"limit": 0},
        {"limit": -3},
        {"limit": 1.5},
        {"device": "cuda:999"},
    ],
)
def test_evaluate_refuses_numbers_that_choose_nothing(wrong):
    with pytest.raises(PriorbenchError, match=r"evaluate: .* whole number of 1 or more|is not there"):
        priorbench.evaluate(lambda observation: observation.image, image_set="photos:crop=16", **wrong)


def test_an_output_on_the_scale_to_255_is_remarked():
    far = priorbench.evaluate(lambda y: 255 * y.image, image_set="photos:crop=16", limit=1)
    near = priorbench.evaluate(lambda y: 1.5 * y.image, image_set="photos:crop=16", limit=1)
    assert "(!) values up to" in str(far)
    assert "0 to 1 is expected" in far.images[0].remark
    assert near.images[0].remark is None


@pytest.mark.parametrize("sigma", [1, 0.7, "1.0"])
def test_a_sigma_that_may_be_meant_on_either_scale_is_refused(sigma):
    with pytest.raises(PriorbenchError, match=f"ambiguous: write {sigma}/255 .* or {sigma}/1 "):
        priorbench.evaluate(lambda y: y.image, sigma=sigma, limit=1)


def test_a_folder_that_is_not_there_is_told_as_one(tmp_path):
    for name in (str(tmp_path / "none"), "god.png"):
        told = f"there is no folder '{re.escape(name)}', and no image set of that name"
        with pytest.raises(PriorbenchError, match=told):
            priorbench.evaluate(lambda y: y.image, image_set=name)


@pytest.mark.parametrize("sigma", [1e-20, "1e-9/255"])
def test_a_level_that_single_precision_rounds_away_is_refused(sigma):
    """It gave exact images, as if a method were perfect."""
    with pytest.raises(PriorbenchError, match="no noise is left: write 0, or at least 1e-07"):
        priorbench.evaluate(lambda y: y.image, sigma=sigma, limit=1)


def test_a_file_as_image_set_is_told_as_one(tmp_path):
    (tmp_path / "good.png").write_bytes(b"x")
    with pytest.raises(PriorbenchError, match=r"good\.png' is a file, not an image set: give the folder"):
        priorbench.evaluate(lambda y: y.image, image_set=str(tmp_path / "good.png"))


def test_images_that_are_all_exact_have_no_mean():
    """Before: a traceback of the module statistics, when the result was printed."""
    result = priorbench.evaluate(
        lambda observation: observation.image, image_set="photos:crop=8", sigma=0, limit=2
    )
    assert result.psnr is None
    assert "all 2 images are exact: there is no mean PSNR" in str(result)


def test_the_mean_counts_the_images_that_are_in_it():
    def half_exact(observation):
        return observation.image if seen.append(1) or len(seen) > 1 else observation.image + 0.1

    seen: list[int] = []
    result = priorbench.evaluate(half_exact, image_set="photos:crop=8", sigma=0, limit=3)
    assert str(result).endswith("over 1 image (2 more exact)")
