"""Operators: y = A x + noise by the protocol, keys, refusals, boards of their own, and the record."""

# ruff: noqa: N802 - A and its relatives are the field's names

from __future__ import annotations

import json
from dataclasses import asdict, replace

import torch

from priorbench import Observation
from priorbench.contract.choice import Choice
from priorbench.contract.trial import Trial, trial_from_json, trial_to_json
from priorbench.run.keys import record_key

DENOISING = Trial(
    image_set=Choice(name="photos", label="photos-96", parameters={"crop": 96}),
    image="a.png",
    image_sha256="00",
    height=4,
    width=5,
    channels=3,
    noise=Choice(name="gaussian", label="gaussian", parameters={"sigma": 0.1}),
    denoiser=Choice(name="dip", label="dip", parameters={"iterations": 3}),
    stopping=(),
    repetition=0,
    metrics=(),
    device="cuda:1",
    threads=2,
)
MASK = Choice(name="mask", label="mask", parameters={"keep": 0.5})


def key_of(trial: Trial) -> str:
    rule = Choice(name="fixed", label="fixed", parameters={"iterations": None})
    return record_key(trial, rule, {"software": {"torch": "2.13.0"}})


def test_another_operator_has_another_key() -> None:
    keys = [
        key_of(replace(DENOISING, operator=operator))
        for operator in (MASK, replace(MASK, parameters={"keep": 0.4}), replace(MASK, name="other"))
    ]
    assert len({*keys, key_of(DENOISING)}) == 4
    assert key_of(replace(DENOISING, operator=replace(MASK, label="holes"))) == keys[0]


def test_a_trial_takes_its_operator_to_the_worker() -> None:
    trial = replace(DENOISING, operator=MASK)
    assert trial_from_json(trial_to_json(trial)) == trial
    # written by hand, for speed: no field may be forgotten
    assert json.loads(json.dumps(trial_to_json(trial))) == json.loads(json.dumps(asdict(trial)))


def test_the_shape_of_the_image_is_that_of_the_adjoint_unless_it_is_given() -> None:
    class Row:
        def A(self, x):
            return x.sum(dim=1, keepdim=True)

        def A_adjoint(self, y):
            return y.expand(-1, 6, -1)

    y = torch.zeros(3, 1, 5)
    common = {"noise": None, "device": torch.device("cpu")}
    assert Observation(image=y, **common).shape == (3, 1, 5)
    assert Observation(image=y, operator=Row(), **common).shape == (3, 6, 5)
    assert Observation(image=y, operator=Row(), image_shape=(1, 2, 3), **common).shape == (1, 2, 3)
