// The image that goes in: a test image, or what is drawn on it by hand.

import { create, nameControl, penOf, setAttribute, setText } from "../live/js/dom.js";
import { watchSize } from "../live/js/plot.js";
import { KeyPlace } from "./key_place.js";
import { drawTile, fitCanvas, greyPixels } from "./tiles.js";

const SIDE = 112;
const PEN = 9;
const PAUSE = 80;
const INSET = 0.3;
const KEY_STEP = 1 / 28;
const EDGE = 0.2;

/**
 * Whether two images have the same pixels.
 * @param {NumberArray | null | undefined} one
 * @param {NumberArray | null | undefined} other
 */
function alike(one, other) {
  if (!one || !other) return !one && !other;
  return one.data.length === other.data.length && one.data.every((value, i) => value === other.data[i]);
}

/**
 * Whether an image has more ink in the rows at its foot than in those at its head.
 * @param {NumberArray | null | undefined} image
 */
function inkAtFoot(image) {
  if (!image) return false;
  const { data, shape } = image;
  const edge = Math.ceil(EDGE * shape[0]) * shape[1];
  let ink = 0;
  for (let i = 0; i < edge; i += 1) ink += data[data.length - 1 - i] - data[i];
  return ink > 0;
}

/** Shared by all lanes: which image is looked at, and the strokes drawn so far. */
export class Subject {
  /** @type {Timer|null} */
  timer;

  /** @param {{onTouch: Function, onChange: Function}} handlers */
  constructor({ onTouch, onChange }) {
    this.touched = onTouch;
    this.changed = onChange;
    this.image = 0;
    this.sheet = create("canvas", { width: SIDE, height: SIDE });
    penOf(this.sheet, { willReadFrequently: true });
    this.drawn = false;
    this.version = 0;
  }

  touch() {
    this.version += 1;
    this.touched();
  }

  /** @param {number} image */
  choose(image) {
    this.image = ((image % 1000) + 1000) % 1000;
    this.drawn = false;
    this.touch();
    this.changed();
  }

  clear() {
    penOf(this.sheet).clearRect(0, 0, SIDE, SIDE);
    this.drawn = true;
    this.touch();
    this.announce();
  }

  /**
   * @param {Point} from
   * @param {Point} to
   */
  line(from, to) {
    const pen = penOf(this.sheet);
    if (!this.drawn) {
      pen.clearRect(0, 0, SIDE, SIDE);
      this.drawn = true;
    }
    pen.lineWidth = PEN;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#fff";
    pen.beginPath();
    pen.moveTo(from[0] * SIDE, from[1] * SIDE);
    pen.lineTo(to[0] * SIDE + 0.01, to[1] * SIDE);
    pen.stroke();
    this.touch();
    this.announce();
  }

  /** Ask a few times a second while the pen moves, and once when it rests. */
  announce() {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.changed();
    }, PAUSE);
  }

  get focus() {
    const { image, version } = this;
    return this.drawn ? { image, version, drawing: this.encode() } : { image, version };
  }

  encode() {
    const { data } = penOf(this.sheet).getImageData(0, 0, SIDE, SIDE);
    let bytes = "";
    for (let i = 3; i < data.length; i += 4) bytes += String.fromCharCode(data[i]);
    return btoa(bytes);
  }
}

export class Pad {
  /** @type {Point|null} */
  from;
  /** @type {NumberArray|undefined} */
  input;
  /** @type {NumberArray|null|undefined} */
  saliency;
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {number|undefined} */
  painted;
  /** @type {Theme} */
  theme;
  /** @type {boolean} */
  down;

  /**
   * @param {Subject} subject
   * @param {{ onDraw: () => void }} options
   */
  constructor(subject, { onDraw }) {
    this.subject = subject;
    this.onDraw = onDraw;
    this.drawable = true;
    this.canvas = create("canvas", { class: "tp-pad", role: "img", "data-testid": "pad" });
    this.previous = this.button("‹", "digit-previous", () => subject.choose(subject.image - 1));
    this.next = this.button("›", "digit-next", () => subject.choose(subject.image + 1));
    this.number = create("output", { class: "tp-pad-number", "data-testid": "digit-number" });
    this.clear = create("button", {
      type: "button",
      class: "tp-chip",
      "data-testid": "clear-pad",
      onclick: () => subject.clear(),
    });
    this.tools = create("div", { class: "tp-pad-tools" }, this.previous, this.number, this.next, this.clear);
    this.hint = create("span", { class: "tp-pad-hint" });
    this.keys = new KeyPlace(
      "pen",
      {
        onMove: (from, to) => {
          if (this.down) this.strokeFrom(from, to);
        },
        onPress: (at) => {
          this.lower(!this.down);
          if (this.down) this.strokeFrom(at, at);
        },
        onLeave: () => this.lower(false),
        onKey: (event) => {
          if (event.key === "Delete" || event.key === "Backspace") subject.clear();
        },
      },
      KEY_STEP,
    );
    this.lower(false);
    const sheet = create("div", { class: "tp-pad-sheet" }, this.canvas, this.keys.element);
    this.stage = create("div", { class: "tp-pad-stage" }, sheet, this.hint);
    this.element = create("div", { class: "tp-pad-box" }, this.stage, this.tools);
    watchSize(this.canvas, (width, height) => {
      Object.assign(this, { width, height });
      this.paint();
    });
    this.listen();
  }

