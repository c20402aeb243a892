// The picture of networks that read images: tabs, and in each one pane a lane.

import { childrenOf, create, fill, setAttribute, setText } from "../live/js/dom.js";
import { loadStyles } from "../live/js/styles.js";
import { Subject } from "./pad.js";
import { ConfusionPane, MistakesPane, ProjectionPane } from "./tested.js";
import { drawTile, fitCanvas } from "./tiles.js";

loadStyles("./images.css", import.meta.url);

/**
 * The tabs that every picture of a tested network has: pane, and the part of the frames that it shows.
 * @type {Record<string, Tab>}
 */
export const TESTED = {
  mistakes: { Pane: MistakesPane, part: "test" },
  confusion: { Pane: ConfusionPane, part: "test" },
  projection: { Pane: ProjectionPane, part: "test" },
};
const LARGE = 112;
/** @type {("saliency" | "gradients")[]} */
const SETTINGS = ["saliency", "gradients"];

export class ImagePicture {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Frame|undefined} */
  frame;
  /** @type {string} */
  home;
  /** @type {Pane[]} */
  panes;
  /** @type {HTMLElement[]} */
  titles;
  /** @type {string|undefined} */
  known;
  /** @type {string} */
  arranged;
  /** @type {PointedTile|null} */
  pointed;

  /**
   * What it has, tab -> {Pane, part}: each page names its own; the first one is what the frames show at first.
   * @type {Record<string, Tab>}
   */
  static tabs = TESTED;

  /**
   * @param {HTMLElement} host
   * @param {PictureHandlers} options
   */
  constructor(host, { onFocus }) {
    this.host = host;
    this.onFocus = onFocus;
    this.kinds = /** @type {typeof ImagePicture} */ (this.constructor).tabs;
    const tabs = Object.keys(this.kinds);
    [this.home] = tabs;
    this.tab = this.home;
    this.channel = 0;
    this.settings = { saliency: false, gradients: false };
    this.shared = { pixel: null, row: null, changed: () => this.redraw() };
    this.panes = [];
    this.subject = new Subject({ onTouch: () => this.wait(), onChange: () => this.ask() });
    this.tabs = create(
      "div",
      { class: "tp-tabs", role: "tablist" },
      ...tabs.map((tab) =>
        create("button", {
          type: "button",
          role: "tab",
          class: "tp-tab",
          "data-tab": tab,
          "data-testid": `tab-${tab}`,
          onclick: () => this.open(tab),
        }),
      ),
    );
    this.toggles = SETTINGS.map((name) => this.toggle(name));
    this.options = create("div", { class: "tp-image-options" }, ...this.toggles.map(({ label }) => label));
    this.stage = create("div", { class: "tp-panes" });
    this.tipImage = create("canvas", { width: LARGE, height: LARGE });
    this.tipWords = create("div");
    this.tip = create("div", { class: "tp-tip", hidden: "" }, this.tipImage, this.tipWords);
    host.append(this.tabs, this.stage, this.options, this.tip);
  }

  /** @param {"saliency" | "gradients"} name */
  toggle(name) {
    const words = create("span");
    const input = create("input", {
      type: "checkbox",
      "data-testid": `show-${name}`,
      onchange: () => {
        this.settings[name] = input.checked;
        this.redraw();
      },
    });
    return { name, words, label: create("label", { class: "tp-toggle" }, input, words) };
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    this.data = data;
    this.theme = theme;
    const { text } = data;
    for (const tab of childrenOf(this.tabs)) {
      setText(tab, text[`tab_${tab.dataset.tab}`]);
      setAttribute(tab, "title", text[`tab_${tab.dataset.tab}_help`]);
      setAttribute(tab, "aria-selected", tab.dataset.tab === this.tab);
    }
    for (const { name, words, label } of this.toggles) {
      setText(words, text[`show_${name}`]);
      setAttribute(label, "title", text[`show_${name}_help`]);
    }
    if (this.known && this.known !== data.picture.dataset) this.subject.choose(0);
    this.known = data.picture.dataset;
    this.arrange();
    this.redraw();
  }

  /** One pane a lane, of the tab's kind. */
  arrange() {
    const { lanes, text } = this.data;
    const wanted = `${this.tab}/${lanes.join()}`;
    if (this.arranged !== wanted) {
      this.arranged = wanted;
      this.panes.forEach((pane) => pane.destroy());
      this.panes = lanes.map(
        (lane) =>
          new this.kinds[this.tab].Pane(lane, {
            subject: this.subject,
            settings: this.settings,
            shared: this.shared,
            channels: this.data.picture.channels,
            onFilter: "convolution" in this.kinds ? (channel) => this.closeUp(channel) : null,
            onChannel: (channel) => this.closeUp(channel),
            onImage: (image) => {
              this.tab = this.home;
              this.subject.choose(image);
              this.update(this.data, this.theme);
            },
            onTile: (tile) => this.showTip(tile),
          }),
      );
      this.titles = lanes.map(() => create("figcaption", { class: "tp-plane-title" }));
      for (const { element } of this.panes) element.setAttribute("role", "group");
      this.stage.replaceChildren(
        ...this.panes.map((pane, i) => create("figure", { class: "tp-pane" }, this.titles[i], pane.element)),
      );
      this.tip.hidden = true;
    }
    this.titles.forEach((title, i) => setText(title, lanes.length > 1 ? text[`lane_${lanes[i]}`] : ""));
    this.options.hidden = this.tab !== "layers";
    for (const pane of this.panes) pane.update(this.data, this.theme);
  }

  /** @param {string} tab */
  open(tab) {
    this.tab = tab;
    this.update(this.data, this.theme);
    this.ask();
  }

  /** @param {number} channel */
  closeUp(channel) {
    this.channel = channel;
    this.open("convolution");
  }

  /** What is shown is not yet the answer to what was asked. */
  wait() {
    setAttribute(this.stage, "aria-busy", "true");
  }

  /** Tell what is looked at, so that the frames show it. */
  ask() {
    const { part } = this.kinds[this.tab];
    this.wait();
    const subject = part === "test" ? {} : this.subject.focus;
    this.onFocus(part === "convolution" ? { part, ...subject, channel: this.channel } : { part, ...subject });
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.frame = frame;
    this.redraw();
  }

  redraw() {
    if (!this.frame || !this.data || this.frame.facts.part !== this.kinds[this.tab].part) return;
    setAttribute(this.stage, "aria-busy", this.tab === this.home && this.frame.facts.version !== this.subject.version);
    for (const pane of this.panes) {
      if (!Object.keys(this.frame.arrays).some((name) => name.startsWith(`${pane.lane}/`))) continue;
      pane.draw(this.frame);
      pane.drawn = true;
    }
    if (this.pointed) this.showTip(this.pointed);
  }

  describe() {
    for (const pane of this.panes) setAttribute(pane.element, "aria-label", pane.drawn ? pane.describe() : "");
  }

  /**
   * A map, large, with its name.
   * @param {PointedTile | null} tile
   */
  showTip(tile) {
    this.pointed = tile;
    const array = tile?.strip.array;
    this.tip.hidden = !tile || !array || tile.index >= array.shape[0];
    if (!tile || !array || this.tip.hidden) return;
    const pen = fitCanvas(this.tipImage, LARGE, LARGE);
    drawTile(pen, array, tile.index, tile.strip.pixels, 0, 0, LARGE, LARGE);
    const words = this.data.text[`tile_${tile.name}`] ?? this.data.text.tile_maps;
    setText(this.tipWords, fill(words, { number: tile.index + 1, layer: tile.name.replace("maps", "") }));
    const host = this.host.getBoundingClientRect();
    const [x, y] = [tile.event.clientX - host.left, tile.event.clientY - host.top];
    const left = Math.min(x + 14, host.width - this.tip.offsetWidth - 2);
    const above = y - this.tip.offsetHeight - 12;
    this.tip.style.transform = `translate(${Math.max(0, left)}px, ${above > 0 ? above : y + 18}px)`;
  }

  destroy() {
    this.panes.forEach((pane) => pane.destroy());
  }
}
