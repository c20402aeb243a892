// What all cards draw with: maps, cells with numbers, headings, outlines. One look for all of them.

import { inkOn, mix, pack, toCss, unpack } from "../../shared/live/js/theme.js";
import { drawPixels, signedPixels, toByte } from "../../shared/pictures/tiles.js";

export const GAP = 16;
export const HEADING = 20;
const READABLE = 21;

/** @param {Float32Array | number[]} values */
export const largest = (values) => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * A number short enough to stand in a small cell.
 * @param {number} value
 */
export function short(value, cell = 40) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 10 || cell < 26 ? 1 : 2;
  const words = Number(value.toFixed(digits)) === 0 ? "0" : String(Number(value.toFixed(digits)));
  return words.replace(/^(-?)0\./, cell < 30 ? "$1." : "$10.").replace("-", "−");
}

/**
 * A number in a sentence: four decimals at most, and nothing that only rounding made.
 * @param {number} value
 */
export function number(value) {
  if (!Number.isFinite(value)) return short(value);
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 4;
  const words = value.toFixed(digits);
  return String(Number(words)).replace("-", "−");
}

/** @param {number} share */
const grey = (share) => {
  const value = Math.round(255 * clamp(share || 0, 0, 1));
  return pack([value, value, value]);
};

/**
 * The packed colour of the cell at an index of a map.
 * @param {Look} look "grey" (0 to `most`), "signed" (green above zero, purple below) or "rgb" (three planes).
 * @param {Theme} theme
 * @param {ArrayLike<number>} data
 * @param {number} offset
 * @param {number} count
 * @param {number} most
 * @returns {Colour}
 */
export function painter(look, theme, data, offset, count, most) {
  if (look === "rgb") {
    return (i) => {
      const value = (/** @type {number} */ plane) => data[offset + plane * count + i];
      return pack([0, 1, 2].map((plane) => Math.round(255 * clamp(value(plane), 0, 1))));
    };
  }
  if (look === "grey") return (i) => grey(data[offset + i] / most);
  const pixels = signedPixels(theme);
  return (i) => {
    const value = data[offset + i];
    return pixels[clamp(toByte(Number.isFinite(value) ? value : 0, most), 0, 255)];
  };
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Colour} colour
 * @param {number} rows
 * @param {number} columns
 * @param {Box} options
 */
export function drawMap(pen, theme, colour, rows, columns, { x, y, width, height }) {
  drawPixels(pen, colour, rows, columns, x, y, width, height);
  pen.lineWidth = 1;
  pen.strokeStyle = toCss(mix(theme.background, theme.text, 0.28));
  pen.strokeRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(width) - 1, Math.round(height) - 1);
}

/**
 * A matrix of cells, with its numbers where they can be read; `skip(i)` leaves a cell blank.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {number[]} values
 * @param {number} columns
 * @param {{ x: number; y: number; cell: number; high?: number }} place
 * @param {CellsLook} [options]
 */
export function drawCells(
  pen,
  theme,
  values,
  columns,
  { x, y, cell, high = cell },
  { most, look = "signed", skip, plain, digits } = {},
) {
  const colour = painter(look, theme, values, 0, values.length, most ?? (largest(values) || 1));
  const line = toCss(mix(theme.background, theme.text, 0.18));
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.font = `${cell < 30 ? 9.5 : 12}px ${theme.font}`;
  for (let i = 0; i < values.length; i += 1) {
    const [left, top] = [x + (i % columns) * cell, y + Math.floor(i / columns) * high];
    const blank = skip?.(i);
    if (!blank && !plain) {
      pen.fillStyle = toCss(unpack(colour(i)));
      pen.fillRect(left, top, cell, high);
    }
    pen.strokeStyle = line;
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, cell - 1, high - 1);
    if (cell >= READABLE && !blank) {
      pen.fillStyle = plain ? toCss(theme.text) : inkOn(unpack(colour(i)));
      pen.fillText(
        digits === undefined ? short(values[i], cell) : values[i].toFixed(digits),
        left + cell / 2,
        top + high / 2 + 0.5,
      );
    }
  }
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {string} words
 * @param {number} x
 * @param {number} y
 */
export function heading(pen, theme, words, x, y, width = Infinity) {
  pen.fillStyle = toCss(theme.muted);
  pen.font = `12px ${theme.font}`;
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  let text = words;
  while (text.length > 2 && pen.measureText(text).width > width) text = `${text.slice(0, -2).trimEnd()}…`;
  pen.fillText(text, x, y - 6);
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Box} options
 * @param {{ weight?: number; dash?: number[]; color?: string }} options
 */
export function outline(pen, theme, { x, y, width, height }, { weight = 2, dash = [], color } = {}) {
  pen.save();
  pen.setLineDash(dash);
  // A dark or light line below, so that the frame is seen on any picture.
  pen.lineWidth = weight + 2;
  pen.strokeStyle = toCss(theme.background, 0.65);
  pen.strokeRect(x, y, width, height);
  pen.lineWidth = weight;
  pen.strokeStyle = color ?? toCss(theme.primary);
  pen.strokeRect(x, y, width, height);
  pen.restore();
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {string} words
 * @param {number} x
 * @param {number} y
 */
export function sign(pen, theme, words, x, y) {
  pen.fillStyle = toCss(theme.muted);
  pen.font = `15px ${theme.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(words, x, y);
}

/**
 * The cell of a grid at a point, or null.
 * @param {Point} options
 * @param {Box} options
 * @param {number} rows
 * @param {number} columns
 */
export function cellAt([px, py], { x, y, width, height }, rows, columns) {
  const [u, v] = [(px - x) / width, (py - y) / height];
  return u >= 0 && v >= 0 && u < 1 && v < 1 ? [Math.floor(v * rows), Math.floor(u * columns)] : null;
}

/**
 * Boxes for `count` equal maps in a box, as large as they go.
 * @param {number} count
 * @param {number} rows
 * @param {number} columns
 * @param {Box} options
 */
export function tile(count, rows, columns, { x, y, width, height }, gap = 4) {
  let best = { scale: 0, across: 1 };
  for (let across = 1; across <= count; across += 1) {
    const down = Math.ceil(count / across);
    const scale = Math.min((width - gap * (across - 1)) / across / columns, (height - gap * (down - 1)) / down / rows);
    if (scale > best.scale) best = { scale, across };
  }
  const [w, h] = [best.scale * columns, best.scale * rows];
  return Array.from({ length: count }, (_, i) => ({
    x: x + (i % best.across) * (w + gap),
    y: y + Math.floor(i / best.across) * (h + gap),
    width: w,
    height: h,
  }));
}
