// The network, drawn: links as wide as their weights, every neuron as the map of its own activation.

import { acquire, release } from "../shared/live/js/connection.js";
import { create, fill, formatNumber, setAttribute, setText } from "../shared/live/js/dom.js";
import { decodeBase64Frame } from "../shared/live/js/frames.js";
import { keep } from "../shared/live/js/mounting.js";
import { watchSize } from "../shared/live/js/plot.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { applyTheme, mix, parseColor, readTheme, toCss } from "../shared/live/js/theme.js";
import { Gradients } from "./gradients.js";
import { chooseLinks, linkAt, linkCurve, neuronAt, placeNeurons, splitWeights } from "./network_layout.js";
import { NeuronMaps } from "./network_maps.js";

loadStyles("./network.css", import.meta.url);

const LARGE_MAP = 132;
const WIDEST = 5;
const PAUSE = 70;
const SCALES = [0.5, 1, 2, 3, 5, 8, 12, 20, 40, 80, 200, 1000, Infinity];

class NetworkView {
  constructor(parent) {
    this.root = create("div", { class: "tp-live", "data-testid": "network-view" });
    this.lane = "run";
    this.lanes = create("div", { class: "tp-lanes", role: "group" });
    this.hint = create("span", { class: "tp-network-hint" });
    this.canvas = create("canvas", { class: "tp-network", role: "img", "data-testid": "network" });
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

  adopt(data) {
    if (this.data?.run !== data.run) this.gradients.forget();
    if (this.data?.preview !== data.preview) this.preview = data.preview ? decodeBase64Frame(data.preview) : null;
    this.data = data;
    if (!data.lanes.includes(this.lane)) this.lane = "run";
    this.connect(data.run === null ? null : data.socket);
  }

  connect(path) {
    if ((this.connection?.path ?? null) === (path ?? null)) return;
    this.disconnect();
    if (!path) return;
    this.connection = acquire(path);
    this.unsubscribe = this.connection.subscribe((change) => {
      if (change === "frame") this.schedule();
    });
  }

  disconnect() {
    if (!this.connection) return;
    this.unsubscribe();
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
    for (const button of this.lanes.children) {
      setText(button, text[`lane_${button.dataset.lane}`]);
      setAttribute(button, "aria-pressed", button.dataset.lane === this.lane);
    }
  }

  chooseLane(lane) {
    this.lane = lane;
    this.gradients.forget();
    this.arrangeLanes();
    this.drawn = null;
    this.schedule();
  }

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
    const frame = this.connection?.shown ?? this.preview;
    if (!frame || frame === this.drawn) return;
    this.drawn = frame;
    this.maps.take(frame, this.lane);
    const weights = frame.arrays[`${this.lane}/weights`]?.data;
    this.linears = weights ? splitWeights(this.data.picture.layers, weights) : [];
    this.links = chooseLinks(this.linears);
    this.paint();
    const past = this.connection?.looking !== null && this.connection?.looking !== undefined;
    this.gradients.show(frame.arrays[`${this.lane}/gradient_norm`]?.data, frame.step, !past);
  }

  paint() {
    if (!this.placed || !this.links || !this.matches()) return;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    this.paintLinks(pen);
    this.paintNeurons(pen);
    this.paintNames(pen);
    this.showTip();
    this.describe();
  }

  /** After a change of layers the old frame does not fit; wait for the next. */
  matches() {
    return (
      this.linears.length === this.placed.length - 1 &&
      this.linears.every(({ bias, outputs }) => bias.length === outputs)
    );
  }

