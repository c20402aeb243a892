// The gradient's size in each layer: a number, a bar on a log scale, and how it went lately.

import { create, fill, penOf, setAttribute, setText } from "../shared/live/js/dom.js";
import { toCss } from "../shared/live/js/theme.js";

const LOWEST = -7;
const HIGHEST = 2;
const REMEMBERED = 160;
const HEIGHT = 30;

/**
 * Where on the log scale a norm lies, from 0 to 1.
 * @param {number} norm
 */
export function position(norm) {
  if (!Number.isFinite(norm)) return 1;
  if (norm <= 0) return 0;
  return Math.min(1, Math.max(0, (Math.log10(norm) - LOWEST) / (HIGHEST - LOWEST)));
}

export class Gradients {
  /** @type {Words} */
  text;
  /** @type {Theme} */
  theme;
  /** @type {string[]|undefined} */
  names;
  /** @type {GradientCell[]} */
  cells;
  /** @type {{step: number, norms: Float32Array}[]} */
  past;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.title = create("div", { class: "tp-gradient-title" });
    this.row = create("div", { class: "tp-gradient-row" });
    host.append(this.title, this.row);
    this.cells = [];
    this.past = [];
  }

  /**
   * @param {LayerOfNetwork[]} layers
   * @param {Words} text
   * @param {Theme} theme
   */
  arrange(layers, text, theme) {
    this.text = text;
    this.theme = theme;
    setText(this.title, text.gradient_norm);
    setAttribute(this.title, "title", text.gradient_norm_help);
    const names = layers.slice(1).map(({ name }) => name);
    if (this.names?.join("\n") === names.join("\n")) return;
    this.names = names;
    this.cells = names.map((name) => this.cell(name));
    this.row.replaceChildren(...this.cells.map(({ node }) => node));
    this.forget();
  }

  /** @param {string} name */
  cell(name) {
    const value = create("output", { class: "tp-number", "aria-live": "off" });
    const bar = create("span", { class: "tp-gradient-fill" });
    const line = create("canvas", { class: "tp-spark" });
    const node = create(
      "div",
      { class: "tp-gradient", role: "img" },
      create("div", { class: "tp-gradient-head" }, create("span", { class: "tp-gradient-name" }, name), value),
      create("div", { class: "tp-gradient-bar" }, bar),
      line,
    );
    return { name, node, value, bar, line };
  }

  forget() {
    this.past = [];
  }

  /**
   * @param {Float32Array | undefined} norms
   * @param {number} step
   * @param {boolean} remember
   */
  show(norms, step, remember) {
    if (!norms || norms.length !== this.cells.length) return;
    if (remember) this.remember(norms, step);
    this.cells.forEach(({ name, node, value, bar, line }, layer) => {
      const norm = norms[layer];
      const known = Number.isFinite(norm) || step > 0;
      const words = Number.isFinite(norm) ? norm.toExponential(1) : known ? "NaN" : "–";
      setText(value, words);
      bar.style.transform = `scaleX(${known ? position(norm) : 0})`;
      bar.dataset.broken = String(known && !Number.isFinite(norm));
      setAttribute(node, "aria-label", fill(this.text.gradient_label, { layer: name, value: words }));
      this.drawPast(line, layer);
    });
  }

  /**
   * @param {Float32Array} norms
   * @param {number} step
   */
  remember(norms, step) {
    const last = this.past.at(-1)?.step ?? -1;
    if (step < last) this.forget();
    if (step === last) return;
    this.past.push({ step, norms });
    if (this.past.length > REMEMBERED) this.past.shift();
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} layer
   */
  drawPast(canvas, layer) {
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const width = canvas.clientWidth;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = HEIGHT * scale;
    }
    const pen = penOf(canvas);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, HEIGHT);
    pen.beginPath();
    this.past.forEach(({ norms }, i) => {
      if (!Number.isFinite(norms[layer])) return;
      const x = ((i + REMEMBERED - this.past.length) / (REMEMBERED - 1)) * width;
      pen.lineTo(x, 1.5 + (1 - position(norms[layer])) * (HEIGHT - 3));
    });
    pen.strokeStyle = toCss(this.theme.muted);
    pen.lineWidth = 1.2;
    pen.stroke();
  }
}
