"""The board across boards: places are averaged, dB never, and nothing is dropped silently."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from rich.console import Console
from sample_records import trial

from priorbench.ranking.boards import Apart, Board, Interval, Row, Setting
from priorbench.ranking.claims import Claims
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.overall import overall
from priorbench.rendering.across import (
    overall_csv,
    overall_footnotes,
    overall_json,
    overall_latex,
    overall_markdown,
    overall_table,
    overall_title,
)

CLAIMS = Claims(level=0.9)


def a_row(label: str, psnr: float | None, rank: int | None = 1, **changes) -> Row:
    values = {
        "name": label,
        "rank": rank,
        "rank_worst": rank,
        "denoiser": label,
        "stopping_rule": None,
        "device": "cpu",
        "threads": 1,
        "images": 9,
        "failures": {},
        "psnr": psnr,
        "infinite": 0,
    }
    empty = dict.fromkeys(("ssim", "gain", "oracle_psnr", "seconds", "memory_bytes", "iterations"))
    return Row(**(values | empty | {"tainted": 0} | changes))


def a_board(
    noise: str, rows: list[Row], apart: dict[tuple[str, str], float] | None = None, **changes
) -> Board:
    """Return a board of rows in order; `apart` has the error rate of each (better, worse)."""
    setting = Setting(image_set=changes.pop("image_set", "photos"), noise=noise)
    return Board(
        protocol=changes.pop("protocol", 1),
        setting=setting,
        labels=setting,
        images=9,
        noisy_psnr=20.0,
        reference=rows[0].name if rows else None,
        claims=CLAIMS,
        rows=tuple(rows),
        apart=tuple(Apart(better=a, worse=b, p=p) for (a, b), p in (apart or {}).items()),
        **changes,
    )


def ranked(*labels: str) -> list[Row]:
    """Return rows that are ranked in this order."""
    return [a_row(label, 30.0 - number) for number, label in enumerate(labels)]


def told(board) -> dict:
    return {row.name: (row.mean_rank, row.interval, row.won, row.first) for row in board.rows}


def test_mean_ranks_and_their_intervals_are_those_worked_out_by_hand():
    """Two boards at 90 % speak at 95 % each: what needs an error rate of 0.07 is not told apart."""
    boards = [
        a_board("weak", ranked("a", "b", "c"), {("a", "b"): 0.01, ("a", "c"): 0.05, ("b", "c"): 0.07}),
        a_board("strong", ranked("b", "a", "c"), {("b", "c"): 0.02}),
    ]
    [found] = overall(boards)
    assert found.board_level == pytest.approx(0.95)
    assert told(found) == {
        "a": (1.5, Interval(low=1.0, high=2.0), 1, 0.5),  # 1 to 1, then 1 to 3
        "b": (1.5, Interval(low=1.5, high=2.5), 0, 0.5),  # 2 to 3, then 1 to 2
        "c": (3.0, Interval(low=2.0, high=3.0), 0, 0.0),  # 2 to 3, then 2 to 3
    }
    assert [row.name for row in found.rows] == ["a", "b", "c"]
    assert [(own.place, own.best, own.worst) for own in found.rows[1].on_boards] == [(2, 2, 3), (1, 1, 2)]


def test_ranks_are_counted_among_the_methods_that_count():
    """A method of one board alone takes no place from the others there, and they none by it."""
    boards = [
        a_board("weak", ranked("x", "a", "b"), {("x", "a"): 0.0, ("x", "b"): 0.0, ("a", "b"): 0.0}),
        a_board("strong", ranked("a", "b"), {("a", "b"): 0.0}),
    ]
    [found] = overall(boards)
    assert told(found)["a"] == (1.0, Interval(low=1.0, high=1.0), 2, 1.0)
    assert told(found)["b"] == (2.0, Interval(low=2.0, high=2.0), 0, 0.0)
    assert found.rows[-1].name == "x"
    assert found.rows[-1].unranked == "ranked on 1 of 2 boards: was not run there"


def test_equal_means_share_a_place_and_the_first_one():
    """Otherwise the alphabet would decide on every board."""
    pair = [a_row("a", 30.0), a_row("b", 30.0000000001), a_row("c", 29.0)]
    boards = [a_board("weak", pair), a_board("strong", pair)]
    [found] = overall(boards)
    assert [(row.mean_rank, row.first) for row in found.rows] == [(1.5, 0.5), (1.5, 0.5), (3.0, 0.0)]
    exact = [a_row("a", None, infinite=9), a_row("b", 60.0)]
    [found] = overall([a_board("weak", exact), a_board("strong", exact)])
    assert [(row.mean_rank, row.first) for row in found.rows] == [(1.0, 1.0), (2.0, 0.0)]


def test_one_odd_board_does_not_empty_the_table():
    boards = [
        *(a_board(f"n{number}", ranked("a", "b", "c")) for number in range(4)),
        a_board("odd", ranked("x")),
        a_board("other", ranked("x", "y")),
        a_board("part", ranked("a", "b")),
    ]
    [found] = overall(boards)
    assert [setting.noise for setting in found.settings] == ["n0", "n1", "n2", "n3"]
    assert found.methods == 3
    assert "left out, because fewer than two methods are ranked there: photos, odd" in found.notes
    assert (
        "left out, because not all of the methods are ranked there: photos, other; photos, part"
        in found.notes
    )
    assert [row.name for row in found.rows if row.mean_rank is None] == ["x", "y"]


def test_the_largest_table_is_found_among_scattered_runs():
    """By brute force over all sets of boards, for random patterns."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        there = rng.random((6, 5)) < 0.6
        boards = [
            a_board(f"n{number}", ranked(*(f"m{row}" for row in np.flatnonzero(column))))
            for number, column in enumerate(there.T)
        ]
        best = 0
        for bits in range(1, 32):
            chosen = [number for number in range(5) if bits >> number & 1]
            rows = int(there[:, chosen].all(axis=1).sum())
            best = max(best, rows * len(chosen) if rows > 1 and len(chosen) > 1 else 0)
        assert sum(found.methods * len(found.settings) for found in overall(boards)) == best