  paintLinks(pen) {
    const strongest = this.links.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 0);
    const scale = SCALES.find((size) => size >= strongest);
    const positive = parseColor(this.theme.positive);
    const negative = parseColor(this.theme.negative);
    for (const link of this.links) {
      const strength = Math.min(1, Math.abs(link.weight) / scale);
      const faded = this.pointed?.neuron && !touches(link, this.pointed.neuron);
      const chosen = this.pointed?.link && sameLink(link, this.pointed.link);
      const alpha = chosen ? 1 : (0.25 + 0.6 * Math.sqrt(strength)) * (faded ? 0.18 : 1);
      const [x0, y0, x1, y1, x2, y2, x3, y3] = linkCurve(link, this.placed);
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.bezierCurveTo(x1, y1, x2, y2, x3, y3);
      pen.strokeStyle = toCss(link.weight < 0 ? negative : positive, alpha);
      pen.lineWidth = 0.4 + WIDEST * strength + (chosen ? 1.5 : 0);
      pen.stroke();
    }
  }

  paintNeurons(pen) {
    const edge = toCss(mix(this.theme.background, this.theme.text, 0.4));
    for (const { neurons } of this.placed) {
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

  paintLabel(pen, { layer, index, x, y, side }) {
    const text = this.data.picture.layers[layer].labels?.[index] ?? "";
    pen.fillStyle = toCss(this.theme.text);
    pen.font = `11px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, x + side / 2, y + side / 2, side - 2);
  }

  paintNames(pen) {
    pen.fillStyle = toCss(this.theme.muted);
    pen.font = `12px ${this.theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const room = this.width / this.placed.length - 4;
    this.data.picture.layers.forEach(({ name }, layer) => pen.fillText(name, this.placed[layer].center, 2, room));
    this.paintInputNames(pen, room);
  }

  paintInputNames(pen, room) {
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const { index, x, y, side } of this.placed[0].neurons) {
      const label = this.data.picture.layers[0].labels?.[index];
      if (label && this.maps.formulas[index] && x > 18) pen.fillText(label, x - 5, y + side / 2, Math.min(room, x - 6));
    }
  }

  point(event) {
    const before = this.pointed;
    this.pointed = event ? this.find(event.offsetX, event.offsetY) : null;
    if (!before && !this.pointed) return;
    if (before?.neuron !== this.pointed?.neuron || before?.link !== this.pointed?.link) this.paint();
    else this.showTip();
  }

  find(x, y) {
    if (!this.placed || !this.links || !this.matches()) return null;
    const neuron = neuronAt(this.placed, x, y);
    const link = neuron ? null : linkAt(this.links, this.placed, x, y);
    return neuron || link ? { neuron, link, x, y } : null;
  }

  showTip() {
    this.tip.hidden = !this.pointed;
    if (!this.pointed) return;
    const { neuron, link, x, y } = this.pointed;
    const lines = neuron ? this.neuronWords(neuron) : this.linkWords(link);
    this.tipLines.forEach((line, i) => {
      setText(line, lines[i] ?? "");
      line.hidden = !lines[i];
    });
    this.tipMap.hidden = !neuron || !this.enlarge(neuron);
    const left = x + 18 + this.tip.offsetWidth > this.width ? x - 18 - this.tip.offsetWidth : x + 18;
    const top = Math.min(y - 20, this.height - this.tip.offsetHeight);
    this.tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  enlarge(neuron) {
    const pen = this.tipMap.getContext("2d");
    pen.clearRect(0, 0, LARGE_MAP, LARGE_MAP);
    return this.maps.draw(pen, neuron, 0, 0, LARGE_MAP);
  }

  nameOf(layer, index) {
    const { text, picture } = this.data;
    const { name, labels } = picture.layers[layer];
    if (labels?.[index]) return labels[index];
    return fill(text.neuron_name, { index: index + 1, layer: name });
  }

  neuronWords(neuron) {
    const { text } = this.data;
    const { layer, index } = neuron;
    const lines = [this.nameOf(layer, index)];
    const range = this.maps.range(neuron);
    if (range) lines.push(fill(text.neuron_range, { low: formatNumber(range[0]), high: formatNumber(range[1]) }));
    if (layer > 0) lines.push(fill(text.neuron_bias, { bias: formatNumber(this.linears[layer - 1].bias[index]) }));
    return lines;
  }

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
    setAttribute(this.canvas, "aria-label", fill(text.network_label, { sizes, step: this.drawn?.step ?? 0 }));
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.pending);
    this.disconnect();
    this.stopWatching();
    this.root.remove();
  }
}

const sameLink = (one, other) => one.layer === other.layer && one.from === other.from && one.to === other.to;

const touches = ({ layer, from, to }, neuron) =>
  (layer === neuron.layer && from === neuron.index) || (layer + 1 === neuron.layer && to === neuron.index);

/** Build the view, or bring it up to date; returns what takes it away again. */
export const mount = keep("network", NetworkView);
