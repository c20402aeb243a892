// The picture of a network that reads a wave: what goes in, what is asked for, what it says; its memory, its gradients.

import { childrenOf, create, fill, formatNumber, setAttribute, setText } from "../shared/live/js/dom.js";
import { findArray } from "../shared/live/js/frames.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { mix, toCss } from "../shared/live/js/theme.js";
import { drawTile, fitCanvas, signedPixels } from "../shared/pictures/tiles.js";

loadStyles("./picture.css", import.meta.url);

/** @type {(keyof WaveArrays)[]} */
const WAVE_ARRAYS = ["x", "target", "prediction", "hidden", "reach", "free", "truth"];
const TABS = ["fit", "free"];
const LEFT = 34;
const BOTTOM = 16;
const HEADING = 15;
const FONT = 11;
const LOWEST = -8;
const HIGHEST = 2;

class Panel {
  /** @type {number} */
  width;
  /** @type {number} */
  height;

  /**
   * @param {string} name
   * @param {string} lane
   * @param {(pen: Pen, width: number, height: number) => void} paint
   */
  constructor(name, lane, paint) {
    this.canvas = create("canvas", { class: "tp-wave-canvas", role: "img", "data-testid": `${name}-${lane}` });
    this.box = create("div", { class: `tp-wave-box tp-wave-${name}` }, this.canvas);
    this.stop = watchSize(this.box, (width, height) => {
      Object.assign(this, { width, height });
      this.draw();
    });
    this.paint = paint;
  }

