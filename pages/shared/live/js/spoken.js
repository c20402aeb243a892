// What a screen reader says of the training: one line, when something happens and now and then on the way.

import { create, fill, formatCount, setText } from "./dom.js";
import { loadStyles } from "./styles.js";

loadStyles("./spoken.css", import.meta.url);

const PARTS = 4;
const SETTLE = 500;
const LEAST_BETWEEN = 5000;

/**
 * What makes another sentence worth saying; the step alone does not.
 * @param {LiveState} state
 * @param {string} kind of the banner
 */
const standing = ({ status, online, unreached, silent, notice, full, message }, kind) =>
  [
    status,
    online === "lost",
    online === "unreached" && unreached?.reason,
    silent,
    notice,
    full,
    message?.code,
    message?.cause,
    kind,
  ].join("/");

export class Spoken {
  /** @type {Timer|undefined} */
  timer;
  /** @type {string|undefined} */
  said;
  /** @type {{ count: string; words: string }} */
  next;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.count = create("div");
    this.words = create("div");
    this.part = 0;
    this.time = -Infinity;
    this.line = create(
      "div",
      { class: "tp-spoken", role: "status", "aria-atomic": "true", "data-testid": "spoken" },
      this.count,
      this.words,
    );
    host.append(this.line);
  }

  /**
   * Say it, if it is news: another standing at once, a further part of the way not too soon after the last words.
   * @param {LiveState} state
   * @param {Words} text
   * @param {{ kind: string; words: string }} banner
   */
  show(state, text, { kind, words }) {
    if (state.looking !== null) return; // the time slider says its own place
    const news = standing(state, kind);
    const part = Math.floor((PARTS * state.step) / (state.numSteps || 1));
    const onTheWay = part !== this.part && performance.now() - this.time >= LEAST_BETWEEN;
    if (news === this.said && !onTheWay) return;
    this.said = news;
    this.part = part;
    this.time = performance.now();
    const numbers = { step: formatCount(state.step, state.lang), num_steps: formatCount(state.numSteps, state.lang) };
    this.next = { count: fill(text.step_count, numbers), words };
    // What lasts only a moment, such as the start of a run, is not worth a word.
    this.timer ??= setTimeout(() => this.say(), SETTLE);
  }

  say() {
    this.timer = undefined;
    setText(this.count, this.next.count);
    setText(this.words, this.next.words);
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
