"""Noise levels as people write them."""

from __future__ import annotations

import json
import math

import pytest

from priorbench.parameters.levels import checked_level, parse_level


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
        (0, 0.0),
        ("1/255", 1 / 255),
        ("0.7/1", 0.7),
        (0.499, 0.499),
        (1.01, 1.01 / 255),
    ],
)
def test_the_three_ways_of_writing_a_level(written: object, level: float) -> None:
    assert parse_level(written) == level
    assert checked_level(parse_level(written)) == level


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
        (1e-20, "write 0, or at least 1e-07"),
        ("1e-9/255", "no noise is left"),
    ],
)
def test_what_is_no_level_is_refused_with_the_reason(written: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_level(written)


@pytest.mark.parametrize("written", [1, 1.0, "1", "1.0", 0.5, "0.7", " .9 ", 1.0 - 1e-12])
def test_a_bare_level_that_may_be_meant_on_either_scale_is_refused(
    written: object,
) -> None:
    text = str(written).strip()
    with pytest.raises(ValueError, match="ambiguous") as caught:
        parse_level(written)
    assert f"{text}/255 " in str(caught.value)
    assert f"{text}/1 " in str(caught.value)
    assert parse_level(f"{text}/255") == float(text) / 255
    assert parse_level(f"{text}/1") == float(text)


def test_a_large_level_survives_being_stored_and_sent_to_a_worker() -> None:
    from priorbench.contract.specs import NoiseSpec
    from priorbench.parameters.values import ParameterProblems, build, resolve
    from priorbench.standard.noise_models import Gaussian

    spec = NoiseSpec(
        name="g",
        factory="priorbench.standard.noise_models:Gaussian",
        summary="s",
        citation="c",
        licence="MIT",
    )
    for written, level in {"0.7/1": 0.7, "255/255": 1.0, 255: 1.0, "200/255": 200 / 255}.items():
        stored = json.loads(json.dumps(resolve(spec, Gaussian, {"sigma": written})))
        assert build(Gaussian, stored).sigma == level
    for written in (1, 0.7, "1"):
        with pytest.raises(ParameterProblems, match="ambiguous"):
            resolve(spec, Gaussian, {"sigma": written})
