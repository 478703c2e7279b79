"""Which rows are ranked, and over which images: nobody gains by failing, or loses by another's failure."""

from __future__ import annotations

import pytest
from sample_records import columns_of, only, trial


def rows_of(board):
    return {row.denoiser: row for row in board.rows}


def draws(label, values):
    """Return records of image 0, 1, ... with these PSNRs of its draws; None for one that crashed."""
    return [
        trial(
            label,
            str(image),
            psnr,
            repetition=draw,
            noisy_sha256=f"{image}-{draw}",
            **({} if psnr else {"status": "crashed"}),
        )
        for image, repetitions in enumerate(values)
        for draw, psnr in enumerate(repetitions)
    ]


def test_a_method_that_fails_on_hard_draws_does_not_rise():
    """b is 0.3 dB worse wherever both have a result; without its hard draws its mean is higher by 4.7."""
    a = [(30.0, 20.0)] * 8
    b = [(29.7, None)] * 8
    board = only(draws("a", a) + draws("b", b))
    rows = rows_of(board)
    assert [row.denoiser for row in board.rows] == ["a", "b"]
    assert (rows["b"].rank, rows["b"].unranked) == (None, "8 of 16 noise draws: 8 crashed")
    assert (rows["a"].psnr, rows["b"].psnr) == (25.0, 29.7)
    assert rows["b"].difference.mean == pytest.approx(-0.3)


def test_one_failure_among_many_draws_unranks():
    board = only(draws("a", [(30.0, 20.0)] * 6) + draws("b", [(31.0, 21.0)] * 5 + [(31.0, None)]))
    assert rows_of(board)["b"].unranked == "11 of 12 noise draws: 1 crashed"


def test_what_nobody_restored_unranks_nobody():
    values = {"a": [31.0, 32.0, 33.0], "b": [30.0, 31.0, 32.0]}
    broken = [trial(label, "bad", None, status="error") for label in values]
    board = only(columns_of(values) + broken)
    assert [(row.denoiser, row.rank is None) for row in board.rows] == [("a", False), ("b", False)]
    assert board.images == 3
    assert "ranks are over the 3 images that all ranked methods restored; not over bad" in board.notes


@pytest.mark.parametrize("further", ["failed", "restored", "oracle"])
def test_a_further_image_of_one_method_unranks_nobody(further):
    values = {"a": [31.0] * 6, "b": [30.0] * 6, "c": [29.0] * 6}
    more = {
        "failed": trial("c", "further", None, status="error"),
        "restored": trial("c", "further", 50.0),
        "oracle": trial("c", "further", 50.0, stopping_rule="oracle", oracle=True),
    }[further]
    board = only([*columns_of(values), more])
    ranked = {row.denoiser: (row.rank, row.psnr, row.images) for row in board.rows if row.rank}
    assert ranked == {"a": (1, 31.0, 6), "b": (2, 30.0, 6), "c": (3, 29.0, 6)}
    assert (board.images, board.noisy_psnr) == (6, 20.0)


def test_a_run_that_has_only_begun_does_not_shrink_the_board():
    """2 of 20 images of a third method would leave a table of 3 x 2 in the place of 2 x 20."""
    values = {"a": [31.0 + n % 3 for n in range(20)], "b": [30.0] * 20}
    board = only([*columns_of(values), trial("c", "0", 40.0), trial("c", "1", 40.0)])
    rows = rows_of(board)
    assert (board.images, rows["c"].unranked, rows["c"].psnr) == (20, "2 of 20 images", 40.0)
    assert rows["c"].difference.images == 2


def test_an_oracle_on_the_same_images_is_shown_over_the_shared_ones():
    """So that its mean can be set beside the others'."""
    values = {"a": [31.0] * 6, "b": [30.0] * 6}
    oracle = [
        trial("b", str(n), psnr, stopping_rule="oracle", oracle=True)
        for n, psnr in enumerate([32.0] * 6 + [99.0])
    ]
    board = only([*columns_of(values), *oracle])
    [row] = [row for row in board.rows if row.unranked]
    assert (row.psnr, row.images) == (32.0, 6)


def test_methods_that_fail_in_turn_are_all_unranked_and_say_why():
    values = {"a": [31.0, 31.0, 31.0], "b": [30.0, 30.0, 30.0]}
    records = [one for one in columns_of(values) if (one.denoiser, one.image) not in {("a", "0"), ("b", "1")}]
    failures = [trial("a", "0", None, status="timeout"), trial("b", "1", None, status="crashed")]
    board = only(records + failures)
    assert [(row.rank, row.unranked) for row in board.rows] == [
        (None, "2 of 3 images: 1 timeout"),
        (None, "2 of 3 images: 1 crashed"),
    ]
    assert board.reference is None and board.images == 3
