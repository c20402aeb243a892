// What the test set shows: the surest mistakes, who is taken for whom, and the network's own order of the images.

import { childrenOf, create, fill, formatCount, formatPercent, penOf, setAttribute, setText } from "../live/js/dom.js";
import { arrayOf } from "../live/js/frames.js";
import { watchSize } from "../live/js/plot.js";
import { mix, parseColor, toCss } from "../live/js/theme.js";
import { shortName } from "./answer.js";
import { fitCanvas, greyPixels, Sheet } from "./tiles.js";

const MOST = 12;
const MARGIN = 12;

class TestPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {string} */
  sentence;

  /** @param {string} lane */
  constructor(lane) {
    this.lane = lane;
    this.note = create("div", { class: "tp-note", role: "status" });
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
  }

  /** @param {Frame} frame */
  wrong(frame) {
    const { data } = arrayOf(frame, this.lane, "confusion");
    const classes = this.data.picture.names.length;
    let right = 0;
    for (let i = 0; i < classes; i += 1) right += data[i * classes + i];
    return frame.facts.tested - right;
  }

  /** @param {Frame} frame */
  count(frame) {
    const { tested } = frame.facts;
    if (!tested) {
      setText(this.note, this.data.text.nothing_tested);
      return;
    }
    const [count] = arrayOf(frame, this.lane, "places").shape;
    const step = formatCount(frame.step, this.data.lang);
    const words = { step, wrong: this.wrong(frame), tested, count };
    setText(this.note, fill(this.data.text[this.sentence], words) + this.key());
  }

  /** What numbers stand for, where a picture has no room for words. */
  key() {
    return "";
  }

  describe() {
    return this.note.textContent;
  }

  destroy() {}
}

export class MistakesPane extends TestPane {
  /**
   * @param {string} lane
   * @param {PaneHandlers} options
   */
  constructor(lane, { onImage }) {
    super(lane);
    this.sentence = "mistakes_note";
    this.sheet = new Sheet();
    this.cards = Array.from({ length: MOST }, () => this.card(onImage));
    this.grid = create("div", { class: "tp-mistakes" }, ...this.cards.map(({ node }) => node));
    this.element = create("div", { class: "tp-layers" }, this.note, this.grid);
  }

  /** @param {(image: number) => void} onImage */
  card(onImage) {
    const canvas = create("canvas", { class: "tp-mistake-image", width: 56, height: 56 });
    const words = create("span", { class: "tp-mistake-words" });
    const bars = create("span", { class: "tp-mistake-bars" }, ...Array.from({ length: 10 }, () => create("i")));
    const node = create(
      "button",
      {
        type: "button",
        class: "tp-mistake",
        hidden: "",
        "data-testid": "mistake",
        onclick: () => onImage(Number(node.dataset.image)),
      },
      canvas,
      create("span", { class: "tp-mistake-side" }, bars, words),
    );
    return { node, canvas, words, bars };
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.count(frame);
    const images = arrayOf(frame, this.lane, "mistakes");
    const numbers = arrayOf(frame, this.lane, "mistake_numbers").data;
    const labels = arrayOf(frame, this.lane, "mistake_labels").data;
    const probability = arrayOf(frame, this.lane, "mistake_probability").data;
    this.sheet.fill(images, greyPixels());
    const { names } = this.data.picture;
    const { text, lang } = this.data;
    this.cards.forEach(({ node, canvas, words, bars }, i) => {
      node.hidden = i >= numbers.length;
      if (node.hidden) return;
      const own = probability.subarray(names.length * i, names.length * (i + 1));
      const best = own.reduce((most, value, label) => (value > own[most] ? label : most), 0);
      const pen = penOf(canvas);
      pen.imageSmoothingEnabled = false;
      this.sheet.draw(pen, i, 0, 0, 56, 56);
      setText(words, fill(text.mistake, { truth: names[labels[i]], answer: names[best] }));
      childrenOf(bars).forEach((bar, label) => {
        bar.hidden = label >= names.length;
        bar.style.transform = `scaleY(${Math.max(0.04, own[label] ?? 0)})`;
        bar.dataset.kind = label === best ? "best" : label === labels[i] ? "truth" : "";
      });
      node.dataset.image = String(numbers[i]);
      setAttribute(
        node,
        "title",
        fill(text.mistake_help, {
          truth: names[labels[i]],
          answer: names[best],
          sure: formatPercent(own[best], lang),
        }),
      );
    });
  }
}

