// A card's picture: a canvas that answers the pointer by itself, and a sentence on what is pointed at.

import { create, setAttribute, setText } from "../../shared/live/js/dom.js";
import { decodeBase64Frame } from "../../shared/live/js/frames.js";
import { keep } from "../../shared/live/js/mounting.js";
import { watchSize } from "../../shared/live/js/plot.js";
import { loadStyles } from "../../shared/live/js/styles.js";
import { applyTheme, readTheme } from "../../shared/live/js/theme.js";
import { fitCanvas } from "../../shared/pictures/tiles.js";
import { Film } from "./film.js";
import { Panels } from "./panels.js";
import { Plots } from "./plots.js";
import { Surface } from "./surface.js";
import { Wave } from "./wave.js";
import { Windows } from "./windows.js";

loadStyles("./cards.css", import.meta.url);

/** @type {Record<CardFacts["kind"], new (card: CardHost) => CardPicture>} */
const PICTURES = { windows: Windows, wave: Wave, film: Film, panels: Panels, plots: Plots, surface: Surface };
/** @type {("pointermove" | "pointerdown" | "pointerleave")[]} */
const POINTER_EVENTS = ["pointermove", "pointerdown", "pointerleave"];
/** @type {Record<string, Step>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * The arrays of a picture by name, and its plain facts.
 * @param {Frame} frame
 */
function unpackFrame(frame) {
  /** @type {Record<string, CardArray>} */
  const arrays = {};
  for (const [name, array] of Object.entries(frame.arrays)) {
    arrays[name.slice("card/".length)] = /** @type {CardArray} */ (array);
  }
  return { arrays, facts: /** @type {CardFacts} */ (frame.facts.card) };
}

class CardView {
  /** @type {Theme} */
  theme;
  /** @type {Words} */
  text;
  /** @type {(name: string, value: unknown) => void} */
  trigger;
  /** @type {string} */
  frame;
  /** @type {string} */
  card;
  /** @type {CardPicture|undefined} */
  picture;
  /** @type {number} */
  width;
  /** @type {number} */
  height;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.canvas = create("canvas", {
      class: "tp-card-canvas",
      role: "img",
      tabindex: 0,
      "data-testid": "card-picture",
    });
    this.box = create("div", { class: "tp-card-box" }, this.canvas);
    this.readout = create("div", { class: "tp-card-readout", "data-testid": "card-readout" });
    this.root = create("div", { class: "tp-live tp-card", "data-testid": "card" }, this.box, this.readout);
    parent.append(this.root);
    for (const kind of POINTER_EVENTS) this.canvas.addEventListener(kind, (event) => this.point(kind, event));
    this.canvas.addEventListener("keydown", (event) => this.pressKey(event));
    this.stop = watchSize(this.box, (width) => {
      this.width = width;
      this.arrange();
    });
  }

  /** @param {Component<CardData>} options */
  update({ data, setTriggerValue }) {
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    setAttribute(this.root, "lang", data.lang);
    setAttribute(this.root, "data-card", data.card);
    this.text = data.text;
    this.trigger = setTriggerValue;
    if (this.frame !== data.frame || this.card !== data.card) {
      const { arrays, facts } = unpackFrame(decodeBase64Frame(data.frame));
      if (this.card !== data.card || !this.picture) {
        this.picture?.destroy?.();
        this.picture = new PICTURES[facts.kind](this);
      }
      Object.assign(this, { frame: data.frame, card: data.card });
      this.picture?.take(arrays, facts);
      this.root.dataset.frames = String(Number(this.root.dataset.frames ?? 0) + 1);
    }
    this.arrange();
  }

  arrange() {
    if (!this.picture || !this.width) return;
    this.height = Math.ceil(this.picture.layout(this.width));
    this.canvas.style.height = `${this.height}px`;
    this.paint();
  }

  paint() {
    if (!this.picture || !this.width) return;
    const pen = fitCanvas(this.canvas, this.width, this.height);
    pen.clearRect(0, 0, this.width, this.height);
    this.picture.paint(pen, this.theme);
    const sentence = this.picture.tell();
    setText(this.readout, sentence);
    setAttribute(this.canvas, "aria-label", sentence || this.text.picture);
    this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1);
  }

  /**
   * @param {string} kind
   * @param {PointerEvent} event
   */
  point(kind, event) {
    if (!this.picture) return;
    const touched = event.pointerType !== "mouse";
    if (kind === "pointerleave" ? touched : kind === "pointermove" && touched && !event.buttons) return;
    /** @type {Point | null} */
    const place = kind === "pointerleave" ? null : [event.offsetX, event.offsetY];
    if (this.picture.point(place, kind === "pointerdown")) this.paint();
  }

  /** @param {KeyboardEvent} event */
  pressKey(event) {
    const move = MOVES[event.key];
    if (!move || !this.picture?.press) return;
    event.preventDefault();
    if (this.picture.press(move)) this.paint();
  }

  destroy() {
    this.stop();
    this.picture?.destroy?.();
    this.root.remove();
  }
}

export const mount = keep("card", CardView);
