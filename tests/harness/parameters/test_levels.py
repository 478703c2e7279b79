"""Noise levels as people write them."""

from __future__ import annotations

import math

import pytest

from priorbench.parameters.levels import parse_level


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("25/255", 25 / 255),
        (" 25 / 255 ", 25 / 255),
        ("0.5/255", 0.5 / 255),
        ("1/10", 0.1),
        (25, 25 / 255),
        ("25", 25 / 255),
        (25.5, 25.5 / 255),
        (255, 1.0),
        (0.098, 0.098),
        ("0.098", 0.098),
        ("9.8e-2", 0.098),
        (1, 1.0),
        (0, 0.0),
    ],
)
def test_the_three_ways_of_writing_a_level(written: object, level: float) -> None:
    assert parse_level(written) == level
    assert parse_level(parse_level(written)) == level


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (-25, "negative"),
        ("-25/255", "negative"),
        ("25/-255", "negative"),
        (math.nan, "not finite"),
        ("nan", "not finite"),
        ("inf/255", "not finite"),
        (math.inf, "not finite"),
        ("25/0", "divides by zero"),
        (256, "above 255"),
        ("255/25", "above 1"),
        ("loud", "no noise level"),
        ("", "no noise level"),
        ("25/", "no noise level"),
        ("25/255/2", "no noise level"),
        ("25 dB", "no noise level"),
        (None, "no noise level"),
        (True, "no noise level"),
        ([25], "no noise level"),
        (10**400, "no noise level"),
    ],
)
def test_what_is_no_level_is_refused_with_the_reason(written: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_level(written)
