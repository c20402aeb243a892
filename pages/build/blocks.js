// One image on its way through any network: what each block makes of it, and the probabilities.

import { create, fill, setAttribute } from "../shared/live/js/dom.js";
import { arrayOf, findArray } from "../shared/live/js/frames.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { Answer } from "../shared/pictures/answer.js";
import { Pad } from "../shared/pictures/pad.js";
import { Strip, signedPixels } from "../shared/pictures/tiles.js";

loadStyles("./blocks.css", import.meta.url);

export class BlocksPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {string} */
  arranged;
  /** @type {Strip[]} */
  strips;

  /**
   * @param {string} lane
   * @param {PaneHandlers} options
   */
  constructor(lane, { subject, onTile }) {
    this.lane = lane;
    this.onTile = onTile;
    this.pad = new Pad(subject, { onDraw: () => {} });
    this.answer = new Answer(lane);
    this.strips = [];
    this.rows = create("div", { class: "tp-stages" });
    this.element = create(
      "div",
      { class: "tp-layers" },
      create("div", { class: "tp-layers-head" }, this.pad.element, this.answer.element),
      this.rows,
    );
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
    this.pad.allow(Boolean(data.picture.drawn));
    this.pad.relabel(data.text);
    this.answer.arrange(data.picture.names);
    this.arrange(data.picture.stages);
  }

  /**
   * A strip for each stage of the network.
   * @param {NetworkStage[]} stages
   */
  arrange(stages) {
    const wanted = stages.map(({ name, shape }) => `${name} ${shape}`).join();
    if (this.arranged === wanted) return;
    this.arranged = wanted;
    this.strips.forEach((strip) => strip.destroy());
    this.strips = stages.map((_, number) => {
      const strip = new Strip(`stage-${number}`, {
        onPoint: (index, event) => this.onTile(index === null ? null : { strip, name: `maps${number}`, index, event }),
      });
      return strip;
    });
    this.rows.replaceChildren(...this.strips.map(({ element }) => element));
  }

  /** @param {Frame} frame */
  draw(frame) {
    const { text, lang, picture } = this.data;
    const { image, label, drawn } = frame.facts;
    const pixels = signedPixels(this.theme);
    this.pad.show(
      arrayOf(frame, this.lane, "input"),
      null,
      drawn ? text.own_drawing : fill(text.image_number, { number: image + 1 }),
    );
    picture.stages.forEach(({ name, shape, count }, number) => {
      const maps = findArray(frame, this.lane, /** @type {const} */ (`maps${number}`));
      if (!maps) return;
      const words = maps.shape[0] < count ? text.stage_caption_some : text.stage_caption;
      this.strips[number].name(fill(words, { block: name, shape, shown: maps.shape[0], count }));
      this.strips[number].draw(maps, pixels);
    });
    const best = this.answer.show(
      arrayOf(frame, this.lane, "probability").data,
      label,
      [text.verdict, text.verdict_drawn],
      lang,
    );
    setAttribute(this.element, "data-best", best);
  }

  describe() {
    return this.answer.verdict.textContent;
  }

  destroy() {
    this.strips.forEach((strip) => strip.destroy());
  }
}
