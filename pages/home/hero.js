// The run at Home's top: its pictures one after another, again and again, while they are in sight.

import { create, fill, formatCount, formatPercent, nameControl, penOf, setText } from "../shared/live/js/dom.js";
import { decodeFrame } from "../shared/live/js/frames.js";
import { keep } from "../shared/live/js/mounting.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { readTheme, toCss } from "../shared/live/js/theme.js";
import { BoundaryPainter, stretch } from "../shared/pictures/boundary.js";

loadStyles("./home.css", import.meta.url);

/** Milliseconds that a picture stays, and the last one. */
const STAY = 66;
const REST = 2500;
const SIDE = 430;
const DOT = 3.2;

class Hero {
  /** @type {Component<HeroData>} */
  component;
  /** @type {Film|null} */
  film = null;
  /** @type {Theme} */
  theme;
  /** @type {Timer|undefined} */
  timer;
  at = 0;
  address = "";
  inSight = false;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.paused = this.still.matches;
    this.painter = new BoundaryPainter();
    this.canvas = create("canvas", { role: "img", "data-testid": "hero-picture", width: SIDE, height: SIDE });
    this.label = create("span", { class: "tp-hero-label" });
    this.start = create(
      "button",
      { class: "tp-hero-start", type: "button", "data-testid": "hero-start", onclick: () => this.begin() },
      this.canvas,
      this.label,
    );
    this.words = create("span", { "data-testid": "hero-step" });
    this.hold = create("button", { class: "tp-hero-hold", type: "button", onclick: () => this.toggle() });
    const line = create("div", { class: "tp-hero-line" }, this.words, this.hold);
    this.element = create("div", { class: "tp-hero", "data-testid": "hero" }, this.start, line);
    parent.append(this.element);
    this.watch = new IntersectionObserver(([entry]) => this.sight(entry.isIntersecting));
    this.watch.observe(this.canvas);
    this.seen = () => this.next();
    document.addEventListener("visibilitychange", this.seen);
  }

  /** @param {Component<HeroData>} component */
  update(component) {
    this.component = component;
    this.theme = readTheme(this.element);
    const { film, text } = component.data;
    setText(this.label, text.start);
    this.canvas.setAttribute("aria-label", text.picture);
    this.nameHold();
    if (this.address) this.draw();
    else this.load(film);
  }

  /** @param {string} address */
  async load(address) {
    this.address = address;
    const answer = await fetch(address);
    if (!answer.ok || !this.element.isConnected) return;
    this.film = filmOf(decodeFrame(await answer.arrayBuffer()));
    this.at = this.paused ? this.film.steps.length - 1 : 0;
    this.draw();
    this.next();
  }

  /** @param {boolean} inSight */
  sight(inSight) {
    this.inSight = inSight;
    this.next();
  }

  toggle() {
    this.paused = !this.paused;
    this.nameHold();
    this.next();
  }

  /** Show the next picture after a while; the only timer there is. */
  next() {
    clearTimeout(this.timer);
    if (!this.film || this.paused || !this.inSight || document.hidden) return;
    const last = this.film.steps.length - 1;
    this.timer = setTimeout(
      () => {
        this.at = this.at === last ? 0 : this.at + 1;
        this.draw();
        this.next();
      },
      this.at === last ? REST : STAY,
    );
  }

  draw() {
    const { film, theme } = this;
    if (!film || !theme) return;
    const { lang, steps, text } = this.component.data;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const side = Math.round(SIDE * scale);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const pen = penOf(this.canvas);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.boundary(pen, film, theme);
    this.points(pen, film, theme);
    const step = fill(text.step, {
      step: formatCount(film.steps[this.at], lang),
      num_steps: formatCount(steps, lang),
    });
    const accuracy = fill(text.accuracy, { accuracy: formatPercent(film.accuracy[this.at], lang) });
    setText(this.words, `${step} · ${accuracy}`);
  }

  nameHold() {
    const { text } = this.component.data;
    this.hold.dataset.paused = String(this.paused);
    nameControl(this.hold, this.paused ? text.play : text.pause);
  }

  /**
   * @param {Pen} pen
   * @param {Film} film
   * @param {Theme} theme
   */
  boundary(pen, { decision, shape, levels, classes, domain }, theme) {
    const size = shape[0] * shape[1];
    const data = decision.subarray(this.at * size, (this.at + 1) * size);
    const image = this.painter.paint({ data, shape }, { levels, classes, theme, hard: false });
    stretch(pen, image, domain, shape, ...scalesOf(domain));
  }

  /**
   * @param {Pen} pen
   * @param {Film} film
   * @param {Theme} theme
   */
  points(pen, { points, labels, domain }, theme) {
    const [toX, toY] = scalesOf(domain);
    pen.strokeStyle = toCss(theme.background);
    pen.lineWidth = 1;
    labels.forEach((label, index) => {
      pen.fillStyle = theme.classes[label];
      pen.beginPath();
      pen.arc(toX(points[2 * index]), toY(points[2 * index + 1]), DOT, 0, 2 * Math.PI);
      pen.fill();
      pen.stroke();
    });
  }

  begin() {
    this.component.setTriggerValue("start", { n: Date.now() });
  }

  destroy() {
    clearTimeout(this.timer);
    this.watch.disconnect();
    document.removeEventListener("visibilitychange", this.seen);
    this.film = null;
  }
}

/**
 * From the plane to pixels of the canvas.
 * @param {number[]} domain
 * @returns {[(value: number) => number, (value: number) => number]}
 */
function scalesOf([x0, x1, y0, y1]) {
  return [(x) => ((x - x0) / (x1 - x0)) * SIDE, (y) => ((y1 - y) / (y1 - y0)) * SIDE];
}

/**
 * @param {Frame} frame
 * @returns {Film}
 */
function filmOf({ arrays, levels, facts }) {
  const described = /** @type {FilmFacts} */ (/** @type {unknown} */ (facts));
  const array = (/** @type {string} */ name) => arrays[`run/${name}`];
  const { data, shape } = array("decision");
  return {
    decision: /** @type {Uint8Array} */ (data),
    shape: shape.slice(1),
    steps: /** @type {Int32Array} */ (array("steps").data),
    accuracy: /** @type {Float32Array} */ (array("accuracy").data),
    points: /** @type {Float32Array} */ (array("points").data),
    labels: /** @type {Int32Array} */ (array("labels").data),
    levels,
    classes: described.classes,
    domain: described.domain.run,
  };
}

export const mount = keep("hero", Hero);
