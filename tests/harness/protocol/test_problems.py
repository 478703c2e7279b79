"""What is drawn for a trial: operator and noise, from strings that are written and hashed by hand here."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from inverse_problems import first_image, problem, run

from priorbench.contract.images import array_sha256
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry
from priorbench.protocol.metrics import psnr


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def by_hand(text: str) -> np.random.Generator:
    entropy = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def test_operator_and_noise_are_drawn_from_the_canonical_strings(registry):
    image = first_image(registry)
    where = f'"photos","{image.id}"'
    mask = by_hand(f'["operator-v1",{where},"mask",{{"file":""}},0]').random((1, 16, 16)) < 0.5
    model = '"gaussian",{"channels":"independent","clip":false}'
    w = by_hand(f'["noise-v1",{where},{model},0,["mask",{{"file":""}}]]').standard_normal((3, 16, 16))
    expected = np.where(mask, mask * image.pixels.astype(np.float64) + 0.1 * w, 0).astype(np.float32)
    drawn = problem(registry, image, "mask:keep=0.5")
    assert np.array_equal(drawn.problem.noisy, expected)
    assert drawn.noisy_sha256 == array_sha256(expected)
    assert drawn.noisy_psnr == pytest.approx(
        psnr(expected, image.pixels)
    )  # A^+ y is y with zeros in the holes
    seen = drawn.problem.present()
    assert torch.equal(seen.mask, torch.from_numpy(mask))
    assert (seen.shape, seen.sigma) == ((3, 16, 16), 0.1)


def test_the_noise_of_denoising_is_what_it_was(registry):
    """The string has no operator in it, and y is x + noise to the last bit."""
    image = first_image(registry)
    model = '"gaussian",{"channels":"independent","clip":false}'
    w = by_hand(f'["noise-v1","photos","{image.id}",{model},0]').standard_normal((3, 16, 16))
    expected = (image.pixels.astype(np.float64) + 0.1 * w).astype(np.float32)
    drawn = problem(registry, image, "identity")
    assert np.array_equal(drawn.problem.noisy, expected)
    assert np.array_equal(drawn.baseline, expected)


def test_the_seed_of_a_method_says_nothing_but_its_noisy_image(registry):
    """By hand, from the pixels that the method sees: names, operator and repetition are not in it."""
    for name, repetition in (("identity", 0), ("identity", 1), ("mask:keep=0.5", 0)):
        seen = problem(registry, first_image(registry), name, repetition).problem.present()
        pixels = seen.image.numpy()
        digest = hashlib.sha256(f"{pixels.shape!r}".encode() + pixels.astype("<f4").tobytes()).hexdigest()
        text = f'["method-v2","{digest}"]'
        assert seen.seed == int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def test_what_cannot_be_drawn_is_refused_in_one_line(registry):
    [large] = run(registry, "pseudo-inverse", operator="dense-gaussian", images="photos:crop=256,limit=1")
    assert large.status == "refused"
    assert "a matrix of 49152 x 196608 takes 73728 MiB, more than the 256 MiB" in large.error
    [negative] = run(registry, "pseudo-inverse", operator="dense-gaussian", noise="poisson")
    assert negative.status == "refused"
    assert "noise 'poisson' cannot be drawn on what operator 'dense-gaussian' gives" in negative.error
