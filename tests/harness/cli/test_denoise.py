"""``priorbench denoise`` on a person's own picture, and `priorbench.evaluate` on a person's own function."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PillowImage

import priorbench
from priorbench.errors import PriorbenchError


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    row = np.linspace(60, 180, 40)
    noisy = np.clip(np.broadcast_to(row[None, :, None], (30, 40, 3)) + rng.normal(0, 20, (30, 40, 3)), 0, 255)
    PillowImage.fromarray(noisy.astype(np.uint8)).save(tmp_path / "in.png")
    return np.broadcast_to(row[None, :, None], (30, 40, 3))


def error(path, clean) -> float:
    return float(np.abs(np.asarray(PillowImage.open(path), dtype=float) - clean).mean())


def test_a_picture_is_denoised_by_any_method(command, tmp_path, picture):
    done = command("denoise", "in.png", "out.png", "--denoiser", "mean")
    assert done.returncode == 0, done.stderr
    assert error(tmp_path / "out.png", picture) < error(tmp_path / "in.png", picture) / 4
    done = command(
        "denoise", "in.png", "steps.png", "--denoiser", "approach", "--set", "iterations=40", "--sigma", "20"
    )
    assert done.returncode == 0, done.stderr
    assert error(tmp_path / "steps.png", picture) < error(tmp_path / "in.png", picture) / 4


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.png", "out.png", "--denoiser", "mean"], "none.png"),
        (["in.png", "out.xyz", "--denoiser", "mean"], ".png"),
        (["in.png", "out.png", "--denoiser", "meen"], "did you mean 'mean'?"),
        (["in.png", "out.png", "--denoiser", "mean", "--set", "lag=1"], "did you mean 'log'?"),
        (["in.png", "out.png", "--denoiser", "mean", "--sigma", "lots"], "--sigma lots"),
        (["in.png", "out.png", "--denoiser", "grey-only"], "takes images of 1 channels, not 3"),
        (["in.png", "out.png", "--denoiser", "approach", "--stopping", "oracle"], "needs the clean picture"),
        (["in.png", "out.png", "--denoiser", "nans"], "NaN or infinite"),
        (["in.png", "out.png", "--denoiser", "raises"], "ValueError: no luck"),
    ],
)
def test_a_wrong_request_is_one_line_and_writes_nothing(command, tmp_path, picture, arguments, reason):
    done = command("denoise", *arguments)
    assert done.returncode == (1 if arguments[-1] in ("nans", "raises") else 2)
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["in.png"]


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
