"""Parts of a store: methods, rules, suites and tagged runs, by names with wildcards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asked_things import choice, request, results, run_of, told

from priorbench.errors import UnknownNameError
from priorbench.ranking.filters import Filter
from priorbench.ranking.leaderboard import leaderboard

BM3D = request("bm3d", suite="first")
SMALL = request(
    "dd-small", suite="first", denoiser=choice("deep-decoder", "dd-small", k=1), stopping=choice("fixed")
)
LARGE = request(
    "dd-large", suite="second", denoiser=choice("deep-decoder", "dd-large", k=2), stopping=choice("es")
)
STORE = (
    (1, BM3D, results("bm3d", [31.0, 32.0])),
    (2, SMALL, results("dd-small", [30.0, 29.0], stopping_rule="fixed")),
    (3, LARGE, results("dd-large", [28.0, 27.0], stopping_rule="es")),
)


def rows(store=STORE, **only) -> dict[str, int]:
    """Return name -> worst rank of the one board."""
    [board] = leaderboard(told(*store).scores(), only=Filter(**only))
    return {row.denoiser: row.rank_worst for row in board.rows}


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ({}, {"bm3d", "dd-small", "dd-large"}),
        ({"denoisers": ("dd-*",)}, {"dd-small", "dd-large"}),
        ({"denoisers": ("deep-decoder",)}, {"dd-small", "dd-large"}),
        ({"denoisers": ("bm3d", "dd-s?all")}, {"bm3d", "dd-small"}),
        ({"stopping": ("es",)}, {"bm3d", "dd-large"}),
        ({"stopping": ("f*",), "denoisers": ("dd-*",)}, {"dd-small"}),
        ({"suites": ("first",)}, {"bm3d", "dd-small"}),
        ({"suites": ("*",)}, {"bm3d", "dd-small", "dd-large"}),
    ],
)
def test_what_is_wanted_is_left_and_ranks_are_among_it(only, left):
    found = rows(**only)
    assert set(found) == left
    assert max(found.values()) == len(left)


def test_a_board_says_that_methods_were_left_out_by_name():
    [whole] = leaderboard(told(*STORE).scores())
    [part] = leaderboard(told(*STORE).scores(), only=Filter(denoisers=("dd-*",), stopping=("fixed", "es")))
    assert not any("only --" in note for note in whole.notes)
    assert (
        "only --denoiser dd-* --stopping fixed --stopping es: ranks, p and groups are among these rows"
        in part.notes
    )


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"denoisers": ("bm4d",)}, "unknown method in the store 'bm4d'.*did you mean 'bm3d'"),
        ({"denoisers": ("bm3d", "x*")}, "unknown method in the store 'x\\*'"),
        ({"stopping": ("fixd",)}, "unknown stopping rule in the store 'fixd'.*did you mean 'fixed'"),
        ({"suites": ("frist",)}, "unknown suite in the store 'frist'"),
        ({"tags": ("paper",)}, "unknown tag in the store 'paper'"),
    ],
)
def test_a_name_of_nothing_is_an_error(only, message):
    with pytest.raises(UnknownNameError, match=message):
        rows(**only)


def test_of_two_versions_the_one_of_the_suite_that_is_wanted_is_shown():
    """The filter says which requests count: the newest of them is shown, not the newest of all."""
    old, new = (request("m", suite=suite, denoiser=choice("m", k=k)) for suite, k in (("a", 1), ("b", 2)))
    store = ((1, old, results("m-of-1", [30.0])), (2, new, results("m-of-2", [20.0])))
    [board] = leaderboard(told(*store).scores(), only=Filter(suites=("a",)))
    assert [row.psnr for row in board.rows] == [30.0]


def test_a_tag_finds_what_its_runs_asked_for():
    found = told(*STORE)
    tagged = replace(found, runs=(*found.runs[:2], replace(run_of(3), options={"tags": ["paper-v2"]})))
    [board] = leaderboard(tagged.scores(), only=Filter(tags=("paper-*",)))
    assert [row.denoiser for row in board.rows] == ["dd-large"]


def test_a_label_with_wildcards_in_it_is_found_as_it_stands():
    odd = request("dd[1]", suite="s")
    store = (*STORE, (4, odd, results("dd[1]", [20.0, 21.0])))
    assert set(rows(store, denoisers=("dd[1]",))) == {"dd[1]"}
