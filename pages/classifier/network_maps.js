// Small maps of what each neuron says over the plane, as images to be drawn pixelated.

import { penOf } from "../shared/live/js/dom.js";
import { findArray } from "../shared/live/js/frames.js";
import { mix, pack, parseColor } from "../shared/live/js/theme.js";
import { signedPixels } from "../shared/pictures/tiles.js";
import { firstUnits } from "./network_layout.js";

const CENTRE = 128;
const OUTPUT_DETAIL = 25;
const INPUT_DETAIL = 20;

/**
 * What a feature named like this looks like over the plane; other names have no map.
 * @type {Record<string, Feature>}
 */
const FEATURES = {
  x1: (x) => x,
  x2: (_, y) => y,
  "x1^2": (x) => x * x,
  "x2^2": (_, y) => y * y,
  x1x2: (x, y) => x * y,
  sinx1: (x) => Math.sin(x),
  sinx2: (_, y) => Math.sin(y),
};

/** @param {string} name */
export const featureOf = (name) =>
  FEATURES[
    name
      .toLowerCase()
      .replaceAll("²", "^2")
      .replaceAll("₁", "1")
      .replaceAll("₂", "2")
      .replace(/[\s()·*_]/g, "")
  ];

class Sheet {
  /** @type {ImageData} */
  data;
  /** @type {number} */
  across;
  /** @type {number} */
  detail;
  /** @type {number} */
  count;

  constructor() {
    this.image = document.createElement("canvas");
    this.pen = penOf(this.image, { willReadFrequently: true });
  }

  /**
   * @param {number} count
   * @param {number} detail
   */
  resize(count, detail) {
    const across = Math.max(1, Math.ceil(Math.sqrt(count)));
    const width = across * detail;
    const height = Math.max(1, Math.ceil(count / across)) * detail;
    if (this.image.width !== width || this.image.height !== height || !this.data) {
      this.image.width = width;
      this.image.height = height;
      this.data = this.pen.createImageData(width, height);
    }
    Object.assign(this, { across, detail, count });
    return new Uint32Array(this.data.data.buffer);
  }

  /**
   * Paint map `index`; `pixel(row, column)` with row 0 at the bottom.
   * @param {Uint32Array} pixels
   * @param {number} index
   * @param {(row: number, column: number) => number} pixel
   */
  fill(pixels, index, pixel) {
    const { across, detail } = this;
    const stride = across * detail;
    const left = (index % across) * detail;
    const top = Math.floor(index / across) * detail;
    for (let row = 0; row < detail; row += 1) {
      const start = (top + detail - 1 - row) * stride + left;
      for (let column = 0; column < detail; column += 1) pixels[start + column] = pixel(row, column);
    }
  }

  flush() {
    this.pen.putImageData(this.data, 0, 0);
  }

  /**
   * @param {Pen} pen
   * @param {number} index
   * @param {number} x
   * @param {number} y
   * @param {number} side
   */
  draw(pen, index, x, y, side) {
    const { across, detail } = this;
    const left = (index % across) * detail;
    const top = Math.floor(index / across) * detail;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.image, left, top, detail, detail, x, y, side, side);
  }
}

/** Maps of all neurons: inputs by their formula, hidden units and outputs from the frame. */
export class NeuronMaps {
  /** @type {PictureData} */
  picture;
  /** @type {Theme} */
  theme;
  /** @type {Uint32Array} */
  colors;
  /** @type {(Feature|undefined)[]} */
  formulas;
  /** @type {number[]} */
  starts;
  /** @type {number[]} */
  scales;
  /** @type {NumberArray<Uint8Array>|undefined} */
  units;
  /** @type {boolean} */
  hasOutputs;

  constructor() {
    this.hidden = new Sheet();
    this.inputs = new Sheet();
    this.outputs = new Sheet();
  }

  /**
   * @param {PictureData} picture
   * @param {Theme} theme
   */
  prepare(picture, theme) {
    this.picture = picture;
    this.theme = theme;
    this.colors = signedPixels(theme);
    this.starts = firstUnits(picture.layers);
    this.paintInputs();
  }

