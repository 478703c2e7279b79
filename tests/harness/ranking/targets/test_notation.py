"""Targets as they are typed."""

from __future__ import annotations

import pytest

from priorbench.errors import PriorbenchError
from priorbench.ranking.targets import Target, default_targets, parse_targets


def parsed(text: str, *known: str) -> Target:
    [target] = parse_targets([text], lambda name: name in known)
    return target


@pytest.mark.parametrize(
    ("text", "base", "offset"),
    [
        ("noisy+3", "noisy", 3.0),
        ("noisy+0.25", "noisy", 0.25),
        ("bm3d", "bm3d", 0.0),
        ("bm3d-0.5", "bm3d", -0.5),
        (" bm3d+1 ", "bm3d", 1.0),
        ("dip@es-wmv+ema-0.99", "dip@es-wmv+ema-0.99", 0.0),
        ("dip@es-wmv+ema-0.99-0.5", "dip@es-wmv+ema-0.99", -0.5),
        ("net-2", "net-2", 0.0),
        ("net-2+0", "net-2", 0.0),
        ("net-3", "net", -3.0),
    ],
)
def test_a_target_is_a_base_and_a_distance(text, base, offset):
    assert parsed(text, "bm3d", "dip@es-wmv+ema-0.99", "net-2") == Target(base=base, offset=offset)


def test_a_name_that_ends_like_a_distance_must_be_told_from_it():
    with pytest.raises(PriorbenchError, match=r"there are methods net-2 and net.*net-2\+0 or net-2\.0"):
        parsed("net-2", "net", "net-2")
    assert parsed("net-2+0", "net", "net-2") == Target(base="net-2")
    assert parsed("net-2.0", "net", "net-2") == Target(base="net", offset=-2.0)


@pytest.mark.parametrize("text", ["", "+3", "noisy", "noisy-1", "noisy+0", "bm3d+101", "bm3d-999"])
def test_what_is_no_target_is_refused_in_one_line(text):
    with pytest.raises(PriorbenchError, match=r"^--target [^\n]*write [^\n]*$"):
        parsed(text, "bm3d")


def test_targets_are_written_as_they_are_read_and_each_stands_once():
    texts = ["noisy+3", "bm3d-0.5", "bm3d", "noisy+3.0"]
    found = parse_targets(texts, lambda name: name == "bm3d")
    assert list(map(str, found)) == ["noisy+3", "bm3d-0.5", "bm3d"]


def test_default_targets_are_beside_the_noisy_image_and_the_reference():
    assert list(map(str, default_targets("x"))) == ["noisy+3", "noisy+6", "noisy+9", "x-1", "x-0.5", "x"]
    assert [one.optional for one in default_targets()] == [False] * 3 + [True] * 3
