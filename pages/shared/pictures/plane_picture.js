// The classifier's picture: its points over the probability of each class, one plot a lane.

import { create, fill, formatPercent, nameControl, setAttribute, setText } from "../live/js/dom.js";
import { findArray, readDecision } from "../live/js/frames.js";
import { watchSize } from "../live/js/plot.js";
import { loadStyles } from "../live/js/styles.js";
import { toCss } from "../live/js/theme.js";
import { MARGIN, Plane } from "./plane.js";

loadStyles("./plane.css", import.meta.url);

const NEAR = 9;
const GAP = 12;
const TITLE_HEIGHT = 20;
const LARGEST = 900;
const MANY_POINTS = 500;
const SMALL_PLANE = 240;
const LARGE_PLANE = 480;
/** @type {Split[]} */
const SPLITS = ["train", "validation", "test", "own"];

export class Picture {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {HTMLElement} */
  legend;
  /** @type {Toggle} */
  testToggle;
  /** @type {Toggle} */
  hardToggle;
  /** @type {HTMLButtonElement} */
  reset;
  /** @type {HTMLElement} */
  tip;
  /** @type {HTMLElement[]} */
  tipLines;
  /** @type {HTMLElement} */
  stage;
  /** @type {Plane[]} */
  planes;
  /** @type {number[]} */
  view;
  /** @type {Frame|undefined} */
  frame;
  /** @type {{plane: Plane, place: PlanePlace}|null} */
  pointed;

  /**
   * @param {HTMLElement} host
   * @param {PictureHandlers} options
   */
  constructor(host, { onAdd }) {
    this.host = host;
    this.onAdd = onAdd;
    this.planes = [];
    this.showTest = false;
    this.hard = false;
    this.build();
    this.stopWatching = watchSize(this.stage, () => this.fit());
  }

  build() {
    this.legend = create("span", { class: "tp-classes" });
    this.testToggle = this.toggle("show-test", (on) => this.choose({ showTest: on }));
    this.hardToggle = this.toggle("hard-boundary", (on) => this.choose({ hard: on }));
    this.reset = create("button", {
      type: "button",
      class: "tp-link",
      "data-testid": "reset-zoom",
      hidden: "",
      onclick: () => this.zoom(null),
    });
    const options = create(
      "div",
      { class: "tp-options" },
      this.legend,
      this.testToggle.label,
      this.hardToggle.label,
      this.reset,
    );
    this.tip = create("div", { class: "tp-tip", hidden: "", "data-testid": "plot-tip" });
    this.tipLines = [0, 1, 2].map(() => create("div"));
    this.tip.append(...this.tipLines);
    this.stage = create("div", { class: "tp-planes" });
    this.host.append(options, this.stage, this.tip);
  }

  /**
   * @param {string} testid
   * @param {(on: boolean) => void} changed
   */
  toggle(testid, changed) {
    const words = create("span");
    const input = create("input", {
      type: "checkbox",
      "data-testid": testid,
      onchange: () => changed(input.checked),
    });
    return { input, words, label: create("label", { class: "tp-toggle" }, input, words) };
  }

  /** @param {{ showTest?: boolean; hard?: boolean }} change */
  choose(change) {
    Object.assign(this, change);
    this.renderPoints();
    this.redraw();
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    const { picture, lanes } = data;
    const moved = this.data && this.data.picture.domain.join() !== picture.domain.join();
    this.data = data;
    this.theme = theme;
    if (!this.view || moved) this.view = picture.domain;
    this.matchLanes(lanes);
    this.relabel(data.text);
    this.host.classList.toggle("tp-adding", Boolean(data.adding));
    this.fit();
    this.renderPoints();
    this.redraw();
    for (const plane of this.planes) if (plane.keys.focused) this.say(plane);
  }

  /** @param {string[]} lanes */
  matchLanes(lanes) {
    if (this.planes.map((plane) => plane.lane).join() === lanes.join()) return;
    while (this.planes.length > lanes.length) {
      const plane = this.planes.pop();
      plane?.destroy();
      plane?.element.remove();
    }
    for (const lane of lanes.slice(this.planes.length)) {
      const plane = new Plane(lane, {
        onZoom: (view) => this.zoom(view),
        onClick: (place) => this.click(place),
        onPoint: (source, place) => this.point(source, place),
        onKeys: (source, place) => {
          this.point(source, place);
          this.say(source);
        },
      });
      this.planes.push(plane);
      this.stage.append(plane.element);
    }
    this.host.dataset.lanes = String(lanes.length);
  }

