// One image on its way through the network: what goes in, the filters, the maps, and the ten probabilities.

import { create, fill, setAttribute } from "../live/js/dom.js";
import { arrayOf, findArray } from "../live/js/frames.js";
import { Answer } from "./answer.js";
import { Pad } from "./pad.js";
import { Strip, signedPixels } from "./tiles.js";

export class LayersPane {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Record<string, Strip>} */
  strips;

  /**
   * @param {string} lane
   * @param {PaneHandlers} options
   */
  constructor(lane, { subject, onFilter, onTile, settings }) {
    this.lane = lane;
    this.settings = settings;
    this.pad = new Pad(subject, { onDraw: () => {} });
    this.answer = new Answer(lane);
    this.handlers = { onFilter, onTile };
    const head = create("div", { class: "tp-layers-head" }, this.pad.element, this.answer.element);
    this.strips = {};
    this.rows = create("div", { class: "tp-strips" });
    this.element = create("div", { class: "tp-layers" }, head, this.rows);
  }

  /**
   * A strip for the first filters, if there are any, and one for each layer or block whose maps the frame has.
   * @param {string[]} names
   */
  arrange(names) {
    if (Object.keys(this.strips).join() === names.join()) return;
    this.destroy();
    const { onFilter, onTile } = this.handlers;
    this.strips = Object.fromEntries(
      names.map((name) => [
        name,
        new Strip(name, {
          onPoint: (index, event) => onTile(index === null ? null : { strip: this.strips[name], name, index, event }),
          onChoose: name === "filters" ? onFilter : null,
        }),
      ]),
    );
    this.rows.dataset.many = String(names.length > 3);
    this.rows.replaceChildren(...Object.values(this.strips).map(({ element }) => element));
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
    this.pad.allow(data.picture.drawn !== false);
    this.pad.relabel(data.text);
    this.answer.arrange(data.picture.names);
  }

  /** @param {Frame} frame */
  draw(frame) {
    const { text, lang } = this.data;
    const { image, label, drawn } = frame.facts;
    const pixels = signedPixels(this.theme);
    this.pad.show(
      findArray(frame, this.lane, "input"),
      this.settings.saliency ? findArray(frame, this.lane, "saliency") : null,
      drawn ? text.own_drawing : fill(text.image_number, { number: image + 1 }),
    );
    const maps = Object.keys(frame.arrays)
      .filter((name) => name.startsWith(`${this.lane}/maps`))
      .map((name) => name.split("/")[1]);
    const filters = findArray(frame, this.lane, this.settings.gradients ? "filter_gradients" : "filters");
    this.arrange(filters ? ["filters", ...maps] : maps);
    if (filters) {
      const [count, size] = [filters.shape[0], filters.shape.at(-1)];
      this.strips.filters.name(
        fill(this.settings.gradients ? text.gradients_caption : text.filters_caption, { count, size }),
      );
      this.strips.filters.draw(filters, pixels);
    }
    for (const [number, name] of maps.entries()) {
      const array = arrayOf(frame, this.lane, /** @type {`maps${string}`} */ (name));
      const size = frame.facts.sides?.[this.lane]?.[number] ?? array.shape[1];
      this.strips[name].name(fill(text.maps_caption, { count: array.shape[0], size, number: number + 1 }));
      this.strips[name].draw(array, pixels);
    }
    if (frame.facts.unseen) {
      this.answer.excuse(text.unseen);
      return;
    }
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
    Object.values(this.strips).forEach((strip) => strip.destroy());
  }
}
