"""Which trials may go to one player: those in which it sees an image that it has not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from priorbench.contract.choice import Choice
from priorbench.contract.trial import Trial
from priorbench.worker.seats import _owner


def chosen(name: str, **parameters: object) -> Choice:
    return Choice(name=name, label=name, parameters=parameters)


TRIAL = Trial(
    image_set=chosen("photos"),
    image="a",
    image_sha256="0" * 64,
    height=8,
    width=8,
    channels=3,
    noise=chosen("gaussian", sigma=0.1),
    denoiser=chosen("a-method", iterations=3),
    stopping=(chosen("fixed"),),
    repetition=0,
    metrics=(),
    device="cpu",
    threads=1,
)


@pytest.mark.parametrize(
    "change",
    [
        {"noise": chosen("gaussian", sigma=0.2)},
        {"repetition": 1},
        {"denoiser": chosen("a-method", iterations=4)},
        {"stopping": (chosen("hold-out", stop_now=True),)},  # a fit of its own, of the same pixels
        {"image_set": chosen("photos", crop=4)},
    ],
)
def test_the_same_image_goes_to_another_player(change) -> None:
    assert _owner([replace(TRIAL, **change)]) != _owner([TRIAL])


def test_another_image_goes_to_the_same_player() -> None:
    assert _owner([replace(TRIAL, image="b", image_sha256="1" * 64)]) == _owner([TRIAL])
