"""Whatever is said below a board of a row names it as the row does, in every form; and is said once."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from sample_records import only, trial

from priorbench.ranking.names import Place, row_names, shown_name
from priorbench.rendering import latex
from priorbench.rendering import tables as rendering
from priorbench.report.table import ranking

ODD = "values up to 9: odd"


def some_records():
    """Yield two methods on 1 and on 2 threads; one of the four rows is incomplete, two are remarked on."""
    for threads in (1, 2):
        for n in range(3):
            own = {"threads": threads, "wall_seconds": 1.0}
            yield trial("sharp", str(n), 30.0 + n + threads / 8, **own)
            if threads == 1 or n == 0:
                yield trial("wavelet", str(n), 28.0 + n, **own, remark=ODD)
        yield trial("myiter", "0", 40.0, threads=threads, stopping_rule="oracle", oracle=True)


def forms(board):
    """Return the names in the cells, and the notes, of every form of a board."""
    out = io.StringIO()
    rendering.table([board], Console(file=out, width=300))
    page = ranking(board, {row.name: None for row in board.rows})
    return {
        "terminal": [line.strip() for line in out.getvalue().splitlines()],
        "markdown": [line.removeprefix("- ") for line in rendering.markdown([board]).splitlines()],
        "latex": [line.removeprefix("% ").strip() for line in latex.latex([board]).splitlines()],
        "page": [*page.notes, *(cell.text for line in page.lines for cell in line.cells)],
    }


@pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "page"])
def test_notes_name_rows_as_rows_do(form):
    lines = forms(only(some_records()))[form]
    text = "\n".join(lines)
    assert "not ranked: wavelet @2-threads: 1 of 3 images" in text
    assert (
        "not ranked: myiter@oracle @1-threads, myiter@oracle @2-threads: an oracle sees the clean image"
        in text
    )
    assert "(!) wavelet @1-threads: 3 results" in text and "(!) wavelet @2-threads: 1 result" in text
    assert "time: over sharp @2-threads" in text
    assert "@cpu" not in text and not re.search(r"\S@\d-threads", text)


def test_equal_lines_are_told_once():
    board = only(some_records())
    notes = rendering.footnotes(board, [])
    assert rendering.footnotes(replace(board, notes=2 * board.notes), []) == notes


def test_two_rules_of_one_method_are_told_apart():
    records = [
        trial("m", str(n), 30.0, stopping_rule=rule, remark="odd") for rule in ("a", "b") for n in range(2)
    ]
    notes = rendering.footnotes(only(records), [])
    assert "(!) m@a: 2 results, odd" in notes and "(!) m@b: 2 results, odd" in notes


def test_a_name_has_no_part_that_tells_nothing():
    one, two, ruled = Place("m", None, "cpu", 1), Place("m", None, "cpu", 2), Place("m", "es", "cuda", 2)
    assert row_names([one, two]) == {one: "m@1-threads", two: "m@2-threads"}
    named = row_names([one, two, ruled])
    assert named == {one: "m@1-threads", two: "m@2-threads", ruled: "m@es"}
    assert shown_name("m@es@2-threads", ("2-threads",)) == "m@es @2-threads"
    assert shown_name("m@2-threads", ()) == "m@2-threads"
    assert shown_name("m", ("cpu",)) == "m @cpu"
