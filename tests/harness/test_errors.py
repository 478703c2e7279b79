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
