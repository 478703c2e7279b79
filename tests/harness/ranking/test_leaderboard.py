"""The ranking: means over images, fair comparisons only, nothing dropped silently."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from sample_records import columns_of, only, trial
from scipy import stats

from priorbench.contract.records import from_json, to_json
from priorbench.errors import UnknownNameError
from priorbench.ranking.filters import Filter
from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering import tables as rendering
from priorbench.store.database import Store
from priorbench.store.scores import problem_of

FIRST = {"started_at": "2026-01-01T00:00:00+00:00"}
LATER = {"started_at": "2026-01-02T00:00:00+00:00"}


def test_rows_are_ranked_by_the_mean_over_images():
    board = only([trial("a", "1", 30.0), trial("a", "2", 29.0), trial("b", "1", 35.0), trial("b", "2", 29.5)])
    assert [(row.rank, row.denoiser, row.psnr, row.gain) for row in board.rows] == [
        (1, "b", 32.25, 12.25),
        (1, "a", 29.5, 9.5),  # two images tell nobody apart
    ]
    assert (board.images, board.noisy_psnr) == (2, 20.0)


def test_repetitions_are_averaged_within_an_image_first():
    draws = [trial("a", "1", 30.0 + n, repetition=n, noisy_sha256=f"1-{n}") for n in range(3)]
    board = only([*draws, trial("a", "2", 21.0)])
    assert board.rows[0].psnr == pytest.approx((31.0 + 21.0) / 2)
    assert board.rows[0].images == 2


def test_a_method_without_all_images_is_shown_and_not_ranked():
    board = only(
        [
            trial("a", "1", 30.0),
            trial("a", "2", 30.0),
            trial("b", "1", 40.0),
            trial("b", "2", None, status="crashed"),
        ]
    )
    assert [(row.rank, row.denoiser) for row in board.rows] == [(1, "a"), (None, "b")]
    assert "1 of 2 images: 1 crashed" in board.rows[1].unranked
    assert "not ranked: b: 1 of 2" in rendering.markdown([board])


def test_oracles_and_trained_methods_are_shown_and_not_ranked():
    board = only(
        [
            trial("a", "1", 30.0),
            trial("a", "1", 33.0, stopping_rule="oracle", oracle=True),
            trial("net", "1", 34.0, trained_on=("photos",)),
        ]
    )
    assert [(row.rank, row.denoiser, bool(row.unranked)) for row in board.rows] == [
        (1, "a", False),
        (None, "net", True),
        (None, "a", True),
    ]


def test_methods_that_cannot_be_told_apart_share_a_rank():
    """a beats b and c, which each win half of the images; d is a steady step below."""
    half = [0.3, -0.3] * 6
    board = only(
        columns_of(
            {
                "a": [32.0] * 12,
                "b": [31.0 + step for step in half],
                "c": [31.01 - step for step in half],
                "d": [30.0] * 12,
            }
        )
    )
    assert [(row.denoiser, row.rank, row.rank_worst, row.tied, row.groups) for row in board.rows] == [
        ("a", 1, 1, False, (0,)),
        ("c", 2, 3, True, (1,)),
        ("b", 2, 3, True, (1,)),
        ("d", 4, 4, False, (2,)),
    ]
    assert "| 2–3 | b | c |" in rendering.markdown([board])
    assert "not told apart" in rendering.markdown([board])


def test_groups_overlap_where_being_told_apart_is_not_transitive():
    """b cannot be told from a, nor c from b; but c can be told from a."""
    noise = [0.5, -0.5] * 8
    a = [31.0] * 16
    b = [31.0 - 0.2 + step for step in noise]
    c = [31.0 - 0.35 + step / 10 for step in noise]
    board = only(columns_of({"a": a, "b": b, "c": c}))
    assert [(row.denoiser, row.rank, row.rank_worst, row.groups) for row in board.rows] == [
        ("a", 1, 2, (0,)),
        ("b", 1, 3, (0, 1)),
        ("c", 2, 3, (1,)),
    ]
    [b_to_c] = [row.difference for row in only(columns_of({"b": b, "c": c})).rows if row.difference]
    assert b_to_c.interval.low < 0 < b_to_c.interval.high


def test_equal_methods_tie_and_have_no_difference():
    values = [28.0 + n for n in range(10)]
    board = only(columns_of({"a": values, "b": values}))
    assert [(row.rank, row.rank_worst, row.tied) for row in board.rows] == [(1, 2, True), (1, 2, True)]
    difference = board.rows[1].difference
    assert (difference.mean, difference.p, difference.win_rate) == (0.0, 1.0, 0.5)
    assert (difference.interval, difference.verdict) == (None, "equivalent")


def test_one_image_gives_no_interval_and_one_rank():
    board = only([trial("a", "1", 30.0), trial("b", "1", 25.0)])
    assert [(row.rank, row.psnr_interval) for row in board.rows] == [(1, None), (1, None)]
    assert board.rows[1].difference.interval is None
    assert "one image: no intervals, and nothing can be told apart" in board.notes


def test_the_difference_is_to_the_best_or_to_the_one_that_is_named():
    means = {"a": [32.0, 33, 34, 35], "b": [31.0, 32, 33, 34.5], "c": [30.0, 30, 30, 30]}
    rows = {row.denoiser: row for row in only(columns_of(means)).rows}
    assert rows["a"].difference is None
    assert rows["b"].difference.mean == pytest.approx(-0.875)
    assert rows["b"].difference.p == rows["b"].difference.p_adjusted == pytest.approx(0.125)  # of 8 flips
    [board] = leaderboard(columns_of(means), reference="c")
    assert board.reference == "c"
    assert [row.difference and row.difference.mean for row in board.rows] == [3.5, 2.625, None]
    with pytest.raises(UnknownNameError, match="did you mean 'c'"):
        leaderboard(columns_of(means), reference="cc")


def test_a_reference_that_a_board_lacks_is_named_in_its_notes():
    records = columns_of({"a": [30.0, 31.0], "b": [29.0, 30.0]})
    boards = leaderboard([*records, trial("c", "0", 33.0, noise="m")], reference="b")
    assert [board.reference for board in boards] == ["c", "b"]
    assert "b was not run here: the others are compared with the best" in boards[0].notes


def test_repetitions_are_paired_by_their_noise():
    """Where a method has not the second, easier draw, both are compared on the first alone."""
    full = [
        trial("a", image, psnr, repetition=draw, noisy_sha256=f"{image}-{draw}")
        for image in "1234"
        for draw, psnr in enumerate((30.0, 40.0))
    ]
    part = [trial("b", image, 29.0, noisy_sha256=f"{image}-0") for image in "1234"]
    board = only(full + part)
    assert [row.psnr for row in board.rows] == [30.0, 29.0]
    assert board.rows[1].difference.mean == -1.0
    assert "ranks are over the 4 noise draws that all ranked methods have" in board.notes


def test_an_incomplete_method_is_compared_on_the_images_that_it_shares():
    records = columns_of({"a": [30.0, 27, 33, 36], "b": [31.0, 28.5, 34, 37.5]})
    records[-1] = trial("b", "3", None, status="timeout")
    board = only(records)
    assert (board.rows[1].denoiser, board.rows[1].rank, board.rows[1].failures) == ("b", None, {"timeout": 1})
    assert board.rows[1].difference.images == 3
    assert board.rows[1].difference.mean == pytest.approx(3.5 / 3)
    found = board.rows[1].difference.interval
    values = [1.0, 1.5, 1.0]
    wanted = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(wanted)


def test_times_are_compared_within_one_environment_only():
    def timed(label, environment, seconds, **changes):
        own = {"environment": environment, **FIRST, **changes}
        return [trial(label, str(n), 30.0, wall_seconds=seconds * (n + 1), **own) for n in range(4)]

    [board] = leaderboard(
        [
            *timed("a", "here", 1.0),
            *timed("b", "here", 3.0),
            *timed("c", "elsewhere", 0.1),
            *timed("d", "here", 0.1, threads=8),
        ],
        reference="a",
    )
    ratios = {row.denoiser: row.time_ratio for row in board.rows}
    assert ratios["b"].value == pytest.approx(3.0)
    assert ratios["b"].interval is None  # all images say the same
    assert ratios["c"] is ratios["d"] is ratios["a"] is None
    row = next(row for row in board.rows if row.denoiser == "b")
    assert row.seconds == pytest.approx(3 * 24**0.25)


def test_another_noise_draw_is_left_out_and_counted():
    records = [trial(name, "1", 30.0) for name in "abc"] + [trial("d", "1", 50.0, noisy_sha256="other")]
    board = only(records)
    assert [row.denoiser for row in board.rows] == ["a", "b", "c"]
    assert any(note.startswith("1 records are left out") for note in board.notes)


def test_a_result_of_unknown_noise_is_left_out_and_a_failure_without_noise_is_counted():
    known = [trial(name, "1", 30.0) for name in "ab"]
    unknown = trial("c", "1", 50.0, noisy_sha256=None)
    failed = trial("d", "1", None, noisy_sha256=None, status="error")
    board = only([*known, unknown, failed])
    assert [(row.denoiser, row.failures) for row in board.rows] == [("a", {}), ("b", {}), ("d", {"error": 1})]
    assert any(note.startswith("1 records are left out") for note in board.notes)


def test_versions_of_a_method_never_share_a_mean():
    old = [trial("a", image, 20.0, parameters={"k": 1}, **FIRST) for image in "12"]
    new = [trial("a", image, 30.0, parameters={"k": 2}, **LATER) for image in "12"]
    board = only(old + new)
    assert board.rows[0].psnr == 30.0
    assert any(note.startswith("2 records of earlier versions") for note in board.notes)


def test_what_only_an_old_version_restored_is_left_out():
    old = [trial("a", image, 20.0, parameters={"k": 1}, **FIRST) for image in "12"]
    both = [trial("b", image, 25.0) for image in "12"]
    board = only([*old, trial("a", "1", 30.0, parameters={"k": 2}, **LATER), *both])
    row = next(row for row in board.rows if row.denoiser == "a")
    assert (row.psnr, row.images, board.images) == (30.0, 1, 1)


def test_of_two_versions_of_one_trial_the_one_asked_for_last_counts_wherever_it_stands():
    old = trial("a", "1", 20.0, key="z", plugin_version="2", **FIRST)
    new = trial("a", "1", 30.0, key="a", plugin_version="1", **LATER)
    for records in ([old, new], [new, old]):
        board = only(records)
        assert (board.rows[0].psnr, board.rows[0].images) == (30.0, 1)


def test_protocols_sets_and_noises_have_boards_of_their_own():
    records = [trial("a", "1", 30.0), trial("a", "1", 31.0, noise="m"), trial("a", "1", 32.0, protocol=2)]
    assert len(leaderboard(records)) == 3


def test_an_exact_result_is_counted_and_kept_out_of_the_mean():
    board = only([trial("a", "1", None, mse=0.0), trial("a", "2", 30.0)])
    assert (board.rows[0].psnr, board.rows[0].infinite, board.rows[0].rank) == (30.0, 1, 1)
    assert "(+1 exact)" in rendering.markdown([board])


def test_times_of_unlike_environments_are_not_mixed():
    board = only(
        [trial("a", "1", 30.0, wall_seconds=1.0), trial("a", "2", 30.0, wall_seconds=9.0, environment="f")]
    )
    assert board.rows[0].seconds is None


def test_operators_have_boards_of_their_own():
    records = [
        trial("a", "1", 30.0),
        trial("a", "1", 25.0, operator="mask", noisy_sha256="m", noisy_psnr=9.0),
        trial("b", "1", 26.0, operator="mask", noisy_sha256="m", noisy_psnr=9.0),
    ]
    denoising, inpainting = leaderboard(records)
    assert [(board.setting.operator, len(board.rows)) for board in (denoising, inpainting)] == [
        ("identity", 1),
        ("mask", 2),
    ]
    assert rendering.title(denoising) == "s, n: 1 image, noisy 20.00 dB"
    assert rendering.title(inpainting) == "s, mask, n: 1 image, least squares 9.00 dB"
    assert leaderboard(records, only=Filter(operator="mask")) == [inpainting]
    with pytest.raises(UnknownNameError, match="unknown operator in the store 'masq'; did you mean 'mask'"):
        leaderboard(records, only=Filter(operator="masq"))
    [first, *_] = csv.DictReader(io.StringIO(rendering.comma_separated([inpainting])))
    assert (first["operator"], first["denoiser"]) == ("mask", "b")


def test_records_from_before_there_were_operators_are_of_denoising(tmp_path):
    old = to_json(trial("a", "1", 30.0))
    for name in ("operator", "operator_parameters"):
        del old[name]
    assert from_json(old).operator == "identity"
    assert problem_of(old) == problem_of(to_json(trial("b", "1", 31.0)))
    store = Store(f"sqlite:///{tmp_path / 's.db'}")
    store.add([from_json(old), trial("b", "1", 31.0)])
    [board] = leaderboard(store.scores())
    assert [row.denoiser for row in board.rows] == ["b", "a"]
