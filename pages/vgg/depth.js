// How signal and gradient pass through the depth: for each layer with weights two bars on a log scale.

import { create, fill, setText } from "../shared/live/js/dom.js";
import { arrayOf, findArray } from "../shared/live/js/frames.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { toCss } from "../shared/live/js/theme.js";
import { fitCanvas } from "../shared/pictures/tiles.js";

loadStyles("./depth.css", import.meta.url);

const SCALES = { signal: [-6, 2], gradient: [-7, 1] };
const NAMES = 78;
const HEAD = 30;
const GAP = 12;
const ROOMY = 150;

/**
 * One digit: as it is usually written where that is short, else as a power of ten.
 * @param {number} value
 */
export const written = (value) => {
  if (!Number.isFinite(value)) return "–";
  const plain = value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1000);
  return plain ? String(Number(value.toPrecision(1))) : value.toExponential(0).replace("e+", "e");
};

export class DepthPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {{signal: Float32Array, gradient: Float32Array}|undefined} */
  values;
  /** @type {string[]} */
  names;
  /** @type {boolean|undefined} */
  unseen;

  /** @param {string} lane */
  constructor(lane) {
    this.lane = lane;
    this.note = create("div", { class: "tp-note", role: "status" });
    this.canvas = create("canvas", { class: "tp-depth", role: "img", "data-testid": `depth-${lane}` });
    this.box = create("div", { class: "tp-depth-box" }, this.canvas);
    this.element = create("div", { class: "tp-layers" }, this.note, this.box);
    this.stop = watchSize(this.box, (width, height) => {
      Object.assign(this, { width, height });
      this.paint();
    });
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
    this.paint();
  }

  /** @param {Frame} frame */
  draw(frame) {
    const signal = findArray(frame, this.lane, "signal");
    this.values = signal && { signal: signal.data, gradient: arrayOf(frame, this.lane, "gradient").data };
    this.names = frame.facts.names?.[this.lane] ?? [];
    this.unseen = frame.facts.unseen;
    this.paint();
  }

  paint() {
    if (!this.data || !this.width) return;
    const { text } = this.data;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    if (this.unseen || !this.values) {
      setText(this.note, this.unseen ? text.unseen : "");
      return;
    }
    const { signal, gradient } = this.values;
    const ends = { first: written(gradient[0]), last: written(gradient[gradient.length - 1]) };
    const quiet = !Number.isFinite(gradient[0]);
    setText(this.note, quiet ? text.depth_untrained : fill(text.depth_note, ends));
    this.canvas.dataset.first = String(gradient[0]);
    this.canvas.dataset.last = String(gradient[gradient.length - 1]);
    this.canvas.setAttribute("aria-label", this.note.textContent);
    const half = (this.width - NAMES - 2 * GAP) / 2;
    const row = Math.min(30, (this.height - HEAD) / signal.length);
    this.paintColumn(
      pen,
      "signal",
      signal,
      NAMES + GAP / 2,
      half,
      row,
      half < ROOMY ? text.depth_signal_short : text.depth_signal,
      this.theme.train,
    );
    this.paintColumn(
      pen,
      "gradient",
      gradient,
      NAMES + half + 1.5 * GAP,
      half,
      row,
      half < ROOMY ? text.depth_gradient_short : text.depth_gradient,
      this.theme.test,
    );
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.font = `${Math.min(11.5 * this.theme.scale, Math.max(11.5, row))}px ${this.theme.font}`;
    pen.fillStyle = toCss(this.theme.text);
    this.names.forEach((name, i) => pen.fillText(name, 0, HEAD + (i + 0.5) * row, NAMES - 4));
  }

  /**
   * @param {Pen} pen
   * @param {"signal" | "gradient"} kind
   * @param {Float32Array} values
   * @param {number} left
   * @param {number} width
   * @param {number} row
   * @param {string} title
   * @param {string} color
   */
  paintColumn(pen, kind, values, left, width, row, title, color) {
    const [low, high] = SCALES[kind];
    /** @param {number} power */
    const place = (power) => left + ((power - low) / (high - low)) * width;
    const bottom = HEAD + row * values.length;
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    pen.font = `600 ${12 * this.theme.scale}px ${this.theme.font}`;
    pen.fillStyle = toCss(this.theme.text);
    pen.fillText(title, left, 11, width);
    pen.font = `${10 * this.theme.scale}px ${this.theme.font}`;
    pen.textAlign = "center";
    for (let power = low; power <= high; power += 2) {
      pen.strokeStyle = toCss(this.theme.grid);
      pen.beginPath();
      pen.moveTo(place(power), HEAD - 2);
      pen.lineTo(place(power), bottom);
      pen.stroke();
      pen.fillStyle = toCss(this.theme.muted);
      const named = width >= ROOMY || (power - low) % 4 === 2;
      if (named && power > low && power < high) pen.fillText(`1e${power}`, place(power), 25);
    }
    values.forEach((value, i) => {
      const known = value > 0 && Number.isFinite(value);
      const end = known ? Math.min(high, Math.max(low, Math.log10(value))) : low;
      pen.fillStyle = color;
      pen.fillRect(left, HEAD + i * row + row * 0.18, Math.max(known ? 1.5 : 0, place(end) - left), row * 0.64);
    });
  }

  describe() {
    return this.note.textContent;
  }

  destroy() {
    this.stop();
  }
}