  /** @param {Words} text */
  relabel(text) {
    setText(this.testToggle.words, text.show_test_points);
    setText(this.hardToggle.words, text.hard_boundary);
    setAttribute(this.hardToggle.label, "title", text.hard_boundary_help);
    setAttribute(this.testToggle.label, "title", text.show_test_points_help);
    setText(this.reset, text.reset_zoom);
    nameControl(this.reset, text.reset_zoom);
    const { adding } = this.data;
    const keys = adding ? fill(text.key_place_adding, { label: adding.label }) : text.key_place;
    for (const plane of this.planes) setAttribute(plane.keys.button, "aria-label", keys);
    const several = this.planes.length > 1;
    for (const plane of this.planes) setText(plane.title, several ? text[`lane_${plane.lane}`] : "");
    this.nameClasses(text);
  }

  /** @param {Words} text */
  nameClasses(text) {
    const wanted = `${text.classes}/${this.data.picture.classes}`;
    if (this.legend.dataset.classes === wanted) return;
    this.legend.dataset.classes = wanted;
    const marks = Array.from({ length: this.data.picture.classes }, (_, label) => {
      const mark = create("span", { class: "tp-class" }, String(label));
      mark.style.setProperty("--mark", `var(--tp-class-${label})`);
      mark.style.setProperty("--on-mark", `var(--tp-on-class-${label})`);
      return mark;
    });
    this.legend.replaceChildren(text.classes, ...marks);
  }

  /** Make the plots as large as the stage allows, square, all alike. */
  fit() {
    const count = this.planes.length;
    if (!count || !this.stage.clientWidth || !this.theme) return;
    const titles = count > 1 ? TITLE_HEIGHT * this.theme.scale : 0;
    const width = (this.stage.clientWidth - GAP * (count - 1)) / count - MARGIN.l - MARGIN.r;
    const height = this.stage.clientHeight - titles - MARGIN.t - MARGIN.b;
    const side = Math.floor(Math.max(80, Math.min(width, height, LARGEST)));
    const resized = this.planes.filter((plane) => plane.side !== side);
    if (!resized.length) return;
    for (const plane of resized) plane.setSide(side);
    this.renderPoints();
    this.redraw();
  }

  renderPoints() {
    if (!this.data) return;
    const { picture, plotly, adding } = this.data;
    const traces = SPLITS.map((split) => this.trace(split, picture[split]));
    for (const plane of this.planes) plane.render(plotly, traces, this.view, this.theme, adding);
  }

  /**
   * @param {Split} split
   * @param {Points | undefined} points
   */
  trace(split, points) {
    const colors = (points?.label ?? []).map((label) => this.theme.classes[label]);
    const small = (points?.x.length ?? 0) > MANY_POINTS || this.planes[0].side < SMALL_PLANE;
    const looks = {
      train: { symbol: "circle", line: { width: 1, color: toCss(this.theme.background) } },
      validation: { symbol: "square-open", line: { width: 1.8, color: colors } },
      test: { symbol: "circle-open", line: { width: 1.8, color: colors } },
      own: { symbol: "diamond", line: { width: 1.4, color: toCss(this.theme.text) } },
    };
    const more = small ? -2 : this.planes[0].side > LARGE_PLANE ? 2 : 0;
    const size = { train: 8, validation: 7, test: 7, own: 10 }[split] + more;
    return {
      type: "scatter",
      mode: "markers",
      x: points?.x ?? [],
      y: points?.y ?? [],
      visible: split !== "test" || this.showTest,
      marker: { color: colors, size, opacity: 1, ...looks[split] },
    };
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.frame = frame;
    this.redraw();
  }

  /** Axes and points are there. */
  whole() {
    return Promise.all(this.planes.map((plane) => plane.whole));
  }

  redraw() {
    if (!this.frame || !this.data) return;
    const { classes, domain } = this.data.picture;
    const style = { levels: this.frame.levels, classes, theme: this.theme, hard: this.hard };
    for (const plane of this.planes) {
      const grid = findArray(this.frame, plane.lane, "decision");
      if (grid) plane.draw(grid, domain, style);
    }
    this.showTip();
  }

