// A convolution close up: one pixel of the output, the patch it comes from, the kernel, and the sum.

import { create, fill, formatNumber, nameControl, setAttribute, setText } from "../shared/live/js/dom.js";
import { arrayOf } from "../shared/live/js/frames.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { inkOn, toCss, unpack } from "../shared/live/js/theme.js";
import { drawTile, fitCanvas, signedPixels, toByte } from "../shared/pictures/tiles.js";

loadStyles("./convolution.css", import.meta.url);

const GAP = 14;
const HEADING = 16;
const READABLE = 22;
/** @type {("input" | "output")[]} */
const MAPS = ["input", "output"];
/** @type {Record<string, number[]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {Float32Array | number[]} values */
const largest = (values) => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export class ConvolutionPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {NumberArray<Float32Array>} */
  input;
  /** @type {NumberArray<Float32Array>} */
  kernel;
  /** @type {NumberArray<Float32Array>} */
  output;
  /** @type {number} */
  bias;
  /** @type {number} */
  stride;
  /** @type {number} */
  padding;

  /**
   * @param {string} lane
   * @param {PaneHandlers} options
   */
  constructor(lane, { channels, onChannel, shared }) {
    this.lane = lane;
    this.channels = channels;
    this.shared = shared;
    this.channel = 0;
    /** @param {number} by */
    const step = (by) => onChannel((this.channel + by + this.channels) % this.channels);
    this.previous = create("button", { type: "button", class: "tp-chip", onclick: () => step(-1) }, "‹");
    this.next = create(
      "button",
      { type: "button", class: "tp-chip", "data-testid": "filter-next", onclick: () => step(1) },
      "›",
    );
    this.name = create("output", { class: "tp-pad-number" });
    this.sum = create("div", { class: "tp-sum", role: "status", "data-testid": `sum-${lane}` });
    this.canvas = create("canvas", {
      class: "tp-convolution",
      role: "img",
      tabindex: 0,
      "data-testid": `convolution-${lane}`,
    });
    this.box = create("div", { class: "tp-canvas-box" }, this.canvas);
    this.element = create(
      "div",
      { class: "tp-layers" },
      create("div", { class: "tp-pad-tools" }, this.previous, this.name, this.next),
      this.box,
      this.sum,
    );
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
    this.canvas.addEventListener("keydown", (event) => this.pressKey(event));
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
    this.channels = data.picture.channels;
    nameControl(this.previous, data.text.previous_filter);
    nameControl(this.next, data.text.next_filter);
    setAttribute(this.canvas, "title", data.text.convolution_help);
  }

  /** @param {Frame} frame */
  draw(frame) {
    const { stride, padding, channel } = frame.facts;
    Object.assign(this, {
      input: /** @type {NumberArray<Float32Array>} */ (/** @type {NumberArray} */ (arrayOf(frame, this.lane, "input"))),
      kernel: arrayOf(frame, this.lane, "kernel"),
      output: arrayOf(frame, this.lane, "output"),
      bias: arrayOf(frame, this.lane, "bias").data[0],
    });
    Object.assign(this, { stride, padding, channel: channel % this.channels });
    setText(this.name, fill(this.data.text.filter_number, { number: this.channel + 1, count: this.channels }));
    this.shared.pixel ??= this.strongest();
    this.paint();
  }

  strongest() {
    const {
      data,
      shape: [, columns],
    } = this.output;
    const best = data.reduce((most, value, i) => (value > data[most] ? i : most), 0);
    return [Math.floor(best / columns), best % columns];
  }

  get pixel() {
    const [rows, columns] = this.output.shape;
    const [row, column] = this.shared.pixel ?? [0, 0];
    return [Math.min(row, rows - 1), Math.min(column, columns - 1)];
  }

  /** Where things stand: input and output above; patch, kernel and products below. */
  measure() {
    const size = this.kernel.shape[0];
    const side = Math.max(40, Math.floor(Math.min((this.width - GAP) / 2, (this.height - 2 * HEADING - 4) * 0.56)));
    const cell = Math.floor(Math.min((this.width - 2 * GAP) / 3, this.height - side - 2 * HEADING - 4) / size);
    const below = side + 2 * HEADING + 4;
    const wide = cell * size + GAP;
    return {
      side,
      cell,
      size,
      places: {
        input: [0, HEADING],
        output: [side + GAP, HEADING],
        patch: [0, below],
        kernel: [wide, below],
        product: [2 * wide, below],
      },
    };
  }

  /** @param {PointerEvent} event */
  point(event) {
    if (!this.output || (event.type === "pointermove" && event.pointerType !== "mouse" && !event.buttons)) return;
    const { side, places } = this.measure();
    const [rows, columns] = this.output.shape;
    /** @param {number[]} options */
    const inside = ([x, y]) => {
      const [u, v] = [(event.offsetX - x) / side, (event.offsetY - y) / side];
      return u >= 0 && v >= 0 && u < 1 && v < 1 ? [v, u] : null;
    };
    const at = inside(places.output) ?? inside(places.input);
    if (!at) return;
    this.choose(Math.floor(at[0] * rows), Math.floor(at[1] * columns));
  }

  /** @param {KeyboardEvent} event */
  pressKey(event) {
    const move = MOVES[event.key];
    if (!move || !this.output) return;
    event.preventDefault();
    const [row, column] = this.pixel;
    const [rows, columns] = this.output.shape;
    this.choose(Math.min(rows - 1, Math.max(0, row + move[0])), Math.min(columns - 1, Math.max(0, column + move[1])));
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  choose(row, column) {
    this.shared.pixel = [row, column];
    this.shared.changed();
  }

  /** The numbers under the kernel, row by row; beyond the border they are the padding's zeros. */
  patch() {
    const [row, column] = this.pixel;
    const {
      data,
      shape: [rows, columns],
    } = this.input;
    const size = this.kernel.shape[0];
    const [top, left] = [row * this.stride - this.padding, column * this.stride - this.padding];
    const values = Array.from({ length: size * size }, (_, i) => {
      const [y, x] = [top + Math.floor(i / size), left + (i % size)];
      return y >= 0 && x >= 0 && y < rows && x < columns ? data[y * columns + x] : 0;
    });
    return { values, top, left };
  }

  paint() {
    if (!this.output || !this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    const layout = this.measure();
    const { values, top, left } = this.patch();
    const kernel = [...this.kernel.data];
    const products = values.map((value, i) => value * kernel[i]);
    this.paintMaps(pen, layout, top, left);
    const { patch, kernel: place, product } = layout.places;
    const { text } = this.data;
    this.paintCells(pen, layout, patch, values, Math.max(1, largest(values)), text.patch);
    this.paintCells(pen, layout, place, kernel, largest(kernel), text.kernel, "×");
    this.paintCells(pen, layout, product, products, largest(products), text.products, "=");
    this.tellSum(products);
  }

  /**
   * @param {Pen} pen
   * @param {CloseUpLayout} options
   * @param {number} top
   * @param {number} left
   */
  paintMaps(pen, { side, size, places }, top, left) {
    const pixels = signedPixels(this.theme);
    /** @param {NumberArray<Float32Array>} options */
    const bytes = ({ data }) => {
      const most = largest(data);
      return Uint8Array.from(data, (value) => toByte(value, most));
    };
    for (const name of MAPS) {
      const array = this[name];
      const [x, y] = places[name];
      this.heading(pen, `${this.data.text[`convolution_${name}`]} ${array.shape.join(" × ")}`, x, y);
      drawTile(pen, { data: bytes(array), shape: [1, ...array.shape] }, 0, pixels, x, y, side, side);
    }
    const [x, y] = places.input;
    const unit = side / this.input.shape[1];
    const frame = toCss(this.theme.primary);
    pen.save();
    pen.beginPath();
    pen.rect(x - 1, y - 1, side + 2, side + 2);
    pen.clip();
    this.outline(pen, x + left * unit, y + top * unit, size * unit, frame);
    pen.restore();
    const [row, column] = this.pixel;
    const grain = side / this.output.shape[1];
    const [ox, oy] = places.output;
    this.outline(pen, ox + column * grain, oy + row * grain, grain, frame);
  }

  /**
   * @param {Pen} pen
   * @param {number} x
   * @param {number} y
   * @param {number} side
   * @param {string} color
   */
  outline(pen, x, y, side, color) {
    pen.lineWidth = 2;
    pen.strokeStyle = color;
    pen.strokeRect(x, y, side, side);
  }

  /**
   * @param {Pen} pen
   * @param {string} words
   * @param {number} x
   * @param {number} y
   */
  heading(pen, words, x, y) {
    pen.fillStyle = toCss(this.theme.muted);
    pen.font = `11.5px ${this.theme.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillText(words, x, y - 4);
  }

  /**
   * @param {Pen} pen
   * @param {CloseUpLayout} options
   * @param {number[]} options
   * @param {number[]} values
   * @param {number} most
   * @param {string} name
   */
  paintCells(pen, { size, cell }, [x, y], values, most, name, sign = "") {
    const pixels = signedPixels(this.theme);
    this.heading(pen, name, x, y);
    if (sign) {
      pen.textAlign = "center";
      pen.fillText(sign, x - GAP / 2, y + (cell * size) / 2);
    }
    const data = Uint8Array.from(values, (value) => toByte(value, most));
    drawTile(pen, { data, shape: [1, size, size] }, 0, pixels, x, y, cell * size, cell * size);
    if (cell < READABLE) return;
    pen.font = `9.5px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    values.forEach((value, i) => {
      const words =
        Math.abs(value) < 0.005
          ? "0"
          : value
              .toFixed(2)
              .replace(/^(-?)0\./, "$1.")
              .replace("-", "−");
      pen.fillStyle = inkOn(unpack(pixels[toByte(value, most)]));
      pen.fillText(words, x + ((i % size) + 0.5) * cell, y + (Math.floor(i / size) + 0.5) * cell);
    });
  }

  /** @param {number[]} products */
  tellSum(products) {
    const sum = products.reduce((total, value) => total + value, 0);
    const [row, column] = this.pixel;
    setText(
      this.sum,
      fill(this.data.text.convolution_sum, {
        sum: formatNumber(sum),
        bias: formatNumber(this.bias),
        value: formatNumber(sum + this.bias),
        row,
        column,
      }),
    );
    const value = this.output.data[row * this.output.shape[1] + column];
    this.sum.dataset.torch = String(value);
    this.sum.dataset.value = String(sum + this.bias);
    setAttribute(this.canvas, "aria-label", this.sum.textContent);
  }

  describe() {
    return this.sum.textContent;
  }

  destroy() {
    this.stop();
  }
}
