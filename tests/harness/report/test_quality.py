"""Quality against time on the page: charts, what to pick, time to target, the board of rules."""

from __future__ import annotations

import re

import pytest
from report_things import HOSTILE, iterative, make_page, sample_records, trial

from priorbench.contract.records import Curve
from priorbench.report.quality import text_table


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    return make_page(tmp_path_factory.mktemp("quality"), sample_records())


def headings(text: str) -> list[str]:
    return re.findall(r"<h3>([^<]*)</h3>", text)


def test_a_board_has_charts_and_tables_of_quality_against_time(text):
    first, second = re.split(r'<section class="board"', text)[1:3]
    tables = ["Time to target", "PSNR when the time is over", "Share of targets reached"]
    wanted = ["On the way", "What to pick", *tables]
    assert [one for one in headings(first) if one in wanted] == wanted
    assert "Stopping rules" in headings(first)
    assert "Stopping rules" not in headings(second)  # nothing is iterative there
    names = re.findall(r'role="img" aria-label="((?:PSNR|targets)[^"]*)"', first)
    assert [name.split(":")[0] for name in names[::2]] == [
        "PSNR against seconds",
        "PSNR against iterations",
        "targets reached against time",
    ]
    assert names[::2] == names[1::2]  # for wide and for narrow windows
    assert all("<title>" in one and "<desc>" in one for one in first.split('aria-label="PSNR against')[1:])


def test_lines_and_rows_are_hidden_with_their_method(text):
    first = re.split(r'<section class="board"', text)[1]
    lines = first[first.index("On the way") : first.index("What to pick")]
    assert lines.count('data-method="network"') == 2 * 3 * 2  # line and name, three charts, two widths
    rows = first[first.index("Time to target") : first.index("Image by image")]
    assert rows.count('<tr data-method="network"') >= 2


def test_a_curve_that_cannot_be_one_breaks_no_page(tmp_path):
    records = [iterative("network", number, 29.0) for number in range(3)]
    wild = Curve(iteration=(3, 2), wall_seconds=(1.0, 1e12), psnr=(1e9, None), residual=(0.1, None))
    records += [iterative("wild", number, 28.0) for number in range(3)]
    records = [
        type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"curve": wild})
        if one.denoiser == "wild"
        else one
        for one in records
    ]
    page = make_page(tmp_path, records)
    assert "with a curve that cannot be one, left out: wild on 3 noisy images" in page


def test_names_are_text(text):
    assert HOSTILE not in text
    assert "<b>bold</b>" not in text


def test_lines_have_few_points_however_many_images(tmp_path):
    """Of 1000 points of a curve and of a hundred images, a line has sixty points."""
    points = range(1, 1001)
    curve = Curve(
        iteration=tuple(points),
        wall_seconds=tuple(number / 100 for number in points),
        psnr=tuple(20 + number / 100 for number in points),
        residual=(0.1,) * 1000,
    )
    records = [
        trial("network", 0, 30.0, image=f"i{number}", image_sha256=f"{number:064}", noisy_sha256=f"n{number}",
              curve=curve, stopping_rule="fixed", iterations=1000, wall_seconds=10.0)
        for number in range(100)
    ]  # fmt: skip
    page = make_page(tmp_path, records)
    paths = re.findall(r'<path fill="none" stroke="#[^"]*" stroke-width="2"[^>]* d="([^"]*)"', page)
    assert paths
    assert max(len(re.findall(r"[\d.]+ [\d.]+", path)) for path in paths) <= 60
    assert max(path.count("V") for path in paths) <= 60


def test_cells_are_sorted_by_their_first_number():
    cells = ["1.5 s (75 %)", "never", "<1 %", "+0.5 [-1, 2]", "1e-05 s"]
    table = text_table("t", {"method": list("abcde"), "x": cells}, ["a"] * 5, [])
    assert [line.cells[1].order for line in table.lines] == [1.5, None, 1.0, 0.5, 1e-5]
    assert [line.cells[0].order for line in table.lines] == [None] * 5
