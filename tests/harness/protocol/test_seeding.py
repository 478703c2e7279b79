"""Seeds by the protocol, against a canonical string written and hashed by hand."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from priorbench.contract.images import array_sha256
from priorbench.protocol.seeding import (
    Family,
    Ingredients,
    generator,
    method_seed,
    noise_rng,
    operator_entropy,
    salt_hash,
)
from priorbench.standard.noise_models import Gaussian, Poisson, PoissonGaussian, Speckle

PROBLEM: dict[str, Any] = {
    "image_set": "kodak",
    "image": "kodim01.png",
    "family": "gaussian",
    "parameters": {"sigma": 25 / 255, "channels": "independent", "clip": False},
    "level": ("sigma",),
    "repetition": 0,
}


def problem(**changes: Any) -> Ingredients:
    told = PROBLEM | changes
    noise = Family(name=told["family"], parameters=told["parameters"], level=told["level"])
    where = {name: told[name] for name in ("image_set", "image", "repetition")}
    return Ingredients(noise=noise, operator=told.get("operator"), salt=told.get("salt", ""), **where)


def by_hand(text: bytes) -> np.random.Generator:
    entropy = int(hashlib.sha256(text).hexdigest(), 16)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def first(**changes: Any) -> float:
    return float(noise_rng(problem(**changes)).standard_normal())


def test_the_noise_is_seeded_by_the_canonical_string() -> None:
    text = b'["noise-v1","kodak","kodim01.png","gaussian",{"channels":"independent","clip":false},0]'
    expected = by_hand(text).standard_normal(100)
    assert np.array_equal(noise_rng(problem()).standard_normal(100), expected)


def test_the_method_is_seeded_by_its_noisy_image_alone() -> None:
    """The seed of the golden image below, by hand: of the digest of y, which everybody has who has y."""
    text = b'["method-v2","' + GOLDEN.encode() + b'"]'
    assert method_seed(GOLDEN) == int(hashlib.sha256(text).hexdigest()[:8], 16) == 0x94CE19A0
    assert method_seed("0" * 64) != method_seed(GOLDEN)


def test_a_salt_is_in_the_seeds_of_noise_and_operator() -> None:
    """By hand: the salt, and then the string that there is without one."""
    mask = Family(name="mask", parameters={"keep": 0.5}, level=("keep",))
    where = b'"kodak","kodim01.png"'
    plain = b'["noise-v1",' + where + b',"gaussian",{"channels":"independent","clip":false},0]'
    drawn = float(noise_rng(problem(salt="00ff")).standard_normal())
    assert drawn == by_hand(b'["salted-v1","00ff",' + plain + b"]").standard_normal()
    operator = by_hand(b'["salted-v1","00ff",["operator-v1",' + where + b',"mask",{},0]]').random()
    assert generator(operator_entropy(problem(operator=mask, salt="00ff"))).random() == operator
    assert len({drawn, first(salt="00fe"), first()}) == 3
    assert "00ff" not in repr(problem(salt="00ff"))


def test_what_is_published_of_a_salt_is_a_hash_of_a_domain_of_its_own() -> None:
    assert salt_hash("00ff") == hashlib.sha256(b'["salt-v1","00ff"]').hexdigest()[:16]
    assert salt_hash("") == ""


def test_an_operator_is_in_the_other_seeds_and_has_a_stream_of_its_own() -> None:
    mask = Family(name="mask", parameters={"keep": 0.5, "tile": 2}, level=("keep",))
    end = (
        b',"kodak","kodim01.png","gaussian",{"channels":"independent","clip":false},0,["mask",{"tile":2.0}]]'
    )
    noise = by_hand(b'["noise-v1"' + end).standard_normal()
    assert float(noise_rng(problem(operator=mask)).standard_normal()) == noise
    text = b'["operator-v1","kodak","kodim01.png","mask",{"tile":2.0},0]'
    assert generator(operator_entropy(problem(operator=mask))).random() == by_hand(text).random()


def test_the_level_is_not_in_the_seed_and_everything_else_is() -> None:
    parameters = PROBLEM["parameters"]
    assert first(parameters=parameters | {"sigma": 0.5}) == first()
    changes = [
        {"image_set": "set12"},
        {"image": "kodim02.png"},
        {"family": "speckle"},
        {"parameters": parameters | {"channels": "equal"}},
        {"level": ()},
        {"repetition": 1},
    ]
    drawn = [first(), *(first(**change) for change in changes)]
    assert len(set(drawn)) == len(changes) + 1


def test_order_and_spelling_of_parameters_do_not_matter() -> None:
    reordered = dict(reversed(PROBLEM["parameters"].items()))
    assert first(parameters=reordered) == first()
    assert first(parameters={"peak": 25}, level=()) == first(parameters={"peak": 25.0}, level=())


def test_names_cannot_run_into_each_other() -> None:
    assert first(image_set="a", image="b|c") != first(image_set="a|b", image="c")
    assert first(image_set='a"', image=",b") != first(image_set="a", image='",b')
    first(image="bad\udcffname.png")  # a file name that is no UTF-8


def test_golden_digest_of_the_stream() -> None:
    """Numpy may change the stream of a Generator (NEP 19): that would need a new version of the protocol.

    The digest is that of numpy 2.4, by hand: sha256 of "(3, 8, 8)" and of the float32 values of
    0.5 + 25/255 w, with w from the generator that the string above seeds.
    """
    noisy = Gaussian(sigma=25 / 255).corrupt(np.full((3, 8, 8), 0.5), noise_rng(problem()))
    assert array_sha256(noisy.astype(np.float32)) == GOLDEN


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("model", [Poisson, PoissonGaussian, Speckle])
def test_golden_digests_of_other_models(model: type[Poisson], clip: bool) -> None:
    """As above; photons by scipy.stats.poisson.ppf of the same uniform numbers give the first, too."""
    clean = np.linspace(0, 1, 192).reshape(3, 8, 8)
    noisy = model(clip=clip).corrupt(clean, noise_rng(problem()))
    assert array_sha256(noisy.astype(np.float32)) == OTHERS[model, clip]


GOLDEN = "9f768397440b57180da7e3269a82ee5518e75c7926bc44b4b26d2b40282838b0"
OTHERS = {
    (Poisson, False): "fefd2a809e1765c50775d8e73ab3a79a8867dd011e2666f4f17ffbaf4ccaa4e4",
    (Poisson, True): "464b3249e6cbc87676253a445f8e4f9dae92b6ced747286a0798d2588c9386c0",
    (PoissonGaussian, False): "4b89d882a4f66b8915162ce20748862eb7b15950785cfb72655286e0b7e4a4bb",
    (PoissonGaussian, True): "335880d094f06b4c13cc5dde5dcd359525a8ecc91ede765c09d5450c1395a5aa",
    (Speckle, False): "f8855da8dbb28ad650158d3d8ac640780f3aa34dca16857a368a84dcd56d3ad1",
    (Speckle, True): "2739bb68b77a8e1532fb9d2df44777300b2c46219c4fc32ae1fd818dff3491c0",
}
