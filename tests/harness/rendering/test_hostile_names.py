"""Names that try to be markup, links or terminal codes are text in every output."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from sample_records import trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.overall import overall
from priorbench.rendering import across, tables
from priorbench.rendering.latex import latex
from priorbench.rendering.plain import boards_json
from priorbench.words import visible

NAMES = (
    "<script>alert(1)</script>",
    "[here](https://example.org)",
    "![picture](http://example.org/a.png)",
    "www.example.org",
    "red\x1b[31m",
    "bell\x07",
    "turned \u202eround",
    "stray \udce9",
    "two | cells",
    "new\nline",
)


@pytest.fixture(params=NAMES, ids=ascii)
def boards(request):
    """A board with the name as a label, an image set and a noise."""
    name = request.param
    where = {"image_set": name, "noise": name, "noisy_sha256": "n"}
    return leaderboard([trial(name, "1", 30.0, key="a", **where), trial("b", "1", 29.0, key="b", **where)])


def test_a_terminal_gets_text_alone(boards):
    out = io.StringIO()
    tables.table(boards, Console(file=out, width=200, force_terminal=False))
    text = out.getvalue()
    assert all(char.isprintable() or char == "\n" for char in text)


def test_markdown_has_no_markup_links_or_codes(boards):
    text = tables.markdown(boards)
    assert "<" not in text
    assert "](" not in text.replace("]\\(", "")
    assert "://" not in text and "www." not in text
    assert "![" not in text.replace("\\![", "")
    assert all(char.isprintable() or char == "\n" for char in text)
    lines = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 4


def test_latex_and_json_have_no_codes(boards):
    for text in (latex(boards), boards_json(boards)):
        assert all(char.isprintable() or char == "\n" for char in text)


@pytest.fixture(params=NAMES, ids=ascii)
def found(request):
    """The board across boards with the name as a label and an image set."""
    boards = leaderboard(
        trial(label, "1", 30.0, key=label + noise, image_set=request.param, noise=noise, noisy_sha256=noise)
        for label in (request.param, "b")
        for noise in ("weak", "strong")
    )
    return overall(boards)


def test_the_board_across_boards_has_text_alone(found):
    out = io.StringIO()
    across.overall_table(found, Console(file=out, width=200, force_terminal=False))
    plain = across.overall_markdown(found)
    assert "<" not in plain and "](" not in plain.replace("]\\(", "") and "://" not in plain
    texts = [out.getvalue(), plain, across.overall_latex(found), across.overall_csv(found)]
    for text in [*texts, across.overall_json(found)]:
        assert all(char.isprintable() or char == "\n" for char in text)


def test_what_is_printable_stays_as_it_is():
    assert visible("σ = 25/255, größer") == "σ = 25/255, größer"
    assert visible("a\tb\nc") == "a\tb\nc"
    assert visible("\x9b31m") == "\\x9b31m"
