"""Leaderboards as text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.console import Console
from sample_records import only, trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering import tables as rendering
from priorbench.rendering.plain import boards_json
from priorbench.report.table import ranking


def printed(boards, width):
    out = io.StringIO()
    rendering.table(boards, Console(file=out, width=width))
    return out.getvalue()


def test_a_table_is_readable_in_80_columns_and_says_what_it_leaves_out():
    label = "a-method-with-a-label-that-is-longer-than-most:channels=128"
    records = [
        trial(name, str(n), base + n, ssim=0.9, wall_seconds=2.0, peak_memory_bytes=2**28)
        for name, base in ((label, 30.0), ("b", 28.0))
        for n in range(12)
    ]
    boards = leaderboard([*records, trial("c", "1", None, status="crashed")])
    lines = printed(boards, 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert "no room here for" in "".join(lines)
    start = lines[2].index(" ") + 2
    method = slice(start, lines[2].index(" ", start))
    shown = next(line[method].strip() for line in lines if "…" in line[method])
    head, _, tail = shown.partition("…")
    assert 16 <= len(shown) < len(label)
    assert label.startswith(head)
    assert label.endswith(tail)
    assert any("shortened" in line for line in lines)
    wide = printed(boards, 160)
    assert label in wide and "no room here for" not in wide and "256 MiB" in wide


def test_csv_and_json_are_valid_and_harmless():
    boards = leaderboard([trial("=cmd|x", "1", 30.0), trial('q"u,o', "1", 29.0)])
    rows = list(csv.DictReader(io.StringIO(rendering.comma_separated(boards))))
    assert [row["denoiser"] for row in rows] == ["'=cmd|x", 'q"u,o']
    assert [row["difference"] for row in rows] == ["", "-1.0"]
    assert json.loads(boards_json(boards))[0]["rows"][0]["denoiser"] == "=cmd|x"
    assert "=cmd\\|x" in rendering.markdown(boards)


def test_csv_has_no_codes_for_a_terminal():
    codes = {"device": "cpu\x1b[31m", "noise_parameters": {"s": "\x1b[2J\x7f"}}
    boards = leaderboard([trial("a\x9b31m", "1", 30.0, **codes), trial("=\x1b[2J", "1", 29.0, **codes)])
    text = rendering.comma_separated(boards)
    assert all(char.isprintable() or char == "\n" for char in text)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["denoiser"] for row in rows} == {"a\\x9b31m", "'=\\x1b[2J"}


def test_a_further_metric_has_a_column_of_means_over_images():
    def scored(label, image, value, **changes):
        return trial(label, image, 30.0, metrics={"lpips": value}, **changes)

    draws = [scored("a", "1", 0.1 * (n + 1), repetition=n) for n in range(3)]
    failed = scored("b", "2", 0.7, status="error")
    board = only([*draws, scored("a", "2", 0.4), scored("b", "1", None), failed, trial("c", "1", 20.0)])
    found = {row.denoiser: row.metrics for row in board.rows}
    assert found == {"a": {"lpips": pytest.approx(0.3)}, "b": {"lpips": None}, "c": {"lpips": None}}
    [header, _, first, *_] = [line.split("|") for line in rendering.markdown([board]).splitlines()[2:]]
    assert first[header.index(" lpips ")] == " 0.3 "
    lines = list(csv.DictReader(io.StringIO(rendering.comma_separated([board]))))
    assert json.loads(lines[0]["metrics"]) == {"lpips": pytest.approx(0.3)}
    cells = ranking(board, {row.name: None for row in board.rows})
    place = [name for name, _ in cells.columns].index("lpips")
    assert [line.cells[place].order for line in cells.lines] == [pytest.approx(0.3), None, None]


def test_a_metric_that_is_called_like_a_column_takes_none_away():
    values = {"rank": 7.0, "memory": 8.0, "p": 9.0}
    board = only([trial("a", "1", 30.0, metrics=values, peak_memory_bytes=2**20)])
    [header, _, cells, *_] = [line.split(" | ") for line in rendering.markdown([board]).splitlines()[2:]]
    found = dict(
        zip([name.strip("| ") for name in header], [cell.strip("| ") for cell in cells], strict=True)
    )
    assert (found["rank"], found["memory"]) == ("1", "1 MiB")
    assert [found[f"{name} (metric)"] for name in values] == ["7", "8", "9"]


def test_a_board_without_further_metrics_has_no_column_for_them():
    assert only([trial("a", "1", 30.0)]).rows[0].metrics == {}
