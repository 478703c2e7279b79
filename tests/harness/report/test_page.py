"""The HTML report: what is on the page, that nothing escapes, and that nothing is fetched."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from report_things import (
    IMAGES,
    iterative,
    make_page,
    make_store,
    pictured_records,
    sample_records,
    trial,
)

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.panels import panels
from priorbench.rendering.board.headings import difference_column
from priorbench.rendering.markers import markers
from priorbench.report.gathering import BoardKey, gather
from priorbench.report.table import _order
from priorbench.report.text import breakable
from priorbench.report.trajectories import pareto_front

VOID = {"meta", "img", "input", "br", "wbr", "link", "hr"}


class Page(HTMLParser):
    """The elements of a page, and the text of those that a test asks for."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] == "wbr" and self.text:  # a place to break a name at
            _, before = self.text.pop()
            data = before + data
        self.text.append((self.open[-1] if self.open else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def visible(self) -> str:
        return " ".join(text for tag, text in self.text if tag not in ("script", "style"))

    def data(self) -> list[dict]:
        found = [text for tag, text in self.text if tag == "script" and text.startswith("[{")]
        return json.loads(found[0], parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    return make_page(tmp_path_factory.mktemp("report"), sample_records())


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def columns(item: dict) -> list[dict]:
    """Return the columns of every data source of a bokeh figure, arrays decoded."""
    found: list[dict] = []

    def walk(value):
        if isinstance(value, dict):
            if value.get("type") == "object" and value.get("name") == "ColumnDataSource":
                found.append({key: array(column) for key, column in value["attributes"]["data"]["entries"]})
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    def array(value):
        if isinstance(value, dict) and value.get("type") == "ndarray":
            data = gzip.decompress(base64.b64decode(value["array"]["data"]))
            return np.frombuffer(data, dtype=value["dtype"]).reshape(value["shape"]).tolist()
        return [array(part) for part in value] if isinstance(value, list) else value

    walk(item)
    return found


def test_what_a_narrow_screen_goes_without_is_marked_and_the_rule_stands_below_the_method(text):
    heads = re.findall(r'<th scope="col"([^>]*)><button type="button">([^<]*)<', text)
    aside = {name for attributes, name in heads if "aside" in attributes}
    assert "stopping" in aside and aside <= {"group", "stopping"}
    assert '<span class="name marked" data-rule="fixed">' in text
    assert re.search(r'<td class="ends" data-order="[^"]+">[+-][\d.]+ <span>\[', text)  # may take two lines


def test_failures_that_differ_in_numbers_are_one_kind(tmp_path):
    reasons = ["9 of 6912 pixels (a.py:3)", "30 of 6912 pixels (a.py:3)", "30 of 6912 pixels (a.py:4)"]
    wrong = [trial("bad", n, None, status="error", error=reason) for n, reason in enumerate(reasons)]
    store = make_store(tmp_path, [trial("bad", 3, 20.0), *wrong])
    shown = {BoardKey(panel.protocol, panel.setting): panel for panel in panels(store.scores())}
    [story] = gather(store.documents(), shown).values()
    [row] = story.rows.values()
    assert [(kind.reason, kind.count) for kind in row.failures.values()] == [
        ("9 to 30 of 6912 pixels (a.py:3)", 2),
        ("30 of 6912 pixels (a.py:4)", 1),
    ]


def test_every_element_is_closed_and_every_section_is_there(page):
    assert not page.open
    visible = page.visible()
    for heading in (
        "Quality against time", "Image by image", "Failures: 2", "Conditions", "Settings of every method",
        "Machine and software", "Run it again", "Chip <9>", "ended by <signal 9>",
    ):  # fmt: skip
        assert heading in visible
    assert len([one for one in page.of("section") if one.get("class") == "board"]) == 2


def test_hostile_names_are_text(page):
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"b", "i", "iframe"}
    assert not page.of("img")  # these records have no pictures, so every image would be an injected one
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<b>bold</b>" in page.visible()
    assert page.data()[0]["images"] == [*IMAGES[:2], "caf\\udce9.png", *IMAGES[3:]]


def test_the_page_is_utf_8(text):
    assert r"caf\\udce9.png" in text
    text.encode("utf-8")


def test_nothing_is_fetched(page):
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    policies = [one["content"] for one in page.of("meta") if one.get("http-equiv")]
    assert policies[0].startswith("default-src 'none'")
    assert "http" not in policies[0]
    style = " ".join(text for tag, text in page.text if tag == "style")
    assert not re.search(r"url\(|@import", style)


def test_the_numbers_of_the_images_are_those_of_the_records(page):
    board = page.data()[0]
    names = [row["name"] for row in board["rows"]]
    assert names[board["reference"]] == "sharp"
    assert board["psnr"][names.index("sharp")] == [30.0 + number % 3 for number in range(len(IMAGES))]
    assert board["psnr"][names.index("fragile")][:3] == [None, None, 26.5]
    dots = next(source for source in columns(board["difference"]) if "image" in source)
    got = {(names[r], i): x for r, i, x in zip(dots["row"], dots["image"], dots["x"], strict=True)}
    assert got["fast", 2] == pytest.approx(27.0 - 32.0)
    assert ("fragile", 0) not in got
    assert ("fragile", 2) in got


def test_one_shot_methods_are_points_and_iterative_ones_curves_too(page):
    board = page.data()[0]
    names = [row["name"] for row in board["rows"]]
    sources = columns(board["speed"])
    curves = next(source for source in sources if "xs" in source)
    assert [names[row] for row in curves["row"]] == ["network"]
    assert curves["xs"][0][0] == pytest.approx(0.08)
    assert curves["ys"][0][-1] == pytest.approx(29.5)
    points = next(source for source in sources if "says" in source)
    assert {names[row] for row in points["row"]} == set(names)
    ranked = dict(zip((names[row] for row in points["row"]), points["alpha"], strict=True))
    assert ranked["fragile"] == 0  # hollow: it did not restore every image
    assert ranked["fast"] > 0
    step = next(source for source in sources if set(source) == {"x", "y"})
    assert step["y"] == [27.5, pytest.approx(30.875), pytest.approx(30.875)]


def test_the_front_leaves_out_what_is_slower_and_not_better():
    points = [(1.0, 20.0, 0), (2.0, 19.0, 1), (3.0, 25.0, 2), (3.0, 24.0, 3), (4.0, 25.0, 4)]
    assert [number for *_, number in pareto_front(points)] == [0, 2]


def test_results_of_an_earlier_version_are_forgotten(tmp_path):
    records = [
        trial("a", 0, None, status="crashed", error="old", plugin_source="1"),
        trial("a", 1, 30.0, plugin_source="2", started_at="2026-01-02T00:00:00+00:00"),
    ]
    store = make_store(tmp_path, records)
    shown = {BoardKey(panel.protocol, panel.setting): panel for panel in panels(store.scores())}
    [story] = gather(store.documents(), shown).values()
    [row] = story.rows.values()
    assert not row.failures
    assert row.settings.plugin_source == "2"


def test_curves_of_other_noise_are_left_out(tmp_path):
    records = [trial("x", n, 20.0) for n in range(3)] + [trial("y", n, 21.0) for n in range(3)]
    records += [iterative("net", n, 30.0) for n in (1, 2)]
    records.append(iterative("net", 0, 50.0, noisy_sha256="other"))
    [board] = Page(make_page(tmp_path, records)).data()
    curves = next(source for source in columns(board["speed"]) if "xs" in source)
    assert curves["ys"][0][-1] == pytest.approx(30.0)
    net = [row["name"] for row in board["rows"]].index("net")
    assert board["psnr"][net] == [None, 30.0, 30.0]


def test_one_method_with_one_image_and_nothing_else_makes_a_page(tmp_path):
    bare = trial(
        "only", 0, None, wall_seconds=None, environment="", started_at="", status="timeout", sigma=None
    )
    page = Page(make_page(tmp_path, [bare]))
    assert page.data()[0]["speed"] is None
    assert "Failures: 1" in page.visible()
    assert "no reason was recorded" in page.visible()


def test_pictures_are_the_middles_of_what_was_scored(tmp_path):
    records, pixels = pictured_records(methods=2, images=5)
    page = Page(make_page(tmp_path, records))
    shown = {one["alt"]: one["src"] for one in page.of("img")}
    # by mean PSNR: the middle, the hardest and the easiest of the five
    names = [f"image-{number}" for number in (2, 0, 4)]
    assert list(shown) == [f"{name}, {what}" for name in names for what in ("clean", "noisy", "m1", "m0")]
    for text, source in shown.items():
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
        middle = np.clip(pixels[text][:, 36:164, 46:174], 0, 1).transpose(1, 2, 0)  # of 200 x 220 pixels
        np.testing.assert_allclose(np.asarray(picture) / 255, middle, atol=0.5 / 255 + 1e-6)
    assert len(page.of("canvas")) == 3 * 3  # an error map for all but the clean ones


def test_the_psnr_below_a_picture_is_that_of_the_draw_in_it(tmp_path):
    """Tables have means over the draws of an image; a picture is of the first."""
    records, _ = pictured_records(methods=1, images=1)
    again = dataclasses.replace(
        records[0], key="again", repetition=1, noisy_sha256="another", psnr=30.0, noisy_psnr=25.0, crops={}
    )
    shown = Page(make_page(tmp_path, [*records, again])).visible()
    assert "20.00 dB" in shown
    assert re.findall(r"m0\s+([0-9.]+) dB", shown) == ["20.00"]


def test_a_result_without_a_picture_is_left_out_and_a_board_without_any_says_so(tmp_path):
    records, _ = pictured_records(methods=2, images=1)
    bare = [dataclasses.replace(record, crops={}) for record in records]
    assert "none of these images" in Page(make_page(tmp_path, bare)).visible()
    clean_and_noisy = {
        name: png for name, png in records[1].crops.items() if name != records[1].output_sha256
    }
    (tmp_path / "some").mkdir()
    some = [records[0], dataclasses.replace(records[1], crops=clean_and_noisy)]
    page = Page(make_page(tmp_path / "some", some))
    assert [one["alt"] for one in page.of("img")] == [f"image-0, {what}" for what in ("clean", "noisy", "m0")]


def test_twenty_methods_and_a_hundred_images_are_below_six_megabytes(tmp_path):
    records = [
        iterative(f"method-{method}", image % 8, 25.0 + method / 10, image=f"folder/image-{image:05}.png",
                  image_sha256=f"{image:064}", noisy_sha256=f"n{image}", key=f"{method} {image}")
        for method in range(20) for image in range(100)
    ]  # fmt: skip
    pictured, _ = pictured_records(methods=20, images=3)
    page = make_page(tmp_path, records + pictured)
    assert len(page.encode()) < 6e6
    assert len(Page(page).of("img")) >= 22  # all methods on one image at least; noise fills its files
    assert "so that the page stays small" in page


def test_the_command_writes_a_page(tmp_path, command):
    make_store(tmp_path, sample_records()).close()
    store = f"sqlite:///{tmp_path / 'report.db'}"
    done = command("leaderboard", "--store", store, "--format", "html", "-o", "page.html")
    assert done.returncode == 0, done.stderr
    assert len(Page((tmp_path / "page.html").read_text("utf-8")).data()) == 2
    only = command(
        "leaderboard", "--store", store, "--format", "html", "-o", "p.html", "--noise", "gaussian-50"
    )
    assert only.returncode == 0, only.stderr
    assert len(Page((tmp_path / "p.html").read_text("utf-8")).data()) == 1


def test_the_command_needs_a_file(tmp_path, command):
    make_store(tmp_path, sample_records()).close()
    done = command("leaderboard", "--store", str(tmp_path / "report.db"), "--format", "html")
    assert done.returncode == 2
    assert "-o FILE" in done.stderr
    assert not done.stdout


def test_a_column_without_a_number_is_sorted_by_its_text(tmp_path):
    """It was sorted by the difference to the reference, whatever it showed."""
    store = make_store(tmp_path, [trial("a", 0, 30.0), trial("b", 0, 31.0)])
    [board] = leaderboard(store.scores())
    row = next(row for row in board.rows if row.difference is not None)
    assert _order(board, "a new column", row) is None
    assert _order(board, difference_column(board), row) == row.difference.mean


def test_the_page_has_pictures_of_ranks_and_the_board_across_boards(page):
    """Each picture twice, for wide and for narrow windows; a board without two ranked methods has none."""
    pictures = [picture for picture in page.of("svg") if picture.get("role") == "img"]
    assert all(picture["aria-label"] for picture in pictures)
    lines = ("PSNR against", "targets reached")
    assert len([one for one in pictures if not one["aria-label"].startswith(lines)]) == 2 * 3
    assert "overall: 2 boards" in page.visible()


def test_the_title_of_a_board_has_its_repetitions(tmp_path):
    one = [trial(label, number, 30.0) for label in "ab" for number in range(3)]
    two = [
        trial(label, number, 30.0, noise="gaussian-50", repetition=draw, noisy_sha256=f"{number} {draw}")
        for label in "ab"
        for number in range(3)
        for draw in range(2)
    ]
    visible = Page(make_page(tmp_path, one + two)).visible()
    assert "gaussian-25: 3 images, noisy" in visible
    assert "gaussian-50: 3 images, 2 repetitions, noisy" in visible


def test_one_method_has_no_picture_of_ranks(tmp_path):
    page = Page(make_page(tmp_path, [trial("only", 0, 30.0), trial("only", 1, 31.0)]))
    assert not [one for one in page.of("div") if one.get("class") == "ranks"]
    assert "overall" not in page.visible()


def test_a_name_can_be_broken_after_what_joins_its_words():
    assert breakable("a-b:c=1,d@<e>") == "a-<wbr>b:<wbr>c=<wbr>1,<wbr>d@<wbr>&lt;e&gt;"
    assert breakable("tv") == "tv"
    assert breakable("end-") == "end-"


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_can_be_read_in_light_in_dark_and_on_paper(text):
    """4.5 for text, 3 for what is drawn: WCAG 2, level AA."""
    style = text.partition("<style>")[2].partition("</style>")[0]
    themes = [
        dict(re.findall(r"--(\w+): (#\w{6})", rules)) for rules in re.findall(r"color-scheme: [^}]*", style)
    ]
    themes = [theme for theme in themes if theme]
    assert len(themes) == 4  # light, dark by the system, dark by choice, paper
    for theme in themes:
        for ground in (theme["page"], theme["card"]):
            for name in ("ink", "quiet", "link"):
                assert contrast(theme[name], ground) >= 4.5, (name, theme)


def test_marks_of_methods_can_be_told_from_the_page():
    for look in markers((f"m{number}", f"m{number}") for number in range(12)).values():
        for page in ("#ffffff", "#0f1318"):
            assert contrast(look.colour, page) >= 3, look
