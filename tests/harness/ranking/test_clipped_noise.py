"""Clipped noise is called so on every board, whatever the label of a suite says."""

from __future__ import annotations

import pytest

from priorbench.ranking.telling_apart import Identity, noise_names


def noise(label: str, name: str = "gaussian", **parameters: object) -> Identity:
    return Identity(label=label, name=name, parameters=parameters)


@pytest.mark.parametrize(
    ("label", "clip", "shown"),
    [
        ("gaussian-25", False, "gaussian-25"),
        ("gaussian-25-clipped", True, "gaussian-25-clipped"),
        ("gaussian:clip=true", True, "gaussian:clip=true"),
        ("the paper's", True, "the paper's (clipped)"),
        ("noise (25)", True, "noise (25) (clipped)"),
        ("unclipped", True, "unclipped (clipped)"),
        ("the paper's", False, "the paper's"),
    ],
)
def test_a_label_cannot_hide_it(label, clip, shown):
    assert noise_names([noise(label, clip=clip)]) == [shown]


def test_where_a_label_has_several_meanings():
    found = noise_names([noise("a", clip=True, sigma=0.1), noise("a", clip=True, sigma=0.2)])
    assert found == ["a (sigma=0.1, clipped)", "a (sigma=0.2, clipped)"]
    found = noise_names([noise("a", clip=True), noise("a", clip=False)])
    assert found == ["a (clip=true)", "a (clip=false)"]


def test_noise_that_cannot_be_clipped():
    assert noise_names([noise("s", "salt-and-pepper", fraction=0.3)]) == ["s"]
