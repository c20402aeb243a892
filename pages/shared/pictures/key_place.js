// A place on a picture that the arrow keys move: what a pointer does there, for those who use none.

import { create } from "../live/js/dom.js";
import { loadStyles } from "../live/js/styles.js";

loadStyles("./key_place.css", import.meta.url);

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FASTER = 5;

/** @param {number} share */
const inside = (share) => Math.min(1, Math.max(0, share));

/** A button that is seen while it has the focus, at its place on a box; Enter and Space press it. */
export class KeyPlace {
  /**
   * @param {string} testid
   * @param {KeyPlaceHandlers} handlers
   * @param {number} step the share of the box's side that a key moves it; with Shift five of them
   */
  constructor(testid, handlers, step) {
    this.handlers = handlers;
    this.step = step;
    /** @type {Point} shares of the box's width and height */
    this.at = [0.5, 0.5];
    this.button = create("button", {
      type: "button",
      class: "tp-key-place",
      "data-testid": testid,
      onkeydown: (event) => this.pressKey(event),
      onfocus: () => this.handlers.onMove(this.at, this.at),
      onblur: () => this.handlers.onLeave?.(),
      onclick: () => this.handlers.onPress(this.at),
    });
    this.spoken = create("div", { class: "tp-spoken", "aria-live": "polite" });
    this.element = create("div", { class: "tp-key-box" }, this.button, this.spoken);
    this.show();
  }

  get focused() {
    return document.activeElement === this.button;
  }

  /** @param {KeyboardEvent} event */
  pressKey(event) {
    const move = ARROWS[event.key];
    if (!move) {
      this.handlers.onKey?.(event);
      return;
    }
    event.preventDefault();
    const from = this.at;
    const step = this.step * (event.shiftKey ? FASTER : 1);
    this.at = [inside(from[0] + step * move[0]), inside(from[1] + step * move[1])];
    this.show();
    this.handlers.onMove(from, this.at);
  }

  show() {
    this.button.style.left = `${100 * this.at[0]}%`;
    this.button.style.top = `${100 * this.at[1]}%`;
  }
}
