"use strict";
(() => {
  const boards = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const sections = all("section.board");
  const plots = new Map(); // chart element -> bokeh's model of the plot
  const hidden = new Set(); // labels of methods

  // Light and dark.
  const preference = matchMedia("(prefers-color-scheme: dark)");
  const themeButton = one("#theme");
  let chosen = null;
  try { chosen = localStorage.getItem("priorbench-theme"); } catch { /* storage may be off for files */ }
  const isDark = () => (chosen ?? (preference.matches ? "dark" : "light")) === "dark";

  function paint(plot) {
    const style = getComputedStyle(document.documentElement);
    const [ink, quiet, line, page] = ["--ink", "--quiet", "--line", "--page"].map((name) => style.getPropertyValue(name).trim());
    const colours = {
      outline_line_color: line,
      axis_label_text_color: ink, major_label_text_color: quiet, axis_line_color: quiet,
      major_tick_line_color: quiet, minor_tick_line_color: line, grid_line_color: line,
    };
    for (const model of plot.references()) {
      const names = new Set(Object.keys(model.attributes));
      const changes = {};
      for (const [name, colour] of Object.entries(colours)) if (names.has(name)) changes[name] = colour;
      const tagged = model.tags ?? [];
      const own = tagged.includes("ink") ? ink : tagged.includes("faint") ? quiet : null;
      if (model.type === "Text") Object.assign(changes, { background_fill_color: page, background_fill_alpha: 0.7 });
      if (own !== null) for (const name of ["text_color", "line_color"]) if (names.has(name)) changes[name] = own;
      if (Object.keys(changes).length) model.setv(changes);
    }
  }

  function applyTheme() {
    const dark = isDark();
    if (chosen) document.documentElement.dataset.theme = chosen;
    themeButton.setAttribute("aria-pressed", String(dark));
    for (const plot of plots.values()) paint(plot);
  }
  themeButton.addEventListener("click", () => {
    chosen = isDark() ? "light" : "dark";
    try { localStorage.setItem("priorbench-theme", chosen); } catch { /* as above */ }
    applyTheme();
  });
  preference.addEventListener("change", applyTheme);

  // Charts: drawn when they come near the screen, the others when there is nothing else to do, for who prints.
  function filterPlot(plot, board) {
    const shown = (row) => !hidden.has(board.rows[row].label);
    for (const model of plot.references()) {
      if (model.type === "GlyphRenderer" && model.data_source.name === "filtered") {
        const booleans = Array.from(model.data_source.data.row, shown);
        model.view.filter.booleans = booleans;
      } else if (model.type === "LabelSet") {
        const data = model.source.data;
        data.all ??= [...data.name];
        model.source.data = { ...data, name: data.all.map((name, at) => (shown(data.row[at]) ? name : "")) };
      }
    }
    nameLater(plot, board);
  }

  {% include "names.js" %}
  async function draw(element) {
    const section = element.closest("section");
    const board = boards[section.dataset.number];
    const kind = element.id.endsWith("-speed") ? "speed" : "difference";
    const [view] = await Bokeh.embed.embed_item(board[kind], element);
    const plot = view.model;
    for (const model of plot.references()) {
      if (model.type === "ColumnDataSource" && "image" in model.data) {
        model.data = { ...model.data, image: Array.from(model.data.image, (image) => board.images[image]) };
      }
    }
    plots.set(element, plot);
    paint(plot);
    filterPlot(plot, board);
    watchSize(plot, board);
    element.dataset.drawn = "yes";
  }
  const due = new Set();
  async function drawNow(element) {
    if (!due.delete(element)) return;
    watcher.unobserve(element);
    try { await (element.matches(".viewer") ? drawErrors(element) : draw(element)); } catch (error) { console.error(error); }
  }
  const watcher = new IntersectionObserver(
    (entries) => { for (const entry of entries) if (entry.isIntersecting) drawNow(entry.target); },
    { rootMargin: "400px" });
  function drawWhenNear(element) {
    due.add(element);
    watcher.observe(element);
  }
  const idly = self.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  async function drawRest() {
    const [next] = due;
    if (!next) return;
    await drawNow(next);
    idly(drawRest);
  }
  for (const element of all(".chart")) drawWhenNear(element);
  idly(drawRest);

  // Sorting by a column; what has no value stays at the end.
  function sort(table, column, descending) {
    const value = (row) => {
      const cell = row.cells[column];
      return "order" in cell.dataset ? (cell.dataset.order === "" ? null : Number(cell.dataset.order)) : cell.textContent.trim();
    };
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
    const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
    for (const head of all("thead th", table)) head.removeAttribute("aria-sort");
    table.tHead.rows[0].cells[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("table.sortable thead button");
    if (!button) return;
    const head = button.parentElement;
    const before = head.getAttribute("aria-sort");
    // Numbers of quality are read from the top: the first click sorts them downwards.
    const first = head.dataset.first ?? (head.classList.contains("word") || /rank|^p$|s\/image|time|memory/.test(button.textContent) ? "ascending" : "descending");
    sort(head.closest("table"), head.cellIndex, (before === null ? first : before === "ascending" ? "descending" : "ascending") === "descending");
  });

  // Tables that are wider than their place say so: a shadow at each side where there is more, and a stop for the
  // Tab key, which a table that fits does not need.
  function tellMore(scroll) {
    const left = scroll.scrollLeft > 1;
    const right = scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 1;
    scroll.classList.toggle("more-left", left);
    scroll.classList.toggle("more-right", right);
    scroll.tabIndex = scroll.scrollWidth > scroll.clientWidth + 1 || scroll.scrollHeight > scroll.clientHeight + 1 ? 0 : -1;
  }
  const sizes = new ResizeObserver((entries) => { for (const entry of entries) tellMore(entry.target.closest(".scroll")); });
  for (const scroll of all(".scroll")) {
    scroll.addEventListener("scroll", () => tellMore(scroll), { passive: true });
    for (const watched of [scroll, ...scroll.children]) sizes.observe(watched);
    tellMore(scroll);
  }

  // Filters.
  const boxes = all("#methods input[type=checkbox]");
  function filterMethods() {
    hidden.clear();
    for (const box of boxes) if (!box.checked) hidden.add(box.value);
    // Rows of a picture are SVG, which has the attribute and no property of that name.
    for (const element of all("[data-method]")) element.toggleAttribute("hidden", hidden.has(element.dataset.method));
    one("#method-count").textContent = `${boxes.length - hidden.size} of ${boxes.length}`;
    for (const [element, plot] of plots) filterPlot(plot, boards[element.closest("section").dataset.number]);
  }
  function filterBoards() {
    const [set, noise] = [one("#image-set").value, one("#noise").value];
    for (const section of sections) {
      section.hidden = (set !== "" && section.dataset.set !== set) || (noise !== "" && section.dataset.noise !== noise);
    }
    one("#empty").hidden = sections.some((section) => !section.hidden);
  }
  const check = (test) => { for (const box of boxes) box.checked = test(box); filterMethods(); };
  for (const box of boxes) box.addEventListener("change", filterMethods);
  one("#all").addEventListener("click", () => check(() => true));
  one("#none").addEventListener("click", () => check(() => false));
  one("#search").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    check((box) => box.value.toLowerCase().includes(wanted));
  });
  one("#image-set").addEventListener("change", filterBoards);
  one("#noise").addEventListener("change", filterBoards);
  one(".filters").addEventListener("submit", (event) => event.preventDefault());

  // The table of images, for one method at a time.
  const FEW = 200;
  const text = (value, sign) => (value === null ? "–" : (sign && value > 0 ? "+" : "") + value.toFixed(2));
  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }
  function breakable(name) {
    const parts = name.split(/(?<=[-_:=,@+/])/).flatMap((part, at) => (at ? [element("wbr", {}), part] : [part]));
    return element("span", { className: "name" }, ...parts);
  }
  function imageTable(board, row, count) {
    const own = board.psnr[row];
    const reference = board.reference === null || board.reference === row ? null : board.psnr[board.reference];
    const heads = [["image", true], [`${board.rows[row].name} dB`, false]];
    if (reference) heads.push([`${board.rows[board.reference].name} dB`, false], ["difference dB", false]);
    const cell = (value, sign) => {
      const made = element("td", { textContent: text(value, sign) });
      made.dataset.order = value ?? "";
      return made;
    };
    const lines = board.images.slice(0, count).map((image, at) => {
      const line = element("tr", {}, element("th", { scope: "row", className: "word" }, breakable(image)), cell(own[at]));
      const apart = reference && own[at] !== null && reference[at] !== null ? own[at] - reference[at] : null;
      if (reference) line.append(cell(reference[at]), cell(apart, true));
      return line;
    });
    const head = element("tr", {}, ...heads.map(([name, word]) =>
      element("th", { scope: "col", className: word ? "word" : "" }, element("button", { type: "button", textContent: name }))));
    return element("table", { className: "sortable" }, element("thead", {}, head), element("tbody", {}, ...lines));
  }
  for (const section of sections) {
    const board = boards[section.dataset.number];
    const details = one("details.images", section);
    const [select, place, more] = [one("select", details), one(".scroll", details), one(".more", details)];
    const show = (count) => {
      place.replaceChildren(imageTable(board, Number(select.value), count));
      tellMore(place);
      more.hidden = board.images.length <= count;
      more.textContent = `Show all ${board.images.length} images`;
    };
    board.rows.forEach((row, at) => select.append(element("option", { value: String(at), textContent: row.name })));
    if (board.reference !== null && board.rows.length > 1) select.value = String(board.reference === 0 ? 1 : 0);
    select.addEventListener("change", () => show(FEW));
    more.addEventListener("click", () => show(Infinity));
    details.addEventListener("toggle", () => { if (details.open && !place.firstChild) show(FEW); });
  }

  // Pictures: all crops of an image zoom into one place; the error maps are drawn from the crops.
  const LARGEST = 51; // error, in 1/255, that has the last colour
  const colours = one("#rankings").dataset.errors.split(" ").map((text) =>
    [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
  function pixels(image) {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }
  function drawError(canvas, image, clean) {
    const map = pixels(image);
    const { data } = map;
    for (let at = 0; at < data.length; at += 4) {
      let sum = 0;
      for (let channel = at; channel < at + 3; channel++) sum += (data[channel] - clean.data[channel]) ** 2;
      const share = Math.min(1, Math.sqrt(sum / 3) / LARGEST);
      data.set(colours[Math.round(share * (colours.length - 1))], at);
    }
    [canvas.width, canvas.height] = [map.width, map.height];
    canvas.getContext("2d").putImageData(map, 0, 0);
  }
  async function drawErrors(viewer) {
    const images = all("img", viewer);
    await Promise.all(images.map((image) => image.decode()));
    const clean = pixels(images[0]);
    all("canvas", viewer).forEach((canvas, at) => drawError(canvas, images[at + 1], clean));
    viewer.dataset.drawn = "yes";
  }
  for (const viewer of all(".viewer")) {
    const [tiles, zoom] = [one(".tiles", viewer), one("input[type=range]", viewer)];
    const place = { x: 50, y: 50 };
    const apply = () => {
      tiles.style.setProperty("--zoom", zoom.value);
      for (const axis of ["x", "y"]) {
        place[axis] = Math.min(100, Math.max(0, place[axis]));
        tiles.style.setProperty(`--${axis}`, `${place[axis]}%`);
      }
    };
    const follow = (event) => {
      const box = event.target.closest(".frame")?.getBoundingClientRect();
      if (!box) return;
      place.x = (100 * (event.clientX - box.left)) / box.width;
      place.y = (100 * (event.clientY - box.top)) / box.height;
      apply();
    };
    tiles.addEventListener("pointermove", follow);
    tiles.addEventListener("pointerdown", follow);
    zoom.addEventListener("input", apply);
    const steps = { ArrowLeft: ["x", -5], ArrowRight: ["x", 5], ArrowUp: ["y", -5], ArrowDown: ["y", 5] };
    tiles.addEventListener("keydown", (event) => {
      if (event.key in steps) place[steps[event.key][0]] += steps[event.key][1];
      else if (event.key === "+") zoom.stepUp();
      else if (event.key === "-") zoom.stepDown();
      else return;
      event.preventDefault();
      apply();
    });
    drawWhenNear(viewer);
  }

  // Commands.
  for (const button of all("button.copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(one("pre", button.parentElement).textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  {% include "printing.js" %}
  applyTheme();
})();