  paintInputs() {
    const [x0, x1, y0, y1] = this.picture.domain;
    const labels = this.picture.layers[0].labels ?? [];
    const pixels = this.inputs.resize(labels.length, INPUT_DETAIL);
    this.formulas = labels.map(featureOf);
    /**
     * @param {number} i
     * @param {number} low
     * @param {number} high
     */
    const along = (i, low, high) => low + ((high - low) * (i + 0.5)) / INPUT_DETAIL;
    this.formulas.forEach((formula, index) => {
      if (!formula) return;
      /**
       * @param {number} row
       * @param {number} column
       */
      const at = (row, column) => formula(along(column, x0, x1), along(row, y0, y1));
      let most = 1e-9;
      this.inputs.fill(pixels, index, (row, column) => {
        most = Math.max(most, Math.abs(at(row, column)));
        return 0;
      });
      this.inputs.fill(
        pixels,
        index,
        (row, column) => this.colors[Math.round(CENTRE + (127 * at(row, column)) / most)],
      );
    });
    this.inputs.flush();
  }

  /**
   * @param {Frame} frame
   * @param {string} lane
   */
  take(frame, lane) {
    this.units = findArray(frame, lane, "units");
    this.scales = frame.unitsScale[lane] ?? [];
    this.paintHidden();
    this.paintOutputs(findArray(frame, lane, "decision"), frame.levels);
  }

  paintHidden() {
    if (!this.units?.data.length) return;
    const {
      data,
      shape: [count, rows, columns],
    } = this.units;
    const pixels = this.hidden.resize(count, columns);
    for (let unit = 0; unit < count; unit += 1) {
      const start = unit * rows * columns;
      this.hidden.fill(pixels, unit, (row, column) => this.colors[data[start + row * columns + column]]);
    }
    this.hidden.flush();
  }

  /**
   * @param {NumberArray<Uint8Array> | undefined} grid
   * @param {number} levels
   */
  paintOutputs(grid, levels) {
    this.hasOutputs = Boolean(grid);
    if (!grid) return;
    const { classes } = this.picture;
    const { size } = this.picture.layers[this.picture.layers.length - 1];
    const [rows, columns] = grid.shape;
    const pixels = this.outputs.resize(size, OUTPUT_DETAIL);
    for (let label = 0; label < size; label += 1) {
      const color = parseColor(this.theme.classes[label] ?? this.theme.positive);
      const shades = Array.from({ length: levels }, (_, certainty) =>
        pack(mix(this.theme.background, color, 0.15 + (0.75 * certainty) / (levels - 1))),
      );
      const empty = pack(this.theme.background);
      this.outputs.fill(pixels, label, (row, column) => {
        const at =
          Math.floor(((row + 0.5) / OUTPUT_DETAIL) * rows) * columns +
          Math.floor(((column + 0.5) / OUTPUT_DETAIL) * columns);
        const winner = Math.min(classes - 1, Math.floor(grid.data[at] / levels));
        return winner === label ? shades[Math.min(levels - 1, grid.data[at] - label * levels)] : empty;
      });
    }
    this.outputs.flush();
  }

  /** @param {number} layer */
  kind(layer) {
    if (layer === 0) return "input";
    return layer === this.picture.layers.length - 1 ? "output" : "hidden";
  }

  /**
   * Draw a neuron's map; false where it has none.
   * @param {Pen} pen
   * @param {{ layer: number; index: number }} options
   * @param {number} x
   * @param {number} y
   * @param {number} side
   */
  draw(pen, { layer, index }, x, y, side) {
    const kind = this.kind(layer);
    if (kind === "input") {
      if (!this.formulas[index]) return false;
      this.inputs.draw(pen, index, x, y, side);
    } else if (kind === "output") {
      if (!this.hasOutputs || index >= this.outputs.count) return false;
      this.outputs.draw(pen, index, x, y, side);
    } else {
      const unit = this.starts[layer - 1] + index;
      if (!this.units || unit >= this.units.shape[0]) return false;
      this.hidden.draw(pen, unit, x, y, side);
    }
    return true;
  }

  /**
   * Lowest and highest value of a hidden unit on its map.
   * @param {{ layer: number; index: number }} options
   */
  range({ layer, index }) {
    const unit = this.starts[layer - 1] + index;
    const scale = this.scales[unit];
    if (this.kind(layer) !== "hidden" || !this.units || !Number.isFinite(scale)) return null;
    const length = this.units.shape[1] * this.units.shape[2];
    const values = this.units.data.subarray(unit * length, (unit + 1) * length);
    let low = 255;
    let high = 0;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high].map((value) => ((value - CENTRE) / 127) * scale);
  }
}