export class ConfusionPane extends TestPane {
  /** @type {HTMLElement[][]} */
  cells;
  /** @type {string} */
  names;
  /** @type {string} */
  lang;

  /** @param {string} lane */
  constructor(lane) {
    super(lane);
    this.sentence = "confusion_note";
    this.table = create("table", { class: "tp-confusion", "data-testid": `confusion-${lane}` });
    this.element = create("div", { class: "tp-layers" }, this.note, this.table);
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    super.update(data, theme);
    const { names } = data.picture;
    setAttribute(this.table, "aria-label", data.text.confusion);
    if (this.names === names.join() && this.lang === data.lang) return;
    this.names = names.join();
    this.lang = data.lang;
    const head = create(
      "tr",
      {},
      create("th", { class: "tp-corner" }, data.text.true_and_said),
      ...names.map((name, label) => create("th", { title: name, scope: "col" }, shortName(names, label))),
    );
    this.cells = names.map(() => names.map(() => create("td")));
    this.table.replaceChildren(
      head,
      ...this.cells.map((row, label) =>
        create("tr", {}, create("th", { title: names[label], scope: "row" }, names[label]), ...row),
      ),
    );
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.count(frame);
    const { data } = arrayOf(frame, this.lane, "confusion");
    const {
      text,
      picture: { names },
    } = this.data;
    const classes = names.length;
    const right = parseColor(this.theme.positive);
    const wrong = parseColor(this.theme.warning);
    this.cells.forEach((row, truth) => {
      const total = Math.max(
        1,
        row.reduce((sum, _, said) => sum + data[truth * classes + said], 0),
      );
      row.forEach((cell, said) => {
        const count = data[truth * classes + said];
        setText(cell, count ? String(count) : "·");
        const share = count / total;
        const color = mix(
          this.theme.background,
          truth === said ? right : wrong,
          count ? 0.12 + 0.5 * Math.sqrt(share) : 0,
        );
        cell.style.background = toCss(color);
        setAttribute(cell, "title", fill(text.confusion_cell, { truth: names[truth], said: names[said], count }));
      });
    });
  }
}

export class ProjectionPane extends TestPane {
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {NumberArray<Float32Array>|undefined} */
  places;
  /** @type {Uint8Array} */
  labels;

  /** @param {string} lane */
  constructor(lane) {
    super(lane);
    this.sentence = "projection_note";
    this.canvas = create("canvas", { class: "tp-projection", role: "img", "data-testid": `projection-${lane}` });
    this.box = create("div", { class: "tp-canvas-box" }, this.canvas);
    this.element = create("div", { class: "tp-layers" }, this.note, this.box);
    this.stop = watchSize(this.box, (width, height) => {
      Object.assign(this, { width, height });
      this.paint();
    });
  }

  key() {
    const { names } = this.data.picture;
    const spoken = names.some((name, label) => shortName(names, label) === String(label) && name !== String(label));
    return spoken ? ` ${names.map((name, label) => `${label} = ${name}`).join(", ")}` : "";
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.count(frame);
    this.places = arrayOf(frame, this.lane, "places");
    this.labels = arrayOf(frame, this.lane, "labels").data;
    this.paint();
  }

  paint() {
    if (!this.places || !this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = `bold ${12 * this.theme.scale}px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const {
      data,
      shape: [count],
    } = this.places;
    for (let i = 0; i < count; i += 1) {
      pen.fillStyle = this.theme.classes[this.labels[i]] ?? toCss(this.theme.text);
      const x = MARGIN + ((data[2 * i] + 1) / 2) * (this.width - 2 * MARGIN);
      const y = MARGIN + ((1 - data[2 * i + 1]) / 2) * (this.height - 2 * MARGIN);
      pen.fillText(shortName(this.data.picture.names, this.labels[i]), x, y);
    }
    setAttribute(this.canvas, "aria-label", this.note.textContent);
  }

  destroy() {
    this.stop();
  }
}
