"""Wrapped text: no line too wide, no word broken that has room."""

from __future__ import annotations

import random
import re

import pytest
from rich.cells import cell_len

from priorbench.rendering.terminal.wrapping import longest_piece, longest_word, wrapped


def test_text_that_fits_is_one_line():
    assert wrapped("two  words", 12, first="  ") == ["  two  words"]


def test_lines_end_at_spaces_and_a_word_that_fits_is_whole():
    assert wrapped("a long-hyphened-word here", 18) == ["a", "long-hyphened-word", "here"]


def test_a_word_that_fits_nowhere_ends_a_line_behind_a_hyphen():
    assert wrapped("a-word-with-many-hyphens", 12) == ["a-word-with-", "many-hyphens"]


def test_signs_come_before_hyphens_and_numbers_are_never_broken():
    assert wrapped("two-layer-linear:iterations=50", 18) == ["two-layer-linear:", "iterations=50"]
    assert wrapped("/a/folder/of-pictures/x.png", 14) == ["/a/folder/", "of-pictures/", "x.png"]
    assert wrapped("p=0.0123456789012345", 19) == ["p=", "0.0123456789012345"]
    assert wrapped("between -12.5 and -11.5", 9) == ["between", "-12.5 and", "-11.5"]


def test_a_unit_stays_beside_its_number():
    assert wrapped("holds at 95 % of all", 12) == ["holds at", "95 % of all"]
    assert wrapped("28.49 dB, 0.02 s", 14) == ["28.49 dB,", "0.02 s"]
    assert wrapped("of 12 sets", 5) == ["of 12", "sets"]


def test_what_cannot_be_broken_is_cut_with_an_ellipsis():
    assert wrapped("x" * 30, 9) == ["xxxxxx…xx"]


def test_every_line_begins_as_asked():
    assert wrapped("one two three", 8, first="- ", rest="  ") == ["- one", "  two", "  three"]


@pytest.mark.parametrize("seed", range(30))
def test_any_text_in_any_width(seed):
    rng = random.Random(seed)
    letters = ["ab", "cde", "噪", "-", "/", "=", ".", "5", "%", " ", " ", " "]
    text = " ".join("".join(rng.choices(letters, k=60)).split())
    for width in (8, 15, 30, 60):
        lines = wrapped(text, width, first="> ", rest="  ")
        assert max(map(cell_len, lines)) <= width
        told = "".join(lines)
        if "…" not in told:  # nothing but spaces comes and goes
            assert re.sub(r"[ >]", "", told) == text.replace(" ", "")
        elif longest_piece(text) <= width - 2:
            pytest.fail("cut though there was room")
    assert longest_piece(text) <= longest_word(text)
