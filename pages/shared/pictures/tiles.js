// Small images on a canvas: grey as the data is, or green above zero and purple below.

import { create, penOf, setAttribute, setText } from "../live/js/dom.js";
import { watchSize } from "../live/js/plot.js";
import { mix, pack, parseColor } from "../live/js/theme.js";

const CENTRE = 128;
const ROW = 16;
const GAP = 3;

const GREY = Uint32Array.from({ length: 256 }, (_, value) => pack([value, value, value]));
/** @type {WeakMap<Theme, Uint32Array>} */
const SIGNED = new WeakMap();

/**
 * Colour of each byte: 128 is zero.
 * @param {Theme} theme
 */
export function signedPixels(theme) {
  let pixels = SIGNED.get(theme);
  if (!pixels) {
    const positive = parseColor(theme.positive);
    const negative = parseColor(theme.negative);
    pixels = Uint32Array.from({ length: 256 }, (_, value) =>
      pack(mix(theme.background, value < CENTRE ? negative : positive, Math.min(1, Math.abs(value - CENTRE) / 127))),
    );
    SIGNED.set(theme, pixels);
  }
  return pixels;
}

export const greyPixels = () => GREY;

/**
 * A float on the same scale as a byte map, for a largest size of `most`.
 * @param {number} value
 * @param {number} most
 */
export const toByte = (value, most) => CENTRE + Math.round((127 * value) / (most || 1));

/** A canvas that carries images pixel by pixel, side by side, until they are drawn somewhere larger. */
export class Sheet {
  /** @type {ImageData|undefined} */
  image;

  constructor() {
    this.canvas = document.createElement("canvas");
    this.pen = penOf(this.canvas);
    this.columns = 0;
    this.rows = 0;
    this.across = 1;
  }

  /**
   * Room for `count` images; returns its pixels.
   * @param {number} count
   * @param {number} rows
   * @param {number} columns
   */
  prepare(count, rows, columns) {
    const across = Math.ceil(Math.sqrt(count));
    const [width, height] = [across * columns, Math.ceil(count / across) * rows];
    Object.assign(this, { rows, columns, across });
    if (!this.image || this.image.width !== width || this.image.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.image = this.pen.createImageData(width, height);
    }
    return new Uint32Array(this.image.data.buffer);
  }

  /** What was written into its pixels is drawn from now on. */
  commit() {
    if (this.image) this.pen.putImageData(this.image, 0, 0);
  }

  /**
   * Images `first` to before `last` of an array (N, H, W), its bytes coloured by `pixels`, or of one (N, 3, H, W) in its
   * own colours.
   * @param {NumberArray} array
   * @param {Uint32Array} pixels
   */
  fill({ data, shape }, pixels, first = 0, last = shape[0]) {
    if (last <= first) return;
    const [rows, columns] = shape.slice(-2);
    const target = this.prepare(last - first, rows, columns);
    const size = rows * columns;
    const coloured = shape.length === 4;
    for (let index = first; index < last; index += 1) {
      const [left, top] = this.corner(index - first);
      let source = index * (coloured ? 3 * size : size);
      for (let row = 0; row < rows; row += 1) {
        const start = (top + row) * this.across * columns + left;
        for (let to = start; to < start + columns; to += 1, source += 1) {
          target[to] = coloured
            ? pack([data[source], data[source + size], data[source + 2 * size]])
            : pixels[data[source]];
        }
      }
    }
    this.commit();
  }

  /** @param {number} place */
  corner(place) {
    return [(place % this.across) * this.columns, Math.floor(place / this.across) * this.rows];
  }

