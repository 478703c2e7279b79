"""What to pick for a time: the last iterate by then, and beside it the best so far."""

from __future__ import annotations

import pytest
from trajectories import boards, called, fitted


def board_of(*records, budgets):
    [board] = boards(records, budgets=budgets)
    return board


def test_the_clock_takes_the_last_iterate_and_an_oracle_the_best():
    """a peaks at 30 dB after 2 s and falls to 24; b holds 26."""
    board = board_of(
        fitted("a", "1", (1, 1.0, 25.0), (2, 2.0, 30.0), (3, 8.0, 24.0)),
        called("b", "1", 26.0, 4.0),
        budgets=(0.5, 1.5, 3.0, 10.0),
    )
    assert [(pick.method, pick.psnr, pick.gain) for pick in board.picks] == [
        (None, None, None),
        ("a", 25.0, 5.0),
        ("a", 30.0, 10.0),
        ("b", 26.0, 6.0),
    ]
    assert (board.picks[3].best_method, board.picks[3].best_psnr) == ("a", 30.0)


def test_an_image_without_a_result_counts_as_noisy_as_it_was():
    board = board_of(
        fitted("a", "1", (1, 1.0, 30.0)),
        fitted("a", "2", (1, 5.0, 30.0)),
        called("b", "1", 24.0, 0.1),
        called("b", "2", 24.0, 0.1),
        budgets=(1.0, 5.0),
    )
    first, second = board.picks
    assert (first.method, first.psnr, first.without) == ("a", 25.0, 1)
    assert (second.method, second.psnr, second.without) == ("a", 30.0, 0)


def test_a_point_that_comes_exactly_in_time_counts():
    board = board_of(called("a", "1", 24.0, 1.0), budgets=(1.0,))
    assert board.picks[0].method == "a"


def test_a_line_has_the_quartiles_over_images_and_a_one_shot_method_is_a_point():
    records = [fitted("a", str(n), (1, 1.0, 20.0), (10, 10.0, 20.0 + n)) for n in range(5)]
    records += [called("b", str(n), 25.0 + n, 2.0) for n in range(5)]
    board = board_of(*records, budgets=(1.0,))
    lines = {one.name: one.against_seconds for one in board.methods}
    line = lines["a"]
    assert (line.at[0], line.at[-1]) == pytest.approx((1.0, 10.0))
    assert (line.low[-1], line.median[-1], line.high[-1]) == (21.0, 22.0, 23.0)
    middle = len(line.at) // 2
    assert line.median[middle] == pytest.approx(
        20 + 2 * middle / (len(line.at) - 1), abs=2e-3
    )  # straight in log time
    assert (lines["b"].at, lines["b"].median) == ((2.0,), (27.0,))
    assert {one.name: one.against_iterations is None for one in board.methods} == {"a": False, "b": True}
