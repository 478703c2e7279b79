  // Printing: in light colours, with all that is folded away but the long table of images.
  const opened = new Set();
  function beforePrint() {
    for (const details of all("main details:not([open]):not(.images)")) { details.open = true; opened.add(details); }
    for (const [element, plot] of plots) {
      one("img.printed", element)?.remove();
      const canvas = document.createElement("canvas");
      const layer = Bokeh.index.get_by_id(plot.id)?.export("png", true).canvas;
      if (!layer || !layer.width) continue;
      [canvas.width, canvas.height] = [layer.width, layer.height];
      const context = canvas.getContext("2d");
      if (isDark()) context.filter = "invert(1) hue-rotate(180deg)"; // of the colours of the dark page
      context.drawImage(layer, 0, 0);
      element.append(Object.assign(document.createElement("img"), { className: "printed", src: canvas.toDataURL(), alt: "" }));
    }
  }
  function afterPrint() {
    for (const details of opened) details.open = false;
    opened.clear();
    for (const image of all("img.printed")) image.remove();
  }
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);
