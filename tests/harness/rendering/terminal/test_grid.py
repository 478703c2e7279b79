"""Tables that fit: what is shortened, wrapped and left out, and in which order."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from priorbench.rendering.terminal.grid import Column, Kind, arranged

NAMES = [f"a-method-with-a-long-label-number-{n}" for n in (1, 2)]


def table(width, **more):
    columns = [
        Column(heading="rank", cells=["1", "2"]),
        Column(heading="method", cells=NAMES, kind=Kind.NAME),
        Column(heading="dB", cells=["31.25", "30.00"]),
        Column(heading="seconds", cells=["1.25", "0.003"]),
    ]
    return arranged(columns, width, ("seconds", "dB"), **more)


def lines(grid):
    return [*grid.head, *(line for row in grid.rows for line in row)]


def test_a_table_without_a_width_is_as_wide_as_it_is():
    grid = table(None, rule=True)
    assert grid.shown == ("rank", "method", "dB", "seconds") and not grid.hidden
    assert not grid.names_shortened and not grid.notes("all")
    assert lines(grid)[0].split() == ["rank", "method", "dB", "seconds"]
    assert lines(grid)[2] == f"   1  {NAMES[0]}  31.25     1.25"


def test_names_are_shortened_before_a_column_is_left_out():
    grid = table(45)
    assert grid.shown == ("rank", "method", "dB", "seconds")
    assert grid.names_shortened
    assert grid.notes("--wide") == ["…: shortened (--wide has it whole)"]


def test_then_columns_are_left_out_the_least_needed_first():
    grid = table(32)
    assert grid.shown == ("rank", "method", "dB") and grid.hidden == ("seconds",)
    assert "no room here for: seconds (--wide has all)" in grid.notes("--wide")
    assert table(24).hidden == ("seconds", "dB")


def test_titles_are_wrapped_and_the_right_is_left_out_when_nothing_else_helps():
    columns = [Column(heading=f"a long title {n}", cells=["1"]) for n in range(4)]
    grid = arranged(columns, 20)
    assert grid.shown == ("a long title 0", "a long title 1", "a long title 2")
    assert grid.hidden == ("a long title 3",)
    assert max(map(len, lines(grid))) <= 20
    assert len(grid.head) > 1


def test_text_is_wrapped_and_the_longest_text_gets_the_most():
    columns = [
        Column(heading="name", cells=["tv"], kind=Kind.NAME),
        Column(heading="short", cells=["a few words"], kind=Kind.TEXT),
        Column(heading="long", cells=["many more words than the other column has, " * 3], kind=Kind.TEXT),
    ]
    grid = arranged(columns, 60)
    assert max(map(len, lines(grid))) <= 60
    text = " ".join(" ".join(line.split()) for line in grid.rows[0])
    assert "tv a few words many" in text


@pytest.mark.parametrize("seed", range(30))
def test_any_table_in_any_width(seed):
    rng = random.Random(seed)
    count = rng.randint(1, 6)

    def cell():
        words = ("x", "word", "a-long-label-of-a-method", "12.5", "[-1.5, +2.5]", "噪声", "path/to/a/file")
        return " ".join(rng.choices(words, k=rng.randint(0, 5)))

    columns = [
        Column(heading=f"title {n}", cells=[f"{cell()}{row}" for row in range(count)], kind=kind)
        for n, kind in enumerate(rng.choices(list(Kind), k=rng.randint(1, 7)))
    ]
    for width in (20, 40, 60, 80, 140):
        grid = arranged(
            columns, width, rng.sample([c.heading for c in columns], k=2 if len(columns) > 2 else 0)
        )
        assert sorted(grid.shown + grid.hidden) == sorted(column.heading for column in columns)
        assert len(grid.rows) == count
        fitting = len(grid.shown) > 1 or columns[0].kind in (Kind.NAME, Kind.TEXT)
        if fitting:
            assert max(map(cell_len, lines(grid))) <= width
