// One square plot: Plotly draws axes and points, a canvas beneath carries the boundary.

import { create, penOf } from "../live/js/dom.js";
import { axis, baseLayout, CONFIG, dragMode, loadPlotly, painted } from "../live/js/plot.js";
import { BoundaryPainter, stretch } from "./boundary.js";
import { KeyPlace } from "./key_place.js";

export const MARGIN = { l: 30, r: 8, t: 10, b: 24 };
const CLICK_SLACK = 4;
const KEY_STEP = 1 / 40;

export class Plane {
  /** @type {NumberArray<Uint8Array>|undefined} */
  grid;
  /** @type {number[]} */
  domain;
  /** @type {{plotly: string, traces: object[], view: number[], theme: Theme, adding: LiveData["adding"]}} */
  spec;
  /** @type {boolean} */
  ready;
  /** @type {boolean} */
  gone;
  /** @type {Point|null} */
  pressed;
  /** @type {(event: PointerEvent) => void} */
  release;
  /** @type {() => void} */
  nowWhole;

  /**
   * @param {string} lane
   * @param {PlaneHandlers} handlers
   */
  constructor(lane, handlers) {
    this.lane = lane;
    this.handlers = handlers;
    this.canvas = create("canvas", { class: "tp-boundary" });
    this.graph = /** @type {PlotlyGraph} */ (
      /** @type {unknown} */ (create("div", { class: "tp-graph", "data-testid": `plot-${lane}` }))
    );
    this.box = create("div", { class: "tp-plane", role: "img", "data-lane": lane }, this.canvas, this.graph);
    this.title = create("figcaption", { class: "tp-plane-title" });
    this.keys = new KeyPlace(
      `place-${lane}`,
      {
        onMove: (_from, to) => this.handlers.onKeys(this, this.placeAt(to)),
        onPress: (at) => {
          const place = this.placeAt(at);
          if (place) this.handlers.onClick(place);
        },
        onLeave: () => this.handlers.onPoint(this, null),
      },
      KEY_STEP,
    );
    this.keys.element.style.inset = `${MARGIN.t}px ${MARGIN.r}px ${MARGIN.b}px ${MARGIN.l}px`;
    const area = create("div", { class: "tp-plane-area" }, this.box, this.keys.element);
    this.element = create("figure", { class: "tp-figure" }, this.title, area);
    this.painter = new BoundaryPainter();
    this.side = 0;
    /** @type {Promise<void>} */
    this.whole = new Promise((resolve) => {
      this.nowWhole = resolve;
    });
    this.listen();
  }

  listen() {
    this.graph.addEventListener("pointermove", (event) => this.point(event));
    this.graph.addEventListener("pointerleave", () => this.handlers.onPoint(this, null));
    this.graph.addEventListener(
      "pointerdown",
      (event) => {
        this.pressed = [event.clientX, event.clientY];
        this.point(event);
      },
      true,
    );
    this.release = (event) => this.lift(event);
    window.addEventListener("pointerup", this.release, true);
  }

  /** @param {PointerEvent} event */
  lift(event) {
    const from = this.pressed;
    this.pressed = null;
    if (!from || event.button !== 0) return;
    if (Math.hypot(event.clientX - from[0], event.clientY - from[1]) > CLICK_SLACK) return;
    const place = this.place(event);
    if (place) this.handlers.onClick(place);
  }

  /** @param {PointerEvent} event */
  point(event) {
    this.handlers.onPoint(this, this.place(event));
  }

  /**
   * Where on the plot a pointer is, in data and in pixels; null beside the plot.
   * @param {PointerEvent} options
   */
  place({ clientX, clientY }) {
    if (!this.ready) return null;
    const { left, top } = this.box.getBoundingClientRect();
    const { xaxis, yaxis } = this.graph._fullLayout;
    const px = clientX - left - xaxis._offset;
    const py = clientY - top - yaxis._offset;
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return null;
    return { x: xaxis.p2d(px), y: yaxis.p2d(py), px: clientX - left, py: clientY - top };
  }

