"""The HTML report in a real browser, from a file: charts, filters, sorting, keyboard, and nothing fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from report_things import half_wrong_record, make_page, sample_records, trial

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DRAWN = "[...document.querySelectorAll('.chart')].every((chart) => chart.dataset.drawn === 'yes')"
#: colours of the opaque pixels of a chart
COLOURS = """(chart) => {
  const found = new Set();
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      if (element.tagName !== "CANVAS" || !element.width || !element.height) continue;
      const copy = new OffscreenCanvas(element.width, element.height);
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(element, 0, 0);
      const { data } = context.getImageData(0, 0, element.width, element.height);
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 250) found.add(data.slice(at, at + 3).join(","));
    }
  };
  walk(chart);
  return [...found];
}"""

#: what hovers now
TOOLTIPS = """() => {
  let text = "";
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      if (element.classList.contains("bk-Tooltip")) text += (element.shadowRoot ?? element).textContent;
    }
  };
  walk(document);
  return text;
}"""

#: where the first dot of a chart of differences is, on the screen
FIRST_DOT = """(chart) => {
  const view = Bokeh.index.roots.find((view) => chart.contains(view.el));
  const models = [...view.model.references()];
  const { data } = models.find((model) => model.type === "ColumnDataSource" && "image" in model.data);
  const box = view.el.getBoundingClientRect();
  return [box.x + view.frame.x_scale.compute(data.x[0]), box.y + view.frame.y_scale.compute(data.y[0])];
}"""


@dataclass(kw_only=True)
class Opened:
    """A page and what went wrong on it."""

    page: object
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "page.html").write_text(make_page(folder, sample_records()), encoding="utf-8")
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser, file):
    contexts = []

    def opened(width: int = 1400, scheme: str = "light", file: Path = file) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        result = Opened(page=context.new_page())
        result.page.on("pageerror", lambda error: result.complaints.append(str(error)))
        result.page.on("dialog", lambda dialog: (result.complaints.append(dialog.message), dialog.dismiss()))
        result.page.on(
            "console",
            lambda line: result.complaints.append(line.text) if line.type in ("error", "warning") else None,
        )
        result.page.on("request", lambda request: result.requests.append(request.url))
        result.page.goto(file.as_uri())
        return result

    yield opened
    for context in contexts:
        context.close()


def draw_all(page) -> None:
    for chart in page.query_selector_all(".chart"):
        chart.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN, timeout=60_000)
    page.wait_for_timeout(300)  # a canvas is painted in the next frame


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_charts_are_drawn_and_nothing_complains(open_page, file, width, scheme):
    opened = open_page(width, scheme)
    draw_all(opened.page)
    charts = opened.page.query_selector_all(".chart")
    assert len(charts) == 4
    for chart in charts:
        assert len(chart.evaluate(COLOURS)) > 20
        box = chart.bounding_box()
        assert 0.8 * width - 250 < box["width"] <= width
        assert box["height"] >= 120
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert not opened.complaints
    assert [url for url in opened.requests if not url.startswith("data:")] == [file.as_uri()]


def test_the_theme_button_changes_the_page_and_the_charts(open_page):
    opened = open_page(scheme="light")
    page = opened.page
    draw_all(page)
    background = "getComputedStyle(document.body).backgroundColor"
    chart = page.query_selector(".chart")
    light = page.evaluate(background), set(chart.evaluate(COLOURS))
    page.locator("#theme").press("Enter")
    page.wait_for_timeout(300)
    dark = page.evaluate(background), set(chart.evaluate(COLOURS))
    assert light[0] == "rgb(255, 255, 255)"
    assert dark[0] == "rgb(15, 19, 24)"
    assert "230,233,238" in dark[1] - light[1]  # the ink of the dark page
    assert page.get_attribute("#theme", "aria-pressed") == "true"
    assert not opened.complaints


def column(page, number: int) -> list[str]:
    return page.eval_on_selector_all(
        f"#board-0 > .scroll tbody tr:not([hidden]) > :nth-child({number})",
        "cells => cells.map((cell) => cell.textContent)",
    )


def test_a_heading_sorts_by_keyboard(open_page):
    page = open_page().page
    heads = page.locator("#board-0 > .scroll thead th").all_text_contents()
    seconds = [text.strip() for text in heads].index("s/image") + 1
    button = page.locator(f"#board-0 > .scroll thead th:nth-child({seconds}) button")
    assert (before := column(page, seconds)) != sorted(before, key=float)
    button.press("Enter")
    assert column(page, seconds) == sorted(before, key=float)
    button.press("Enter")
    assert column(page, seconds) == sorted(before, key=float, reverse=True)
    head = page.locator(f"#board-0 > .scroll thead th:nth-child({seconds})")
    assert head.get_attribute("aria-sort") == "descending"


def test_methods_and_boards_can_be_filtered(open_page):
    opened = open_page()
    page = opened.page
    draw_all(page)
    before = set(page.query_selector("#board-0-speed").evaluate(COLOURS))
    page.locator("#methods summary").press("Enter")
    page.fill("#search", "fast")
    page.wait_for_timeout(300)
    assert [text.strip("●■▲◆▼ \n") for text in column(page, 2)] == ["fast"]
    assert page.text_content("#method-count") == "1 of 5"
    gone = before - set(page.query_selector("#board-0-speed").evaluate(COLOURS))
    assert gone  # the other methods' points
    page.locator("#noise").select_option(label="gaussian-50")
    assert page.eval_on_selector_all("section.board", "all => all.map((s) => s.hidden)") == [True, False]
    page.fill("#search", "")
    page.locator("#noise").select_option(label="all")
    page.wait_for_timeout(300)
    assert len(column(page, 2)) == 5
    assert not opened.complaints


def test_the_table_of_images_shows_names_as_text(open_page):
    opened = open_page()
    page = opened.page
    page.locator("#board-0 details.images summary").press("Enter")
    page.wait_for_selector("#board-0 details.images tbody tr")
    page.locator("#board-0 details.images select").select_option(label="fast")
    rows = page.eval_on_selector_all(
        "#board-0 details.images tbody tr", "rows => rows.map((r) => [...r.cells].map((c) => c.textContent))"
    )
    assert rows[0] == ["<img src=x onerror=alert(1)>.png", "27.00", "30.00", "-3.00"]
    assert len(rows) == 8
    assert page.eval_on_selector_all("img", "all => all.length") == 0
    assert not opened.complaints


def test_what_hovers_over_a_dot_is_the_image_as_text(open_page):
    opened = open_page()
    page = opened.page
    chart = page.locator("#board-0-difference")
    chart.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#board-0-difference').dataset.drawn === 'yes'")
    page.wait_for_timeout(300)
    x, y = chart.evaluate(FIRST_DOT)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    told = page.evaluate(TOOLTIPS)
    assert "<img src=x onerror=alert(1)>.png" in told
    assert " dB" in told
    assert page.locator("img").count() == 0
    assert not opened.complaints


def test_everything_can_be_reached_by_keyboard(open_page):
    page = open_page().page
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"theme", "image-set", "noise", "BUTTON", "SUMMARY", "DIV"} <= reached


#: (red, green, blue) in the middle of the left and of the right half of an error map
HALVES = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return [0.25, 0.75].map((share) =>
    [...context.getImageData(share * canvas.width, canvas.height / 2, 1, 1).data].slice(0, 3));
}"""
#: where each crop and each error map is zoomed, and how far
ZOOMS = """(all) => all.map((one) => {
  const { transform, transformOrigin, width, height } = getComputedStyle(one);
  const [x, y] = transformOrigin.split(" ").map(parseFloat);
  const share = (part, whole) => Math.round(100 * part / parseFloat(whole));
  return [new DOMMatrix(transform).a, share(x, width), share(y, height)];
})"""


