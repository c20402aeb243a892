// The time slider: back through the steps whose frames were kept. Its last place is the present.

import { create, fill, formatCount, setAttribute, setText } from "./dom.js";

export class Timeline {
  /** @param {{onLook: Function, onLive: Function}} handlers */
  constructor(host, { onLook, onLive }) {
    this.kept = [];
    this.words = create("label", { class: "tp-time-name" });
    this.slider = create("input", {
      type: "range", class: "tp-range", min: 0, max: 0, value: 0, step: 1, "data-testid": "time",
      oninput: () => {
        const step = this.kept[Number(this.slider.value)];
        if (step === undefined) onLive();
        else onLook(step);
      },
    });
    this.place = create("output", { class: "tp-time-place", "data-testid": "time-place" });
    host.append(this.words, this.slider, this.place);
  }

  relabel(text) {
    this.text = text;
    setText(this.words, text.time);
    setAttribute(this.slider, "aria-label", text.time_help);
    setAttribute(this.slider, "title", text.time_help);
  }

  show({ kept, looking, lang }) {
    this.kept = kept;
    const position = looking === null ? kept.length : kept.indexOf(looking);
    setAttribute(this.slider, "max", Math.max(1, kept.length));
    const value = kept.length ? position : 1;
    if (Number(this.slider.value) !== value) this.slider.value = value;
    this.slider.disabled = kept.length === 0;
    this.slider.style.setProperty("--part", value / Math.max(1, kept.length));
    const words = looking === null ? this.text.time_live : fill(this.text.time_step, { step: formatCount(looking, lang) });
    setText(this.place, words);
    setAttribute(this.slider, "aria-valuetext", words);
  }
}
