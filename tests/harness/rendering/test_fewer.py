"""A mean over fewer images than its row has is marked, and a footnote says of how many."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from sample_records import only, trial

from priorbench.rendering import latex
from priorbench.rendering import tables as rendering
from priorbench.rendering.plain import boards_json
from priorbench.report.table import ranking


def a_board(**changes):
    """Return a board of two methods on six images; alpha has SSIM, LPIPS and times of some of them only."""
    records = []
    for n in range(6):
        some = n < 2
        alpha = {
            "ssim": 0.9123 if some else None,
            "metrics": {"lpips": 0.25 if n < 3 else None},
            "wall_seconds": 2.0 if n < 5 else None,
        }
        records.append(trial("alpha", str(n), 31.0 + n, **(alpha | changes)))
        records.append(trial("beta", str(n), 30.0 + n, ssim=0.8, metrics={"lpips": 0.5}, wall_seconds=1.0))
    return only(records)


NOTES = (
    "‡ SSIM: over fewer images than the row: alpha 2 of 6",
    "‡ lpips: over fewer images than the row: alpha 3 of 6",
    "‡ s/image: over fewer images than the row: alpha 5 of 6",
)
CELLS = ("0.9123‡", "0.25‡", "2‡")


def test_every_text_format_and_the_page_mark_them():
    board = a_board()
    out = io.StringIO()
    rendering.table([board], Console(file=out, width=200))
    for text in (out.getvalue(), rendering.markdown([board])):
        assert all(note in text for note in NOTES) and all(cell in text for cell in CELLS)
        assert text.count("‡") == 6
    tex = latex.latex([board])
    assert r"0.9123$^{\ddagger}$" in tex and r"$^{\ddagger}$ SSIM: over fewer images" in tex
    page = ranking(board, {row.name: None for row in board.rows})
    assert set(NOTES) <= set(page.notes)
    assert set(CELLS) <= {cell.text for cell in page.lines[0].cells}


def test_json_and_csv_have_the_numbers():
    fewer = {"ssim": 2, "seconds": 5, "metrics.lpips": 3}
    board = a_board()
    assert [row["fewer"] for row in json.loads(boards_json([board]))[0]["rows"]] == [fewer, {}]
    assert '""metrics.lpips"": 3' in rendering.comma_separated([board])


@pytest.mark.parametrize(
    "changes",
    [
        {"ssim": 0.9, "metrics": {"lpips": 0.25}, "wall_seconds": 1.0},
        {"ssim": None, "metrics": {}, "wall_seconds": None},
    ],
)
def test_a_mean_over_all_images_or_none_has_no_mark(changes):
    assert "‡" not in rendering.markdown([a_board(**changes)])


def test_exact_images_are_told_in_their_own_words():
    records = [trial("alpha", str(n), None if n == 0 else 30.0, mse=0.001 * n, ssim=1.0) for n in range(3)]
    text = rendering.markdown([only(records)])
    assert "30.00 (+1 exact)" in text and "‡" not in text


def test_a_psnr_that_is_missing_is_told():
    records = [trial("alpha", str(n), None if n == 0 else 30.0, ssim=1.0) for n in range(3)]
    records += [trial("beta", str(n), 29.0, ssim=1.0) for n in range(3)]
    text = rendering.markdown([only(records)])
    assert "not ranked: alpha: 2 of 3 images: 1 without a PSNR" in text
    assert "30.00‡" in text and "‡ PSNR dB: over fewer images than the row: alpha 2 of 3" in text


def test_a_narrow_table_explains_only_the_marks_that_it_has():
    out = io.StringIO()
    rendering.table([a_board()], Console(file=out, width=50))
    assert "SSIM" in out.getvalue() and "‡ SSIM" not in out.getvalue()
