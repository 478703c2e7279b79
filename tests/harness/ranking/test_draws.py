"""Rows that have fewer noise draws than others say so: their means are not over the same noise."""

from __future__ import annotations

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
