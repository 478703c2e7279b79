"""What is drawn for a trial: operator and noise, from strings that are written and hashed by hand here."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from inverse_problems import first_image, problem, run
from PIL import Image

from priorbench.contract.images import array_sha256
from priorbench.contract.specs import ImageSetSpec, NoiseSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import parameters_of
from priorbench.protocol.metrics import psnr
from priorbench.protocol.problems import noisy_problem
from priorbench.suite.resolution import choose, instantiate


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


@pytest.mark.parametrize("operator", ["identity", "mask:keep=0.5"])
def test_clipped_noise_is_the_unclipped_one_clipped(registry, operator):
    """Clipping draws nothing: of every registered model that has it, to the last bit."""
    image, seen = first_image(registry), set()
    for name in registry.all(NoiseSpec.kind):
        spec = registry.find(NoiseSpec.kind, name).spec
        if "clip" not in {one.name for one in parameters_of(spec, import_factory(spec))}:
            continue
        free, clipped = (
            problem(registry, image, operator, noise=f"{name}:clip={text}").problem.noisy
            for text in ("false", "true")
        )
        assert np.array_equal(clipped, np.clip(free, 0, 1)), name
        assert not np.array_equal(clipped, free), name
        seen.add(spec.family or name)
    assert seen == {"gaussian", "poisson", "poisson-gaussian", "speckle"}


def test_unclipped_noise_is_what_it_was_and_the_clipped_one_has_its_string(registry):
    """The string has the parameter with its default, whatever a preset or a person says."""
    image = first_image(registry)
    text = f'["noise-v1","photos","{image.id}","gaussian",{{"channels":"equal","clip":false}},0]'
    w = by_hand(text).standard_normal((1, 16, 16))
    expected = (image.pixels.astype(np.float64) + 25 / 255 * w).astype(np.float32)
    free = problem(registry, image, "identity", noise="gaussian:sigma=25/255,channels=equal")
    assert np.array_equal(free.problem.noisy, expected)
    paper = problem(registry, image, "identity", noise="heckel2020")
    assert np.array_equal(paper.problem.noisy, np.clip(expected, 0, 1))
    assert paper.descriptor.clipped and not free.descriptor.clipped


def test_levels_share_their_photons_through_the_protocol(registry):
    image = first_image(registry, "photos:crop=64,limit=1")
    clean = image.pixels.astype(np.float64)
    few, many = (
        (problem(registry, image, "identity", noise=f"poisson:peak={peak}").problem.noisy - clean).ravel()
        for peak in (40, 160)
    )
    assert np.corrcoef(few, many)[0, 1] > 0.97


def test_two_folders_share_numbers_where_ids_are_equal_and_labels_are_not_asked(registry, tmp_path):
    """The registered name is in the seed, 'folder' for both; neither the label nor the path is."""
    drawn = {}
    for number, place in enumerate(("one", "two")):
        (tmp_path / place).mkdir()
        for file in ("a.png", "b.png"):
            pixels = np.full((16, 16), 80 + 60 * number, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / place / file)
        images = f"folder:path={tmp_path / place}"
        records = run(registry, "identity", operator="identity", images=images, noise="gaussian:sigma=0.01")
        assert [record.image_set for record in records] == ["folder", "folder"]
        for image in instantiate(registry, ImageSetSpec.kind, choose(registry, ImageSetSpec.kind, images)):
            noisy = noisy_problem(
                registry, image, image_set="folder", repetition=0, device="cpu",
                noise=choose(registry, NoiseSpec.kind, "gaussian:sigma=0.01"),
            )  # fmt: skip
            assert noisy.noisy_sha256 in {record.noisy_sha256 for record in records}
            drawn[place, image.id] = noisy.problem.noisy - image.pixels
    assert np.allclose(drawn["one", "a.png"], drawn["two", "a.png"], atol=1e-6)
    assert not np.allclose(drawn["one", "a.png"], drawn["one", "b.png"], atol=1e-3)


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