def test_methods_that_are_not_ranked_everywhere_are_listed_with_the_reason():
    oracle = a_row("a", 33.0, None, stopping_rule="oracle", name="a@oracle", unranked="an oracle sees it")
    failed = a_row("d", 33.0, None, unranked="8 of 9 images: 1 crashed")
    boards = [
        a_board("weak", [*ranked("a", "b", "c", "d"), oracle]),
        a_board("strong", [*ranked("a", "b", "c"), oracle, failed]),
        a_board("other", [*ranked("a", "b", "c"), oracle]),
    ]
    [found] = overall(boards)
    assert {row.name: row.unranked for row in found.rows if row.mean_rank is None} == {
        "d": "ranked on 1 of 3 boards: 8 of 9 images: 1 crashed; was not run there",
        "a@oracle": "ranked on 0 of 3 boards: an oracle sees it",
    }
    notes = overall_footnotes(found)
    assert "no mean rank: a@oracle: ranked on 0 of 3 boards: an oracle sees it" in notes


@pytest.mark.parametrize(
    "boards",
    [
        [],
        [a_board("weak", ranked("a", "b"))],
        [a_board("weak", ranked("a")), a_board("strong", ranked("a"))],
        [a_board("weak", ranked("a", "b")), a_board("strong", ranked("c", "d"))],
        [a_board("weak", ranked("a", "b")), a_board("weak", ranked("a", "b"), protocol=2)],
        [a_board("weak", []), a_board("strong", [])],
    ],
)
def test_without_two_boards_and_two_methods_there_is_none(boards):
    assert overall(boards) == []


def test_a_device_makes_another_method_and_the_shortest_name_of_a_board_does_not():
    """On one board a is `a`, on the other `a@cpu`, because it ran on a GPU as well."""
    both = [a_row("a", 31.0, name="a@cuda", device="cuda", conditions=("cuda",)),
            a_row("a", 30.0, name="a@cpu", conditions=("cpu",)),
            a_row("b", 29.0, conditions=("cpu",))]  # fmt: skip
    boards = [a_board("weak", both), a_board("strong", ranked("a", "b"))]
    [found] = overall(boards)
    assert told(found).keys() == {"a@cpu", "a@cuda", "b"}
    assert [row.mean_rank for row in found.rows] == [1.0, 2.0, None]
    assert found.rows[0].conditions == ("cpu",)


def test_what_a_reader_must_know_is_said():
    changed = [a_row("a", 30.0, settings="1"), a_row("b", 29.0, flags=("is odd",))]
    boards = [
        a_board("weak", changed),
        a_board("strong", [a_row("a", 30.0, settings="2"), a_row("b", 29.0)]),
    ]
    notes = overall_footnotes(*overall(boards))
    for part in (
        "boards of one image set share its images: they are no independent witnesses",
        "not the same parameters on all boards: a: such a mean rank is no single method's",
        "no dB is averaged over boards",
        "all of them together hold at 90 %, because each board speaks at 95 %",
        "(?) b: is odd (photos, weak)",
    ):
        assert any(part in note for note in notes), part
    sets = [a_board("weak", ranked("a", "b"), image_set=name) for name in ("photos", "drawings")]
    assert not any("witnesses" in note for note in overall_footnotes(*overall(sets)))


