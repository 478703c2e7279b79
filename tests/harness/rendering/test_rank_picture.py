"""Pictures of ranks: bars, dots and brackets at the right places, and nothing that a name could break."""

from __future__ import annotations

import dataclasses
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from sample_records import columns_of, only, trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.overall import overall
from priorbench.rendering.rank_drawing import svg_element, svg_file
from priorbench.rendering.rank_picture import Bar, Bracket, Picture, board_picture, overall_picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    "</svg><img src=x onerror=alert(1)>",
    'a" onload="alert(1)',
    "&amp;&#x0;]]>",
    "red\x1b[31m",
    "turned \u202eround",
    "stray \udce9",
    "new\nline",
)


def a_picture(number: int, name=lambda place: f"method-{place}", brackets=(), **changes) -> Picture:
    bars = tuple(
        Bar(label=name(place), method=name(place), low=place, high=place + 1, dot=place)
        for place in range(1, number + 1)
    )
    return Picture(
        **({"heading": "h", "axis": "rank", "bars": bars, "brackets": brackets, "caption": "c"} | changes)
    )


def shapes(text: str, tag: str, of: str = "") -> list[dict[str, str]]:
    return [
        element.attrib
        for element in ET.fromstring(text).iter(f"{SVG}{tag}")
        if not of or element.get("class") == of
    ]


def test_a_bar_goes_from_the_best_to_the_worst_rank_with_a_dot_at_its_place():
    """b and c are not told apart; the axis has as many pixels from 1 to 2 as from 2 to 3."""
    values = {"a": [39.0 + n % 2 for n in range(9)], "b": [30.0 + n % 3 for n in range(9)],
              "c": [30.0 + (n + 1) % 3 for n in range(9)]}  # fmt: skip
    picture = board_picture(only(columns_of(values)))
    assert [(bar.label, bar.low, bar.high, bar.dot) for bar in picture.bars] == [
        ("a", 1, 1, 1), ("b", 2, 3, 2), ("c", 2, 3, 3)]  # fmt: skip
    assert picture.brackets == (Bracket(letter="b", members=(1, 2)),)
    text = svg_file([picture])
    dots = [float(dot["cx"]) for dot in shapes(text, "circle")]
    assert dots[1] - dots[0] == pytest.approx(dots[2] - dots[1], abs=0.2)
    bars = shapes(text, "rect", "bar")
    assert [float(bar["x"]) + 5 for bar in bars] == pytest.approx([dots[0], dots[1], dots[1]], abs=0.2)
    ends = [float(bar["x"]) + float(bar["width"]) - 5 for bar in bars]
    assert ends == pytest.approx([dots[0], dots[2], dots[2]], abs=0.2)
    assert "joined at the right" in picture.caption


def test_where_none_or_all_are_told_apart_the_caption_says_so():
    three = only(columns_of({"a": [31.0, 30.0, 32.0], "b": [29.0, 29.5, 30.0]}))
    assert "no two methods are told apart here" in board_picture(three).caption
    many = only(columns_of({"a": [31.0 + n % 2 for n in range(9)], "b": [20.0 + n % 3 for n in range(9)]}))
    assert "all methods are told apart" in board_picture(many).caption


def test_a_board_without_two_ranked_methods_has_words_in_its_place():
    records = [trial("a", "1", 30.0), trial("a", "1", 33.0, stopping_rule="oracle", oracle=True)]
    text = svg_file([board_picture(only(records))])
    assert "no picture of ranks: 1 method ranked" in text
    assert not shapes(text, "circle")


def test_a_file_has_every_board_and_the_one_across_boards_last():
    records = [
        trial(label, str(n), base + n % 3, noise=noise, noisy_sha256=f"{noise}{n}", key=f"{label}{noise}{n}")
        for noise in ("weak", "strong")
        for label, base in (("a", 30.0), ("b", 25.0))
        for n in range(8)
    ]
    boards = leaderboard(records)
    text = svg_file([*map(board_picture, boards), *map(overall_picture, overall(boards))])
    headings = [
        element.text for element in ET.fromstring(text).iter(f"{SVG}text") if element.get("font-weight")
    ]
    assert [heading.split(":")[0] for heading in headings] == ["s, strong", "s, weak", "overall"]
    assert len(shapes(text, "circle")) == 6
    assert "mean rank" in text


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "draw", [lambda picture: svg_file([picture]), lambda picture: svg_element(picture, 340)]
)
def test_names_are_text(name, draw):
    picture = a_picture(3, lambda place: f"{name}{place}", heading=name, caption=name)
    text = draw(picture)
    assert all(char.isprintable() or char == "\n" for char in text)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(text).iter()}
    assert tags <= {"svg", "style", "rect", "g", "title", "text", "path", "circle"}
    assert not any(key.startswith("on") for element in ET.fromstring(text).iter() for key in element.attrib)


def test_nothing_is_fetched_or_run():
    text = svg_file([a_picture(4, brackets=(Bracket(letter="a", members=(0, 2, 3)),))])
    for part in ("<script", "href", "url(", "@import", "@font-face", "<image", "foreignObject"):
        assert part not in text
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("number", [2, 9, 30])
@pytest.mark.parametrize("width", [340, 760])
def test_all_is_inside_and_no_label_is_on_another(number, width):
    """With names far too long for one line, whose ends differ."""
    groups = tuple(Bracket(letter="abcdefgh"[n], members=(n, n + 1)) for n in range(min(8, number - 1)))
    text = svg_element(a_picture(number, lambda place: f"{'name' * 60}-{place}", groups), width)
    height = float(ET.fromstring(text).get("height"))
    for element in [*shapes(text, "text"), *shapes(text, "circle")]:
        assert 0 <= float(element.get("x", element.get("cx"))) <= width
        assert 0 <= float(element.get("y", element.get("cy"))) <= height
    labels = [element for element in ET.fromstring(text).iter(f"{SVG}text") if element.get("class") == "ink"]
    lines = [float(label.get("y")) for label in labels]
    assert all(after - before >= 15 for before, after in itertools.pairwise(lines))
    assert {label.text.rsplit("-")[-1] for label in labels if "-" in label.text} == {
        str(place) for place in range(1, number + 1)
    }
    assert max(len(label.text) for label in labels) * 7 <= width


def test_more_groups_than_brackets_can_show_are_letters_after_the_names():
    """Neighbours are not told apart, others are: nine groups of two."""
    board = only(columns_of({f"m{n}": [30.0 - n + 0.1 * i for i in range(8)] for n in range(10)}))
    rows = tuple(
        dataclasses.replace(row, groups=tuple({max(0, place - 1), min(8, place)}))
        for place, row in enumerate(board.rows)
    )
    picture = board_picture(dataclasses.replace(board, rows=rows))
    assert not picture.brackets
    assert [bar.label for bar in picture.bars][:3] == ["m0 (a)", "m1 (ab)", "m2 (bc)"]


def test_dark_mode_changes_every_colour_of_a_file():
    text = svg_file([a_picture(3, brackets=(Bracket(letter="a", members=(0, 1)),))])
    style = text[text.index("<style>") : text.index("</style>")]
    used = {element.get("class") for element in ET.fromstring(text).iter() if element.get("class")}
    assert used == set(re.findall(r"\.(\w+)\{", style))
