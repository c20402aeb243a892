// A kernel slides over a wave.

import { fill } from "../../shared/live/js/dom.js";
import { toCss } from "../../shared/live/js/theme.js";
import { clamp, GAP, HEADING, heading, number } from "./board.js";
import { Axes, extent } from "./lines.js";
import { nearestWindow, tapsAt } from "./taps.js";

const HIGH = 132;
const KERNEL = 104;
/** @type {("patch" | "kernel" | "products")[]} */
const PARTS = ["patch", "kernel", "products"];
const SIGNS = { patch: "", kernel: "× ", products: "= " };

export class Wave {
  /** @type {number} */
  at;
  /** @type {CardArray} */
  x;
  /** @type {CardArray} */
  y;
  /** @type {CardArray} */
  taps;
  /** @type {CardArray} */
  weight;
  /** @type {CardFacts} */
  facts;
  /** @type {number} */
  width;
  /** @type {Record<"x"|"patch"|"kernel"|"products"|"y", Box>} */
  places;
  /** @type {{x: Axes, y: Axes}|undefined} */
  axes;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    Object.assign(this, { ...arrays, facts });
    this.at = Math.min(this.at ?? Math.floor(this.y.data.length * 0.4), this.y.data.length - 1);
  }

  /** @param {number} width */
  layout(width) {
    this.width = width;
    const third = Math.min(210, (width - 2 * GAP) / 3);
    this.places = {
      x: { x: 0, y: HEADING, width, height: HIGH },
      patch: { x: 0, y: 2 * HEADING + HIGH, width: third, height: KERNEL },
      kernel: { x: third + GAP, y: 2 * HEADING + HIGH, width: third, height: KERNEL },
      products: { x: 2 * (third + GAP), y: 2 * HEADING + HIGH, width: third, height: KERNEL },
      y: { x: 0, y: 3 * HEADING + HIGH + KERNEL, width, height: HIGH },
    };
    return 3 * HEADING + 2 * HIGH + KERNEL + 4;
  }

  window() {
    return tapsAt(this.taps, this.at);
  }

  parts() {
    const patch = this.window().map((tap) => this.x.data[tap]);
    const kernel = Array.from(this.weight.data);
    return { patch, kernel, products: patch.map((value, i) => value * kernel[i]) };
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    const { text } = this.card;
    const [before] = this.facts.border ?? [0];
    const { x: xs, y: ys } = this;
    const blue = theme.classes[0];
    const shape = { x: xs.data.length - 2 * before, y: ys.data.length };
    for (const name of /** @type {("x" | "y")[]} */ (["x", "y"])) {
      heading(
        pen,
        theme,
        `${text[name === "x" ? "input" : "output"]} ${shape[name]}`,
        0,
        this.places[name].y,
        this.width,
      );
    }
    const range = extent([xs.data]);
    this.axes = {
      x: new Axes(this.places.x, { x: [-before, xs.data.length - 1 - before], y: range }),
      y: new Axes(this.places.y, { x: [0, Math.max(1, ys.data.length - 1)], y: extent([ys.data, [0]]) }),
    };
    const { axes } = this;
    axes.x.paint(pen, theme);
    axes.y.paint(pen, theme);
    const window = this.window();
    const [left, right] = [axes.x.x(window[0] - before - 0.5), axes.x.x(window[window.length - 1] - before + 0.5)];
    pen.fillStyle = toCss(theme.primary, 0.16);
    pen.fillRect(left, axes.x.box.y, Math.max(2, right - left), axes.x.box.height);
    axes.x.lines(
      pen,
      Array.from(xs.data, (_, i) => i - before),
      [Array.from(xs.data)],
      [blue],
    );
    if (before)
      for (const edge of [-0.5, shape.x - 0.5]) axes.x.upright(pen, theme, edge, { color: toCss(theme.muted) });
    for (const tap of window) axes.x.dot(pen, theme, tap - before, xs.data[tap], toCss(theme.primary));
    axes.y.lines(
      pen,
      Array.from(ys.data, (_, i) => i),
      [Array.from(ys.data)],
      [theme.classes[2]],
    );
    axes.y.upright(pen, theme, this.at);
    axes.y.dot(pen, theme, this.at, ys.data[this.at], toCss(theme.primary));
    const parts = this.parts();
    for (const name of PARTS) this.paintStems(pen, theme, name, parts[name]);
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {"patch" | "kernel" | "products"} name
   * @param {number[]} values
   */
  paintStems(pen, theme, name, values) {
    const place = this.places[name];
    const sign = SIGNS[name];
    heading(pen, theme, `${sign}${this.card.text[name]}`, place.x, place.y, place.width);
    const axes = new Axes(place, {
      x: [-0.6, values.length - 0.4],
      y: extent([values], { fromZero: true }),
      xTicks: false,
    });
    axes.paint(pen, theme);
    const wide = clamp(axes.box.width / values.length - 2, 1.5, 14);
    values.forEach((value, i) => {
      const [px, py, zero] = [axes.x(i), axes.y(value), axes.y(0)];
      pen.fillStyle = value < 0 ? theme.negative : theme.positive;
      pen.fillRect(px - wide / 2, Math.min(py, zero), wide, Math.max(1, Math.abs(zero - py)));
    });
  }

  /** @param {Point | null} place */
  point(place) {
    if (!place || !this.axes) return false;
    const { axes } = this;
    let index = null;
    if (axes.y.contains(place)) index = Math.round(axes.y.at(place[0]));
    else if (axes.x.contains(place))
      index = nearestWindow(this.taps, axes.x.at(place[0]) + (this.facts.border?.[0] ?? 0));
    if (index === null || index === this.at) return false;
    this.at = clamp(index, 0, this.y.data.length - 1);
    return true;
  }
  /** @param {Step} options */
  press([, right]) {
    this.at = clamp(this.at + right, 0, this.y.data.length - 1);
    return true;
  }

  tell() {
    const sum = this.parts().products.reduce((total, value) => total + value, 0);
    const torch = this.y.data[this.at];
    Object.assign(this.card.root.dataset, { sum, torch });
    return fill(this.card.text.wave_sum, {
      count: this.weight.data.length,
      sum: number(sum),
      index: this.at,
      torch: number(torch),
    });
  }
}