def test_it_is_said_where_images_are_too_few_for_so_many_boards():
    """Nine images give p down to 1/256; thirty boards at 90 % need 1/300."""
    [found] = overall([a_board(f"n{number}", ranked("a", "b")) for number in range(30)])
    [note] = [note for note in found.notes if "too few images" in note]
    assert "30 boards" in note and "0.0033 or less: photos, n0" in note
    [found] = overall([a_board(f"n{number}", ranked("a", "b")) for number in range(20)])
    assert not any("too few images" in note for note in found.notes)


def test_no_output_has_a_mean_of_decibels():
    """Boards of 31 and 17, 23 and 11 dB: no 24 and no 17 is said, and no other number of that size."""
    boards = [
        a_board("weak", [a_row("a", 31.0625), a_row("b", 23.0625)]),
        a_board("strong", [a_row("a", 17.0625), a_row("b", 11.0625)]),
    ]
    found = overall(boards)
    out = io.StringIO()
    overall_table(found, Console(file=out, width=140))
    texts = [out.getvalue(), overall_markdown(found), overall_latex(found), overall_csv(found)]
    for text in [*texts, overall_json(found)]:
        assert not any(number in text for number in ("24.06", "17.06", "31.06", "23.06", "11.06"))
    for row in json.loads(overall_json(found))[0]["rows"]:
        assert not any("psnr" in name or "gain" in name or "difference" in name for name in row)
    assert [line["mean_rank"] for line in csv.DictReader(io.StringIO(overall_csv(found)))] == ["1.0", "2.0"]
    assert overall_title(found[0]) == "overall: 2 boards, 2 methods"


def some_records(seed: int, images: int, effects: dict[str, float], noises=("weak", "strong")):
    """Return records of methods on the same images under each noise."""
    rng = np.random.default_rng(seed)
    return [
        trial(
            label,
            str(image),
            30.0 + effect + float(rng.normal(0, 0.5)),
            noise=noise,
            noisy_sha256=f"{noise}-{image}",
            key=f"{label}-{noise}-{image}",
        )
        for noise in noises
        for label, effect in effects.items()
        for image in range(images)
    ]


@pytest.mark.parametrize("images", [6, 12, 40])
def test_who_is_told_apart_at_a_stricter_level_needs_no_second_ranking(images):
    """The error rate that is kept with a pair says at which level it would be told apart."""
    records = some_records(1, images, {"a": 1.0, "b": 0.7, "c": 0.5, "d": 0.0})
    for wide in leaderboard(records, claims=Claims(level=0.8)):
        kept = {(pair.better, pair.worse): pair.p for pair in wide.apart}
        assert kept
        for level in (0.9, 0.95, 0.975, 0.99, 0.998):
            boards = leaderboard(records, claims=Claims(level=level))
            [strict] = [board for board in boards if board.setting == wide.setting]
            found = {(pair.better, pair.worse) for pair in strict.apart}
            assert found == {pair for pair, p in kept.items() if p <= 1 - level}
            for pair in strict.apart:
                assert pair.p == pytest.approx(kept[pair.better, pair.worse], rel=1e-9)


def test_a_board_knows_who_is_told_apart_and_its_ranks_follow_from_that():
    [board, _] = leaderboard(some_records(2, 30, {"a": 1.0, "b": 0.9, "c": 0.0}))
    for row in board.rows:
        better = sum(pair.worse == row.name for pair in board.apart)
        worse = sum(pair.better == row.name for pair in board.apart)
        assert (row.rank, row.rank_worst) == (1 + better, 3 - worse)


def test_of_equal_methods_no_board_claims_anything_in_all_but_five_of_a_hundred_draws():
    """Five equal methods on two boards that share images: then all mean ranks from 1 to 5 are possible."""
    draws, good = 100, 0
    for seed in range(draws):
        [found] = overall(leaderboard(some_records(seed, 8, dict.fromkeys("abcde", 0.0))))
        good += all(row.interval == Interval(low=1.0, high=5.0) for row in found.rows)
    assert good >= 0.95 * draws - 2 * math.sqrt(draws * 0.95 * 0.05)
