"""Times on a board: digits, intervals, and what is said of occasions."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sample_records import only, trial

from priorbench.ranking.claims import Claims
from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering import latex, tables
from priorbench.rendering.board.notes import footnotes
from priorbench.rendering.columns import columns
from priorbench.rendering.plain import boards_json
from priorbench.words import digits_for, with_ends

FIRST, LATER = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"


def board(**started):
    """A board of three methods on four images, each begun when told; `a` is the best."""
    seconds = {"a": 1.0, "b": 2.0, "c": 3.0}
    return only(
        [
            trial(label, str(n), 33.0 - value, wall_seconds=value * (1 + 0.05 * n * (label == "b")),
                  started_at=started.get(label, FIRST))
            for label, value in seconds.items()
            for n in range(4)
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("half_width", "decimals"), [(0.039, 2), (0.04, 2), (0.2, 2), (0.41, 1), (3.0, 1), (0.0, 2), (1e-9, 2)]
)
def test_decibels_have_one_or_two_decimals(half_width, decimals):
    assert digits_for(half_width, 2, 1) == decimals


@pytest.mark.parametrize("factor", [1, 3, 3.9, 4, 9.9])
@pytest.mark.parametrize("power", [-7, 0, 5])
def test_the_last_digit_is_a_quarter_of_the_half_width_at_most(power, factor):
    half_width = factor * 10.0**power
    worth = 10.0 ** -digits_for(half_width, 20, -20)
    assert half_width / 40 < worth * (1 + 1e-6)
    assert worth <= half_width / 4 * (1 + 1e-6)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((6.4567, 6.2, 6.7), "6.46 [6.20, 6.70]"),
        ((96.71, 90.2, 103.0), "97 [90, 103]"),
        ((1.31, 0.4, 4.1), "1.3 [0.4, 4.1]"),
        ((9.9961, 9.99, 10.002), "9.996 [9.990, 10.002]"),
        ((1234.4, 900.0, 1602.0), "1230 [900, 1600]"),
        ((0.005523, 0.0051, 0.006), "0.0055 [0.0051, 0.0060]"),
        ((0.000163, 0.000151, 0.000172), "1.63e-04 [1.51e-04, 1.72e-04]"),
        ((2.0, 2.0, 2.0), "2.000 [2.000, 2.000]"),
        ((0.72, 0.004, 130.0), "0.72 [<0.01, 130.00]"),
        ((97.0, 0.4, 900.0), "97 [<1, 900]"),
        ((0.0, 0.0, 0.0), "0.0e+00 [0.0e+00, 0.0e+00]"),
    ],
)
def test_a_ratio_has_the_digits_that_its_interval_bears(numbers, text):
    assert with_ends(*numbers) == text


def test_every_format_has_the_interval_of_a_ratio():
    found = board()
    row = next(row for row in found.rows if row.denoiser == "b")
    cell = columns(found)["× time"](row)
    assert cell == "2.15 [1.95, 2.36]"
    assert cell in tables.markdown([found])
    assert cell in latex.latex([found])
    flat = list(csv.DictReader(io.StringIO(tables.comma_separated([found]))))[1]
    assert float(flat["time_ratio_low"]) == pytest.approx(row.time_ratio.interval.low)
    assert flat["time_ratio_occasions"] == "1"
    told = next(one for one in json.loads(boards_json([found]))[0]["rows"] if one["denoiser"] == "b")
    assert told["time_ratio"]["occasions"] == 1
    assert "seconds_mean" not in told


def test_a_board_of_one_occasion_says_so():
    found = board()
    lines = footnotes(found, columns(found))
    means, occasion = (line for line in lines if "× time" in line)
    assert means == (
        "s/image: geometric mean over repetitions and images; × time: over a, with a 95 % interval"
        " over images"
    )
    assert "hold for the day on which it was timed: 'priorbench doctor --noise'" in occasion


def test_a_row_of_another_occasion_has_no_interval_and_is_named():
    found = board(c=LATER)
    cells = {row.denoiser: columns(found)["× time"](row) for row in found.rows}
    assert cells == {"a": "", "b": "2.15 [1.95, 2.36]", "c": "3.00"}
    [line] = [line for line in footnotes(found, columns(found)) if line.startswith("× time of")]
    assert line == (
        "× time of c: timed in no occasion of a, so without an interval: the machine may have changed"
        " (a pause of half an hour ends an occasion)"
    )


def test_ratios_over_several_occasions_and_over_fewer_images_are_told():
    records = [
        trial(label, str(n), psnr, wall_seconds=1.0 + slower * n, started_at=start)
        for label, psnr, slower in (("a", 30.0, 0.0), ("b", 29.0, 0.1))
        for n in range(4)
        for start in [FIRST if n < 2 or (label, n) == ("b", 3) else LATER]
    ]
    found = only(records)
    lines = footnotes(found, columns(found))
    assert "× time of b: over 2 occasions; the interval allows for what differs between them" in lines
    assert "× time: over fewer images than both rows have: b 3 of 4" in lines


def test_an_interval_of_a_ratio_that_says_nothing_is_not_shown():
    """Two images: Student's t has one degree of freedom, and its ends are astronomic."""
    records = [
        trial(label, str(n), 30.0 - (label == "b"), wall_seconds=seconds, started_at=FIRST)
        for label, times in (("a", (1.0, 1.0)), ("b", (0.1, 5.0)))
        for n, seconds in enumerate(times)
    ]
    found = only(records)
    [ratio] = [row.time_ratio for row in found.rows if row.time_ratio is not None]
    assert ratio.interval.high > 1e6, "JSON has it"
    assert columns(found)["× time"](next(row for row in found.rows if row.denoiser == "b")) == "0.707"
    lines = footnotes(found, columns(found))
    assert any(
        line.startswith("× time of b: no interval is shown: over 2 images it reaches") for line in lines
    )
    assert not any("interval over images" in line or "intervals hold" in line for line in lines)


def test_seconds_alone_say_their_mean():
    found = only([trial("a", "1", 30.0, wall_seconds=2.0)])
    lines = footnotes(found, columns(found))
    assert "s/image: geometric mean over repetitions and images" in lines


def test_json_tells_an_end_that_no_number_is_large_enough_for():
    seconds = {"a": (1.0, 1.0), "b": (1e-20, 1e20)}
    records = [
        trial(label, str(n), 33.0 - len(label), wall_seconds=own[n], started_at=FIRST)
        for label, own in seconds.items()
        for n in range(2)
    ]
    [found] = leaderboard(records, reference="a", claims=Claims(level=0.99))
    told = json.loads(boards_json([found]), parse_constant=pytest.fail)
    interval = next(row for row in told[0]["rows"] if row["denoiser"] == "b")["time_ratio"]["interval"]
    assert interval == {"low": 0.0, "high": "inf"}