  /**
   * Draw the image at a place of the sheet as large as wanted.
   * @param {Pen} pen
   * @param {number} place
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  draw(pen, place, x, y, width, height) {
    const [left, top] = this.corner(place);
    pen.drawImage(this.canvas, left, top, this.columns, this.rows, x, y, width, height);
  }
}

/** @type {Sheet|undefined} */
let single;

/**
 * Draw an image of rows and columns of which `colour` tells each pixel.
 * @param {Pen} pen
 * @param {(i: number) => number} colour
 * @param {number} rows
 * @param {number} columns
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
export function drawPixels(pen, colour, rows, columns, x, y, width, height) {
  single ??= new Sheet();
  const target = single.prepare(1, rows, columns);
  for (let i = 0; i < target.length; i += 1) target[i] = colour(i);
  single.commit();
  single.draw(pen, 0, x, y, width, height);
}

/**
 * Draw image `index` of an array (N, H, W), its bytes coloured by `pixels`, or of one (N, 3, H, W) in its own colours.
 * @param {Pen} pen
 * @param {NumberArray} array
 * @param {number} index
 * @param {Uint32Array} pixels
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
export function drawTile(pen, array, index, pixels, x, y, width, height) {
  single ??= new Sheet();
  single.fill(array, pixels, index, index + 1);
  single.draw(pen, 0, x, y, width, height);
}

/**
 * Fit a canvas's own pixels to its box; returns its pen, scaled to CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function fitCanvas(canvas, width, height) {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const pen = penOf(canvas);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.imageSmoothingEnabled = false;
  return pen;
}

/**
 * The largest side that `count` squares can have in a box.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 */
export function packing(count, width, height) {
  let best = { side: 0, across: 1 };
  for (let across = 1; across <= count; across += 1) {
    const down = Math.ceil(count / across);
    const side = Math.floor(Math.min((width + GAP) / across, (height + GAP) / down)) - GAP;
    if (side > best.side) best = { side, across };
  }
  return best;
}

/** A strip of maps with a caption; the pointed one is told to `onPoint`, the clicked one to `onChoose`. */
export class Strip {
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {number} */
  side;
  /** @type {number} */
  across;
  /** @type {NumberArray<Uint8Array>|undefined} */
  array;
  /** @type {Uint32Array} */
  pixels;

  /**
   * @param {string} name
   * @param {StripHandlers} options
   */
  constructor(name, { onPoint, onChoose }) {
    this.handlers = { onPoint, onChoose };
    this.sheet = new Sheet();
    this.caption = create("div", { class: "tp-strip-caption" });
    this.canvas = create("canvas", { class: "tp-strip-canvas", role: "img", "data-testid": `strip-${name}` });
    this.box = create("div", { class: "tp-strip-box" }, this.canvas);
    this.element = create("div", { class: "tp-strip" }, this.caption, this.box);
    this.canvas.addEventListener("pointermove", (event) => onPoint?.(this.at(event), event));
    this.canvas.addEventListener("pointerleave", (event) => onPoint?.(null, event));
    this.canvas.addEventListener("click", (event) => {
      const index = this.at(event);
      if (index !== null) onChoose?.(index);
    });
    if (onChoose) this.canvas.classList.add("tp-clickable");
    this.stop = watchSize(this.box, (width, height) => {
      Object.assign(this, { width, height });
      this.paint();
    });
  }

  /** @param {string} words what stands above it, and what it is called */
  name(words) {
    setText(this.caption, words);
    setAttribute(this.canvas, "aria-label", words);
  }

  /**
   * @param {NumberArray<Uint8Array>} array
   * @param {Uint32Array} pixels
   */
  draw(array, pixels) {
    this.array = array;
    this.pixels = pixels;
    this.sheet.fill(array, pixels);
    this.element.style.flexGrow = String(Math.ceil(array.shape[0] / ROW));
    this.paint();
  }

  paint() {
    if (!this.array || !this.width) return;
    const [count] = this.array.shape;
    Object.assign(this, packing(count, this.width, this.height));
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    pen.strokeStyle = "rgba(128, 128, 128, 0.4)";
    pen.lineWidth = 1;
    for (let index = 0; index < count; index += 1) {
      const [x, y] = this.corner(index);
      this.sheet.draw(pen, index, x, y, this.side, this.side);
      pen.strokeRect(x + 0.5, y + 0.5, this.side - 1, this.side - 1);
    }
  }

  /** @param {number} index */
  corner(index) {
    const cell = this.side + GAP;
    return [(index % this.across) * cell, Math.floor(index / this.across) * cell];
  }

  /** @param {MouseEvent} options */
  at({ offsetX, offsetY }) {
    if (!this.array) return null;
    const cell = this.side + GAP;
    const column = Math.floor(offsetX / cell);
    const index = Math.floor(offsetY / cell) * this.across + column;
    return column < this.across && index < this.array.shape[0] ? index : null;
  }

  destroy() {
    this.stop();
  }
}
