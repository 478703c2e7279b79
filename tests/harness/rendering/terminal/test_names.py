"""Shortened names: short enough, all different, and with their marks."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from priorbench.rendering.terminal.names import cut, fewest, shortened

LONG = "a-method-with-a-very-long-label-that-nobody-needs"
MARKS = ("", " *", " (?)", " (!)", " @cuda", " @4-threads @batch-8 (?) (!)")


def test_names_that_fit_stay():
    assert shortened(["tv", "wavelet"], 7) == {"tv": "tv", "wavelet": "wavelet"}


def test_the_middle_is_left_out_where_that_tells_names_apart():
    found = shortened([f"{LONG}-one", f"{LONG}-two"], 20)
    assert list(found.values()) == ["a-method-with…ds-one", "a-method-with…ds-two"]


def test_what_names_have_in_common_is_left_out_where_they_differ_in_the_middle():
    names = [f"net:channels=64,iterations={n},engine=auto,seed=1" for n in (800, 900, 4000)]
    found = shortened(names, 18)
    assert len(set(found.values())) == 3
    for name, number in zip(names, ("800", "900", "4000"), strict=True):
        assert number in found[name]
        assert cell_len(found[name]) <= 18


def test_names_that_differ_in_nothing_that_has_room_are_numbered():
    names = ["x" * 40 + "y" * n + "x" * 40 for n in range(12)]
    found = shortened(names, 6)
    assert len(set(found.values())) == 12
    assert max(map(cell_len, found.values())) <= 6


@pytest.mark.parametrize("mark", MARKS)
def test_marks_are_never_cut_off_and_one_label_is_shortened_in_one_way(mark):
    found = shortened([LONG + mark, LONG, "tv"], 34)
    assert found[LONG + mark] == cut(LONG, 34 - cell_len(mark)) + mark
    assert found[LONG].rstrip() == found[LONG + mark].removesuffix(mark)


def test_wide_characters_count_twice():
    found = shortened(["去噪" * 10, "去噪" * 9 + "声音"], 12)
    assert len(set(found.values())) == 2
    assert max(map(cell_len, found.values())) <= 12


def test_a_name_that_looks_like_a_shortened_one_is_not_taken_for_it():
    names = [LONG, cut(LONG, 12), f"{LONG}s"]
    assert len(set(shortened(names, 12).values())) == 3


@pytest.mark.parametrize("seed", range(40))
def test_any_names_in_any_width(seed):
    rng = random.Random(seed)
    parts = ["a", "deep", "decoder", "64", "800", "é", "噪", "-", ":", "=", ",", "…", "long-" * 5]
    names = {"".join(rng.choices(parts, k=rng.randint(1, 14))) + rng.choice(MARKS) for _ in range(25)}
    for width in (5, 8, 16, 23, 40):
        found = shortened(names, width)
        assert found.keys() == names
        assert len(set(found.values())) == len(names)
        if width >= fewest(names):
            assert max(map(cell_len, found.values())) <= width


PARAMETERS = (
    *("nl-means:h=0.1,patch=5 (!)", "nl-means:h=0.1,fast=true,patch=5 (!)", "nl-means:h=0.1,patch=7 (!)"),
    *("dip:channels=128,iterations=3000", "dip:channels=128,skip=4,iterations=3000"),
    *("dip:channels=128,skip=8,iterations=3000", "dip:channels=64,skip=4,iterations=3000"),
)


@pytest.mark.parametrize("width", range(14, 44))
def test_a_name_with_parameters_begins_with_its_method(width):
    for name, short in shortened(PARAMETERS, width).items():
        assert short[:3] == name[:3] and "……" not in short, short
