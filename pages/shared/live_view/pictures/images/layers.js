// One image on its way through the network: what goes in, the filters, the maps, and the ten probabilities.

import { create, fill, setAttribute, setText } from "../../dom.js";
import { Answer } from "./answer.js";
import { Pad } from "./pad.js";
import { signedPixels, Strip } from "./tiles.js";

export class LayersPane {
  constructor(lane, { subject, onFilter, onTile, settings }) {
    this.lane = lane;
    this.settings = settings;
    this.pad = new Pad(subject, { onDraw: () => {} });
    this.answer = new Answer(lane);
    const head = create("div", { class: "tp-layers-head" }, this.pad.element, this.answer.element);
    this.strips = Object.fromEntries(["filters", "maps1", "maps2"].map((name) => [name, new Strip(name, {
      onPoint: (index, event) => onTile(index === null ? null : { strip: this.strips[name], name, index, event }),
      onChoose: name === "filters" ? onFilter : null,
    })]));
    this.element = create("div", { class: "tp-layers" }, head, ...Object.values(this.strips).map(({ element }) => element));
  }

  update(data, theme) {
    this.data = data;
    this.theme = theme;
    this.pad.relabel(data.text);
    this.answer.arrange(data.picture.names);
  }

  draw(frame) {
    const get = (name) => frame.arrays[`${this.lane}/${name}`];
    const { text, lang } = this.data;
    const { image, label, drawn } = frame.facts;
    const pixels = signedPixels(this.theme);
    this.pad.show(get("input"), this.settings.saliency ? get("saliency") : null, this.theme,
      drawn ? text.own_drawing : fill(text.image_number, { number: image + 1 }));
    const filters = get(this.settings.gradients ? "filter_gradients" : "filters");
    const [count, size] = filters.shape;
    setText(this.strips.filters.caption, fill(this.settings.gradients ? text.gradients_caption : text.filters_caption, { count, size }));
    this.strips.filters.draw(filters, pixels);
    for (const [number, name] of ["maps1", "maps2"].entries()) {
      const maps = get(name);
      setText(this.strips[name].caption, fill(text.maps_caption, { count: maps.shape[0], size: maps.shape[1], number: number + 1 }));
      this.strips[name].draw(maps, pixels);
    }
    const best = this.answer.show(get("probability").data, label, [text.verdict, text.verdict_drawn], lang);
    setAttribute(this.element, "data-best", best);
  }

  describe() {
    return this.answer.verdict.textContent;
  }

  destroy() {
    Object.values(this.strips).forEach((strip) => strip.destroy());
  }
}