@pytest.fixture(scope="module")
def pictured(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictured")
    (folder / "page.html").write_text(make_page(folder, [half_wrong_record()]), encoding="utf-8")
    return folder / "page.html"


SHOWN = """() => {
  const table = document.querySelector("section.board table");
  const heads = [...table.tHead.rows[0].cells].filter((cell) => cell.offsetParent !== null);
  return heads.map((cell) => [cell.textContent.trim(), cell.getBoundingClientRect().right]);
}"""


def test_a_narrow_screen_has_the_psnr_right_after_the_method(open_page):
    page = open_page(390).page
    shown = page.evaluate(SHOWN)
    assert [name for name, _ in shown[:3]] == ["rank", "method", "PSNR dB"]
    assert shown[2][1] <= 390
    rule = "getComputedStyle(document.querySelector('[data-rule]'), '::after').content"
    assert page.evaluate(rule) == '"fixed"'
    wide = [name for name, _ in open_page(1400).page.evaluate(SHOWN)]
    assert "stopping" in wide


def test_all_columns_of_a_board_fit_on_a_wide_screen(open_page):
    shown = open_page(1400).page.evaluate(SHOWN)
    assert shown[-1][1] <= 1400, shown


@pytest.mark.parametrize("width", [390, 1400])
def test_error_maps_tell_where_the_error_is(open_page, pictured, width):
    opened = open_page(width, file=pictured)
    page = opened.page
    page.locator(".viewer").scroll_into_view_if_needed()
    page.wait_for_selector(".viewer[data-drawn=yes]")
    noisy, output = page.query_selector_all(".viewer canvas")
    assert output.evaluate(HALVES) == [[252, 254, 164], [0, 0, 3]]  # 0.2 off is the last colour, 0 the first
    assert len({tuple(colour) for colour in noisy.evaluate(HALVES)}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not opened.complaints


def test_all_crops_of_an_image_zoom_together_by_mouse_and_by_keyboard(open_page, pictured):
    opened = open_page(file=pictured)
    page = opened.page
    frames = page.locator(".frame > *")
    assert page.locator(".frame > *").evaluate_all(ZOOMS) == [[1, 50, 50]] * 5
    first = page.locator(".frame").first
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    tiles = page.locator(".tiles")
    for key in ("+", "+", "ArrowRight", "ArrowUp"):
        tiles.press(key)
    zooms = frames.evaluate_all(ZOOMS)
    assert zooms == [zooms[0]] * 5
    assert zooms[0][0] == 2
    assert zooms[0][1:] == pytest.approx([30, 70], abs=1)
    page.locator(".viewer input[type=range]").fill("4")
    assert frames.evaluate_all(ZOOMS)[0][0] == 4
    assert not opened.complaints


@pytest.mark.parametrize(("width", "shown"), [(390, ".narrow-only"), (1400, ".wide-only")])
def test_ranks_are_drawn_for_the_width_and_hidden_with_their_methods(open_page, width, shown):
    opened = open_page(width, "dark")
    page = opened.page
    pictures = page.locator("#board-0 .ranks svg:visible")
    assert pictures.count() == 1
    assert page.locator(f"#board-0 .ranks {shown} svg:visible").count() == 1
    box = pictures.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    ink = "(text) => getComputedStyle(text).fill"
    assert pictures.locator("text.ink").first.evaluate(ink) == "rgb(230, 233, 238)"
    rows = pictures.locator("g[data-method]:visible")
    before = rows.count()
    page.evaluate("document.querySelector('#methods').open = true")
    page.locator('#methods input[value="sharp"]').uncheck()
    assert rows.count() == before - 1
    assert not opened.complaints


@pytest.mark.parametrize(("width", "shown"), [(390, ".narrow-only"), (1400, ".wide-only")])
def test_curves_are_drawn_for_the_width_and_hidden_with_their_methods(open_page, width, shown):
    opened = open_page(width, "dark")
    page = opened.page
    charts = page.locator(f"#board-0 .lines {shown} > svg:visible")
    assert charts.count() == page.locator("#board-0 .lines > div > svg:visible").count() == 3
    for number in range(3):
        box = charts.nth(number).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.evaluate("document.querySelector('#methods').open = true")
    assert charts.locator('g[data-method="network"]:visible').count() == 3 * 2
    page.locator('#methods input[value="network"]').uncheck()
    assert charts.locator('g[data-method="network"]:visible').count() == 0
    assert not opened.complaints


def test_a_time_is_sorted_upwards_first(open_page):
    page = open_page().page
    table = page.locator("#board-0 .tables table", has_text="noisy+3").first
    table.locator("thead th", has_text="noisy+3").locator("button").click()
    assert table.locator("th[aria-sort]").first.get_attribute("aria-sort") == "ascending"
    assert "sharp" in table.locator("tbody tr").last.text_content()  # 2 s, more than any other


#: boxes of the names beside the points of a chart, and of the points, as the page drew them
NAMES = """(chart) => {
  const view = Bokeh.index.roots.find((view) => chart.contains(view.el));
  const data = [...view.model.references()].find((model) => model.name === "names").data;
  const context = document.createElement("canvas").getContext("2d");
  context.font = "12px Helvetica, Arial, sans-serif";
  const [across, up, box] = [view.frame.x_scale, view.frame.y_scale, view.frame.bbox];
  return { frame: [box.left, box.top, box.right, box.bottom], boxes: Array.from(data.x, (x, at) => {
    const [left, top] = [across.compute(x) + data.right[at], up.compute(data.y[at]) + data.down[at]];
    return [left, top, left + context.measureText(data.name[at]).width, top + 15];
  }).filter((_, at) => data.name[at]), names: data.name.filter((name) => name) };
}"""
#: places many random labels, clustered as the points of a grid of parameters are
RANDOM_PLACES = """(layouts) => {
  let seed = 7;
  const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
  return Array.from({ length: layouts }, () => {
    const frame = [50, 20, 250 + 1200 * random(), 200 + 300 * random()];
    const inside = (low, high) => low + random() * (high - low);
    const centre = [inside(frame[0], frame[2]), inside(frame[1], frame[3])];
    const spread = 10 ** inside(0.5, 2.5);
    const clipped = (value, low, high) => Math.min(high, Math.max(low, value));
    const near = (axis) => clipped(centre[axis] + inside(-spread, spread), frame[axis], frame[axis + 2]);
    const labels = Array.from({ length: 1 + Math.floor(40 * random()) }, (_, at) => (
      { x: near(0), y: near(1), width: 15 + 200 * random(), height: 15, must: at < 6 }));
    const marks = labels.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
    const found = placeLabels(labels, marks, frame);
    const again = placeLabels(labels, marks, frame);
    const boxes = found.flatMap((place, at) =>
      place ? [[place.left, place.top, place.left + labels[at].width, place.top + labels[at].height]] : []);
    const same = JSON.stringify(found) === JSON.stringify(again);
    return { frame, marks, boxes, same, count: labels.length };
  });
}"""


def meet(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def disjoint(boxes) -> bool:
    return not any(meet(one, other) for number, one in enumerate(boxes) for other in boxes[:number])


def within(box, frame) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def test_no_two_labels_meet_however_the_points_lie(open_page):
    layouts = open_page().page.evaluate(RANDOM_PLACES, 300)
    placed = 0
    for layout in layouts:
        assert layout["same"]
        assert disjoint(layout["boxes"])
        assert all(within(box, layout["frame"]) for box in layout["boxes"])
        assert not any(meet(box, mark) for box in layout["boxes"] for mark in layout["marks"])
        placed += len(layout["boxes"])
    assert placed > 0.3 * sum(layout["count"] for layout in layouts)


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> Path:
    """A page with the points of a grid of parameters, which lie close together."""
    folder = tmp_path_factory.mktemp("grid")
    records = [
        trial(f"network:width={width},rate=0.{rate}", number, 25 + (width + 2 * rate) / 40,
              wall_seconds=1 + width / 90)
        for width in (8, 16, 32, 64)
        for rate in (1, 3, 5)
        for number in range(3)
    ]  # fmt: skip
    records += [trial("fast", number, 20.0, wall_seconds=0.001) for number in range(3)]
    (folder / "page.html").write_text(make_page(folder, records), encoding="utf-8")
    return folder / "page.html"


@pytest.mark.parametrize("width", [390, 1000, 1400])
def test_names_beside_the_points_of_a_grid_do_not_overlap(open_page, grid, width):
    opened = open_page(width, file=grid)
    page = opened.page
    draw_all(page)
    chart = page.locator("#board-0-speed")
    found = chart.evaluate(NAMES)
    assert len(found["names"]) >= 2
    assert disjoint(found["boxes"])
    assert all(within(box, found["frame"]) for box in found["boxes"])
    page.evaluate("document.querySelector('#methods').open = true")
    page.fill("#search", "width=64")
    page.wait_for_timeout(300)
    left = chart.evaluate(NAMES)["names"]
    assert left and all("=" in name or "…" in name for name in left)  # those of hidden methods are gone
    assert not opened.complaints


def test_a_table_that_is_wider_than_the_window_says_so_and_scrolls_by_keyboard(open_page):
    page = open_page(390).page
    table = page.locator("#board-0 > .scroll").first
    classes = table.get_attribute("class").split()
    assert "more-right" in classes and "more-left" not in classes
    assert table.get_attribute("tabindex") == "0"
    assert table.get_attribute("role") == "region" and table.get_attribute("aria-label")
    shade = "(table) => getComputedStyle(table, '::after').opacity"
    page.wait_for_function(f"({shade})(document.querySelector('#board-0 > .scroll')) === '1'")
    table.focus()
    page.keyboard.press("End")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("!document.querySelector('#board-0 > .scroll').matches('.more-right')")
    assert "more-left" in table.get_attribute("class")
    wide = open_page(2400).page.locator("#board-0 > .scroll").first
    assert "more" not in wide.get_attribute("class")
    assert wide.get_attribute("tabindex") == "-1"  # nothing to scroll: no stop for the Tab key


#: words of names that stand on more than one line
BROKEN = """() => [...document.querySelectorAll("main .name")].flatMap((name) => {
  const walker = document.createTreeWalker(name, NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const { index, 0: word } of node.data.matchAll(/[^-_:=,@+/ ]+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(word);
    }
  return broken;
})"""


@pytest.mark.parametrize("width", [390, 1000])
def test_names_are_broken_at_hyphens_and_never_in_a_word(open_page, tmp_path, width):
    name = "two-layer-linear:iterations=400,kernel=triangle"
    records = [trial(label, number, 30.0, stopping_rule="es-wmv+ema-0.99")
               for label in (name, "other") for number in range(3)]  # fmt: skip
    (tmp_path / "page.html").write_text(make_page(tmp_path, records), encoding="utf-8")
    page = open_page(width, file=tmp_path / "page.html").page
    cell = page.locator("#board-0 > .scroll th[scope=row]", has_text="two-layer")
    assert name in cell.text_content()
    assert page.evaluate(BROKEN) == []
    if width == 390:
        assert cell.bounding_box()["width"] < 200
        assert cell.bounding_box()["height"] > 50
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_whole_tables_charts_and_light_colours(open_page, scheme):
    opened = open_page(1060, scheme)  # about the width of a sheet on its side
    page = opened.page
    page.wait_for_function(DRAWN, timeout=60_000)  # also those that nobody scrolled to
    page.wait_for_timeout(300)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    for part in (".filters", "#theme", "details.images"):
        assert not page.locator(part).first.is_visible()
    assert page.locator("section.board details dl").first.is_visible()
    right = "(tables) => tables.map((table) => table.getBoundingClientRect().right)"
    assert max(page.locator("main table:visible").evaluate_all(right)) <= 1060
    pictures = page.locator(".chart > img.printed:visible")
    assert pictures.count() == page.locator(".chart").count()
    darkest = pictures.first.evaluate(
        """async (image) => {
          await image.decode();
          const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
          let least = 255;
          for (let at = 0; at < data.length; at += 4)
            if (data[at + 3] > 250) least = Math.min(least, Math.max(data[at], data[at + 1], data[at + 2]));
          return least;
        }"""
    )
    assert darkest < 80  # the ink of its names
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("img.printed").count() == 0
    assert not page.locator("section.board details dl").first.is_visible()
    assert not opened.complaints


def test_the_skip_link_is_the_first_stop_and_leads_to_the_rankings(open_page):
    page = open_page().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "rankings"
