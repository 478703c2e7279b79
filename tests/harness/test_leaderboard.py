"""The ranking: means over images, fair comparisons only, nothing dropped silently."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sample_records import record

from priorbench import rendering
from priorbench.leaderboard import leaderboard


def trial(label: str, image: str, psnr: float | None, **changes):
    base = {
        "psnr": psnr,
        "noisy_psnr": 20.0,
        "noisy_sha256": f"noise-{image}",
        "mse": 0.001,
        "environment": "e",
    }
    return record(f"{label}-{image}-{changes}", label=label, image=image, **(base | changes))


def only(records):
    [board] = leaderboard(records)
    return board


def test_rows_are_ranked_by_the_mean_over_images():
    board = only([trial("a", "1", 30.0), trial("a", "2", 32.0), trial("b", "1", 35.0), trial("b", "2", 29.0)])
    assert [(row.rank, row.denoiser, row.psnr, row.gain) for row in board.rows] == [
        (1, "b", 32.0, 12.0),
        (2, "a", 31.0, 11.0),
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
    assert any("not ranked: b: 1 of 2" in line for line in rendering.footnotes(board))


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


def test_another_noise_draw_is_left_out_and_counted():
    records = [trial(name, "1", 30.0) for name in "abc"] + [trial("d", "1", 50.0, noisy_sha256="other")]
    board = only(records)
    assert [row.denoiser for row in board.rows] == ["a", "b", "c"]
    assert any(note.startswith("1 records are left out") for note in board.notes)


def test_versions_of_a_method_never_share_a_mean():
    old = [trial("a", image, 20.0, parameters={"k": 1}) for image in "12"]
    new = [trial("a", image, 30.0, parameters={"k": 2}) for image in "12"]
    board = only(old + new)
    assert board.rows[0].psnr == 30.0
    assert any("2 records of earlier versions" in note for note in board.notes)


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


def test_csv_and_json_are_valid_and_harmless():
    boards = leaderboard([trial("=cmd|x", "1", 30.0), trial('q"u,o', "1", 29.0)])
    rows = list(csv.DictReader(io.StringIO(rendering.comma_separated(boards))))
    assert [row["denoiser"] for row in rows] == ["'=cmd|x", 'q"u,o']
    assert json.loads(rendering.as_json(boards))[0]["rows"][0]["denoiser"] == "=cmd|x"
    assert "=cmd\\|x" in rendering.markdown(boards)
