// Axes, lines and bars on a canvas.

import { mix, toCss } from "../../shared/live/js/theme.js";
import { short } from "./board.js";

const LEFT = 42;
const BOTTOM = 20;
const LEGEND = 18;
const LOWEST = 1e-30;

/**
 * Round steps that cut a range into about `count` parts.
 * @param {Ends} options
 * @param {number} count
 */
export function ticks([low, high], count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10) * power;
  const marks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step)
    marks.push(Math.abs(tick) < step * 1e-6 ? 0 : tick);
  return marks;
}

/**
 * The marks of a logarithmic axis, two at least: powers of ten, 1, 2 and 5 times such, or equal steps.
 * @param {Ends} range its ends, as powers of ten
 * @param {number} count
 */
export function logMarks([low, high], count) {
  const powers = ticks([low, high], count).filter((tick) => Math.abs(tick - Math.round(tick)) < 1e-6);
  if (powers.length > 1) return powers;
  const marks = [];
  for (let power = Math.floor(low); power <= high; power += 1)
    marks.push(...[1, 2, 5].map((digit) => power + Math.log10(digit)));
  const seen = marks.filter((mark) => mark >= low && mark <= high);
  return seen.length > 1 ? seen : ticks([10 ** low, 10 ** high], 5).map(logarithm);
}

/** @param {number} value */
const logarithm = (value) => Math.log10(Math.max(LOWEST, Math.abs(value)));

/**
 * The smallest and largest finite numbers, with a little air.
 * @param {Iterable<number>[]} rows
 * @param {{ log?: boolean; fromZero?: boolean }} [options]
 * @returns {Ends}
 */
export function extent(rows, { log, fromZero } = {}) {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    for (const value of row) {
      if (!Number.isFinite(value) || (log && value === 0)) continue;
      const place = log ? logarithm(value) : value;
      low = Math.min(low, place);
      high = Math.max(high, place);
    }
  }
  if (low > high) [low, high] = [0, 1];
  if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
  const air = (high - low) * 0.06;
  return [fromZero && low === 0 ? 0 : low - air, high + air];
}

/**
 * @param {number} value
 * @param {boolean} log
 */
