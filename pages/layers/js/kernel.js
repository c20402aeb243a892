// A kernel's numbers in a grid, each to be changed.

import { create, fill, setAttribute, setText } from "../../shared/live/js/dom.js";
import { keep } from "../../shared/live/js/mounting.js";
import { loadStyles } from "../../shared/live/js/styles.js";
import { applyTheme, inkOn, readTheme, toCss, unpack } from "../../shared/live/js/theme.js";
import { signedPixels, toByte } from "../../shared/pictures/tiles.js";
import { clamp, largest } from "./board.js";

loadStyles("./cards.css", import.meta.url);

const MOST = 100;

class KernelEditor {
  /** @type {Theme} */
  theme;
  /** @type {Words} */
  text;
  /** @type {(name: string, value: unknown) => void} */
  trigger;
  /** @type {HTMLInputElement[]} */
  inputs;
  /** @type {string} */
  values;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.grid = create("div", { class: "tp-kernel", role: "group", "data-testid": "kernel" });
    this.refused = create("div", { class: "tp-kernel-refused", role: "alert" });
    this.root = create("div", { class: "tp-live" }, this.grid, this.refused);
    parent.append(this.root);
    this.inputs = [];
  }

  /** @param {Component<KernelData>} options */
  update({ data, setTriggerValue }) {
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    this.trigger = setTriggerValue;
    this.text = data.text;
    if (this.inputs.length !== data.values.length) {
      this.inputs = data.values.map(() =>
        create("input", {
          inputmode: "decimal",
          autocomplete: "off",
          onchange: () => this.changed(),
          oninput: (event) => this.colour(/** @type {HTMLInputElement} */ (event.target)),
        }),
      );
      this.grid.replaceChildren(...this.inputs);
      this.grid.style.gridTemplateColumns = `repeat(${data.size}, minmax(0, 1fr))`;
    }
    const values = JSON.stringify(data.values);
    data.values.forEach((value, i) => {
      const input = this.inputs[i];
      setAttribute(
        input,
        "aria-label",
        fill(data.text.cell, { row: Math.floor(i / data.size) + 1, column: (i % data.size) + 1 }),
      );
      if (this.values !== values) input.value = String(Number(value.toFixed(3)));
    });
    this.values = values;
    for (const input of this.inputs) this.colour(input);
    this.showRefusal();
  }

  /** Say below the grid which number can't be used. */
  showRefusal() {
    const wrong = this.inputs.find((input) => this.value(input) === null);
    setText(
      this.refused,
      wrong ? fill(this.text.refused, { low: `−${MOST}`, high: MOST, value: wrong.value.slice(0, 20) }) : "",
    );
  }

  /** @param {HTMLInputElement} input */
  value(input) {
    const value = Number(input.value.trim().replace("−", "-").replace(",", "."));
    return input.value.trim() !== "" && Number.isFinite(value) && Math.abs(value) <= MOST ? value : null;
  }

  /** @param {HTMLInputElement} input */
  colour(input) {
    const value = this.value(input);
    input.setAttribute("aria-invalid", String(value === null));
    const most = largest(this.inputs.map((each) => this.value(each) ?? 0)) || 1;
    const colour = unpack(signedPixels(this.theme)[clamp(toByte(value ?? 0, most), 0, 255)]);
    input.style.background = toCss(colour);
    input.style.color = inkOn(colour);
  }

  changed() {
    const values = this.inputs.map((input) => this.value(input));
    this.showRefusal();
    if (values.every((value) => value !== null)) this.trigger("kernel", values);
  }

  destroy() {
    this.root.remove();
  }
}

export const mount = keep("kernel", KernelEditor);
