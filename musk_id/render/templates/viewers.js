// Viewers of spectra, chromatograms and alignments. They read the figure's data-view, write only text and numbers,
// load nothing and keep nothing. Each works by keyboard alone; the picture beside it stays for print and without script.
"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const INK = "#1a1a1a", QUIET = "#5a6270", PALE = "#e9ecef", ACCENT = "#1f4e79";
  const WIDTH = 680, RIGHT = 672;
  const words = JSON.parse(document.body.dataset.viewerWords);

  function element(parent, name, attributes, text) {
    const made = parent.namespaceURI === SVG || name === "svg"
      ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const key of Object.keys(attributes)) made.setAttribute(key, String(attributes[key]));
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }
  function fill(template, values) {
    return template.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  }
  const fixed = (value) => value.toFixed(1);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  function steps(span, most) {
    let step = Math.pow(10, Math.floor(Math.log10(span / most)));
    for (const factor of [1, 2, 5, 10]) if (span / (step * factor) <= most) return step * factor;
    return step * 10;
  }

  // What all viewers share: a window [low, high] on one axis, stops that a cursor walks along, keys and pointer.
  class Viewer {
    constructor(figure, data) {
      this.data = data;
      this.prepare();
      this.low = this.first;
      this.high = this.last;
      this.cursor = -1;
      this.box = element(figure, "div", { class: "viewer", role: "group", "aria-label": figure.dataset.name });
      const bar = element(this.box, "div", { class: "viewer-bar" });
      const button = (name, act) => {
        const made = element(bar, "button", { type: "button", "data-act": name }, words[name]);
        made.addEventListener("click", () => { act(); this.draw(); });
      };
      button("zoom_in", () => this.zoom(0.5));
      button("zoom_out", () => this.zoom(2));
      button("pan_left", () => this.pan(-0.25));
      button("pan_right", () => this.pan(0.25));
      button("previous", () => this.move(-1));
      button("next", () => this.move(1));
      button("whole", () => this.show(this.first, this.last));
      this.canvas = element(this.box, "svg", {
        viewBox: `0 0 ${WIDTH} ${this.height}`, tabindex: "0", role: "application",
        "aria-label": `${figure.dataset.name}. ${words.keys}`, "aria-roledescription": words.viewer,
      });
      this.read = element(this.box, "output", { class: "viewer-read", "aria-live": "polite" }, words.keys);
      this.canvas.addEventListener("keydown", (event) => this.key(event));
      this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.canvas.addEventListener("pointerdown", (event) => this.grab(event));
      this.canvas.addEventListener("pointermove", (event) => this.point(event));
      this.canvas.addEventListener("pointerup", () => { this.held = null; });
      this.canvas.addEventListener("pointercancel", () => { this.held = null; });
      this.draw();
    }
    show(low, high) {
      const span = clamp(high - low, Math.min(this.least, this.last - this.first), this.last - this.first);
      const middle = (low + high) / 2;
      this.low = clamp(middle - span / 2, this.first, this.last - span);
      this.high = this.low + span;
    }
    zoom(factor, about) {
      const place = about !== undefined ? about : this.inside() ? this.stop() : (this.low + this.high) / 2;
      this.show(place - (place - this.low) * factor, place + (this.high - place) * factor);
    }
    pan(share) {
      const span = this.high - this.low;
      const low = clamp(this.low + share * span, this.first, this.last - span);
      this.low = low;
      this.high = low + span;
    }
    stop() { return this.stops[this.cursor]; }
    inside() { return this.cursor >= 0 && this.stop() >= this.low && this.stop() <= this.high; }
    move(by) {
      if (!this.stops.length) return;
      if (this.cursor < 0) {
        const begin = this.stops.findIndex((stop) => stop >= this.low);
        this.cursor = by > 0 ? Math.max(begin, 0) : Math.max(begin - 1, 0);
      } else this.cursor = clamp(this.cursor + by, 0, this.stops.length - 1);
      this.reveal();
    }
    reveal() {
      const span = this.high - this.low;
      if (!this.inside()) this.show(this.stop() - span / 2, this.stop() + span / 2);
      this.read.textContent = this.told();
    }
    x(value) { return this.left + ((value - this.low) / (this.high - this.low)) * (RIGHT - this.left); }
    value(event) {
      const frame = this.canvas.getBoundingClientRect();
      const x = ((event.clientX - frame.left) / frame.width) * WIDTH;
      return this.low + ((x - this.left) / (RIGHT - this.left)) * (this.high - this.low);
    }
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const acts = {
        "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), "_": () => this.zoom(2),
        "0": () => this.show(this.first, this.last),
        PageUp: () => this.pan(-0.5), PageDown: () => this.pan(0.5),
        Home: () => { this.cursor = 0; this.move(0); },
        End: () => { this.cursor = this.stops.length - 1; this.move(0); },
        ArrowLeft: () => (event.shiftKey ? this.pan(-0.1) : this.move(-1)),
        ArrowRight: () => (event.shiftKey ? this.pan(0.1) : this.move(1)),
      };
      const own = this.keys()[event.key] || acts[event.key];
      if (own === undefined) return;
      event.preventDefault();
      own();
      this.draw();
    }
    keys() { return {}; }
    wheel(event) {
      // The page scrolls unless the viewer has been chosen.
      if (document.activeElement !== this.canvas) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, clamp(this.value(event), this.low, this.high));
      this.draw();
    }
    grab(event) {
      this.canvas.focus();
      this.held = { at: event.clientX, low: this.low, high: this.high };
      this.canvas.setPointerCapture(event.pointerId);
    }
    point(event) {
      if (this.held) {
        const frame = this.canvas.getBoundingClientRect();
        const span = this.held.high - this.held.low;
        const moved = ((this.held.at - event.clientX) / frame.width) * (WIDTH / (RIGHT - this.left)) * span;
        this.low = clamp(this.held.low + moved, this.first, this.last - span);
        this.high = this.low + span;
      } else {
        const value = this.value(event);
        let best = -1;
        this.stops.forEach((stop, index) => {
          if (stop < this.low || stop > this.high) return;
          if (best < 0 || Math.abs(stop - value) < Math.abs(this.stops[best] - value)) best = index;
        });
        if (best < 0) return;
        this.cursor = best;
        this.hover(event);
        this.read.textContent = this.told();
      }
      this.draw();
    }
    hover() {}
    line(x1, y1, x2, y2, colour, width, dashes) {
      const held = { x1: fixed(x1), y1: fixed(y1), x2: fixed(x2), y2: fixed(y2), stroke: colour, "stroke-width": width };
      if (dashes) held["stroke-dasharray"] = dashes;
      element(this.canvas, "line", held);
    }
    text(x, y, text, size, anchor, colour, weight) {
      element(this.canvas, "text", {
        x: fixed(x), y: fixed(y), "font-size": size, "text-anchor": anchor || "start", fill: colour || INK,
        "font-weight": weight || "normal",
      }, text);
    }
    axis(y, unit, digits) {
      this.line(this.left, y, RIGHT, y, INK, 0.8);
      const step = steps(this.high - this.low, 12);
      for (let tick = Math.ceil(this.low / step) * step; tick <= this.high + 1e-9; tick += step) {
        this.line(this.x(tick), y, this.x(tick), y + 3, INK, 0.8);
        this.text(this.x(tick), y + 12, tick.toFixed(digits), 8, "middle", QUIET);
      }
      this.text(RIGHT, y + 24, unit, 9, "end");
    }
    draw() {
      this.canvas.replaceChildren();
      this.paint();
      this.box.dataset.low = this.low.toFixed(3);
      this.box.dataset.high = this.high.toFixed(3);
      this.box.dataset.cursor = this.inside() ? this.stop() : "";
    }
  }

  class SpectrumViewer extends Viewer {
    prepare() {
      this.height = 312;
      this.left = 44;
      this.least = 5;
      this.above = new Map(this.data.query);
      this.below = new Map(this.data.library);
      this.stops = [...new Set([...this.above.keys(), ...this.below.keys()])].sort((a, b) => a - b);
      const ends = this.stops.length ? [this.stops[0], this.stops[this.stops.length - 1]] : [0, 100];
      this.first = ends[0] - 5;
      this.last = ends[1] + 5;
    }
    told() {
      const mz = this.stop(), percent = (map) => (map.has(mz) ? (map.get(mz) / 9.99).toFixed(1) : "0");
      return fill(words.at_peak, {
        mz: mz, query: percent(this.above), library: percent(this.below),
        both: this.above.has(mz) && this.below.has(mz) ? words.both : "",
      }).trim();
    }
    paint() {
      const middle = 150, reach = 118;
      const seen = (map) => [...map].filter((peak) => peak[0] >= this.low && peak[0] <= this.high);
      const tallest = Math.max(1, ...[...seen(this.above), ...seen(this.below)].map((peak) => peak[1]));
      this.line(this.left, middle - reach, this.left, middle + reach, INK, 0.8);
      for (const share of [0.5, 1]) for (const side of [-1, 1]) {
        const y = middle + side * share * reach;
        this.line(this.left - 3, y, this.left, y, INK, 0.8);
        this.text(this.left - 5, y + 3, ((share * tallest) / 9.99).toFixed(0), 8, "end", QUIET);
      }
      this.text(0, 14, this.data.intensity, 9);
      this.text(RIGHT, 14, this.data.upper, 10, "end", INK, "bold");
      this.text(this.left, 306, this.data.lower, 10, "start", INK, "bold");
      for (const [map, other, side] of [[this.above, this.below, -1], [this.below, this.above, 1]]) {
        const placed = [];
        for (const [mz, height] of seen(map).sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
          const x = this.x(mz), y = middle + (side * height / tallest) * reach, both = other.has(mz);
          this.line(x, middle, x, y, both ? INK : QUIET, both ? 1.8 : 0.8);
          if (both) element(this.canvas, "circle", { cx: fixed(x), cy: fixed(y), r: 1.8, fill: INK });
          if (placed.length < 14 && placed.every((taken) => Math.abs(taken - x) >= 24)) {
            placed.push(x);
            this.text(x, y + (side < 0 ? -4 : 10), mz, 8, "middle");
          }
        }
      }
      this.line(this.left, middle, RIGHT, middle, INK, 0.8);
      this.axis(282, this.data.unit, 0);
      if (this.inside()) this.line(this.x(this.stop()), 24, this.x(this.stop()), 278, ACCENT, 1, "4 3");
    }
  }

  class TraceViewer extends Viewer {
    prepare() {
      this.height = 250;
      this.left = 52;
      this.points = this.data.points;
      this.stops = this.points.map((point) => point[0]);
      this.first = this.stops[0];
      this.last = this.stops[this.stops.length - 1];
      this.least = Math.max((this.last - this.first) / 200, 1e-6);
    }
    told() {
      const [time, value] = this.points[this.cursor];
      const here = this.data.peaks.filter((peak) => time >= peak.from && time <= peak.to).map((peak) => peak.text);
      return fill(words.at_time, { time: time, unit: this.data.unit, value: value, peak: here.join("; ") }).trim();
    }
    keys() {
      const leap = (by) => {
        const tops = this.data.peaks.map((peak) => peak.at);
        const now = this.cursor < 0 ? this.low : this.stop();
        const goal = by > 0 ? tops.find((top) => top > now + 1e-9) : tops.filter((top) => top < now - 1e-9).pop();
        if (goal === undefined) return;
        this.cursor = this.stops.reduce((best, stop, i) =>
          (Math.abs(stop - goal) < Math.abs(this.stops[best] - goal) ? i : best), 0);
        this.reveal();
      };
      return { n: () => leap(1), p: () => leap(-1) };
    }
    paint() {
      const bottom = 210, top = 26;
      const seen = this.points.filter((point) => point[0] >= this.low && point[0] <= this.high);
      const tallest = Math.max(1, ...seen.map((point) => point[1]));
      const y = (value) => bottom - (value / tallest) * (bottom - top);
      for (const peak of this.data.peaks) {
        const from = Math.max(peak.from, this.low), to = Math.min(peak.to, this.high);
        if (from > to) continue;
        element(this.canvas, "rect", {
          x: fixed(this.x(from)), y: top, width: fixed(Math.max(this.x(to) - this.x(from), 1)), height: bottom - top,
          fill: PALE,
        });
        if (peak.at >= this.low && peak.at <= this.high) {
          element(this.canvas, "path", {
            d: `M${fixed(this.x(peak.at) - 4)} ${top - 8}h8l-4 7z`, fill: INK,
          });
          this.text(this.x(peak.at) + 7, top - 2, peak.text, 8);
        }
      }
      // Of points that fall on one place, the lowest and the highest: no peak is lost.
      const places = new Map();
      for (const [time, value] of seen) {
        const place = Math.round(this.x(time));
        const held = places.get(place);
        if (held) { held[0] = Math.min(held[0], value); held[1] = Math.max(held[1], value); }
        else places.set(place, [value, value]);
      }
      const path = [...places].map(([x, [low, high]]) => `${x},${fixed(y(low))} ${x},${fixed(y(high))}`).join(" ");
      element(this.canvas, "polyline", { points: path, fill: "none", stroke: INK, "stroke-width": 1 });
      this.line(this.left, top, this.left, bottom, INK, 0.8);
      for (const share of [0, 0.5, 1]) {
        this.text(this.left - 4, y(share * tallest) + 3, (share * tallest).toPrecision(3), 8, "end", QUIET);
      }
      this.axis(bottom, this.data.unit, this.high - this.low < 1 ? 2 : 1);
      if (this.inside()) this.line(this.x(this.stop()), top, this.x(this.stop()), bottom, ACCENT, 1, "4 3");
    }
  }

  class AlignmentViewer extends Viewer {
    prepare() {
      const rows = this.data.rows;
      this.row = 0;
      this.left = 150;
      this.height = 62 + 15 * rows.length;
      this.least = 8;
      this.stops = [...rows[0].letters].map((_, column) => column);
      this.first = -0.5;
      this.last = this.stops.length - 0.5;
      this.between = new Set(this.data.between);
      this.within = new Set(this.data.within);
    }
    differs(column) { return this.data.rows.some((row) => row.letters[column] !== this.data.rows[0].letters[column]); }
    told() {
      const column = this.stop(), own = this.data.rows[0].letters[column], row = this.data.rows[this.row];
      const others = this.data.rows.slice(1).filter((other) => other.letters[column] !== own)
        .map((other) => `${other.name}: ${other.letters[column]}`);
      const marks = [];
      if (this.between.has(column)) marks.push(this.data.between_text);
      if (this.within.has(column)) marks.push(this.data.within_text);
      return [
        fill(words.at_column, { column: column + this.data.first, name: row.name, letter: row.letters[column] }),
        others.length ? fill(words.differing, { rows: others.join(", ") }) : words.no_difference,
        ...marks,
      ].filter((part) => part).join("; ");
    }
    keys() {
      const leap = (by) => {
        const from = this.cursor < 0 ? Math.ceil(this.low) - by : this.cursor;
        for (let column = from + by; column >= 0 && column < this.stops.length; column += by) {
          if (this.differs(column)) { this.cursor = column; this.reveal(); return; }
        }
      };
      const climb = (by) => {
        this.row = clamp(this.row + by, 0, this.data.rows.length - 1);
        if (this.cursor < 0) this.move(1); else this.reveal();
      };
      return { n: () => leap(1), p: () => leap(-1), ArrowUp: () => climb(-1), ArrowDown: () => climb(1) };
    }
    hover(event) {
      const frame = this.canvas.getBoundingClientRect();
      const y = ((event.clientY - frame.top) / frame.height) * this.height;
      this.row = clamp(Math.round((y - 50) / 15), 0, this.data.rows.length - 1);
    }
    paint() {
      const cell = (RIGHT - this.left) / (this.high - this.low), rows = this.data.rows, own = rows[0].letters;
      const from = Math.max(Math.ceil(this.low), 0), to = Math.min(Math.floor(this.high), own.length - 1);
      const step = Math.max(1, Math.round(steps(this.high - this.low, 10)));
      const readable = cell >= 4.5;
      for (let column = from; column <= to; column += 1) {
        const x = this.x(column), shown = column + this.data.first;
        if (shown % step === 0) this.text(x, 10, shown, 8, "middle", QUIET);
        if (this.within.has(column)) element(this.canvas, "path", {
          d: `M${fixed(x)} 14l3 3l-3 3l-3 -3z`, fill: "none", stroke: INK,
        });
        if (this.between.has(column)) element(this.canvas, "path", { d: `M${fixed(x - 3)} 24h6l-3 6z`, fill: INK });
      }
      rows.forEach((row, index) => {
        const y = 50 + 15 * index;
        if (index === 0) element(this.canvas, "rect", {
          x: this.left, y: y - 10, width: RIGHT - this.left, height: 14, fill: PALE,
        });
        const bold = index === 0 || index === this.row ? "bold" : "normal";
        this.text(0, y, row.name.length > 26 ? row.name.slice(0, 25) + "…" : row.name, 8.5, "start", INK, bold);
        for (let column = from; column <= to; column += 1) {
          const letter = row.letters[column], x = this.x(column), same = index > 0 && letter === own[column];
          if (index > 0 && !same) element(this.canvas, "rect", {
            x: fixed(x - Math.min(cell / 2, 6)), y: y - 9, width: fixed(Math.min(cell, 12)), height: 12,
            fill: readable ? "none" : INK, stroke: INK, "stroke-width": 0.8,
          });
          if (readable) this.text(x, y, same ? "." : letter, Math.min(cell * 1.4, 11), "middle", same ? QUIET : INK);
        }
      });
      if (this.inside()) {
        element(this.canvas, "rect", {
          x: fixed(this.x(this.stop()) - Math.max(cell / 2, 2)), y: 33, width: fixed(Math.max(cell, 4)),
          height: 15 * rows.length + 10, fill: "none", stroke: ACCENT, "stroke-width": 1.4,
        });
      }
    }
  }

  const kinds = { spectrum: SpectrumViewer, trace: TraceViewer, alignment: AlignmentViewer };
  for (const figure of document.querySelectorAll("figure[data-view]")) {
    const opener = element(figure, "button", { type: "button", class: "viewer-open", "aria-expanded": "false" }, words.open);
    let viewer = null;
    opener.addEventListener("click", () => {
      if (viewer === null) {
        const data = JSON.parse(figure.dataset.view);
        viewer = new kinds[data.kind](figure, data);
      } else viewer.box.hidden = !viewer.box.hidden;
      const closed = viewer.box.hidden;
      opener.setAttribute("aria-expanded", String(!closed));
      opener.textContent = closed ? words.open : words.close;
      if (!closed) viewer.canvas.focus();
    });
  }
})();
