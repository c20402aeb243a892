// Optimizers rolling over a surface, side by side, and how low each has come.

import { fill, formatNumber, penOf } from "../../shared/live/js/dom.js";
import { mix, pack, toCss } from "../../shared/live/js/theme.js";
import { clamp, drawMap, GAP, HEADING, heading } from "./board.js";
import { Axes, colourOf, extent, legend } from "./lines.js";

const BANDS = 22;
const ROLL = 1600;
const NEAR = 1e-12;

/**
 * The band of each height, as on a map, from 0 for the lowest to BANDS for the highest; they are closer at the bottom.
 * @param {Float32Array} heights
 * @param {number} lowest the height of the minimum
 */
export function heightBands(heights, lowest) {
  const levels = Array.from(heights, (height) => Math.log1p(8 * Math.max(0, height - lowest)));
  const most = levels.reduce((best, level) => Math.max(best, level), 0);
  return levels.map((level) => Math.floor((BANDS * level) / most));
}

export class Surface {
  /** @type {number|null} */
  step;
  /** @type {number|null} */
  rolling;
  /** @type {string} */
  start;
  /** @type {CardArray} */
  paths;
  /** @type {CardArray} */
  reached;
  /** @type {CardArray} */
  heights;
  /** @type {CardFacts} */
  facts;
  /** @type {SurfacePlaces} */
  places;
  /** @type {Axes|undefined} */
  axes;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
    this.step = null;
    this.rolling = null;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    const start = arrays.paths.data.slice(0, 2).join();
    const fresh = this.start !== start;
    Object.assign(this, { ...arrays, facts, start });
    this.step = null;
    if (fresh && this.last > 1) this.roll();
    else this.stop();
  }

  get last() {
    return this.paths.shape[1] - 1;
  }

  /** Let them roll from the start, in as much time as it takes to see. */
  roll() {
    this.stop();
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const begun = performance.now();
    /** @param {number} now */
    const turn = (now) => {
      const share = Math.max(0, (now - begun) / ROLL);
      this.step = share >= 1 ? null : Math.floor(share * this.last);
      this.rolling = share >= 1 ? null : requestAnimationFrame(turn);
      this.card.paint();
    };
    this.step = 0;
    this.rolling = requestAnimationFrame(turn);
  }

  stop() {
    if (this.rolling !== null) cancelAnimationFrame(this.rolling);
    this.rolling = null;
  }

  destroy() {
    this.stop();
  }

  /** @param {number} width */
  layout(width) {
    const wide = width >= 540;
    const side = Math.min(wide ? (width - GAP) * 0.54 : width, 360);
    const pen = penOf(this.card.canvas);
    const right = wide
      ? { x: side + GAP, y: HEADING, width: width - side - GAP }
      : { x: 0, y: side + 2 * HEADING + 8, width };
    const space = legend(pen, this.card.theme, this.names, [], right, { dry: true }) + 6;
    this.places = {
      plane: { x: 0, y: HEADING, width: side, height: side },
      legend: right,
      curve: { ...right, y: right.y + space, height: wide ? side - space : 200 },
    };
    return wide ? side + HEADING + 2 : right.y + space + 204;
  }

  get names() {
    return this.facts.names.map(
      (name, i) =>
        `${name} ${formatNumber(Math.max(0, this.reached.data[i * (this.last + 1) + this.drawnStep] - this.facts.lowest))}`,
    );
  }

  get drawnStep() {
    return clamp(this.step ?? this.last, 0, this.last);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  toScreen(x, y) {
    const [left, right, bottom, top] = this.facts.frame;
    const { plane } = this.places;
    return [
      plane.x + ((x - left) / (right - left)) * plane.width,
      plane.y + ((top - y) / (top - bottom)) * plane.height,
    ];
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    const { text } = this.card;
    const { plane, curve } = this.places;
    heading(pen, theme, text.surface, plane.x, plane.y, plane.width);
    heading(pen, theme, text.above_minimum, this.places.legend.x, this.places.legend.y, this.places.legend.width);
    this.paintHeights(pen, theme);
    const colours = this.facts.colours.map((index) => colourOf(theme, index));
    this.paintPaths(pen, theme, colours);
    legend(pen, theme, this.names, colours, this.places.legend);
    const count = this.last + 1;
    const rows = this.facts.names.map((_, i) =>
      Array.from(this.reached.data.slice(i * count, (i + 1) * count), (value) =>
        Math.max(NEAR, value - this.facts.lowest),
      ),
    );
    const range = extent(
      rows.map((row) => row.map((value) => Math.min(value, 1e6))),
      { log: true },
    );
    const axes = new Axes(curve, { x: [0, Math.max(1, this.last)], y: range, logY: true });
    this.axes = axes;
    axes.paint(pen, theme, { xlabel: text.step });
    axes.lines(
      pen,
      Array.from({ length: count }, (_, i) => i),
      rows,
      colours,
    );
    if (this.step !== null) axes.upright(pen, theme, this.drawnStep);
    rows.forEach((row, i) => axes.dot(pen, theme, this.drawnStep, row[this.drawnStep], colours[i]));
  }

  /**
   * Bands of height, as on a map: the deeper, the lighter.
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paintHeights(pen, theme) {
    const {
      data,
      shape: [rows, columns],
    } = this.heights;
    const { lowest } = this.facts;
    const bands = heightBands(data, lowest);
    const shades = Array.from({ length: BANDS + 1 }, (_, i) =>
      pack(mix(theme.background, theme.text, 0.03 + (0.42 * i) / BANDS)),
    );
    pen.imageSmoothingEnabled = true;
    drawMap(pen, theme, (i) => shades[bands[i]], rows, columns, this.places.plane);
    pen.imageSmoothingEnabled = false;
    pen.strokeStyle = toCss(theme.text);
    pen.lineWidth = 2;
    for (const [x, y] of this.facts.minima) {
      const [px, py] = this.toScreen(x, y);
      pen.beginPath();
      for (const turn of [1, -1]) {
        pen.moveTo(px - 5, py - 5 * turn);
        pen.lineTo(px + 5, py + 5 * turn);
      }
      pen.stroke();
    }
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {string[]} colours
   */
  paintPaths(pen, theme, colours) {
    const { plane } = this.places;
    const count = this.last + 1;
    pen.save();
    pen.beginPath();
    pen.rect(plane.x, plane.y, plane.width, plane.height);
    pen.clip();
    colours.forEach((colour, i) => {
      /** @param {number} step */
      const at = (step) => [0, 1].map((axis) => this.paths.data[(i * count + step) * 2 + axis]);
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.beginPath();
      /** @type {Point | null} */
      let end = null;
      for (let step = 0; step <= this.drawnStep; step += 1) {
        const [x, y] = at(step);
        if (!Number.isFinite(x) || !Number.isFinite(y)) break;
        const [px, py] = this.toScreen(x, y).map((value) => clamp(value, -1e5, 1e5));
        end = [px, py];
        if (step) pen.lineTo(px, py);
        else pen.moveTo(px, py);
      }
      pen.stroke();
      if (!end) return;
      disc(pen, end, 7, toCss(theme.background));
      disc(pen, end, 5, colour);
    });
    pen.restore();
  }

  /**
   * @param {Point | null} place
   * @param {boolean} pressed
   */
  point(place, pressed) {
    if (!place) {
      if (this.rolling !== null || this.step === null) return false;
      this.step = null;
      return true;
    }
    const { plane } = this.places;
    const [u, v] = [(place[0] - plane.x) / plane.width, (place[1] - plane.y) / plane.height];
    if (pressed && u >= 0 && v >= 0 && u < 1 && v < 1) {
      const [left, right, bottom, top] = this.facts.frame;
      /** @param {number} value */
      const round = (value) => Number(value.toFixed(2));
      this.card.trigger("start", { x: round(left + u * (right - left)), y: round(top - v * (top - bottom)) });
      return false;
    }
    if (!this.axes?.contains(place)) return false;
    this.stop();
    this.step = Math.round(this.axes.at(place[0]));
    return true;
  }

  /** @param {Step} options */
  press([, right]) {
    this.stop();
    this.step = clamp(this.drawnStep + right, 0, this.last);
    return true;
  }

  tell() {
    const count = this.last + 1;
    const values = this.facts.names.map((_, i) => this.reached.data[i * count + this.drawnStep]);
    const finite = values.map((value) => (Number.isFinite(value) ? value : Infinity));
    const best = finite.indexOf(Math.min(...finite));
    const lost = this.facts.names.filter((_, i) => !Number.isFinite(values[i]) || values[i] > 1e6);
    const sentence = fill(this.card.text.surface_told, { step: this.drawnStep, best: this.facts.names[best] });
    return lost.length ? `${sentence} ${fill(this.card.text.surface_lost, { names: lost.join(", ") })}` : sentence;
  }
}

/**
 * @param {Pen} pen
 * @param {Point} place
 * @param {number} radius
 * @param {string} colour
 */
function disc(pen, [x, y], radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
