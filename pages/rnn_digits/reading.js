// One example as a recurrent network reads it: its rows, the memory after each, and what it would say then.

import { create, fill, setAttribute, setText } from "../shared/live/js/dom.js";
import { arrayOf } from "../shared/live/js/frames.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { mix, toCss } from "../shared/live/js/theme.js";
import { Answer } from "../shared/pictures/answer.js";
import { Pad } from "../shared/pictures/pad.js";
import { drawTile, fitCanvas, greyPixels, signedPixels } from "../shared/pictures/tiles.js";

loadStyles("./reading.css", import.meta.url);

const TOP = 17;
const BOTTOM = 17;
const GAP = 10;
const SWEEP = 3000;
/** Share of the width for what goes in, at most, and of the rest for the memory. */
const MOST = 0.34;
const MEMORY = 0.45;
const HIGHEST = 2;

/**
 * As much of a text as fits into a width.
 * @param {Pen} pen
 * @param {string} words
 * @param {number} width
 */
function shortened(pen, words, width) {
  if (pen.measureText(words).width <= width) return words;
  let end = words.length - 1;
  while (end > 1 && pen.measureText(`${words.slice(0, end)}…`).width > width) end -= 1;
  return `${words.slice(0, end)}…`;
}

export class ReadingPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {FrameFacts} */
  facts;
  /** @type {NumberArray} */
  input;
  /** @type {NumberArray<Uint8Array>} */
  hidden;
  /** @type {NumberArray<Float32Array>|undefined} */
  probability;
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {number} */
  best;

  /**
   * @param {string} lane
   * @param {PaneHandlers} options
   */
  constructor(lane, { subject, shared }) {
    this.lane = lane;
    this.shared = shared;
    this.pad = new Pad(subject, { onDraw: () => {} });
    this.answer = new Answer(lane);
    this.read = create("button", {
      type: "button",
      class: "tp-chip tp-read",
      "data-testid": `read-${lane}`,
      onclick: () => this.sweep(),
    });
    this.canvas = create("canvas", {
      class: "tp-reading",
      tabindex: "0",
      role: "img",
      "data-testid": `reading-${lane}`,
      onpointermove: (event) => this.point(event),
      onpointerdown: (event) => this.point(event),
      onpointerleave: () => this.choose(null),
      onkeydown: (event) => this.press(event),
    });
    this.box = create("div", { class: "tp-reading-box" }, this.canvas);
    const head = create("div", { class: "tp-layers-head" }, this.pad.element, this.answer.element);
    this.element = create("div", { class: "tp-layers" }, head, this.box, this.read);
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
    this.pad.relabel(data.text);
    this.pad.only(data.picture.drawn ? "image" : "number");
    this.answer.arrange(data.picture.names);
    setText(this.read, data.text.read);
    setAttribute(this.read, "title", data.text.read_help);
    setAttribute(this.canvas, "title", data.text.reading_help);
  }

  /** @param {Frame} frame */
  draw(frame) {
    const { text } = this.data;
    const { image, drawn } = frame.facts;
    this.facts = frame.facts;
    this.input = arrayOf(frame, this.lane, "input");
    this.hidden = arrayOf(frame, this.lane, "hidden");
    this.probability = arrayOf(frame, this.lane, "probability");
    this.pad.show(this.input, null, drawn ? text.own_drawing : fill(text.image_number, { number: image + 1 }));
    this.answerRow();
    this.paint();
  }

  get rows() {
    return this.probability?.shape[0] ?? 0;
  }

  /** The row after which is told what the network would say: the last one, unless another is pointed at. */
  get row() {
    return Math.min(this.shared.row ?? this.rows - 1, this.rows - 1);
  }

  answerRow() {
    if (!this.probability) return;
    const classes = this.probability.shape[1];
    const { text, lang } = this.data;
    const own = this.probability.data.subarray(this.row * classes, (this.row + 1) * classes);
    /** @type {[string, string]} */
    const sentences =
      this.shared.row === null ? [text.verdict, text.verdict_drawn] : [text.verdict_row, text.verdict_row];
    const words = { row: this.row + 1, rows: this.rows };
    this.best = this.answer.show(own, this.facts.label, sentences, lang, words);
    setAttribute(this.element, "data-best", this.best);
  }

  /** @param {number | null} row */
  choose(row) {
    cancelAnimationFrame(this.shared.sweeping ?? 0);
    this.follow(row);
  }

  /** @param {number | null} row */
  follow(row) {
    if (this.shared.row === row) return;
    this.shared.row = row;
    this.shared.changed();
  }

  /** @param {PointerEvent} options */
  point({ offsetY }) {
    const row = Math.floor(((offsetY - TOP) / (this.height - TOP - BOTTOM)) * this.rows);
    this.choose(row >= 0 && row < this.rows ? row : null);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const change = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!change) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(this.rows - 1, this.row + change)));
  }

  /** Read it once more, slowly enough for the eye. */
  sweep() {
    cancelAnimationFrame(this.shared.sweeping ?? 0);
    const start = performance.now();
    /** @param {number} now */
    const move = (now) => {
      const share = (now - start) / SWEEP;
      this.follow(share < 1 ? Math.floor(share * this.rows) : null);
      if (share < 1) this.shared.sweeping = requestAnimationFrame(move);
    };
    move(start);
  }

  paint() {
    if (!this.probability || !this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    const tall = this.height - TOP - BOTTOM;
    const places = this.places(tall);
    this.paintInput(pen, places[0], tall);
    this.paintMemory(pen, places[1], tall);
    this.paintClasses(pen, this.probability, places[2], tall);
    const { text, picture } = this.data;
    pen.font = `${11 * this.theme.scale}px ${this.theme.font}`;
    pen.fillStyle = toCss(this.theme.muted);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    const headings = [
      [picture.rows],
      [text.reading_memory, text.reading_memory_short],
      [text.reading_classes, text.reading_classes_short],
    ];
    headings.forEach((words, i) => {
      const fits = words.find((word) => pen.measureText(word).width <= places[i].width) ?? words[words.length - 1];
      pen.fillText(shortened(pen, fits, places[i].width), places[i].left, 1);
    });
    if (this.shared.row !== null) this.paintRow(pen, tall);
  }

  /**
   * Left ends and widths of the three columns; an image stays square where there is room.
   * @param {number} tall
   */
  places(tall) {
    const free = this.width - 2 * GAP;
    const first = Math.min(tall, MOST * free);
    const second = MEMORY * (free - first);
    return [
      { left: 0, width: first },
      { left: first + GAP, width: second },
      { left: first + second + 2 * GAP, width: free - first - second },
    ];
  }

  /**
   * @param {Pen} pen
   * @param {{ left: number; width: number }} options
   * @param {number} tall
   */
  paintInput(pen, { left, width }, tall) {
    const {
      data,
      shape: [rows, columns],
    } = this.input;
    if (columns > 1) {
      drawTile(pen, { data, shape: [1, rows, columns] }, 0, greyPixels(), left, TOP, width, tall);
      return;
    }
    pen.fillStyle = toCss(mix(this.theme.background, this.theme.text, 0.05));
    pen.fillRect(left, TOP, width, tall);
    pen.strokeStyle = this.theme.train;
    pen.lineWidth = 1.6;
    pen.beginPath();
    data.forEach((value, row) => {
      const x = left + (width / 2) * (1 + Math.max(-HIGHEST, Math.min(HIGHEST, value)) / HIGHEST);
      const y = TOP + ((row + 0.5) / rows) * tall;
      if (row) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    });
    pen.stroke();
  }

  /**
   * @param {Pen} pen
   * @param {{ left: number; width: number }} options
   * @param {number} tall
   */
  paintMemory(pen, { left, width }, tall) {
    drawTile(pen, this.hidden, 0, signedPixels(this.theme), left, TOP, width, tall);
  }

  /**
   * @param {Pen} pen
   * @param {NumberArray<Float32Array>} probability
   * @param {{ left: number; width: number }} options
   * @param {number} tall
   */
  paintClasses(pen, probability, { left, width }, tall) {
    const {
      data,
      shape: [rows, classes],
    } = probability;
    const [wide, high] = [width / classes, tall / rows];
    for (let i = 0; i < data.length; i += 1) {
      pen.fillStyle = toCss(mix(this.theme.background, this.theme.primary, 0.06 + 0.94 * data[i]));
      pen.fillRect(left + (i % classes) * wide, TOP + Math.floor(i / classes) * high, wide - 1, high + 0.5);
    }
    const size = wide < 9 ? 8 : Math.min(11 * this.theme.scale, Math.max(11, wide));
    pen.font = `${size}px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    for (let label = 0; label < classes; label += 1) {
      pen.fillStyle = label === this.facts.label ? this.theme.positive : toCss(this.theme.muted);
      pen.fillText(this.answer.short(label), left + (label + 0.5) * wide, this.height - 1);
    }
  }

  /**
   * What is not read yet is dim.
   * @param {Pen} pen
   * @param {number} tall
   */
  paintRow(pen, tall) {
    const y = TOP + ((this.row + 1) / this.rows) * tall;
    pen.fillStyle = toCss(this.theme.background, 0.72);
    pen.fillRect(0, y, this.width, TOP + tall - y);
    pen.fillStyle = toCss(this.theme.primary);
    pen.fillRect(0, y - 1, this.width, 2);
  }

  describe() {
    return this.answer.verdict.textContent;
  }

  destroy() {
    cancelAnimationFrame(this.shared.sweeping ?? 0);
    this.stop();
  }
}