  /**
   * @param {string} sign
   * @param {string} testid
   * @param {() => void} onclick
   */
  button(sign, testid, onclick) {
    return create("button", { type: "button", class: "tp-chip", "data-testid": testid, onclick }, sign);
  }

  listen() {
    /**
     * @param {PointerEvent} event
     * @returns {Point}
     */
    const place = ({ clientX, clientY }) => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      return [(clientX - left) / width, (clientY - top) / height];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.drawable) return;
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.from = place(event);
      this.stroke(this.from);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.from) return;
      for (const moved of event.getCoalescedEvents?.() ?? [event]) this.stroke(place(moved));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(end, () => {
        if (!this.from) return;
        this.from = null;
      });
    }
  }

  /**
   * Without its image where nothing can be drawn: then there is only the number to choose.
   * @param {string} what
   */
  only(what) {
    this.stage.hidden = this.clear.hidden = what === "number";
  }

  /**
   * Nothing is drawn on images that are no handwriting.
   * @param {boolean} drawing
   */
  allow(drawing) {
    this.drawable = drawing;
    this.clear.hidden = this.keys.button.hidden = !drawing;
    this.canvas.classList.toggle("tp-pad-still", !drawing);
  }

  /**
   * The pen that keys move is down and draws, or it is up.
   * @param {boolean} down
   */
  lower(down) {
    this.down = down;
    setAttribute(this.keys.button, "aria-pressed", down);
  }

  /**
   * @param {Point} from
   * @param {Point} to
   */
  strokeFrom(from, to) {
    this.from = from;
    this.stroke(to);
    this.from = null;
  }

  /** @param {Point} to */
  stroke(to) {
    this.subject.line(this.from ?? to, to);
    this.from = to;
    this.onDraw();
    this.paint();
  }

  /** @param {Words} text */
  relabel(text) {
    nameControl(this.previous, text.previous_image);
    nameControl(this.next, text.next_image);
    setText(this.clear, text.clear_pad);
    setAttribute(this.clear, "title", text.clear_pad_help);
    setAttribute(this.keys.button, "aria-label", text.pen_label);
    setText(this.hint, text.draw_here);
    const label = this.drawable ? text.pad_label : text.image_label;
    setAttribute(this.canvas, "aria-label", label);
    setAttribute(this.canvas, "title", label);
  }

  /**
   * @param {NumberArray | undefined} input
   * @param {NumberArray | null | undefined} saliency
   * @param {string} numbered
   */
  show(input, saliency, numbered) {
    const same = alike(input, this.input) && alike(saliency, this.saliency);
    Object.assign(this, { input, saliency });
    setText(this.number, numbered);
    this.hint.hidden = this.subject.drawn || !this.drawable;
    if (!same) this.hint.toggleAttribute("data-above", inkAtFoot(input));
    // While a network trains, most frames bring the same image again.
    if (!same || this.painted !== this.subject.version) this.paint();
  }

  /** A test image as it is; of a drawing its strokes, and in the corner what the network is given of them. */
  paint() {
    const { width, height } = this;
    if (!width) return;
    this.painted = this.subject.version;
    const pen = fitCanvas(this.canvas, width, height);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, width, height);
    if (!this.subject.drawn) {
      this.paintInput(pen, 0, 0, width, height);
      return;
    }
    pen.imageSmoothingEnabled = true;
    pen.drawImage(this.subject.sheet, 0, 0, width, height);
    pen.imageSmoothingEnabled = false;
    const side = Math.round(width * INSET);
    pen.strokeStyle = "#888";
    pen.strokeRect(width - side - 1.5, 1.5, side, side);
    this.paintInput(pen, width - side - 1, 2, side - 1, side - 1);
  }

  /**
   * @param {Pen} pen
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  paintInput(pen, x, y, width, height) {
    if (!this.input) return;
    const one = { data: this.input.data, shape: [1, ...this.input.shape] };
    drawTile(pen, one, 0, greyPixels(), x, y, width, height);
    if (this.saliency) this.paintSaliency(pen, this.saliency, x, y, width, height);
  }

  /**
   * @param {Pen} pen
   * @param {NumberArray} saliency
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  paintSaliency(pen, saliency, x, y, width, height) {
    const {
      data,
      shape: [rows, columns],
    } = saliency;
    const [w, h] = [width / columns, height / rows];
    for (let i = 0; i < data.length; i += 1) {
      if (data[i] < 20) continue;
      pen.fillStyle = `rgba(255, 120, 40, ${data[i] / 300})`;
      pen.fillRect(x + (i % columns) * w, y + Math.floor(i / columns) * h, w + 0.5, h + 0.5);
    }
  }
}