  /**
   * The same for shares of the plot's width and height.
   * @param {Point} shares
   */
  placeAt([across, down]) {
    if (!this.ready) return null;
    const { xaxis, yaxis } = this.graph._fullLayout;
    const [px, py] = [across * xaxis._length, down * yaxis._length];
    return { x: xaxis.p2d(px), y: yaxis.p2d(py), px: px + xaxis._offset, py: py + yaxis._offset };
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  toPixels(x, y) {
    const { xaxis, yaxis } = this.graph._fullLayout;
    return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)];
  }

  /** @param {number} side */
  setSide(side) {
    if (side === this.side) return;
    this.side = side;
    this.box.style.width = `${side + MARGIN.l + MARGIN.r}px`;
    this.box.style.height = `${side + MARGIN.t + MARGIN.b}px`;
    const { style } = this.canvas;
    style.left = `${MARGIN.l}px`;
    style.top = `${MARGIN.t}px`;
    style.width = style.height = `${side}px`;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = this.canvas.height = Math.round(side * scale);
  }

  /**
   * Draw axes and points; called when they change, not for every frame.
   * @param {string} plotly
   * @param {object[]} traces
   * @param {number[]} view
   * @param {Theme} theme
   * @param {LiveData["adding"]} adding
   */
  async render(plotly, traces, view, theme, adding) {
    this.spec = { plotly, traces, view, theme, adding };
    const Plotly = await loadPlotly(plotly);
    if (!this.ready) await painted();
    if (this.gone || !this.side || this.spec.traces !== traces || this.spec.view !== view) return;
    await Plotly.react(
      this.graph,
      traces.map((trace) => ({ ...trace })),
      this.layout(),
      CONFIG,
    );
    if (!this.ready && !this.gone) this.follow();
  }

  layout() {
    const { view, theme, adding } = this.spec;
    const common = { nticks: 7, showgrid: false, ticks: "outside", ticklen: 3 };
    return baseLayout(theme, {
      width: this.side + MARGIN.l + MARGIN.r,
      height: this.side + MARGIN.t + MARGIN.b,
      margin: { ...MARGIN },
      hovermode: false,
      dragmode: adding ? false : dragMode(),
      uirevision: view.join(),
      xaxis: axis(theme, { ...common, range: view.slice(0, 2) }),
      yaxis: axis(theme, { ...common, range: view.slice(2) }),
    });
  }

  follow() {
    this.ready = true;
    this.nowWhole();
    this.graph.on("plotly_relayouting", () => this.redraw());
    this.graph.on("plotly_afterplot", () => this.redraw());
    this.graph.on("plotly_relayout", () => this.zoomed());
    this.graph.on("plotly_doubleclick", () => this.handlers.onZoom(null));
    this.redraw();
  }

  zoomed() {
    const { xaxis, yaxis } = this.graph._fullLayout;
    this.redraw();
    this.handlers.onZoom([...xaxis.range, ...yaxis.range].map(Number));
  }

  /**
   * @param {NumberArray<Uint8Array>} grid
   * @param {number[]} domain
   * @param {PlaneStyle} style
   */
  draw(grid, domain, style) {
    this.grid = grid;
    this.domain = domain;
    this.painter.paint(grid, style);
    this.redraw();
  }

  redraw() {
    if (!this.grid || !this.side) return;
    const pen = penOf(this.canvas);
    const scale = this.canvas.width / this.side;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, this.side, this.side);
    const [toX, toY] = this.scales();
    stretch(pen, this.painter.image, this.domain, this.grid.shape, toX, toY);
  }

  /**
   * From data to pixels of the canvas; before Plotly has come, over the whole domain.
   * @returns {((value: number) => number)[]}
   */
  scales() {
    if (this.ready) {
      const { xaxis, yaxis } = this.graph._fullLayout;
      return [(x) => xaxis.d2p(x), (y) => yaxis.d2p(y)];
    }
    const [x0, x1, y0, y1] = this.domain;
    return [(x) => ((x - x0) / (x1 - x0)) * this.side, (y) => ((y1 - y) / (y1 - y0)) * this.side];
  }

  destroy() {
    this.gone = true;
    window.removeEventListener("pointerup", this.release, true);
    if (this.ready) window.Plotly.purge(this.graph);
  }
}
