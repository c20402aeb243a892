// The time slider: back through the steps whose frames were kept. Its last place is the present.

import { create, fill, formatCount, setAttribute, setText } from "./dom.js";

/** @type {Record<string, number>} */
const MOVES = { ArrowLeft: -1, ArrowDown: -1, PageDown: -5, ArrowRight: 1, ArrowUp: 1, PageUp: 5 };

export class Timeline {
  /** @type {Words} */
  text;
  /** @type {number[]} */
  kept;
  /** @type {number|null} */
  looking;
  /** @type {number} */
  end;

  /**
   * @param {HTMLElement} host
   * @param {{ onLook: (step: number) => void; onLive: () => void }} options
   */
  constructor(host, { onLook, onLive }) {
    this.handlers = { onLook, onLive };
    this.kept = [];
    this.words = create("label", { class: "tp-time-name" });
    this.slider = create("input", {
      type: "range",
      class: "tp-range",
      min: 0,
      max: 0,
      value: 0,
      step: 1,
      "data-testid": "time",
      oninput: () => this.go(this.nearest(Number(this.slider.value))),
      onkeydown: (event) => this.press(event),
    });
    this.place = create("output", { class: "tp-time-place", "aria-live": "off", "data-testid": "time-place" });
    host.append(this.words, this.slider, this.place);
  }

  /** @param {Words} text */
  relabel(text) {
    this.text = text;
    setText(this.words, text.time);
    setAttribute(this.slider, "aria-label", text.time_help);
    setAttribute(this.slider, "title", text.time_help);
  }

  /**
   * The place of the kept step next to a step; one past the last for the present.
   * @param {number} step
   */
  nearest(step) {
    const steps = [...this.kept, this.end];
    return steps.reduce((best, other, i) => (Math.abs(other - step) <= Math.abs(steps[best] - step) ? i : best), 0);
  }

  /**
   * Look at a kept step by its place among them, or back to the present.
   * @param {number} place
   */
  go(place) {
    const step = this.kept[Math.max(0, place)];
    this.looking = step ?? null; // the next key may come before the next picture
    if (step === undefined) this.handlers.onLive();
    else this.handlers.onLook(step);
  }

  /**
   * Keys go from one kept step to the next.
   * @param {KeyboardEvent} event
   */
  press(event) {
    const here = this.looking === null ? this.kept.length : this.kept.indexOf(this.looking);
    /** @type {Record<string, number>} */
    const ends = { Home: 0, End: this.kept.length };
    const place = ends[event.key] ?? (event.key in MOVES ? here + MOVES[event.key] : null);
    if (place === null) return;
    event.preventDefault();
    this.go(place);
  }

  /** @param {LiveState} options */
  show({ kept, looking, step, lang }) {
    this.kept = kept;
    this.looking = looking;
    if (looking === null) this.end = Math.max(1, step, kept.at(-1) ?? 0);
    else this.end = Math.max(this.end ?? 1, kept.at(-1) ?? 0);
    const value = looking ?? this.end;
    setAttribute(this.slider, "max", this.end);
    if (Number(this.slider.value) !== value) this.slider.value = String(value);
    this.slider.disabled = kept.length === 0;
    this.slider.style.setProperty("--part", String(value / this.end));
    const words =
      looking === null ? this.text.time_live : fill(this.text.time_step, { step: formatCount(looking, lang) });
    setText(this.place, words);
    setAttribute(this.slider, "aria-valuetext", words);
  }
}
