// The picture of an autoencoder: digits over what it makes of them, and below a map of their codes.

import { create, fill, formatNumber, setAttribute, setText } from "../shared/live/js/dom.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { toCss } from "../shared/live/js/theme.js";
import { drawTile, fitCanvas, greyPixels } from "../shared/pictures/tiles.js";

loadStyles("./picture.css", import.meta.url);

const HEADING = 16;
const GAP = 2;
const MARGIN = 12;

/** One lane: two rows of digits, and below them each digit where its code puts it. */
class CodePane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Record<string, NumberArray>} */
  arrays = {};
  width = 0;
  height = 0;

  /** @param {string} lane */
  constructor(lane) {
    this.lane = lane;
    this.title = create("figcaption", { class: "tp-code-title" });
    this.canvas = create("canvas", { class: "tp-code-canvas", role: "img", "data-testid": `code-${lane}` });
    this.box = create("div", { class: "tp-code-box" }, this.canvas);
    this.element = create("figure", { class: "tp-code" }, this.title, this.box);
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
    Object.assign(this, { data, theme });
    setText(this.title, data.lanes.length > 1 ? data.text[`lane_${this.lane}`] : "");
    this.paint();
  }

  /** @param {Frame} frame */
  draw(frame) {
    if (!frame.arrays[`${this.lane}/output`]) return;
    for (const name of ["input", "output", "places", "labels"])
      this.arrays[name] = frame.arrays[`${this.lane}/${name}`];
    this.paint();
  }

  paint() {
    if (!this.arrays.output || !this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    const { text } = this.data;
    const below = this.paintRow(pen, this.arrays.input, text.goes_in, 0);
    this.paintMap(pen, this.paintRow(pen, this.arrays.output, text.comes_out, below));
  }

  /**
   * A heading.
   * @param {Pen} pen
   * @param {string} words
   * @param {number} top
   */
  paintHeading(pen, words, top) {
    pen.font = `12px ${this.theme.font}`;
    pen.fillStyle = toCss(this.theme.muted);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(words, 0, top + 1, this.width);
  }

  /**
   * A row of images under its heading; returns where it ends.
   * @param {Pen} pen
   * @param {NumberArray} images
   * @param {string} words
   * @param {number} top
   */
  paintRow(pen, images, words, top) {
    const [count] = images.shape;
    this.paintHeading(pen, words, top);
    const side = Math.floor((this.width + GAP) / count) - GAP;
    for (let index = 0; index < count; index += 1) {
      drawTile(pen, images, index, greyPixels(), index * (side + GAP), top + HEADING, side, side);
    }
    return top + HEADING + side + 2 * GAP;
  }

  /**
   * Each digit where its code puts it, in the colour of its class.
   * @param {Pen} pen
   * @param {number} top
   */
  paintMap(pen, top) {
    this.paintHeading(pen, this.data.text.map, top);
    const [left, upper] = [MARGIN, top + HEADING + MARGIN];
    const [wide, tall] = [this.width - 2 * MARGIN, this.height - upper - MARGIN];
    pen.fillStyle = toCss(this.theme.grid);
    pen.fillRect(left + wide / 2, upper - MARGIN, 1, tall + 2 * MARGIN);
    pen.fillRect(0, upper + tall / 2, this.width, 1);
    pen.font = `bold 12px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const { data } = this.arrays.places;
    this.arrays.labels.data.forEach((label, i) => {
      pen.fillStyle = this.theme.classes[label];
      const x = left + ((data[2 * i] + 1) / 2) * wide;
      const y = upper + ((1 - data[2 * i + 1]) / 2) * tall;
      pen.fillText(String(label), x, y);
    });
  }

  destroy() {
    this.stop();
  }
}

export class Picture {
  /** @type {Frame|undefined} */
  frame;
  /** @type {CodePane[]} */
  panes = [];

  /** @param {HTMLElement} host */
  constructor(host) {
    this.stage = create("div", { class: "tp-codes" });
    host.append(this.stage);
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.text = data.text;
    if (this.arranged !== data.lanes.join()) {
      this.arranged = data.lanes.join();
      this.destroy();
      this.panes = data.lanes.map((lane) => new CodePane(lane));
      this.stage.replaceChildren(...this.panes.map(({ element }) => element));
    }
    for (const pane of this.panes) pane.update(data, theme);
    if (this.frame) this.draw(this.frame);
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.frame = frame;
    for (const pane of this.panes) pane.draw(frame);
  }

  /**
   * @param {number} step
   * @param {unknown} _accuracy
   * @param {(lane: string, metric: string) => number|undefined} measured
   */
  describe(step, _accuracy, measured) {
    for (const pane of this.panes) {
      const words = { step, loss: formatNumber(measured(pane.lane, "loss/test")) };
      setAttribute(pane.canvas, "aria-label", fill(this.text?.redrawn_label, words));
    }
  }

  destroy() {
    for (const pane of this.panes) pane.destroy();
  }
}
