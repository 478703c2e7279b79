  // Names beside points: placed anew whenever the chart's size, its range or the choice of methods changes.
  const measure = document.createElement("canvas").getContext("2d");
  const waiting = new Set();
  function nameLater(plot, board) {
    if (waiting.has(plot)) return;
    waiting.add(plot);
    requestAnimationFrame(() => { waiting.delete(plot); namePoints(plot, board); });
  }
  function shortened(text, room) {
    const fits = (candidate) => measure.measureText(candidate).width <= room;
    if (fits(text)) return text;
    let kept = text.length - 1; // what tells two variants of a method apart is often at the end
    const cut = () => `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
    while (kept > 2 && !fits(cut())) kept--;
    return cut();
  }
  function namePoints(plot, board) {
    const view = Bokeh.index.get_by_id(plot.id);
    const source = [...plot.references()].find((model) => model.type === "ColumnDataSource" && model.name === "names");
    if (!view || !source) return;
    const { x_scale: across, y_scale: up, bbox } = view.frame;
    const data = source.data;
    measure.font = "12px Helvetica, Arial, sans-serif";
    const places = Array.from(data.x, (x, at) => [across.compute(x), up.compute(data.y[at])]);
    const wanted = places.flatMap(([x, y], at) =>
      !hidden.has(board.rows[data.row[at]].label) && x >= bbox.left && x <= bbox.right && y >= bbox.top && y <= bbox.bottom ? [at] : []);
    const texts = wanted.map((at) => shortened(data.full[at], 0.6 * bbox.width));
    const labels = wanted.map((at, number) => ({
      x: places[at][0], y: places[at][1], width: measure.measureText(texts[number]).width, height: 15, must: data.must[at],
    }));
    const marks = wanted.map((at) => [places[at][0] - 7, places[at][1] - 7, places[at][0] + 7, places[at][1] + 7]);
    const found = placeLabels(labels, marks, [bbox.left, bbox.top, bbox.right, bbox.bottom]);
    const size = data.x.length;
    const [name, right, down] = [Array(size).fill(""), Array(size).fill(0), Array(size).fill(0)];
    const [endX, endY] = [Array.from(data.x), Array.from(data.y)];
    wanted.forEach((at, number) => {
      const place = found[number];
      if (!place) return;
      const { x, y, width, height } = labels[number];
      name[at] = texts[number];
      [right[at], down[at]] = [place.left - x, place.top - y];
      if (!place.far) return;
      endX[at] = across.invert(Math.min(Math.max(x, place.left), place.left + width));
      endY[at] = up.invert(Math.min(Math.max(y, place.top), place.top + height));
    });
    source.data = { ...data, name, right, down, end_x: endX, end_y: endY };
  }
  function watchSize(plot, board) {
    const again = () => nameLater(plot, board);
    for (const property of [plot.properties.inner_width, plot.properties.inner_height]) property.change.connect(again);
    for (const range of [plot.x_range, plot.y_range])
      for (const property of [range.properties.start, range.properties.end]) property.change.connect(again);
  }