  draw() {
    if (!this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    this.paint(pen, this.width, this.height);
  }
}

/** One lane: the wave over the memory, and beside them how far the gradient reaches back. */
class WavePane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Partial<LaneArrays>|undefined} */
  arrays;
  /** @type {WaveFacts} */
  facts;

  /** @param {string} lane */
  constructor(lane) {
    this.lane = lane;
    this.highest = 1;
    this.title = create("figcaption", { class: "tp-plane-title" });
    this.wave = new Panel("wave", lane, (...pen) => this.paintWave(...pen));
    this.memory = new Panel("memory", lane, (...pen) => this.paintBelow(...pen));
    this.reach = new Panel("reach", lane, (...pen) => this.paintReach(...pen));
    this.panels = [this.wave, this.memory, this.reach];
    this.element = create("figure", { class: "tp-wave-pane" }, this.title, ...this.panels.map(({ box }) => box));
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    Object.assign(this, { data, theme });
    setText(this.title, data.lanes.length > 1 ? data.text[`lane_${this.lane}`] : "");
    setAttribute(this.reach.canvas, "title", data.text.reach_help);
    setAttribute(this.memory.canvas, "title", data.text.memory_help);
  }

  /** @param {Frame} frame */
  draw(frame) {
    const { part, possible, time_steps, first } = frame.facts;
    this.facts = { part, possible, time_steps, first: first?.[this.lane][0] ?? 0 };
    this.arrays = /** @type {WaveArrays} */ (
      Object.fromEntries(WAVE_ARRAYS.map((name) => [name, findArray(frame, this.lane, name)]))
    );
    this.element.dataset.part = this.facts.part;
    this.element.hidden = this.facts.part === "free" && !this.facts.possible;
    const { x, target, truth } = this.arrays;
    for (const array of [x, target, truth]) {
      for (const value of array?.data ?? []) this.highest = Math.max(this.highest, Math.abs(value));
    }
    for (const panel of this.panels) panel.draw();
  }

  /**
   * Lengths that grow with the text, as when presenting.
   * @param {number} length
   */
  scaled(length) {
    return length * this.theme.scale;
  }

  get left() {
    return this.scaled(LEFT);
  }

  get bottom() {
    return this.scaled(BOTTOM);
  }

  get head() {
    return this.scaled(HEADING);
  }

  get font() {
    return `${this.scaled(FONT)}px ${this.theme.font}`;
  }

  get count() {
    const { x, free } = this.arrays ?? {};
    return (x?.data.length ?? 0) + (free?.data.length ?? 0);
  }

  /**
   * @param {Pen} pen
   * @param {number} width
   * @param {number} height
   */
  paintWave(pen, width, height) {
    if (!this.arrays?.x) return;
    const top = Math.ceil(this.highest * 2.2) / 2;
    // The words on where it reads by itself stand above all lines.
    const above = this.arrays.free ? this.head + 4 : 4;
    /** @param {number} i */
    const across = (i) => this.left + (i / Math.max(1, this.count - 1)) * (width - this.left - 4);
    /** @param {number} value */
    const up = (value) =>
      above + (1 - (Math.max(-top, Math.min(top, value)) + top) / (2 * top)) * (height - this.bottom - above - 2);
    if (this.arrays.free) this.paintByItself(pen, across(this.arrays.x.data.length - 0.5), across(this.count), height);
    this.paintAxes(pen, across, up, top, width, height);
    /**
     * @param {Float32Array} values
     * @param {string} color
     * @param {number} thick
     * @param {number[]} dash
     */
    const line = (values, color, thick, start = 0, dash = []) => {
      pen.strokeStyle = color;
      pen.lineWidth = thick;
      pen.setLineDash(dash);
      pen.beginPath();
      values.forEach((value, i) =>
        i ? pen.lineTo(across(start + i), up(value)) : pen.moveTo(across(start), up(value)),
      );
      pen.stroke();
      pen.setLineDash([]);
    };
    const { x, target, prediction, free, truth } = this.arrays;
    line(x.data, toCss(mix(this.theme.background, this.theme.text, 0.45)), 1.2);
    if (target) line(target.data, this.theme.test, 4);
    if (prediction) line(prediction.data, this.theme.train, 1.8);
    if (truth) line(truth.data, this.theme.test, 4, x.data.length);
    if (free) line(free.data, this.theme.train, 1.8, x.data.length);
  }

  /**
   * Where the network begins to read its own output.
   * @param {Pen} pen
   * @param {number} start
   * @param {number} end
   * @param {number} height
   */
  paintByItself(pen, start, end, height) {
    pen.fillStyle = toCss(this.theme.primary, 0.07);
    pen.fillRect(start, 0, end - start, height - this.bottom);
    pen.font = this.font;
    pen.textBaseline = "top";
    pen.textAlign = "left";
    pen.fillStyle = toCss(this.theme.muted);
    pen.fillText(this.data.text.by_itself, start + 4, 2);
  }

  /**
   * @param {Pen} pen
   * @param {(value: number) => number} across
   * @param {(value: number) => number} up
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  paintAxes(pen, across, up, top, width, height) {
    const { first, time_steps: per } = this.facts;
    pen.font = this.font;
    pen.strokeStyle = toCss(this.theme.grid);
    pen.fillStyle = toCss(this.theme.muted);
    pen.lineWidth = 1;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of [-top, 0, top]) {
      pen.beginPath();
      pen.moveTo(this.left, up(value));
      pen.lineTo(width - 4, up(value));
      pen.stroke();
      const words = top < 1000 ? String(value) : value.toExponential(0);
      pen.fillText(words.replaceAll("-", "−").replace("+", ""), this.left - 5, Math.max(this.scaled(6), up(value)));
    }
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    const whole = Math.ceil(this.count / per);
    const stride = whole > 10 ? 2 : 1;
    for (let k = 0; k < whole; k += stride) {
      const x = across(k * per);
      pen.beginPath();
      pen.moveTo(x, up(top) - 4);
      pen.lineTo(x, height - this.bottom);
      pen.stroke();
      if (x < width - this.scaled(14)) pen.fillText(this.tick(first + k), x, height - 3);
    }
  }

  /**
   * A window's start: waves in multiples of pi, own series in points.
   * @param {number} window
   */
  tick(window) {
    const { unit } = this.data.picture;
    if (!window) return "0";
    return unit ? `${window === 1 ? "" : window}${unit}` : String(window * this.facts.time_steps);
  }

  /**
   * Words over a panel, from its axis on; where they are too wide for that, as on a phone, up to its right edge.
   * @param {Pen} pen
   * @param {string} words
   * @param {number} width
   */
  heading(pen, words, width) {
    pen.font = this.font;
    pen.fillStyle = toCss(this.theme.muted);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(words, Math.max(0, Math.min(this.left, width - pen.measureText(words).width)), 1);
  }

  /**
   * Words over a panel, in as many lines as they need.
   * @param {Pen} pen
   * @param {string} words
   * @param {number} width
   * @returns {number} how high they are
   */
  lines(pen, words, width) {
    pen.font = this.font;
    const pieces = words.match(this.data.lang === "zh" ? /（[^）]*）|./gu : /\S+ ?/g) ?? [];
    const lines = [""];
    for (const piece of pieces) {
      const line = lines[lines.length - 1];
      if (line && pen.measureText(line + piece.trim()).width > width - 4) lines.push(piece);
      else lines[lines.length - 1] += piece;
    }
    const tall = this.scaled(FONT + 2);
    const wide = Math.max(...lines.map((line) => pen.measureText(line.trim()).width));
    const left = wide > width - this.left ? 0 : this.left;
    pen.fillStyle = toCss(this.theme.muted);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    lines.forEach((line, i) => pen.fillText(line.trim(), left, 1 + i * tall));
    return lines.length * tall + 2;
  }

  /**
   * @param {Pen} pen
   * @param {number} width
   * @param {number} height
   */
  paintBelow(pen, width, height) {
    const { x, free, truth, hidden } = this.arrays ?? {};
    if (x && free && truth) this.paintError(pen, x.data, free.data, truth.data, width, height);
    else if (hidden) this.paintMemory(pen, hidden, width, height);
  }

  /**
   * @param {Pen} pen
   * @param {NumberArray<Uint8Array>} hidden
   * @param {number} width
   * @param {number} height
   */
  paintMemory(pen, hidden, width, height) {
    this.heading(pen, fill(this.data.text.memory, { count: this.data.picture.units }), width);
    const { data, shape } = hidden;
    drawTile(
      pen,
      { data, shape: [1, ...shape] },
      0,
      signedPixels(this.theme),
      this.left,
      this.head,
      width - this.left - 4,
      height - this.head - 2,
    );
  }

  /**
   * How far the network's own course is from the true one.
   * @param {Pen} pen
   * @param {Float32Array} x
   * @param {Float32Array} free
   * @param {Float32Array} truth
   * @param {number} width
   * @param {number} height
   */
  paintError(pen, x, free, truth, width, height) {
    const errors = Array.from(free, (value, i) => Math.abs(value - truth[i]));
    const largest = Math.max(...errors);
    const most = Math.max(0.1, largest);
    this.heading(pen, fill(this.data.text.free_error, { most: formatNumber(largest) }), width);
    pen.fillStyle = this.theme.warning;
    const wide = (width - this.left - 4) / Math.max(1, this.count - 1);
    errors.forEach((error, i) => {
      const tall = (error / most) * (height - this.head - 2);
      pen.fillRect(this.left + (x.length + i - 0.4) * wide, height - tall, Math.max(1, 0.8 * wide), tall);
    });
  }

  /**
   * @param {Pen} pen
   * @param {number} width
   * @param {number} height
   */
  paintReach(pen, width, height) {
    if (!this.arrays?.reach) return;
    const { data } = this.arrays.reach;
    const head = this.lines(pen, this.data.text.reach, width);
    const bottom = height - this.bottom;
    const tall = bottom - head - 2;
    /** @param {number} power */
    const level = (power) => bottom - ((power - LOWEST) / (HIGHEST - LOWEST)) * tall;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const power of [-8, -4, 0]) {
      pen.fillStyle = toCss(this.theme.muted);
      pen.fillText(power ? `1e${power}`.replace("-", "−") : "1", this.left - 3, level(power));
      pen.fillStyle = toCss(this.theme.grid);
      pen.fillRect(this.left, level(power), width - this.left - 4, 1);
    }
    const wide = (width - this.left - 4) / data.length;
    if (data.every((value) => !(value > 10 ** LOWEST))) {
      pen.fillStyle = toCss(this.theme.muted);
      pen.textAlign = "center";
      pen.fillText(this.data.text.reach_none, this.left + (width - this.left) / 2, (head + bottom) / 2);
    }
    pen.fillStyle = this.theme.positive;
    data.forEach((value, i) => {
      const power = Math.max(LOWEST, Math.min(HIGHEST, Math.log10(value || 1e-12)));
      const y = level(power);
      pen.fillRect(this.left + i * wide + 0.1 * wide, y, Math.max(1, 0.8 * wide), bottom - y);
    });
    pen.fillStyle = toCss(this.theme.muted);
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    const [first, last] = [this.data.text.reach_first, String(data.length)];
    const room = width - this.scaled(10) - pen.measureText(first + last).width;
    pen.fillText(first, Math.max(0, Math.min(this.left, room)), height - 3);
    pen.textAlign = "right";
    pen.fillText(last, width - 4, height - 3);
  }

  destroy() {
    for (const { stop } of this.panels) stop();
  }
}

