"""``priorbench denoise`` on a person's own picture."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image as PillowImage

from priorbench.cli.denoise.method import posed
from priorbench.pictures import read_picture


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    row = np.linspace(60, 180, 40)
    noisy = np.clip(np.broadcast_to(row[None, :, None], (30, 40, 3)) + rng.normal(0, 20, (30, 40, 3)), 0, 255)
    PillowImage.fromarray(noisy.astype(np.uint8)).save(tmp_path / "in.png")
    return np.broadcast_to(row[None, :, None], (30, 40, 3))


def error(path, clean) -> float:
    return float(np.abs(np.asarray(PillowImage.open(path), dtype=float) - clean).mean())


def test_a_picture_is_denoised_by_any_method(command, process, tmp_path, picture):
    done = process("denoise", "in.png", "out.png", "--denoiser", "mean")
    assert done.returncode == 0, done.stderr
    assert error(tmp_path / "out.png", picture) < error(tmp_path / "in.png", picture) / 4
    done = command(
        "denoise", "in.png", "steps.png", "--denoiser", "approach", "--set", "iterations=40", "--sigma", "20"
    )
    assert done.returncode == 0, done.stderr
    assert error(tmp_path / "steps.png", picture) < error(tmp_path / "in.png", picture) / 4


def test_the_seed_is_that_of_a_run_on_the_same_noisy_image(tmp_path, picture):
    pixels = read_picture(tmp_path / "in.png").pixels
    digest = hashlib.sha256(f"{pixels.shape!r}".encode() + pixels.astype("<f4").tobytes()).hexdigest()
    made = int(hashlib.sha256(f'["method-v2","{digest}"]'.encode()).hexdigest()[:8], 16)
    chosen = posed(pixels, None, "cpu", 7)
    own = posed(pixels, None, "cpu", None)
    assert (own.observation.seed, chosen.observation.seed) == (made, 7)


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
    ran = arguments[-1] in ("nans", "raises")
    assert done.returncode == (1 if ran else 2)
    assert reason in done.stderr
    estimate, *_ = lines = done.stderr.splitlines()
    assert len(lines) == 2 if ran and "estimated noise" in estimate else len(lines) == 1
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["in.png"]
