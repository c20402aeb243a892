// Small images on a canvas: grey as the data is, or green above zero and purple below.

import { create, penOf } from "../live/js/dom.js";
import { watchSize } from "../live/js/plot.js";
import { mix, pack, parseColor } from "../live/js/theme.js";

const CENTRE = 128;
const ROW = 16;
const GAP = 3;

const GREY = Uint32Array.from({ length: 256 }, (_, value) => pack([value, value, value]));

/**
 * Colour of each byte: 128 is zero.
 * @param {Theme} theme
 */
export function signedPixels(theme) {
  const positive = parseColor(theme.positive);
  const negative = parseColor(theme.negative);
  return Uint32Array.from({ length: 256 }, (_, value) =>
    pack(mix(theme.background, value < CENTRE ? negative : positive, Math.min(1, Math.abs(value - CENTRE) / 127))),
  );
}

export const greyPixels = () => GREY;

/**
 * A float on the same scale as a byte map, for a largest size of `most`.
 * @param {number} value
 * @param {number} most
 */
export const toByte = (value, most) => CENTRE + Math.round((127 * value) / (most || 1));

/**
 * Paint image `index` of an array (N, H, W) into a canvas of its own size.
 * @param {Numbers} data
 * @param {number} index
 * @param {number} rows
 * @param {number} columns
 * @param {Uint32Array} pixels
 */
export function imageOf(data, index, rows, columns, pixels) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const pen = penOf(canvas);
  const image = pen.createImageData(columns, rows);
  const target = new Uint32Array(image.data.buffer);
  const start = index * rows * columns;
  for (let i = 0; i < target.length; i += 1) target[i] = pixels[data[start + i]];
  pen.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Paint image `index` of an array (N, 3, H, W) in its own colours.
 * @param {Numbers} data
 * @param {number} index
 * @param {number} rows
 * @param {number} columns
 */
export function colourImageOf(data, index, rows, columns) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const pen = penOf(canvas);
  const image = pen.createImageData(columns, rows);
  const target = new Uint32Array(image.data.buffer);
  const size = rows * columns;
  const start = index * 3 * size;
  for (let i = 0; i < size; i += 1)
    target[i] = pack([data[start + i], data[start + size + i], data[start + 2 * size + i]]);
  pen.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Image `index` of an array (N, H, W), its bytes coloured by `pixels`, or of one (N, 3, H, W) in its own colours.
 * @param {NumberArray} options
 * @param {number} index
 * @param {Uint32Array} pixels
 */
export function pictureOf({ data, shape }, index, pixels) {
  const [rows, columns] = shape.slice(-2);
  return shape.length === 4 ? colourImageOf(data, index, rows, columns) : imageOf(data, index, rows, columns, pixels);
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

  /**
   * @param {NumberArray<Uint8Array>} array
   * @param {Uint32Array} pixels
   */
  draw(array, pixels) {
    this.array = array;
    this.pixels = pixels;
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
      pen.drawImage(pictureOf(this.array, index, this.pixels), x, y, this.side, this.side);
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
