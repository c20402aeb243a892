// The network, drawn: links as wide as their weights, every neuron as the map of its own activation.

import { acquire, release } from "../shared/live/js/connection.js";
import { childrenOf, create, fill, formatNumber, penOf, setAttribute, setText } from "../shared/live/js/dom.js";
import { decodeBase64Frame, findArray } from "../shared/live/js/frames.js";
import { keep } from "../shared/live/js/mounting.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { applyTheme, mix, parseColor, readTheme, toCss } from "../shared/live/js/theme.js";
import { Gradients } from "./gradients.js";
import { chooseLinks, linkAt, linkCurve, neuronAt, nextNeuron, placeNeurons, splitWeights } from "./network_layout.js";
import { NeuronMaps } from "./network_maps.js";

loadStyles("./network.css", import.meta.url);

const LARGE_MAP = 132;
const WIDEST = 5;
const PAUSE = 70;
const PARTS = ["units", "weights"];
const SCALES = [0.5, 1, 2, 3, 5, 8, 12, 20, 40, 80, 200, 1000, Infinity];

class NetworkView {
  /** @type {HTMLElement} */
  tip;
  /** @type {HTMLCanvasElement} */
  tipMap;
  /** @type {HTMLElement[]} */
  tipLines;
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {number} */
  scale;
  /** @type {LinearLayer[]} */
  linears;
  /** @type {Link[]|undefined} */
  links;
  /** @type {PlacedLayer[]|undefined} */
  placed;
  /** @type {Frame|null} */
  preview;
  /** @type {import("../shared/live/js/connection.js").Connection|null} */
  connection;
  /** @type {() => void} */
  unsubscribe;
  /** @type {Frame|null} */
  drawn;
  /** @type {PointedPart|null} */
  pointed;
  /** @type {Timer|null} */
  pending;
  /** @type {boolean} */
  gone;
  /** @type {number|undefined} */
  last;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = create("div", { class: "tp-live", "data-testid": "network-view" });
    this.lane = "run";
    this.lanes = create("div", { class: "tp-lanes", role: "group" });
    this.hint = create("span", { class: "tp-network-hint" });
    this.canvas = create("canvas", { class: "tp-network", role: "img", tabindex: 0, "data-testid": "network" });
    this.box = create("div", { class: "tp-network-box" }, this.canvas);
    this.buildTip();
    const gradients = create("div", { class: "tp-gradients", "data-testid": "gradient-norms" });
    this.gradients = new Gradients(gradients);
    this.root.append(create("div", { class: "tp-network-head" }, this.lanes, this.hint), this.box, gradients);
    parent.append(this.root);
    this.maps = new NeuronMaps();
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("keydown", (event) => this.pressKey(event));
    this.canvas.addEventListener("blur", () => this.point(null));
    this.stopWatching = watchSize(this.box, (width, height) => this.resize(width, height));
  }

  buildTip() {
    this.tipMap = create("canvas", { width: LARGE_MAP, height: LARGE_MAP });
    this.tipLines = [0, 1, 2].map(() => create("div"));
    this.tip = create(
      "div",
      { class: "tp-tip", hidden: "", "data-testid": "network-tip" },
      this.tipMap,
      ...this.tipLines,
    );
    this.box.append(this.tip);
  }

  /** @param {Component} options */
  update({ data }) {
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    setAttribute(this.root, "lang", data.lang);
    if (this.data !== data) this.adopt(data);
    this.maps.prepare(data.picture, this.theme);
    this.gradients.arrange(data.picture.layers, data.text, this.theme);
    setText(this.hint, data.text.network_hint);
    this.arrangeLanes();
    this.place();
    this.drawn = null;
    this.schedule();
  }

  /** @param {LiveData} data */
  adopt(data) {
    if (this.data?.run !== data.run) this.gradients.forget();
    if (this.data?.preview !== data.preview) this.preview = data.preview ? decodeBase64Frame(data.preview) : null;
    this.data = data;
    if (!data.lanes.includes(this.lane)) this.lane = "run";
    this.connect(data.run === null ? null : data.socket);
  }

  /** @param {string | null} path */
  connect(path) {
    if ((this.connection?.path ?? null) === (path ?? null)) return;
    this.disconnect();
    if (!path) return;
    const connection = acquire(path);
    this.connection = connection;
    this.unsubscribe = connection.subscribe((change) => {
      if (change === "frame") this.schedule();
    });
    connection.setParts(this, PARTS);
  }

  disconnect() {
    if (!this.connection) return;
    this.unsubscribe();
    this.connection.setParts(this, []);
    release(this.connection);
    this.connection = null;
  }

  arrangeLanes() {
    const { lanes, text } = this.data;
    this.lanes.hidden = lanes.length < 2;
    setAttribute(this.lanes, "aria-label", text.lane_choice);
    if (this.lanes.children.length !== lanes.length) {
      this.lanes.replaceChildren(
        ...lanes.map((lane) =>
          create("button", {
            type: "button",
            class: "tp-chip",
            "data-lane": lane,
            onclick: () => this.chooseLane(lane),
          }),
        ),
      );
    }
    for (const button of childrenOf(this.lanes)) {
      setText(button, text[`lane_${button.dataset.lane}`]);
      setAttribute(button, "aria-pressed", button.dataset.lane === this.lane);
    }
  }

  /** @param {string} lane */
  chooseLane(lane) {
    this.lane = lane;
    this.gradients.forget();
    this.arrangeLanes();
    this.drawn = null;
    this.schedule();
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const scale = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    Object.assign(this, { width, height, scale });
    this.place();
    this.paint();
  }

  place() {
    if (!this.data || !this.width) return;
    this.placed = placeNeurons(this.data.picture.layers, this.width, this.height);
  }

  schedule() {
    if (this.pending || this.gone) return;
    const wait = Math.max(0, (this.last ?? 0) + PAUSE - performance.now());
    this.pending = setTimeout(
      () =>
        requestAnimationFrame(() => {
          this.pending = null;
          this.draw();
        }),
      wait,
    );
  }

  draw() {
    if (this.gone || !this.data) return;
    this.last = performance.now();
    const frame = this.connection?.current ?? this.preview;
    if (!frame || frame === this.drawn) return;
    const weights = findArray(frame, this.lane, "weights")?.data;
    if (!weights) return; // made before this view was open: the next one has them
    this.drawn = frame;
    this.maps.take(frame, this.lane);
    this.linears = splitWeights(this.data.picture.layers, weights);
    this.links = chooseLinks(this.linears);
    this.paint();
    const past = this.connection?.looking !== null && this.connection?.looking !== undefined;
    this.gradients.show(findArray(frame, this.lane, "gradient_norm")?.data, frame.step, !past);
  }

  paint() {
    const { placed, links } = this;
    if (!placed || !links || !this.matches(placed)) return;
    const pen = penOf(this.canvas);
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    this.paintLinks(pen, placed, links);
    this.paintNeurons(pen, placed);
    this.paintNames(pen, placed);
    this.showTip();
    this.describe();
  }

  /**
   * After a change of layers the old frame does not fit; wait for the next.
   * @param {PlacedLayer[]} placed
   */
  matches(placed) {
    return (
      this.linears.length === placed.length - 1 && this.linears.every(({ bias, outputs }) => bias.length === outputs)
    );
  }

  /**
   * @param {Pen} pen
   * @param {PlacedLayer[]} placed
   * @param {Link[]} links
   */
  paintLinks(pen, placed, links) {
    const strongest = links.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 0);
    const scale = SCALES.find((size) => size >= strongest) ?? Infinity;
    const positive = parseColor(this.theme.positive);
    const negative = parseColor(this.theme.negative);
    for (const link of links) {
      const strength = Math.min(1, Math.abs(link.weight) / scale);
      const faded = this.pointed?.neuron && !touches(link, this.pointed.neuron);
      const chosen = this.pointed?.link && sameLink(link, this.pointed.link);
      const alpha = chosen ? 1 : (0.25 + 0.6 * Math.sqrt(strength)) * (faded ? 0.18 : 1);
      const [x0, y0, x1, y1, x2, y2, x3, y3] = linkCurve(link, placed);
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.bezierCurveTo(x1, y1, x2, y2, x3, y3);
      pen.strokeStyle = toCss(link.weight < 0 ? negative : positive, alpha);
      pen.lineWidth = 0.4 + WIDEST * strength + (chosen ? 1.5 : 0);
      pen.stroke();
    }
  }

  /**
   * @param {Pen} pen
   * @param {PlacedLayer[]} placed
   */
  paintNeurons(pen, placed) {
    const edge = toCss(mix(this.theme.background, this.theme.text, 0.4));
    for (const { neurons } of placed) {
      for (const neuron of neurons) {
        const { x, y, side } = neuron;
        pen.fillStyle = toCss(this.theme.background);
        pen.fillRect(x, y, side, side);
        const mapped = this.maps.draw(pen, neuron, x, y, side);
        if (!mapped) this.paintLabel(pen, neuron);
        pen.strokeStyle = edge;
        pen.lineWidth = this.pointed?.neuron === neuron ? 2 : side > 12 ? 1 : 0.5;
        pen.strokeRect(x, y, side, side);
      }
    }
  }

  /**
   * @param {Pen} pen
   * @param {PlacedNeuron} options
   */
  paintLabel(pen, { layer, index, x, y, side }) {
    const text = this.data.picture.layers[layer].labels?.[index] ?? "";
    pen.fillStyle = toCss(this.theme.text);
    pen.font = `11px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, x + side / 2, y + side / 2, side - 2);
  }

  /**
   * @param {Pen} pen
   * @param {PlacedLayer[]} placed
   */
  paintNames(pen, placed) {
    pen.fillStyle = toCss(this.theme.muted);
    pen.font = `12px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const room = this.width / placed.length - 4;
    this.data.picture.layers.forEach(({ name }, layer) => pen.fillText(name, placed[layer].center, 2, room));
    this.paintInputNames(pen, placed[0].neurons, room);
  }

  /**
   * @param {Pen} pen
   * @param {PlacedNeuron[]} inputs
   * @param {number} room
   */
  paintInputNames(pen, inputs, room) {
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const { index, x, y, side } of inputs) {
      const label = this.data.picture.layers[0].labels?.[index];
      if (label && this.maps.formulas[index] && x > 18) pen.fillText(label, x - 5, y + side / 2, Math.min(room, x - 6));
    }
  }

  /** @param {PointerEvent | null} event */
  point(event) {
    const before = this.pointed;
    this.pointed = event ? this.find(event.offsetX, event.offsetY) : null;
    if (!before && !this.pointed) return;
    if (before?.neuron !== this.pointed?.neuron || before?.link !== this.pointed?.link) this.paint();
    else this.showTip();
  }

  /**
   * The arrow keys go from neuron to neuron.
   * @param {KeyboardEvent} event
   */
  pressKey(event) {
    if (!event.key.startsWith("Arrow") || !this.placed) return;
    event.preventDefault();
    const neuron = nextNeuron(this.placed, this.pointed?.neuron ?? null, event.key);
    this.pointed = { neuron, link: null, x: neuron.x + neuron.side, y: neuron.y };
    this.paint();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  find(x, y) {
    const { placed, links } = this;
    if (!placed || !links || !this.matches(placed)) return null;
    const neuron = neuronAt(placed, x, y);
    const link = neuron ? null : linkAt(links, placed, x, y);
    return neuron || link ? { neuron, link, x, y } : null;
  }

  showTip() {
    this.tip.hidden = !this.pointed;
    if (!this.pointed) return;
    const { neuron, link, x, y } = this.pointed;
    const lines = neuron ? this.neuronWords(neuron) : link ? this.linkWords(link) : [];
    this.tipLines.forEach((line, i) => {
      setText(line, lines[i] ?? "");
      line.hidden = !lines[i];
    });
    this.tipMap.hidden = !neuron || !this.enlarge(neuron);
    const left = x + 18 + this.tip.offsetWidth > this.width ? x - 18 - this.tip.offsetWidth : x + 18;
    const top = Math.min(y - 20, this.height - this.tip.offsetHeight);
    this.tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  /** @param {PlacedNeuron} neuron */
  enlarge(neuron) {
    const pen = penOf(this.tipMap);
    pen.clearRect(0, 0, LARGE_MAP, LARGE_MAP);
    return this.maps.draw(pen, neuron, 0, 0, LARGE_MAP);
  }

  /**
   * @param {number} layer
   * @param {number} index
   */
  nameOf(layer, index) {
    const { text, picture } = this.data;
    const { name, labels } = picture.layers[layer];
    if (labels?.[index]) return labels[index];
    return fill(text.neuron_name, { index: index + 1, layer: name });
  }

  /** @param {PlacedNeuron} neuron */
  neuronWords(neuron) {
    const { text } = this.data;
    const { layer, index } = neuron;
    const lines = [this.nameOf(layer, index)];
    const range = this.maps.range(neuron);
    if (range) lines.push(fill(text.neuron_range, { low: formatNumber(range[0]), high: formatNumber(range[1]) }));
    if (layer > 0) lines.push(fill(text.neuron_bias, { bias: formatNumber(this.linears[layer - 1].bias[index]) }));
    return lines;
  }

  /** @param {Link} options */
  linkWords({ layer, from, to }) {
    const { weight, inputs } = this.linears[layer];
    return [
      fill(this.data.text.link_name, { from: this.nameOf(layer, from), to: this.nameOf(layer + 1, to) }),
      fill(this.data.text.link_weight, { weight: formatNumber(weight[to * inputs + from]) }),
    ];
  }

  describe() {
    const { text, picture } = this.data;
    const sizes = picture.layers.map(({ size }) => size).join(", ");
    const words = fill(text.network_label, { sizes, step: this.drawn?.step ?? 0 });
    const neuron = document.activeElement === this.canvas ? this.pointed?.neuron : null;
    setAttribute(this.canvas, "aria-label", neuron ? this.neuronWords(neuron).join("; ") : words);
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.pending ?? undefined);
    this.disconnect();
    this.stopWatching();
    this.root.remove();
  }
}

/**
 * @param {Link} one
 * @param {Link} other
 */
const sameLink = (one, other) => one.layer === other.layer && one.from === other.from && one.to === other.to;

/**
 * @param {Link} options
 * @param {PlacedNeuron} neuron
 */
const touches = ({ layer, from, to }, neuron) =>
  (layer === neuron.layer && from === neuron.index) || (layer + 1 === neuron.layer && to === neuron.index);

/** Build the view, or bring it up to date; returns what takes it away again. */
export const mount = keep("network", NetworkView);
