"""Quality against time as text and as drawings: what is shown, and that no name does harm."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console
from trajectories import boards, called, fitted

from priorbench.rendering import targets as text
from priorbench.rendering.curves import charts, curves_file
from priorbench.rendering.line_drawing import Chart, Line, chart_element
from priorbench.rendering.markers import markers
from priorbench.rendering.plain import boards_json

HOSTILE = '<script>alert(1)</script>|"&=cmd'


@pytest.fixture(scope="module")
def found():
    """One board: a method with a curve, one of each kind of failing to reach, and a hostile name."""
    records = []
    for number in range(4):
        image = str(number)
        records += [
            fitted(
                "net", image, (1, 1.0, 18.0), (10, 10.0, 24.0 + number), (100, 100.0, 29.0), tainted="load"
            ),
            called("bm3d", image, 28.0, 2.0),
            called("weak", image, 21.0, 0.01),
            called(HOSTILE, image, 25.0, 0.5),
        ]
    return boards(records)


def printed(found, width: int) -> str:
    out = io.StringIO()
    text.targets_table(found, Console(file=out, width=width, color_system=None, highlight=False))
    return out.getvalue()


def test_a_table_says_what_to_pick_and_when_targets_are_reached(found):
    lines = printed(found, 200).splitlines()
    picks = [line.split() for line in lines if line.lstrip().startswith(("1 s", "10 s", "10 min"))]
    assert [line[2] for line in picks] == [HOSTILE, "bm3d", "net"]
    [net] = [line for line in lines if line.startswith("net") and "never" not in line and " s" in line]
    assert "10 s" in net
    assert any(line.startswith("weak") and line.count("never") == 6 for line in lines)
    assert any("stopped by the clock" in line for line in lines)
    assert any("takes the clean image to choose" in line for line in lines)
    marked = [part.notes[-1].startswith("* some timings disturbed") for part in text.sections(found[0])]
    assert marked[:2] == [True, True]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_table_fits_the_terminal_and_names_what_it_leaves_out(found, width):
    shown = printed(found, width)
    assert max(map(len, shown.splitlines())) <= width
    assert ("no room here for" in shown) is (width < 80)


def test_success_below_all_stands_beside_the_time():
    records = [fitted("net", str(n), (1, 1.0, 21.0), (2, 2.0, 24.0 if n else 22.0)) for n in range(4)]
    [board] = boards(records)
    assert text.target_columns(board)["noisy+3"] == ["2.67 s (75 %)"]


def test_unlike_machines_have_rates_and_no_times():
    records = [fitted("net", str(n), (1, 1.0, 24.0 if n else 21.0), environment=f"e{n}") for n in range(2)]
    [board] = boards(records)
    assert text.target_columns(board)["noisy+3"] == ["– (50 %)"]
    assert text.share_columns(board) == {"method": []}
    assert [part.title for part in text.sections(board)] == ["time to target"]


def test_shares_are_never_rounded_to_all_or_none():
    assert [text.percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0, None)] == [
        "0 %", "<1 %", "50 %", ">99 %", "100 %", ""
    ]  # fmt: skip


def test_times_are_told_in_the_largest_unit():
    assert [text.amount(at) for at in (0.5, 1.0, 60.0, 90.0, 600.0, 7200.0)] == [
        "0.5 s", "1 s", "1 min", "90 s", "10 min", "2 h"
    ]  # fmt: skip


def test_json_has_everything_and_csv_a_line_for_each_method_and_target(found):
    [board] = json.loads(boards_json(found), parse_constant=pytest.fail)
    assert {one["name"] for one in board["methods"]} == {"net", "bm3d", "weak", HOSTILE}
    assert board["methods"][0]["against_seconds"]["median"]
    lines = list(csv.DictReader(io.StringIO(text.targets_csv(found))))
    assert len(lines) == 4 * 6
    net = next(line for line in lines if (line["name"], line["target"]) == ("net", "noisy+9"))
    assert (net["rate"], net["expected_seconds"]) == ("1.0", "100.0")


def test_names_do_no_harm_in_any_form(found):
    assert "<script>" not in text.targets_markdown(found)
    assert "<script>" not in curves_file(found)
    assert "\\textless{}script" in text.targets_latex(found)


def test_drawings_are_well_formed_and_say_what_they_are(found):
    looks = markers((one.label, one.name) for board in found for one in board.methods)
    drawn = charts(found[0], looks)
    assert [chart.heading.split(":")[0] for chart in drawn] == [
        "PSNR against seconds",
        "PSNR against iterations",
        "targets reached against time",
    ]
    for chart in drawn:
        for width in (340, 760):
            root = ET.fromstring(chart_element(chart, width))
            assert root.get("role") == "img"
            assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
            assert float(root.get("width")) == width
    ET.fromstring(curves_file(found))


@pytest.mark.parametrize("width", [340, 760])
def test_labels_do_not_overlap(width):
    """Of many long names each has a place of its own, inside of the drawing."""
    lines = tuple(
        Line(name=f"{'method-with-a-long-name' * (1 + n % 3)}-{n}", label=str(n), colour="#000000",
             at=(10.0**-n, 2.0), value=(20.0, 30.0), low=(19.0, 29.0), high=(21.0, 31.0))
        for n in range(5)
    )  # fmt: skip
    chart = Chart(heading="h", caption="c", across="x", up="y", lines=lines, span=(18.0, 32.0))
    root = ET.fromstring(chart_element(chart, width))
    boxes = []
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        if element.get("class") is None:
            continue  # marks
        size = 7.2 * len(element.text)
        x = (
            float(element.get("x"))
            - {"start": 0, "middle": size / 2, "end": size}[element.get("text-anchor")]
        )
        boxes.append((x, x + size, float(element.get("y"))))
    assert len(boxes) > 5
    for number, (left, right, y) in enumerate(boxes):
        assert left >= -8 and right <= width + 8
        for other_left, other_right, other_y in boxes[number + 1 :]:
            assert abs(y - other_y) >= 12 or right <= other_left or other_right <= left
    assert float(root.get("height")) >= max(y for _, _, y in boxes)


@pytest.mark.parametrize("at", [(1.0,), (1e-6,), (5.0, 5.0), (1e-6, 1e9)])
def test_any_span_of_times_can_be_drawn(at):
    line = Line(name="a", label="a", colour="#000000", at=at, value=(20.0,) * len(at))
    chart = Chart(heading="h", caption="c", across="x", up="y", lines=(line,), span=(19.0, 20.0))
    assert "nan" not in chart_element(chart, 340)


def test_the_quality_of_every_method_by_then_is_told():
    records = [fitted("net", "1", (1, 0.5, 22.0), (2, 20.0, 26.0)), fitted("net", "2", (1, 2.0, 24.0))]
    [board] = boards(records)
    columns = text.quality_columns(board)
    assert columns == {
        "method": ["net"], "1 s": ["21.00 (1)"], "10 s": ["23.00"], "1 min": ["25.00"], "10 min": ["25.00"]
    }  # fmt: skip
    assert any("in parentheses" in line for line in text.quality_notes(board))


def test_variants_of_a_method_stand_together_and_its_own_iterates_have_the_band():
    points = ((1, 1.0, 21.0), (2, 2.0, 24.0))
    records = [
        *(fitted("net", str(n), *points, stopping_parameters={"average": "last-50"}, rule="x") for n in "12"),
        *(fitted("other", str(n), *points) for n in "12"),
        *(fitted("net", str(n), *points) for n in "12"),
    ]
    [board] = boards(records)
    chart = charts(board, markers((one.label, one.name) for one in board.methods))[0]
    assert [line.name for line in chart.lines] == ["net", "net+last-50", "other"]
    assert [bool(line.low) for line in chart.lines] == [True, False, True]
    assert [line.dash for line in chart.lines] == ["", "7 3", ""]
    assert "where nothing is averaged" in chart.caption
