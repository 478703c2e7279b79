"""An unknown name gets the nearest valid one, and a list that a person can read."""

from __future__ import annotations

from priorbench.errors import suggestion


def test_few_names_are_all_listed() -> None:
    assert suggestion("bm33d", ["tv", "bm3d"]) == "; did you mean 'bm3d'? Allowed: bm3d, tv"
    assert suggestion("x", []) == ". Allowed: (none)"


def test_of_many_names_those_that_are_near_are_listed() -> None:
    many = [f"{letter}{number}" for letter in "abcd" for number in range(10)]
    assert suggestion("wavlet", [*many, "wavelet-soft", "wavelet"]) == (
        "; did you mean 'wavelet'? Near it, too: wavelet-soft. 42 are allowed"
    )
    assert suggestion("Zzzz", many) == ". 40 are allowed"


def test_far_names_are_left_out_and_the_command_that_lists_all_is_named() -> None:
    many = [*(f"{letter}{number}" for letter in "xyz" for number in range(10)), "fmd", "bm3d"]
    assert suggestion("bm4d", many, "a list") == "; did you mean 'bm3d'? 'a list' names all"
    figures = [f"one-{letter}{number}" for letter in ("fig", "tab", "eq") for number in range(1, 13)]
    assert suggestion("one-fig33", figures) == "; did you mean 'one-fig3'? 36 are allowed"


def test_names_that_are_as_near_as_the_nearest_are_listed() -> None:
    many = [f"{letter * 6}{number}" for letter in "abcd" for number in range(10)]
    assert suggestion("aaaaaa", many).startswith("; did you mean 'aaaaaa9'? Near it, too: aaaaaa8, ")
