"""Boards of rules as text, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from ruled_records import bound, ruled
from sample_records import trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.rules import rules_boards
from priorbench.rendering import rules as rendering
from priorbench.rendering import tables
from priorbench.rendering.plain import boards_json

REASON = "the rule 'sure' needs white Gaussian noise, not clipped"


def some_records(method="dd"):
    """Return records of every kind of row of one method, on eight images."""
    images = range(8)
    yield from ruled("fixed", [1.2 + 0.1 * n for n in images], method=method, wall_seconds=9.0)
    yield from ruled(
        "es",
        [0.1 * n for n in images],
        method=method,
        fired=False,
        fit_failed=True,
        stopped_at=1200,
        iterations=700,
        wall_seconds=4.0,
    )
    yield from ruled("oracle", [0.0 for n in images], method=method)
    for n in images:
        smooth = {"stopping_rule": "es-ema", "stopping_parameters": {"average": "ema-0.99"}}
        yield trial(method, str(n), bound(n), key=f"{method} ema {n}", oracle_psnr=bound(n) + 0.3, **smooth)
        now = {"stopping_rule": "es-now", "stopping_parameters": {"stop_now": True}}
        yield trial(method, str(n), bound(n) - 2, key=f"{method} now {n}", oracle_psnr=bound(n) - 1, **now)
        yield trial(method, str(n), None, stopping_rule="sure", status="refused", error=REASON)


def printed(boards, width):
    out = io.StringIO()
    rendering.rules_table(boards, Console(file=out, width=width))
    return out.getvalue()


def cells_of(board):
    """Return the cells of each rule by heading."""
    columns = rendering.rules_columns(board)
    return {
        rule: {name: cells[number] for name, cells in columns.items()}
        for number, rule in enumerate(columns["stopping"])
    }


def test_every_number_is_in_the_cell_of_its_column():
    [board] = rules_boards(some_records())
    assert rendering.rules_title(board) == "s, n: stopping rules, 8 images"
    found = cells_of(board)
    assert list(found) == ["es-ema+ema-0.99", "es", "fixed", "es-now+stop-now", "sure", "oracle"]
    es = found["es"]
    assert (es["gap dB"], es["gap 95 %"], es[">1 dB"], es["not fired"]) == ("0.35", "0.66", "0 %", "100 %")
    assert (es["stopped"], es["chosen"], es["s/image"], es["PSNR dB"]) == ("1200", "700", "4", "33.15")
    assert es["method"] == "dd (!)" and es["bad fits"] == "8"
    assert found["fixed"][">1 dB"] == "100 %" and found["fixed"]["not fired"] == ""
    assert found["es-ema+ema-0.99"]["gap dB"] == "0.30°"  # no oracle rule looked at averages
    assert found["es-now+stop-now"]["gap dB"] == "1.00†"
    assert found["es-ema+ema-0.99"]["vs best dB"] == "best"
    assert found["fixed"]["vs best dB"].startswith("-1.55 [")
    assert {value for name, value in found["sure"].items() if name not in ("method", "stopping")} == {"", "8"}
    assert found["sure"]["refused"] == "8" and "failed" not in found["sure"]


def test_what_is_odd_is_said_below():
    notes = "\n".join(rendering.rules_footnotes(rules_boards(some_records())[0]))
    for said in (
        "† gap too small",
        "° no oracle rule looked at these fits",
        "dd (es-ema+ema-0.99) 8 of 8 images",
        "not compared: dd (oracle): an oracle sees the clean image",
        "(!) dd (es): the fit failed on 8 of 8 images",
        f"refused: dd (sure): 8 trials: {REASON}",
        "in a fit of its own, which ended when the rule stopped: dd (es-now+stop-now)",
        "adjusted for all pairs of rules of one method",
    ):
        assert said in notes
    plain = "\n".join(rendering.rules_footnotes(rules_boards(ruled("es", [0.1] * 3))[0]))
    assert "(!)" not in plain and "refused" not in plain and "of its own" not in plain and "\np:" not in plain


@pytest.mark.parametrize(("gap", "told"), [(-0.3, True), (-0.001, False)])
def test_a_result_that_is_better_than_its_bound_is_told(gap, told):
    [board] = rules_boards(ruled("es", [gap] * 3))
    assert rendering.rules_columns(board)["gap dB"] == ["-0.30°" if told else "0.00°"]
    assert any("a gap below zero" in line for line in rendering.rules_footnotes(board)) is told


def test_rules_that_others_are_compared_with_are_named():
    [board] = rules_boards(some_records(), against="fixed")
    found = cells_of(board)
    assert found["fixed"]["vs fixed dB"] == "reference" and found["es"]["vs fixed dB"].startswith("+1.20")
    notes = "\n".join(rendering.rules_footnotes(board))
    assert "fixed of the same method, which was chosen beforehand" in notes
    assert "adjusted for all comparisons with fixed" in notes


def test_a_rule_called_otherwise_that_sees_the_clean_image_is_marked():
    [board] = rules_boards(ruled("best-possible", [0.0] * 3, oracle=True))
    assert rendering.rules_columns(board)["stopping"] == ["best-possible (oracle)"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width):
    long = "es-wmv:patience=1000,window=100"
    records = [
        *some_records("a-method-with-a-label-that-is-longer-than-most:channels=128"),
        *ruled(long, [0.5] * 8, method="b"),
    ]
    lines = printed(rules_boards(records), width).splitlines()
    assert max(map(len, lines)) <= width
    assert "no room here for" in " ".join(lines)
    wide = printed(rules_boards(records), 250)
    assert long in wide and "no room here for" not in wide


def test_names_stay_recognisable_and_the_percentile_goes_before_them():
    labels = ["nl-means:h=0.1,patch=5", "nl-means:h=0.1,fast=true,patch=5", "nl-means:h=0.2,patch=5"]
    rules = ("es-wmv:window=30,patience=100", "fixed")
    records = [one for label in labels for rule in rules for one in ruled(rule, [0.5] * 8, method=label,
               fit_failed=True, fired=True, stopped_at=9, iterations=7, wall_seconds=1.0)]  # fmt: skip
    _, head, _, *lines = printed(rules_boards(records), 80).splitlines()
    assert "gap dB" in head and "gap 95 %" not in head
    rows = [line for line in lines if "(!)" in line][:6]
    assert all(row.startswith("nl-means:") and "……" not in row for row in rows), rows
    assert len({row.partition("(!)")[0] for row in rows}) == 3
    assert "gap 95 %:" not in "\n".join(lines)


def test_a_long_rule_makes_no_line_of_a_leaderboard_wider_either():
    rule = "es-wmv:patience=1000,window=100,more=" + "9" * 40
    boards = leaderboard(
        [trial("a" * 30, str(n), 30.0, stopping_rule=rule, wall_seconds=1.0) for n in range(3)]
    )
    out = io.StringIO()
    tables.table(boards, Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80


def test_json_and_csv_have_every_field():
    boards = rules_boards(some_records())
    [told] = json.loads(boards_json(boards))
    assert told["image_set"] == "s" and told["gap"] == 1.0 and told["against"] is None
    [sure] = [row for row in told["rows"] if row["rule"] == "sure"]
    assert sure["refusals"] == {REASON: 8} and sure["gap_median"] is None
    rows = {row["stopping_rule"]: row for row in csv.DictReader(io.StringIO(rendering.rules_csv(boards)))}
    assert float(rows["es"]["gap_median"]) == 0.35 and rows["es"]["failed_fits"] == "8"
    assert float(rows["fixed"]["difference"]) == pytest.approx(-1.55)
    assert rows["es-ema+ema-0.99"]["difference"] == "" and json.loads(rows["sure"]["refusals"]) == {REASON: 8}


def test_latex_has_the_smallest_gap_of_a_method_bold():
    boards = rules_boards([*ruled("a", [0.5] * 3), *ruled("b", [0.7] * 3), *ruled("oracle", [0.0] * 3)])
    lines = [line for line in rendering.rules_latex(boards).splitlines() if line.strip().endswith(r"\\")]
    assert [r"\textbf{dd}" in line for line in lines] == [False, True, False, False]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "](x)", "<b>", "=cmd|x", "a\nb"])
def test_names_and_reasons_of_a_strangers_records_do_nothing(hostile):
    records = [
        *ruled(f"{hostile}rule", [0.5] * 3, method=f"{hostile}method"),
        trial(f"{hostile}method", "0", None, stopping_rule="x", status="refused", error=f"{hostile} why"),
    ]
    boards = rules_boards(records)
    for text in (printed(boards, 80), rendering.rules_csv(boards), rendering.rules_latex(boards)):
        assert all(char.isprintable() or char == "\n" for char in text)
    markdown = rendering.rules_markdown(boards)
    assert hostile not in markdown or (hostile == "=cmd|x" and "|x" not in markdown.replace("\\|x", ""))
    assert json.loads(boards_json(boards))
    assert all(not row[7].startswith("=") for row in csv.reader(io.StringIO(rendering.rules_csv(boards))))


def test_a_share_of_few_images_is_not_rounded_to_none_or_all():
    gaps = [2.0, *[0.0] * 299]
    records = [replace(one, fired=number == 0) for number, one in enumerate(ruled("es", gaps))]
    [board] = rules_boards(records)
    columns = rendering.rules_columns(board)
    assert (columns[">1 dB"], columns["not fired"]) == (["<1 %"], [">99 %"])


def test_a_rule_that_fires_where_the_fit_begins_is_told():
    gaps = [7.0, 7.5, 8.0]
    notes = " ".join(rendering.rules_footnotes(*rules_boards(ruled("dp", gaps, stopped_at=1, fired=True))))
    assert "fired at iteration 1 on all images: dd (dp): the criterion is met where the fit begins" in notes
    later = rules_boards(ruled("dp", gaps, stopped_at=1102, fired=True))
    assert "fired at iteration 1102 on all images: dd (dp): most likely" in " ".join(
        rendering.rules_footnotes(*later)
    )
    for others in (
        ruled("dp", gaps, stopped_at=1, fired=False),
        [*ruled("dp", gaps[:2], stopped_at=1, fired=True), *ruled("dp", gaps, stopped_at=2, fired=True)[2:]],
        ruled("dp", gaps[:2], stopped_at=70, fired=True),  # two images may agree by chance
        ruled("fixed", gaps, stopped_at=1),
    ):
        assert not any("fired at" in line for line in rendering.rules_footnotes(*rules_boards(others)))


def test_a_column_that_is_not_shown_is_not_explained():
    [board] = rules_boards([*ruled("es", [0.1 * n for n in range(8)]), *ruled("fixed", [1.0] * 8)])
    shown = [*rendering.rules_columns(board)]
    assert any(line.startswith("p:") for line in rendering.rules_footnotes(board, shown))
    shown.remove("p")
    assert not any(line.startswith("p:") for line in rendering.rules_footnotes(board, shown))
