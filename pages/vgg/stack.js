// A list of layers as a drawing of the stack, with a chip below each layer: choose, drag, change, add, delete.

import { childrenOf, create, fill, nameControl, setAttribute, setText } from "../shared/live/js/dom.js";
import { keep } from "../shared/live/js/mounting.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { applyTheme, readTheme } from "../shared/live/js/theme.js";

loadStyles("./stack.css", import.meta.url);

const TALLEST = 116;
const WIDEST = 34;
const FIRST_CHANNELS = 64;
const DRAG = 6;

class StackView {
  /** @type {StackData} */
  data;
  /** @type {Component<StackData>} */
  component;
  /** @type {Record<"left"|"right"|"remove"|"conv"|"pool", HTMLButtonElement>} */
  buttons;
  /** @type {HTMLInputElement} */
  number;
  /** @type {HTMLElement} */
  place;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = create("div", { class: "tp-live", "data-testid": "stack-view" });
    this.presets = create("div", { class: "tp-stack-bar", role: "group" });
    this.row = create("div", { class: "tp-stack", role: "list", "data-testid": "stack" });
    this.tools = create("div", { class: "tp-stack-bar", role: "group" });
    this.chosen = 0;
    this.buildTools();
    this.root.append(this.presets, create("div", { class: "tp-stack-scroll" }, this.row), this.tools);
    parent.append(this.root);
  }

  buildTools() {
    /**
     * @param {string} name
     * @param {() => void} act
     */
    const button = (name, act) =>
      create("button", {
        type: "button",
        class: "tp-chip",
        "data-testid": `layer-${name}`,
        onclick: act,
      });
    this.number = create("input", {
      type: "number",
      min: 1,
      class: "tp-stack-number",
      "data-testid": "layer-channels",
      onchange: () => this.changeNumber(),
    });
    this.buttons = {
      left: button("left", () => this.move(this.chosen, this.chosen - 1)),
      right: button("right", () => this.move(this.chosen, this.chosen + 1)),
      remove: button("remove", () => this.edit((cfg) => cfg.splice(this.chosen, 1))),
      conv: button("add-conv", () => this.add(this.lastChannels())),
      pool: button("add-pool", () => this.add("M")),
    };
    this.place = create("span", { class: "tp-stack-place" });
    const { left, right, remove, conv, pool } = this.buttons;
    this.tools.append(
      this.place,
      this.number,
      left,
      right,
      remove,
      create("span", { class: "tp-stack-gap" }),
      conv,
      pool,
    );
  }

  /** @param {Component<StackData>} component */
  update(component) {
    this.component = component;
    const { data } = component;
    this.data = data;
    this.chosen = Math.min(this.chosen, data.cfg.length - 1);
    applyTheme(this.root, readTheme(this.root));
    setAttribute(this.root, "lang", data.lang);
    this.paintPresets();
    this.paintLayers();
    this.paintTools();
  }

  paintPresets() {
    const { presets, cfg } = this.data;
    this.presets.replaceChildren(
      ...Object.entries(presets).map(([key, { name, list }]) =>
        create(
          "button",
          {
            type: "button",
            class: "tp-chip",
            "data-testid": `preset-${key}`,
            "aria-pressed": list.join() === cfg.join(),
            onclick: () => this.edit((wanted) => wanted.splice(0, wanted.length, ...list)),
          },
          name,
        ),
      ),
    );
  }

  paintLayers() {
    const { layers, broken, text, size } = this.data;
    const most = Math.max(...layers.map(({ channels }) => channels));
    this.row.replaceChildren(
      ...layers.map((layer, at) => {
        const side = layer.kind === "linear" ? 1 : layer.out;
        const height = layer.kind === "linear" ? 44 : Math.max(5, TALLEST * Math.sqrt(side / size));
        const width = Math.max(4, WIDEST * Math.sqrt(layer.channels / most));
        const isBroken = at === broken;
        const block = create("div", {
          class: "tp-stack-block",
          style: `height:${height}px;width:${layer.kind === "M" ? 5 : width}px`,
        });
        const sizes =
          layer.kind === "linear" ? [`${layer.channels}`] : isBroken ? ["✕"] : [`${layer.channels}`, `${side}×${side}`];
        const words = fill(text[isBroken ? "layer_broken" : `layer_${layer.kind}`], { ...layer, number: at + 1 });
        return create(
          "div",
          {
            class: "tp-stack-layer",
            role: "listitem",
            title: words,
            "data-kind": layer.kind,
            "data-broken": isBroken,
            "data-after": broken !== null && at > broken,
          },
          ...sizes.map((line) => create("span", { class: "tp-stack-sizes" }, line)),
          block,
          this.chip(at, words),
        );
      }),
    );
  }

  /**
   * @param {number} at
   * @param {string} words
   */
  chip(at, words) {
    const { cfg } = this.data;
    if (at >= cfg.length)
      return create("button", { type: "button", class: "tp-layer-chip", disabled: "", "aria-label": words }, "Linear");
    const chip = create(
      "button",
      {
        type: "button",
        class: "tp-layer-chip",
        "aria-pressed": at === this.chosen,
        "aria-label": words,
        "data-testid": `layer-${at}`,
        onclick: () => this.choose(at),
        onkeydown: (event) => this.pressKey(event, at),
      },
      String(cfg[at]),
    );
    chip.addEventListener("pointerdown", (event) => this.drag(event, at, chip));
    return chip;
  }

  /**
   * Drag a chip to another place with the mouse; a short press only chooses it. A finger scrolls the row instead.
   * @param {PointerEvent} event
   * @param {number} at
   * @param {HTMLElement} chip
   */
  drag(event, at, chip) {
    if (event.button !== 0 || event.pointerType !== "mouse") return;
    const start = event.clientX;
    chip.setPointerCapture(event.pointerId);
    /** @type {number | null} */
    let target = null;
    const layers = childrenOf(this.row).slice(0, this.data.cfg.length);
    /** @param {PointerEvent} options */
    const move = ({ clientX }) => {
      if (Math.abs(clientX - start) < DRAG && target === null) return;
      target = layers.filter((node) => node.getBoundingClientRect().left + node.offsetWidth / 2 < clientX).length;
      layers.forEach((node, i) => node.classList.toggle("tp-stack-drop", i === target));
    };
    const end = () => {
      chip.removeEventListener("pointermove", move);
      layers.forEach((node) => node.classList.remove("tp-stack-drop"));
      if (target !== null) this.move(at, target > at ? target - 1 : target);
    };
    chip.addEventListener("pointermove", move);
    chip.addEventListener("pointerup", end, { once: true });
    chip.addEventListener("pointercancel", end, { once: true });
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} at
   */
  pressKey(event, at) {
    const act = {
      ArrowLeft: () => (event.altKey ? this.move(at, at - 1) : this.choose(at - 1)),
      ArrowRight: () => (event.altKey ? this.move(at, at + 1) : this.choose(at + 1)),
      Delete: () => this.edit((cfg) => cfg.splice(at, 1)),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    this.chosen = at;
    act();
  }

  /** @param {number} at */
  choose(at) {
    this.chosen = Math.max(0, Math.min(this.data.cfg.length - 1, at));
    this.paintLayers();
    this.paintTools();
    /** @type {HTMLElement | null} */ (this.row.querySelector(`[data-testid="layer-${this.chosen}"]`))?.focus({
      preventScroll: true,
    });
  }

  paintTools() {
    const { text, cfg, most_channels: most, most_layers: mostLayers } = this.data;
    const value = cfg[this.chosen];
    setText(this.place, fill(text.layer_chosen, { number: this.chosen + 1 }));
    this.number.hidden = value === "M";
    this.number.max = String(most);
    if (document.activeElement !== this.number) this.number.value = value === "M" ? "" : String(value);
    nameControl(this.number, text.layer_channels);
    const signs = { left: "◀", right: "▶", remove: "✕", conv: `+ ${this.lastChannels()}`, pool: "+ M" };
    for (const [name, node] of Object.entries(this.buttons)) {
      setText(node, signs[/** @type {keyof typeof signs} */ (name)]);
      nameControl(node, text[`layer_${name}_help`]);
    }
    this.buttons.left.disabled = this.chosen === 0;
    this.buttons.right.disabled = this.chosen === cfg.length - 1;
    this.buttons.remove.disabled = cfg.length === 1;
    this.buttons.conv.disabled = this.buttons.pool.disabled = cfg.length >= mostLayers;
  }

  lastChannels() {
    return this.data.cfg.slice(0, this.chosen + 1).findLast((value) => value !== "M") ?? FIRST_CHANNELS;
  }

  changeNumber() {
    const wanted = Math.round(Number(this.number.value));
    if (!(wanted >= 1)) return;
    this.edit((cfg) => {
      cfg[this.chosen] = Math.min(this.data.most_channels, wanted);
    });
  }

  /** @param {StackEntry} value */
  add(value) {
    this.edit((cfg) => cfg.splice(this.chosen + 1, 0, value));
    this.chosen += 1;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  move(from, to) {
    if (to < 0 || to >= this.data.cfg.length || from === to) return;
    this.edit((cfg) => cfg.splice(to, 0, ...cfg.splice(from, 1)));
    this.chosen = to;
  }

  /** @param {(cfg: StackEntry[]) => unknown} change */
  edit(change) {
    const cfg = [...this.data.cfg];
    change(cfg);
    this.component.setTriggerValue("cfg", { cfg, n: Date.now() });
  }

  destroy() {
    this.root.remove();
  }
}

/** Build the view, or bring it up to date; returns what takes it away again. */
export const mount = keep("stack", StackView);
