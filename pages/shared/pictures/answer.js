// What the network says of an image: a sentence, and a bar for each class.

import { create, fill, formatPercent, setText } from "../live/js/dom.js";

/**
 * The place of the largest number.
 * @param {Float32Array} values
 */
export const largest = (values) => values.reduce((most, value, i) => (value > values[most] ? i : most), 0);

/** As many classes, at most, are written out; of more only the numbers have room. */
const WRITTEN = 4;

/**
 * A class where there is little room.
 * @param {string[]} names
 * @param {number} label
 */
export const shortName = (names, label) => (names.length <= WRITTEN ? names[label] : String(label));

export class Answer {
  /** @type {string[]} */
  names;
  /** @type {{node: HTMLElement, bar: HTMLElement}[]} */
  columns;

  /** @param {string} lane */
  constructor(lane) {
    this.verdict = create("div", { class: "tp-verdict", role: "status", "data-testid": `verdict-${lane}` });
    this.bars = create("div", { class: "tp-bars", "data-testid": `bars-${lane}` });
    this.element = create("div", { class: "tp-answer" }, this.verdict, this.bars);
  }

  /** @param {string[]} names */
  arrange(names) {
    if (this.names?.join() === names.join()) return;
    this.names = names;
    this.columns = names.map((name, label) => {
      const bar = create("span", { class: "tp-bar-fill" });
      const node = create(
        "div",
        { class: "tp-bar-column", title: name },
        create("div", { class: "tp-bar-track" }, bar),
        create("span", { class: "tp-bar-name" }, this.short(label)),
      );
      return { node, bar };
    });
    this.bars.dataset.written = String(names.length <= WRITTEN);
    this.bars.replaceChildren(...this.columns.map(({ node }) => node));
  }

  /**
   * Nothing is said of the image, and why.
   * @param {string} words
   */
  excuse(words) {
    for (const { node, bar } of this.columns) {
      bar.style.transform = "scaleY(0)";
      node.dataset.best = node.dataset.truth = "false";
    }
    setText(this.verdict, words);
    this.verdict.dataset.right = "";
  }

  /** @param {number} label */
  short(label) {
    return shortName(this.names, label);
  }

  /**
   * @param {Float32Array} probability
   * @param {number} label
   * @param {[of_labelled: string, of_drawn: string]} sentences [of an image with a label, of one without], to be filled
   * @param {string} lang
   */
  show(probability, label, sentences, lang, words = {}) {
    const best = largest(probability);
    this.columns.forEach(({ node, bar }, i) => {
      bar.style.transform = `scaleY(${probability[i] ?? 0})`;
      node.dataset.best = String(i === best);
      node.dataset.truth = String(i === label);
    });
    const known = { answer: this.names[best], sure: formatPercent(probability[best], lang), truth: this.names[label] };
    setText(this.verdict, fill(sentences[label < 0 ? 1 : 0], { ...known, ...words }));
    this.verdict.dataset.right = label < 0 ? "" : String(best === label);
    return best;
  }
}