export class Picture {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Frame|undefined} */
  frame;
  /** @type {WavePane[]} */
  panes;
  /** @type {string} */
  arranged;
  /** @type {string|undefined} */
  shape;

  /**
   * @param {HTMLElement} host
   * @param {PictureHandlers} options
   */
  constructor(host, { onFocus, onSettings }) {
    this.host = host;
    this.onFocus = onFocus;
    this.tab = "fit";
    this.version = 0;
    this.tabs = create(
      "div",
      { class: "tp-tabs", role: "tablist" },
      ...TABS.map((tab) =>
        create("button", {
          type: "button",
          role: "tab",
          class: "tp-tab",
          "data-tab": tab,
          "data-testid": `tab-${tab}`,
          onclick: () => this.open(tab),
        }),
      ),
    );
    this.legend = create("div", { class: "tp-wave-legend" });
    this.stage = create("div", { class: "tp-waves" });
    this.why = create("p", { role: "status", "data-testid": "free-excuse" });
    this.remedy = create("button", {
      type: "button",
      class: "tp-chip tp-chip-strong",
      "data-testid": "free-remedy",
      onclick: () => onSettings({ predict: "next", bidirectional: false }),
    });
    this.excuse = create("div", { class: "tp-wave-excuse", hidden: "" }, this.why, this.remedy);
    host.append(create("div", { class: "tp-wave-head" }, this.tabs, this.legend), this.excuse, this.stage);
    this.panes = [];
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
    const { text, lanes } = data;
    for (const tab of childrenOf(this.tabs)) {
      setText(tab, text[`tab_${tab.dataset.tab}`]);
      setAttribute(tab, "title", text[`tab_${tab.dataset.tab}_help`]);
      setAttribute(tab, "aria-selected", tab.dataset.tab === this.tab);
    }
    /**
     * @param {string} name
     * @param {string} color
     */
    const key = (name, color) =>
      create(
        "span",
        { class: "tp-key" },
        create("i", { class: "tp-wave-key", style: `background:${color}` }),
        text[`wave_${name}`],
      );
    this.legend.replaceChildren(
      key("input", toCss(mix(theme.background, theme.text, 0.45))),
      key("target", theme.test),
      key("prediction", theme.train),
    );
    setText(this.why, text.free_excuse);
    setText(this.remedy, text.free_remedy);
    if (this.arranged !== lanes.join()) {
      this.arranged = lanes.join();
      this.panes.forEach((pane) => pane.destroy());
      this.panes = lanes.map((lane) => new WavePane(lane));
      this.stage.replaceChildren(...this.panes.map(({ element }) => element));
    }
    for (const pane of this.panes) pane.update(data, theme);
    this.redraw();
  }

  /** @param {string} tab */
  open(tab) {
    this.tab = tab;
    this.version += 1;
    this.update(this.data, this.theme);
    this.onFocus({ part: tab, version: this.version });
  }

  /** @param {Frame} frame */
  draw(frame) {
    if (this.shape !== this.data.picture.shape)
      this.panes.forEach((pane) => {
        pane.highest = 1;
      });
    this.shape = this.data.picture.shape;
    this.frame = frame;
    this.redraw();
  }

  redraw() {
    if (!this.frame || !this.data || this.frame.facts.part !== this.tab) return;
    this.excuse.hidden = this.tab !== "free" || Boolean(this.frame.facts.possible);
    for (const pane of this.panes) {
      if (this.frame.arrays[`${pane.lane}/x`]) pane.draw(this.frame);
    }
  }

  /**
   * @param {number} step
   * @param {unknown} _accuracyOf
   * @param {MetricOf} metricOf
   */
  describe(step, _accuracyOf, metricOf) {
    for (const pane of this.panes) {
      const words = { step, loss: formatNumber(metricOf(pane.lane, "loss/train")) };
      setAttribute(pane.wave.canvas, "aria-label", fill(this.data.text.sequence_label, words));
    }
  }

  destroy() {
    this.panes.forEach((pane) => pane.destroy());
  }
}
