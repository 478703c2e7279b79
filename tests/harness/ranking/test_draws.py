"""Rows that have fewer noise draws than others say so: their means are not over the same noise."""

from __future__ import annotations

from dataclasses import replace

from priorbench.contract.records import Record
from priorbench.ranking.leaderboard import leaderboard


def record(label: str, image: str, repetition: int, psnr: float | None = 30.0, status: str = "ok") -> Record:
    return Record(
        key=f"{label}-{image}-{repetition}",
        denoiser=label,
        parameters={},
        plugin="p",
        plugin_version="1",
        image_set="s",
        image=image,
        image_sha256=image,
        height=4,
        width=5,
        channels=3,
        noise="n",
        noise_parameters={},
        repetition=repetition,
        stopping_rule=None,
        noisy_sha256=f"{image}-{repetition}",
        noisy_psnr=20.0,
        psnr=psnr,
        status=status,
    )


def notes(records: list[Record]) -> list[str]:
    [board] = leaderboard(records)
    return [note for note in board.notes if "draw" in note]


def test_a_row_with_fewer_draws_of_its_images_says_so() -> None:
    many = [record("a", image, draw) for image in ("1", "2") for draw in range(3)]
    one = [record("b", image, 0) for image in ("1", "2")]
    assert notes([*many, *one]) == ["b has 2 of 6 noise draws of its images: its means are over these alone"]


def test_missing_images_and_failures_are_told_elsewhere() -> None:
    whole = [record("a", image, draw) for image in ("1", "2") for draw in range(2)]
    part = [record("b", "1", draw) for draw in range(2)]
    failed = [
        record("c", image, draw, None if draw else 30.0, "error" if draw else "ok")
        for image in ("1", "2")
        for draw in range(2)
    ]
    assert notes([*whole, *part, *failed]) == []


def test_a_row_with_two_records_of_one_noisy_image_counts_the_good_one() -> None:
    """Two machines may answer one request under two keys: which one counts is not up to the keys."""
    ones = [record(label, str(n), 0, 30.0 + n) for label in ("a", "b") for n in range(6)]
    for key in ("0", "z"):
        other = replace(record("b", "5", 0, None, "error"), key=key, environment="other")
        [board] = leaderboard([*ones, other])
        assert [(row.psnr, row.images, row.failures) for row in board.rows] == [(32.5, 6, {})] * 2
        assert any(note.startswith("1 record is left out: the same row has another") for note in board.notes)


def test_of_two_good_records_of_one_noisy_image_the_one_of_the_common_environment_counts() -> None:
    ones = [replace(record("a", str(n), 0, 30.0), environment="e", wall_seconds=1.0) for n in range(6)]
    for key in ("0", "z"):
        early = replace(ones[5], key=key, psnr=40.0, environment="f", started_at="2020-01-01T00:00:00+00:00")
        [board] = leaderboard([*ones, early])
        assert [(row.psnr, row.seconds) for row in board.rows] == [(30.0, 1.0)]


def test_of_two_records_of_one_environment_the_one_that_was_measured_first_counts() -> None:
    at = "2026-01-0{}T00:00:00+00:00"
    for key in ("0", "z"):
        ones = [replace(record("a", "1", 0, 30.0), started_at=at.format(1))]
        [board] = leaderboard([*ones, replace(ones[0], key=key, psnr=40.0, started_at=at.format(2))])
        assert [row.psnr for row in board.rows] == [30.0]