  /**
   * Keep the picture's description, with its main number, up to date.
   * @param {number} step
   * @param {(lane: string) => number | null | undefined} accuracyOf
   */
  describe(step, accuracyOf) {
    const { text, lang } = this.data;
    for (const plane of this.planes) {
      const accuracy = accuracyOf(plane.lane);
      const sentence = Number.isFinite(accuracy)
        ? fill(text.picture_label, { step, accuracy: formatPercent(accuracy, lang) })
        : fill(text.picture_label_untrained, { step });
      const lane = this.planes.length > 1 ? `${text[`lane_${plane.lane}`]}. ` : "";
      setAttribute(plane.box, "aria-label", lane + sentence);
    }
  }

  /** @param {number[] | null} view */
  zoom(view) {
    const { domain } = this.data.picture;
    const next = view ?? domain;
    if (next.join() === this.view.join()) return;
    this.view = next;
    this.reset.hidden = next.join() === domain.join();
    this.renderPoints();
  }

  /** @param {PlanePlace} options */
  click({ x, y }) {
    if (this.data.adding) this.onAdd({ x, y });
  }

  /**
   * @param {Plane} plane
   * @param {PlanePlace | null} place
   */
  point(plane, place) {
    this.pointed = place && { plane, place };
    this.showTip();
  }

  /**
   * Say what stands beside the place that keys have moved.
   * @param {Plane} plane
   */
  say(plane) {
    const lines = this.tipLines.filter((line) => !line.hidden).map((line) => line.textContent);
    setText(plane.keys.spoken, this.pointed?.plane === plane ? lines.join("; ") : "");
  }

  showTip() {
    this.tip.hidden = !this.pointed;
    if (!this.pointed) return;
    const { plane, place } = this.pointed;
    const near = this.nearest(plane, place);
    const x = near?.x ?? place.x;
    const y = near?.y ?? place.y;
    const { text } = this.data;
    const lines = [
      near ? fill(text[`hover_${near.split}`], { label: near.label }) : "",
      fill(text.hover_place, { x: x.toFixed(2), y: y.toFixed(2) }),
      this.predictionAt(plane, x, y),
    ];
    lines.forEach((line, i) => {
      setText(this.tipLines[i], line);
      this.tipLines[i].hidden = !line;
    });
    this.placeTip(plane, place);
  }

  /**
   * @param {Plane} plane
   * @param {PlanePlace} options
   */
  placeTip(plane, { px, py }) {
    const host = this.host.getBoundingClientRect();
    const box = plane.box.getBoundingClientRect();
    const x = box.left - host.left + px;
    const y = box.top - host.top + py;
    const left = Math.min(x + 14, host.width - this.tip.offsetWidth - 2);
    const above = y - this.tip.offsetHeight - 12;
    this.tip.style.transform = `translate(${Math.max(0, left)}px, ${above > 0 ? above : y + 18}px)`;
  }

  /**
   * @param {Plane} plane
   * @param {number} x
   * @param {number} y
   */
  predictionAt(plane, x, y) {
    const { frame } = this;
    const grid = frame && findArray(frame, plane.lane, "decision");
    if (!frame || !grid) return "";
    const [x0, x1, y0, y1] = this.data.picture.domain;
    const [rows, columns] = grid.shape;
    const column = Math.round(((x - x0) / (x1 - x0)) * (columns - 1));
    const row = Math.round(((y - y0) / (y1 - y0)) * (rows - 1));
    if (column < 0 || row < 0 || column >= columns || row >= rows) return "";
    const { classes } = this.data.picture;
    const { label, probability } = readDecision(grid.data[row * columns + column], frame.levels, classes);
    const { text, lang } = this.data;
    return fill(text.hover_prediction, { label, probability: formatPercent(probability, lang) });
  }

  /**
   * @param {Plane} plane
   * @param {PlanePlace} options
   */
  nearest(plane, { px, py }) {
    /** @type {{ split: Split; x: number; y: number; label: number } | null} */
    let best = null;
    let distance = NEAR;
    for (const split of SPLITS) {
      const points = this.data.picture[split];
      if (!points || (split === "test" && !this.showTest)) continue;
      for (const [i, x] of points.x.entries()) {
        const [atX, atY] = plane.toPixels(x, points.y[i]);
        const away = Math.hypot(atX - px, atY - py);
        if (away >= distance) continue;
        distance = away;
        best = { split, x, y: points.y[i], label: points.label[i] };
      }
    }
    return best;
  }

  destroy() {
    this.stopWatching();
    this.planes.forEach((plane) => plane.destroy());
  }
}
