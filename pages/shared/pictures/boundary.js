// The decision boundary: a small grid of classes and probabilities, coloured and stretched under the points.

import { penOf } from "../live/js/dom.js";
import { mix, pack, parseColor } from "../live/js/theme.js";

const FAINTEST = 0.06;
const STRONGEST = 0.62;
const HARD_SHADE = 0.4;
const HARD_DETAIL = 4;
/** Used again for every pixel. */
const VOTES = new Float32Array(8);

/**
 * Colour of every possible cell value, as 32-bit pixels.
 * @param {number} levels
 * @param {number} classes
 * @param {Theme} theme
 */
export function smoothPixels(levels, classes, theme) {
  const pixels = new Uint32Array(256);
  for (let value = 0; value < 256; value += 1) {
    const label = Math.min(classes - 1, Math.floor(value / levels));
    const certainty = Math.min(1, (value - label * levels) / (levels - 1));
    const shade = FAINTEST + (STRONGEST - FAINTEST) * certainty;
    pixels[value] = pack(mix(theme.background, parseColor(theme.classes[label]), shade));
  }
  return pixels;
}

/**
 * @param {number} classes
 * @param {Theme} theme
 */
function hardPixels(classes, theme) {
  return Uint32Array.from({ length: classes }, (_, label) =>
    pack(mix(theme.background, parseColor(theme.classes[label]), HARD_SHADE)),
  );
}

/** Paints decision grids into an image as large as the grid (smooth) or finer (hard edges). */
export class BoundaryPainter {
  /** @type {string} */
  key;
  /** @type {Uint32Array} */
  smoothPixels;
  /** @type {Uint32Array} */
  hardPixels;
  /** @type {ImageData} */
  imageData;

  constructor() {
    this.image = document.createElement("canvas");
    this.pen = penOf(this.image);
  }

  /**
   * @param {NumberArray<Uint8Array>} options
   * @param {PlaneStyle} options
   */
  paint({ data, shape: [rows, columns] }, { levels, classes, theme, hard }) {
    const key = `${theme.key}/${levels}/${classes}`;
    if (key !== this.key) {
      this.key = key;
      this.smoothPixels = smoothPixels(levels, classes, theme);
      this.hardPixels = hardPixels(classes, theme);
    }
    const detail = hard ? HARD_DETAIL : 1;
    const pixels = this.prepare(rows * detail, columns * detail);
    if (hard) this.paintHard(pixels, data, rows, columns, levels, classes);
    else this.paintSmooth(pixels, data, rows, columns);
    this.pen.putImageData(this.imageData, 0, 0);
    return this.image;
  }

  /**
   * @param {number} height
   * @param {number} width
   */
  prepare(height, width) {
    if (this.image.width !== width || this.image.height !== height || !this.imageData) {
      this.image.width = width;
      this.image.height = height;
      this.imageData = this.pen.createImageData(width, height);
    }
    return new Uint32Array(this.imageData.data.buffer);
  }

  /**
   * @param {Uint32Array} pixels
   * @param {Uint8Array} data
   * @param {number} rows
   * @param {number} columns
   */
  paintSmooth(pixels, data, rows, columns) {
    for (let row = 0; row < rows; row += 1) {
      const target = (rows - 1 - row) * columns;
      const source = row * columns;
      for (let column = 0; column < columns; column += 1) {
        pixels[target + column] = this.smoothPixels[data[source + column]];
      }
    }
  }

  /**
   * @param {Uint32Array} pixels
   * @param {Uint8Array} data
   * @param {number} rows
   * @param {number} columns
   * @param {number} levels
   * @param {number} classes
   */
  paintHard(pixels, data, rows, columns, levels, classes) {
    const height = rows * HARD_DETAIL;
    const width = columns * HARD_DETAIL;
    const across = Array.from({ length: width }, (_, x) => between(x, columns));
    const lefts = Int32Array.from(across, ([low]) => low);
    const rights = Int32Array.from(across, ([, high]) => high);
    const labels = data.map((value) => Math.min(classes - 1, Math.floor(value / levels)));
    for (let y = 0; y < height; y += 1) {
      const [low, high, up] = between(y, rows);
      const [bottom, top] = [low * columns, high * columns];
      const target = (height - 1 - y) * width;
      for (let x = 0; x < width; x += 1) {
        const [left, right] = [lefts[x], rights[x]];
        let label = labels[bottom + left];
        // Almost everywhere all four agree, and nobody need vote.
        if (label !== labels[bottom + right] || label !== labels[top + left] || label !== labels[top + right]) {
          const corners = [data[bottom + left], data[bottom + right], data[top + left], data[top + right]];
          label = elect(corners, across[x][2], up, levels, classes);
        }
        pixels[target + x] = this.hardPixels[label];
      }
    }
  }
}

/**
 * Each corner votes for its class, by its certainty and nearness: the edge runs smoothly between cells.
 * @param {number[]} corners
 * @param {number} along
 * @param {number} up
 * @param {number} levels
 * @param {number} classes
 */
export function elect(corners, along, up, levels, classes) {
  const first = Math.min(classes - 1, Math.floor(corners[0] / levels));
  const votes = VOTES.fill(0);
  let agreed = true;
  for (let i = 0; i < 4; i += 1) {
    const label = Math.min(classes - 1, Math.floor(corners[i] / levels));
    if (label !== first) agreed = false;
    const weight = (i & 1 ? along : 1 - along) * (i & 2 ? up : 1 - up);
    votes[label] += weight * (corners[i] - label * levels + 0.5);
  }
  if (agreed) return first;
  let winner = 0;
  for (let label = 1; label < classes; label += 1) if (votes[label] > votes[winner]) winner = label;
  return winner;
}

/**
 * The two grid cells around a fine pixel, and how far it lies from the first to the second.
 * @param {number} pixel
 * @param {number} cells
 */
export function between(pixel, cells) {
  const at = (pixel + 0.5) / HARD_DETAIL - 0.5;
  const low = Math.max(0, Math.floor(at));
  const high = Math.min(cells - 1, low + 1);
  return [low, high, Math.min(1, Math.max(0, at - low))];
}

/**
 * Stretch the image over the grid's domain; the outermost cells are centred on its edges.
 * @param {Pen} pen
 * @param {HTMLCanvasElement} image
 * @param {number[]} options
 * @param {number[]} shape
 * @param {(value: number) => number} toX
 * @param {(value: number) => number} toY
 */
export function stretch(pen, image, [x0, x1, y0, y1], shape, toX, toY) {
  const halfX = (x1 - x0) / (shape[1] - 1) / 2;
  const halfY = (y1 - y0) / (shape[0] - 1) / 2;
  const left = toX(x0 - halfX);
  const right = toX(x1 + halfX);
  const top = toY(y1 + halfY);
  const bottom = toY(y0 - halfY);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(image, left, top, right - left, bottom - top);
}
