// One image on its way through the network: what goes in, the filters, the maps, and the ten probabilities.

import { create, fill, formatPercent, setAttribute, setText } from "../../dom.js";
import { Pad } from "./pad.js";
import { signedPixels, Strip } from "./tiles.js";

export class LayersPane {
  constructor(lane, { subject, onFilter, onTile, settings }) {
    this.lane = lane;
    this.settings = settings;
    this.pad = new Pad(subject, { onDraw: () => {} });
    this.verdict = create("div", { class: "tp-verdict", role: "status", "data-testid": `verdict-${lane}` });
    this.bars = create("div", { class: "tp-bars", "data-testid": `bars-${lane}` });
    const head = create("div", { class: "tp-layers-head" },
      this.pad.element, create("div", { class: "tp-answer" }, this.verdict, this.bars));
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
    this.arrangeBars(data.picture.names);
  }

  arrangeBars(names) {
    if (this.names?.join() === names.join()) return;
    this.names = names;
    this.columns = names.map((name, label) => {
      const bar = create("span", { class: "tp-bar-fill" });
      const node = create("div", { class: "tp-bar-column", title: name },
        create("div", { class: "tp-bar-track" }, bar), create("span", { class: "tp-bar-name" }, String(label)));
      return { node, bar };
    });
    this.bars.replaceChildren(...this.columns.map(({ node }) => node));
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
    this.answer(get("probability").data, label, drawn, lang);
  }

  answer(probability, label, drawn, lang) {
    const best = probability.reduce((most, value, i) => (value > probability[most] ? i : most), 0);
    this.columns.forEach(({ node, bar }, i) => {
      bar.style.transform = `scaleY(${probability[i] ?? 0})`;
      node.dataset.best = String(i === best);
      node.dataset.truth = String(i === label);
    });
    const { text } = this.data;
    const words = { answer: this.names[best], sure: formatPercent(probability[best], lang), truth: this.names[label] };
    setText(this.verdict, fill(label < 0 ? text.verdict_drawn : text.verdict, words));
    this.verdict.dataset.right = label < 0 ? "" : String(best === label);
    setAttribute(this.element, "data-best", best);
  }

  describe() {
    return this.verdict.textContent;
  }

  destroy() {
    Object.values(this.strips).forEach((strip) => strip.destroy());
  }
}