function tickText(value, log) {
  if (log) {
    if (value >= -3 && value <= 4) return String(Number((10 ** value).toPrecision(3)));
    const power = Math.floor(value + 1e-9);
    return `${Math.round(10 ** (value - power))}e${power}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/**
 * @param {Theme} theme
 * @param {number} index
 */
export function colourOf(theme, index) {
  return theme.classes[index % theme.classes.length];
}

/**
 * Names with their colours in rows; returns the height they take.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {string[]} names
 * @param {string[]} colours
 * @param {{ x: number; y: number; width: number }} options
 * @param {{ dashes?: boolean[]; dry?: boolean }} options
 */
export function legend(pen, theme, names, colours, { x, y, width }, { dashes = [], dry = false } = {}) {
  pen.font = `12px ${theme.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  let [left, top] = [x, y];
  names.forEach((name, i) => {
    const wide = pen.measureText(name).width + 34;
    if (left > x && left + wide - 12 > x + width) [left, top] = [x, top + LEGEND];
    if (!dry) {
      pen.save();
      pen.strokeStyle = colours[i];
      pen.lineWidth = 3;
      pen.setLineDash(dashes[i] ? [4, 3] : []);
      pen.beginPath();
      pen.moveTo(left, top + 7);
      pen.lineTo(left + 15, top + 7);
      pen.stroke();
      pen.restore();
      pen.fillStyle = toCss(theme.text);
      pen.fillText(name, left + 20, top + 7.5);
    }
    left += wide;
  });
  return top + LEGEND - y;
}

/** A pair of axes in a box: where a number lies, and how to draw on it. */
export class Axes {
  /** @type {{x: Ends, y: Ends}} */
  range;
  /** @type {boolean} */
  logX;
  /** @type {boolean} */
  logY;
  /** @type {boolean} */
  xTicks;

  /**
   * @param {Box} box
   * @param {{ x: Ends; y: Ends; logX?: boolean; logY?: boolean; xTicks?: boolean }} options
   */
  constructor(box, { x, y, logX = false, logY = false, xTicks = true }) {
    this.box = { x: box.x + LEFT, y: box.y, width: box.width - LEFT - 6, height: box.height - (xTicks ? BOTTOM : 4) };
    Object.assign(this, { range: { x, y }, logX, logY, xTicks });
  }

  /** @param {number} value */
  x(value) {
    const [low, high] = this.range.x;
    return this.box.x + (((this.logX ? logarithm(value) : value) - low) / (high - low)) * this.box.width;
  }

  /** @param {number} value */
  y(value) {
    const [low, high] = this.range.y;
    return (
      this.box.y + this.box.height - (((this.logY ? logarithm(value) : value) - low) / (high - low)) * this.box.height
    );
  }

  /** @param {Point} options */
  contains([px, py]) {
    const { x, y, width, height } = this.box;
    return px >= x - 4 && px <= x + width + 4 && py >= y && py <= y + height + BOTTOM;
  }

  /**
   * The value of x at a place.
   * @param {number} px
   */
  at(px) {
    const [low, high] = this.range.x;
    const value = low + Math.min(1, Math.max(0, (px - this.box.x) / this.box.width)) * (high - low);
    return this.logX ? 10 ** value : value;
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {{ xlabel?: string }} [options]
   */
  paint(pen, theme, { xlabel } = {}) {
    const { x, y, width, height } = this.box;
    const grid = toCss(theme.grid);
    const zero = toCss(mix(theme.background, theme.text, 0.35));
    pen.lineWidth = 1;
    pen.font = `11px ${theme.font}`;
    pen.fillStyle = toCss(theme.muted);
    const marksY = this.logY
      ? logMarks(this.range.y, Math.max(3, height / 34))
      : ticks(this.range.y, Math.max(2, height / 38));
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of marksY) {
      const at =
        Math.round(y + height - ((tick - this.range.y[0]) / (this.range.y[1] - this.range.y[0])) * height) + 0.5;
      pen.strokeStyle = tick === 0 && !this.logY ? zero : grid;
      line(pen, x, at, x + width, at);
      pen.fillText(tickText(tick, this.logY), x - 6, at);
    }
    if (!this.xTicks) return;
    const marksX = this.logX ? logMarks(this.range.x, 4) : ticks(this.range.x, Math.max(3, width / 54));
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of marksX) {
      const at = Math.round(x + ((tick - this.range.x[0]) / (this.range.x[1] - this.range.x[0])) * width) + 0.5;
      pen.strokeStyle = tick === 0 && !this.logX ? zero : grid;
      line(pen, at, y, at, y + height);
      if (!xlabel || at < x + width - 46) pen.fillText(tickText(tick, this.logX), at, y + height + 5);
    }
    if (xlabel) {
      pen.textAlign = "right";
      pen.fillText(xlabel, x + width, y + height + 5);
    }
  }

  /**
   * Draw lines over the axes; what lies outside is cut off.
   * @param {Pen} pen
   * @param {ArrayLike<number>} xs
   * @param {number[][]} rows
   * @param {string[]} colours
   * @param {{ dashes?: boolean[]; width?: number; dots?: boolean }} options
   */
  lines(pen, xs, rows, colours, { dashes = [], width = 2.2, dots = false } = {}) {
    const { box } = this;
    pen.save();
    pen.beginPath();
    pen.rect(box.x - 3, box.y - 3, box.width + 6, box.height + 6);
    pen.clip();
    rows.forEach((row, i) => {
      pen.strokeStyle = colours[i];
      pen.fillStyle = colours[i];
      pen.lineWidth = width;
      pen.lineJoin = "round";
      pen.setLineDash(dashes[i] ? [5, 4] : []);
      pen.beginPath();
      let drawing = false;
      row.forEach((value, j) => {
        const [px, py] = [this.x(xs[j]), this.y(value)];
        if (!Number.isFinite(py) || (this.logY && value === 0)) drawing = false;
        else {
          const bounded = Math.min(1e5, Math.max(-1e5, py));
          if (drawing) pen.lineTo(px, bounded);
          else pen.moveTo(px, bounded);
          drawing = true;
        }
      });
      pen.stroke();
      if (dots && row.length <= 45)
        row.forEach((value, j) => (this.logY && value === 0 ? null : dot(pen, this.x(xs[j]), this.y(value), 2.4)));
    });
    pen.restore();
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {number} x
   * @param {{ dash?: number[]; color?: string }} [options]
   */
  upright(pen, theme, x, { dash = [3, 3], color } = {}) {
    const { box } = this;
    const at = Math.round(this.x(x)) + 0.5;
    if (at < box.x - 1 || at > box.x + box.width + 1) return;
    pen.save();
    pen.setLineDash(dash);
    pen.lineWidth = 1.5;
    pen.strokeStyle = color ?? toCss(theme.primary);
    line(pen, at, box.y, at, box.y + box.height);
    pen.restore();
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {number} x
   * @param {number} y
   * @param {string} colour
   */
  dot(pen, theme, x, y, colour) {
    const { box } = this;
    const [px, py] = [this.x(x), this.y(y)];
    if (!(py >= box.y - 3 && py <= box.y + box.height + 3)) return;
    pen.fillStyle = toCss(theme.background);
    dot(pen, px, py, 6);
    pen.fillStyle = colour;
    dot(pen, px, py, 4.2);
  }
}

/**
 * @param {Pen} pen
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

/**
 * Groups of bars, one group a label.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Axes} axes
 * @param {number[][]} rows
 * @param {string[]} labels
 * @param {string[]} colours
 */
export function drawBars(pen, theme, axes, rows, labels, colours, { each = false } = {}) {
  const { box } = axes;
  const slot = box.width / labels.length;
  const wide = Math.min(46, (slot * 0.78) / rows.length);
  const zero = axes.y(0);
  pen.font = `11px ${theme.font}`;
  labels.forEach((label, i) => {
    const middle = box.x + (i + 0.5) * slot;
    pen.textAlign = "center";
    rows.forEach((row, k) => {
      const [left, top] = [middle + (k - rows.length / 2) * wide, axes.y(row[i])];
      pen.fillStyle = each ? colourOf(theme, i) : colours[k];
      pen.fillRect(left + 1, Math.min(top, zero), wide - 2, Math.max(1, Math.abs(zero - top)));
      if (wide < 26) return;
      pen.fillStyle = toCss(theme.text);
      pen.textBaseline = row[i] < 0 ? "top" : "bottom";
      pen.fillText(
        short(row[i], 40),
        left + wide / 2,
        row[i] < 0 ? Math.min(top + 2, box.y + box.height - 12) : Math.max(top - 2, box.y + 12),
      );
    });
    pen.fillStyle = toCss(theme.muted);
    pen.textBaseline = "top";
    pen.fillText(label, middle, box.y + box.height + 5);
  });
}
