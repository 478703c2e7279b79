"""Flags: questions about rows that honest methods cannot easily give, and none about honest ones."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from math import log10

import pytest
from rich.console import Console
from sample_records import only, trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.suspicion import Suspect, flags
from priorbench.rendering.latex import latex
from priorbench.rendering.markers import markers
from priorbench.rendering.plain import boards_json
from priorbench.rendering.tables import comma_separated, markdown, table
from priorbench.report.table import ranking

LIKE, AGAINST, ABOVE, EXACT = (
    "too much like the noise",
    "runs against the noise",
    "dB above",
    "came out clean",
)


def suspect(method: str = "m", **told) -> Suspect:
    values = {"oracle": False, "images": 3, "too_exact": 0, "gain": None, "noise_correlation": None}
    return Suspect(method=method, **(values | told))


def of_one(correlation: float | None, gain: float | None) -> tuple[str, ...]:
    [found] = flags([suspect(noise_correlation=correlation, gain=gain)])
    return found


@pytest.mark.parametrize("part", [0.5, 0.7, 0.9, 0.999])
def test_noise_of_which_a_part_was_subtracted_is_flagged(part):
    """The error of y - a n is (1 - a) n: its correlation is 1 for any a < 1, its gain -20 log(1 - a)."""
    [flag] = of_one(1.0, -20 * log10(1 - part))
    assert LIKE in flag
    [flag] = of_one(-1.0, -20 * log10(1 - part))  # y - (2 - a) n
    assert AGAINST in flag


@pytest.mark.parametrize("gain", [0.0, 0.5, 3.0, 10.0, 20.0, 40.0])
def test_the_posterior_mean_is_never_flagged(gain):
    """Its correlation is 10^(-gain / 20): see the module. Nor what has up to three times that."""
    for times in (0.0, 0.3, 1.0, 3.0):
        assert of_one(min(0.9, times * 10 ** (-gain / 20)), gain) == ()
    assert of_one(10 ** (-gain / 20), gain) == ()


@pytest.mark.parametrize(
    ("correlation", "gain"),
    [
        (0.925, 1.04),  # the noisy image, clipped
        (0.85, 3.32),  # wavelet on the phantom, sigma 5
        (0.844, 6.04),  # wavelet, salt and pepper
        (0.966, 3.84),
        (0.715, 12.91),  # non-local means, salt and pepper
        (0.636, 16.66),  # non-local means on a flat photograph, sigma 100
        (0.248, 20.86),  # BM3D there
        (-0.018, 17.71),  # total variation on a signal of 512 values
        (0.006, -0.65),  # Deep Image Prior after 30 iterations
        (None, 12.0),
        (0.9, None),
    ],
)
def test_the_extremes_of_shipped_methods_are_not_flagged(correlation, gain):
    assert of_one(correlation, gain) == ()


def test_an_honest_estimate_mixed_with_the_clean_image_is_flagged_where_it_wins_much():
    """w times the error of a method has its correlation, and 20 log(1 / w) dB more."""
    correlation, gain = 0.31, 9.6  # BM3D at sigma 15
    assert of_one(correlation, gain) == of_one(correlation, gain + 6) == ()
    assert LIKE in of_one(correlation, gain + 20)[0]


def gains(**of: float) -> dict[str, tuple[str, ...]]:
    found = flags([suspect(name, gain=gain) for name, gain in of.items()])
    return {name: flag for name, flag in zip(of, found, strict=True) if flag}


def test_what_is_far_above_all_others_is_flagged():
    assert gains(cheat=25.0, bm3d=11.8, tv=8.9, wavelet=9.6, identity=0.8) == {
        "cheat": ("it is 13.2 dB above the best of 3 other methods",)
    }
    two = gains(one=25.0, two=40.0, bm3d=11.8, tv=8.9, wavelet=9.6)  # they do not hide each other
    assert set(two) == {"one", "two"}
    assert two["two"] == ("it is 28.2 dB above the best of 3 other methods",)


def test_a_good_method_among_few_or_poor_ones_is_not_flagged():
    assert gains(bm3d=14.9, identity=0.0) == {}
    assert gains(bm3d=20.5, identity=0.0, two=0.1, three=-3.0, four=2.0) == {}
    assert gains(bm3d=20.5, tv=9.0, identity=0.0) == {}  # one other that restores is no crowd
    assert gains(bm3d=11.8, deep=6.5, two=5.2, three=3.5) == {}
    # those above are more than those below: the poor ones are the odd ones
    assert gains(a=25.0, b=25.1, c=25.2, d=25.3, e=12.0, f=11.0, g=10.0) == {}


def test_rows_of_one_method_and_oracles_are_no_others():
    rows = [suspect("cheat", gain=30.0), suspect("cheat", gain=29.0), suspect("cheat", gain=12.0)]
    honest = [suspect(name, gain=9.0) for name in "abc"]
    found = flags([*rows, *honest])
    assert [bool(flag) for flag in found] == [True, True, False, False, False, False]
    assert flags([*rows[:1], *(replace(one, oracle=True) for one in honest)])[0] == ()
    assert not any(flags([replace(rows[0], oracle=True), *honest]))


def test_exact_outputs_are_flagged_and_keep_their_rank():
    board = only(
        [
            trial("good", "1", 30.0),
            trial("good", "2", 31.0),
            trial("odd", "1", None, mse=0.0),
            trial("odd", "2", 101.0, mse=1e-11),
        ]
    )
    odd, good = board.rows
    assert (odd.denoiser, odd.rank, good.flags) == ("odd", 1, ())
    assert odd.flags == ("2 of 2 noisy images came out clean, exactly or to 100 dB",)


@pytest.mark.parametrize("changes", [{"noisy_psnr": None}, {"noisy_psnr": 140.0}, {"operator": "mask"}])
def test_what_had_no_noise_or_may_be_solved_exactly_is_not_flagged(changes):
    board = only([trial("good", "1", 30.0, **changes), trial("odd", "1", None, mse=0.0, **changes)])
    assert not any(row.flags for row in board.rows)


def test_a_board_takes_the_mean_over_images_and_repetitions():
    records = [
        trial("odd", image, 30.0, repetition=draw, noise_correlation=value, noisy_sha256=f"{image} {draw}")
        for image, draw, value in (("1", 0, 0.9), ("1", 1, 1.0), ("2", 0, 1.0))
    ]
    [row] = only(records).rows
    assert row.noise_correlation == pytest.approx((0.95 + 1.0) / 2)
    assert LIKE in row.flags[0]
    [row] = only([replace(one, noise_correlation=None) for one in records]).rows
    assert (row.noise_correlation, row.flags) == (None, ())


def test_every_output_shows_the_mark_and_says_what_it_means():
    boards = leaderboard([trial("odd", "1", 30.0, noise_correlation=0.99), trial("good", "1", 29.0)])
    flag = "its error is too much like the noise that was drawn: correlation 0.99 at a gain of 10.0 dB"
    said = "(?) is a question, not a verdict: a row that is flagged keeps its rank"
    console = Console(file=io.StringIO(), width=120)
    table(boards, console)
    for text in (console.file.getvalue(), markdown(boards), latex(boards)):
        assert "odd (?)" in text
        assert "good (?)" not in text
        assert f"(?) odd: {flag}" in " ".join(text.split())
        assert said in " ".join(text.split())
    assert json.loads(boards_json(boards))[0]["rows"][0]["flags"] == [flag]
    assert flag in comma_separated(boards)
    looks = markers((row.denoiser, row.name) for row in boards[0].rows)
    page = ranking(boards[0], looks)
    assert next(cell.text for cell in page.lines[0].cells if cell.word) == "odd (?)"
    assert {f"(?) odd: {flag}", said} <= set(page.notes)
    plain = leaderboard([trial("good", "1", 29.0)])
    assert "(?)" not in markdown(plain)
