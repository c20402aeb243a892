// The curves: loss above, accuracy below. Colour tells train from test; the stroke tells whose run it is. Plotly draws
// axes, marks and what hovers, and only where these change; the lines stand on a canvas below them.

import {
  create,
  fill,
  formatNumber,
  formatPercent,
  formatSetting,
  lineSample,
  penOf,
  setAttribute,
  setText,
} from "./dom.js";
import { valueAt } from "./history.js";
import { drawGrid, drawLine, drawUpright } from "./lines.js";
import { axis, baseLayout, CONFIG, loadPlotly, painted, watchSize } from "./plot.js";
import { decades, endOfSteps, logTicks, roundUp } from "./scales.js";
import { mix, toCss } from "./theme.js";
import { Thinned, thinnedPart } from "./thinning.js";

const METRICS = ["loss", "accuracy"];
const SPLITS = ["train", "test"];
/** @type {Record<string, { width: number; dash: string; opacity: number; color?: number }>} */
const STROKES = {
  run: { width: 1.8, dash: "solid", opacity: 1 },
  correct: { width: 1.8, dash: "5px,4px", opacity: 0.85 },
  other: { width: 1.8, dash: "5px,4px", opacity: 0.85 },
  RNN: { width: 1.8, dash: "5px,3px", opacity: 0.85, color: 1 },
  LSTM: { width: 1.8, dash: "5px,3px", opacity: 0.85, color: 1 },
  GRU: { width: 1.8, dash: "1.5px,2px", opacity: 0.9, color: 2 },
  ghost: { width: 1.2, dash: "1.5px,2.5px", opacity: 0.6 },
};
const FASTEST = 130;
const SPARING = 5;
const POINTS_PER_PIXEL = 4;
const LEAST_WIDTH = 50;
/** @type {Series} */
const NOTHING = { step: [], value: [] };
const MARGIN = { l: 44, r: 18, t: 6, b: 22 };
const MOST_GROWTH = 6;
const LABEL_WIDTH = 48;
const LABEL_HEIGHT = 13;

class Curve {
  /** @type {number} */
  width;
  /** @type {number} */
  height;
  /** @type {(() => void)|undefined} */
  changed;
  /** @type {((from: number, to: number) => void)|undefined} */
  ranged;
  /** @type {CurvesLook} */
  look;
  /** @type {CurveTrace[]} */
  traces;
  /** @type {{ xaxis: number[]; yaxis: number[] }} */
  ranges;
  /** @type {string|undefined} */
  rest;
  /** @type {string} */
  arranged;
  /** @type {Record<string, HTMLElement>} */
  readouts;
  /** @type {CurveTrace[]} */
  above;
  /** @type {number} */
  lowest;
  /** @type {number} */
  highest;
  /** @type {number} */
  limit;
  /** @type {HTMLElement|undefined} */
  logButton;
  /** @type {boolean} */
  gone;

  /** @param {string} metric */
  constructor(metric) {
    this.metric = metric;
    /** @type {string[]} */
    this.splits = [];
    this.log = false;
    this.graph = /** @type {PlotlyGraph} */ (
      /** @type {unknown} */ (create("div", { class: "tp-graph", "data-testid": `${metric}-plot` }))
    );
    this.canvas = create("canvas", { class: "tp-lines", "data-testid": `${metric}-lines` });
    this.box = create("div", { class: "tp-curve-box", role: "img" }, this.canvas, this.graph);
    this.heading = create("span", { class: "tp-curve-title" });
    this.ghostKey = create("span", { class: "tp-key tp-ghost-key" });
    this.tools = create("span", { class: "tp-curve-tools" }, this.ghostKey);
    this.table = create("div", { class: "tp-readouts" });
    this.element = create("section", { class: `tp-curve tp-curve-${metric}` }, this.table, this.box);
    this.readouts = {};
    this.ceiling = 0;
    this.floorShare = 1;
    /** @type {WeakMap<number[], Thinned>} by the array of steps, which is another one once points came in between */
    this.thinned = new WeakMap();
    this.axes = "";
    this.axesCost = 0;
    this.axesDrawn = -Infinity;
    this.brought = false;
    this.growing = false;
    this.starting = true;
    this.drawn = false;
    if (metric === "loss") this.addLogButton();
  }

  addLogButton() {
    const button = create("button", {
      type: "button",
      class: "tp-chip",
      "aria-pressed": "false",
      "data-testid": "log-scale",
      onclick: () => {
        this.log = !this.log;
        button.setAttribute("aria-pressed", String(this.log));
        this.changed?.();
      },
    });
    this.logButton = button;
    this.tools.append(button);
  }

  /**
   * One row of read-outs a lane, which is the legend too.
   * @param {string[]} lanes
   * @param {string[]} splits
   * @param {Words} text
   * @param {string} lang
   */
  arrange(lanes, splits, text, lang) {
    this.splits = splits;
    setText(this.heading, text[this.metric]);
    this.ghostKey.replaceChildren(lineSample("train", "ghost"), text.ghost);
    if (this.logButton) {
      setText(this.logButton, text.log);
      setAttribute(this.logButton, "title", text.log_scale);
    }
    const arranged = `${lanes.join()}/${splits.join()}/${lang}`;
    if (this.arranged === arranged) return;
    this.arranged = arranged;
    this.readouts = {};
    this.table.dataset.splits = String(splits.length);
    const rows = lanes.map((lane) => this.arrangeRow(lane, lanes, text));
    this.table.replaceChildren(this.heading, this.tools, ...rows);
  }

  /**
   * @param {string} lane
   * @param {string[]} lanes
   * @param {Words} text
   */
  arrangeRow(lane, lanes, text) {
    const row = create("div", { class: "tp-readout-row", "data-lane": lane });
    if (lanes.length > 1) row.append(create("span", { class: "tp-lane-name" }, text[`lane_short_${lane}`]));
    for (const split of this.splits) {
      // Not spoken at every step: see spoken.js.
      const value = create("output", {
        class: "tp-number",
        "aria-live": "off",
        "data-testid": `${lane}-${this.metric}-${split}`,
      });
      this.readouts[`${lane}/${split}`] = value;
      row.append(
        create(
          "span",
          { class: "tp-key", title: text[`${split}_help`] ?? "" },
          lineSample(split, lane),
          text[split],
          value,
        ),
      );
    }
    return row;
  }

  /**
   * @param {RunHistory} history
   * @param {number} step
   * @param {string} lang
   */
  read(history, step, lang) {
    for (const [key, node] of Object.entries(this.readouts)) {
      const [lane, split] = key.split("/");
      const value = valueAt(history[lane]?.[`${this.metric}/${split}`], step);
      setText(node, this.format(value, lang));
    }
  }

  /**
   * @param {number | null | undefined} value
   * @param {string} lang
   */
  format(value, lang) {
    return this.metric === "loss" ? formatNumber(value) : formatPercent(value, lang);
  }

  forget() {
    this.ceiling = 0;
    this.floorShare = 1;
    this.axes = "";
    this.starting = true;
  }

  /**
   * What is to be drawn, and how far the axes must reach for it.
   * @param {CurveSource[]} sources
   * @param {CurvesLook} look
   */
  take(sources, look) {
    const { theme, text, hasRun } = look;
    this.look = look;
    this.traces = [];
    const own = sources.filter(({ lane, history }) => lane !== "ghost" && history);
    const leading = hasRun ? own : sources;
    this.lowest = Infinity;
    this.highest = 0;
    this.limit = this.growthLimit(leading);
    for (const source of sources) {
      const { lane, history } = source;
      for (const split of this.splits) {
        const series = history?.[`${this.metric}/${split}`] ?? NOTHING;
        const { x, y } = this.thin(series);
        if (leading.includes(source)) this.stretch(y);
        else this.makeRoomBelow(y);
        const { width, dash, opacity, color } = STROKES[lane];
        this.traces.push({
          series,
          x,
          y,
          opacity,
          name: lane === "run" ? text[split] : `${text[`lane_short_${lane}`]}, ${text[split]}`,
          line: {
            color:
              color === undefined
                ? theme[/** @type {"train" | "validation" | "test"} */ (split)]
                : theme.classes[color],
            width,
            dash,
          },
        });
      }
    }
    this.above = this.traces.filter((_, i) => own.includes(sources[Math.floor(i / this.splits.length)]));
  }

  /**
   * A series with no more points than can be told apart.
   * @param {Series} series
   */
  thin(series) {
    const limit = POINTS_PER_PIXEL * Math.max(LEAST_WIDTH, this.width - MARGIN.l - MARGIN.r);
    let thinned = this.thinned.get(series.step);
    if (thinned?.limit !== limit) {
      thinned = new Thinned(limit);
      this.thinned.set(series.step, thinned);
    }
    return thinned.follow(series);
  }

  /**
   * Where a line leaves the picture at the top: how far up it continues.
   * @param {number} end
   * @param {string} bgcolor
   * @param {Words} text
   */
  leaving(end, bgcolor, text) {
    if (this.metric !== "loss" || this.log) return [];
    const top = this.top();
    const labels = [];
    for (const { x, y, line } of this.above) {
      const first = y.findIndex((value) => value !== null && value > top);
      if (first < 0) continue;
      const most = y.reduce((/** @type {number} */ best, value) => Math.max(best, value ?? 0), 0);
      labels.push(
        label(`↑ ${fill(text.up_to, { value: formatNumber(most) })}`, line.color, {
          ...beside(x[first], end, 0.3 * end),
          ...row(labels.length),
          bgcolor,
        }),
      );
    }
    return labels;
  }

  /**
   * An exploding loss leaves the picture at the top instead of flattening all other lines at the bottom.
   * @param {CurveSource[]} sources
   */
  growthLimit(sources) {
    const starts = sources.map(({ history }) => history?.[`${this.metric}/train`]?.value[0] ?? 0);
    return MOST_GROWTH * (Math.max(0, ...starts) || 1);
  }

  /**
   * Grow the axis so that it holds these values.
   * @param {(number | null)[]} values
   */
  stretch(values) {
    for (const value of values) {
      if (value === null) continue;
      if (value > 0) this.lowest = Math.min(this.lowest, value);
      this.highest = Math.max(this.highest, value);
      if (value > this.ceiling) this.ceiling = Math.min(value, this.limit);
      if (value < this.floorShare) this.floorShare = value;
    }
  }

  /**
   * The run before never sets the loss's axis, but accuracy has room for it: it ends at 0 anyway.
   * @param {(number | null)[]} values
   */
  makeRoomBelow(values) {
    if (this.metric !== "accuracy") return;
    for (const value of values) if (value !== null && value < this.floorShare) this.floorShare = value;
  }

  /**
   * Plotly's own traces: for what hovers and for axes that fit what is there, not to be seen. Their ends are enough: see
   * `bring`.
   */
  unseen() {
    return this.traces.map(({ x, y, name, line, opacity }) => {
      const [low, high] = endsOf(y);
      return {
        type: "scatter",
        mode: "lines",
        x: [x[0] ?? 0, x.at(-1) ?? 0],
        y: [low, high],
        opacity,
        name,
        line,
        hovertemplate: this.metric === "loss" ? "%{y:.4~g}" : "%{y:.1%}",
      };
    });
  }

  /** @param {Theme} theme */
  yaxis(theme) {
    const common = { showgrid: false, autorange: false, nticks: 5 };
    if (this.metric === "accuracy") {
      const low = Math.max(0, Math.floor((this.floorShare - 0.02) * 4) / 4);
      return axis(theme, { ...common, range: [Math.min(0.5, low), 1.02], tickformat: ".0%" });
    }
    const look = { ...common, exponentformat: "power" };
    if (this.log) {
      const range = decades(this.lowest, this.highest);
      const ticks = this.zoomedIn("yaxis") || this.fits ? {} : { tickmode: "array", ...logTicks(range) };
      return axis(theme, { ...look, type: "log", range, ...ticks });
    }
    return axis(theme, { ...look, type: "linear", range: [0, this.top()], rangemode: "tozero" });
  }

  /** The upper end of the linear axis. */
  top() {
    return this.ceiling ? roundUp(this.ceiling * 1.04) : 1;
  }

  /**
   * @param {CurvesLook} look
   * @returns {CurveLayout}
   */
  layout(look) {
    const { theme, text, end } = look;
    const marks = this.marks(look);
    /** @type {object} */
    const layout = baseLayout(theme, {
      width: this.width,
      height: this.height,
      margin: { ...MARGIN },
      hovermode: "x unified",
      uirevision: this.log ? "log" : "linear",
      xaxis: axis(theme, {
        range: [0, end],
        autorange: false,
        showgrid: false,
        nticks: 6,
        rangemode: "tozero",
        hoverformat: ",d",
        unifiedhovertitle: { text: fill(text.hover_step, { step: "%{x}" }) },
      }),
      yaxis: this.yaxis(theme),
      ...marks,
    });
    return /** @type {CurveLayout} */ (layout);
  }

  /** @param {CurvesLook} options */
  marks({ theme, text, end, floor, events }) {
    const faint = toCss(mix(theme.background, theme.text, 0.45));
    /** @type {object[]} */
    const shapes = events.map(({ step }) => upright(step, faint, "dot", 1));
    const annotations = this.leaving(end, toCss(theme.background), text);
    if (floor !== null && this.metric === "loss") {
      shapes.push({
        type: "line",
        xref: "paper",
        x0: 0,
        x1: 1,
        y0: floor,
        y1: floor,
        line: { color: theme.warning, width: 1.2, dash: "dash" },
      });
      annotations.push(
        label(fill(text.floor, { floor: floor.toFixed(4) }), theme.warning, {
          x: 1,
          xref: "paper",
          xanchor: "right",
          ...row(annotations.length),
        }),
      );
    }
    if (this.metric === "loss") annotations.push(...this.changes(events, end, theme, text, annotations.length));
    return { shapes, annotations };
  }

  /**
   * The names of the learning rate's changes in one row: of some that are close together only the last is named.
   * @param {LrChange[]} events
   * @param {number} end
   * @param {Theme} theme
   * @param {Words} text
   * @param {number} place the row
   */
  changes(events, end, theme, text, place) {
    const color = toCss(mix(theme.background, theme.text, 0.6));
    const bgcolor = toCss(theme.background);
    const wide = (LABEL_WIDTH / (this.width - MARGIN.l - MARGIN.r)) * end;
    let free = Infinity;
    return events.toReversed().flatMap(({ step, lr }) => {
      const side = beside(step, end, wide);
      const start = side.xanchor === "left" ? step : step - wide;
      if (start + wide > free) return [];
      free = start;
      return [label(fill(text.lr_mark, { lr: formatSetting(lr) }), color, { ...side, ...row(place), bgcolor })];
    });
  }

  /**
   * Draw the lines, and axes and marks where they are others than before.
   * @param {PlotlyModule} Plotly
   * @param {CurveSource[]} sources
   * @param {CurvesLook} look
   * @param {boolean} urgent
   * @returns {Promise<boolean>} whether all is drawn; if not, axes follow, once they may cost time again
   */
  async render(Plotly, sources, look, urgent) {
    if (this.gone || !this.width) return true;
    this.take(sources, look);
    const traces = this.unseen();
    const layout = this.layout(look);
    if (this.zoomedIn("xaxis")) layout.xaxis.range = this.ranges.xaxis;
    if (this.zoomedIn("yaxis")) layout.yaxis.range = this.ranges.yaxis;
    const axes = JSON.stringify([layout, traces.map((trace) => (this.fits ? trace : trace.name + trace.line.color))]);
    const due = urgent || performance.now() >= this.axesDrawn + SPARING * this.axesCost;
    if (axes === this.axes || !due) {
      this.redraw();
      return axes === this.axes;
    }
    const began = performance.now();
    this.axes = axes;
    await this.drawAxes(Plotly, traces, layout);
    if (this.gone) return true;
    if (!this.drawn) this.listen();
    this.redraw();
    this.axesDrawn = performance.now();
    // The first drawing takes far longer than all others: no measure for the pauses between them.
    this.axesCost = this.drawn ? this.axesDrawn - began : 0;
    this.drawn = true;
    return true;
  }

  /**
   * Draw all that is Plotly's, or only the axes' new ends where nothing else is new: a third of the cost.
   * @param {PlotlyModule} Plotly
   * @param {object[]} traces
   * @param {CurveLayout} layout
   */
  async drawAxes(Plotly, traces, layout) {
    const { xaxis, yaxis } = layout;
    const rest = JSON.stringify([
      { ...layout, xaxis: { ...xaxis, range: null }, yaxis: { ...yaxis, range: null } },
      traces.length,
    ]);
    const zoomed = this.fits || this.zoomedIn("xaxis") || this.zoomedIn("yaxis");
    const growsOnly = this.drawn && this.rest === rest && !zoomed;
    this.rest = rest;
    this.ranges = { xaxis: [...xaxis.range], yaxis: [...yaxis.range] };
    this.growing = true;
    if (growsOnly) {
      await Plotly.relayout(this.graph, { "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range] });
    } else await Plotly.react(this.graph, traces, layout, { ...CONFIG, doubleClick: "reset+autosize" });
    this.growing = this.starting = false;
    if (!this.gone) this.setHome();
  }

  /** Tell where a double click leads to: Plotly would go back to the ends of its first drawing. */
  setHome() {
    const { xaxis, yaxis } = this.graph._fullLayout;
    [xaxis._rangeInitial0, xaxis._rangeInitial1] = this.ranges.xaxis;
    [yaxis._rangeInitial0, yaxis._rangeInitial1] = this.ranges.yaxis;
  }

  /**
   * Whether other ends of an axis are seen than those that were set for this run and this scale.
   * @param {"xaxis" | "yaxis"} name
   */
  zoomedIn(name) {
    if (
      !this.drawn ||
      this.starting ||
      (name === "yaxis" && (this.graph._fullLayout.yaxis.type === "log") !== this.log)
    )
      return false;
    return String(this.graph._fullLayout[name].range) !== String(this.ranges[name]);
  }

  /** Whether the axes are to fit what is there, as a second double click asks. */
  get fits() {
    if (!this.drawn) return false;
    const { xaxis, yaxis } = this.graph._fullLayout;
    return Boolean(xaxis.autorange || yaxis.autorange);
  }

  listen() {
    this.graph.on("plotly_relayouting", () => this.redraw());
    this.graph.on("plotly_relayout", () => this.zoomed());
    this.graph.on("plotly_beforehover", () => this.bring());
  }

  zoomed() {
    if (this.growing) return; // not by a person
    this.redraw();
    const [from, to] = this.graph._fullLayout.xaxis.range;
    if (this.zoomedIn("xaxis") && !this.fits) this.ranged?.(from, to);
    this.changed?.();
  }

  /** Draw the lines onto Plotly's axes as they are now. */
  redraw() {
    if (this.gone || !this.graph._fullLayout) return;
    const { xaxis, yaxis } = this.graph._fullLayout;
    const { theme, cursor, end } = this.look;
    const pen = this.pen(xaxis, yaxis);
    drawGrid(pen, xaxis, yaxis, toCss(theme.grid));
    const [from, to] = xaxis.range;
    const zoomed = from > 0 || to < end;
    const limit = POINTS_PER_PIXEL * Math.max(LEAST_WIDTH, xaxis._length);
    this.traces.forEach((trace, i) => {
      const { x, y } = zoomed ? thinnedPart(trace.series, from, to, limit) : this.thin(trace.series);
      Object.assign(trace, { x, y });
      if (this.graph.data[i]) Object.assign(this.graph.data[i], { x, y });
      drawLine(pen, trace, xaxis, yaxis);
    });
    if (cursor !== null) drawUpright(pen, cursor, toCss(theme.primary), 1.5, xaxis, yaxis);
    this.brought = false;
    this.graph._fullLayout._rehover?.();
  }

  /**
   * The canvas, empty and lying where Plotly has its lines.
   * @param {PlotlyAxis} xaxis
   * @param {PlotlyAxis} yaxis
   */
  pen(xaxis, yaxis) {
    const { canvas } = this;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(xaxis._length * scale), Math.round(yaxis._length * scale)];
    const pen = penOf(canvas);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      Object.assign(canvas.style, {
        left: `${xaxis._offset}px`,
        top: `${yaxis._offset}px`,
        width: `${xaxis._length}px`,
        height: `${yaxis._length}px`,
      });
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, xaxis._length, yaxis._length);
    pen.setLineDash([]);
    return pen;
  }

  /** Hand Plotly the points that can be hovered over, once it asks. */
  bring() {
    if (this.brought) return;
    this.brought = true;
    const { calcdata, _fullLayout } = this.graph;
    const { xaxis, yaxis } = _fullLayout;
    this.traces.forEach(({ x, y }, i) => {
      const points = calcdata[i];
      if (!points?.length || !x.length) return;
      const { t, trace } = points[0];
      x.forEach((step, at) => {
        const value = y[at];
        const place = value === null ? undefined : yaxis.d2c(value);
        points[at] = { i: at, x: place === undefined ? undefined : xaxis.d2c(step), y: place };
      });
      points.length = x.length;
      Object.assign(points[0], { t, trace });
    });
  }

  destroy() {
    this.gone = true;
    if (this.drawn) window.Plotly.purge(this.graph);
  }
}

/**
 * The lowest and the highest value; two nulls where there is none.
 * @param {(number | null)[]} values
 */
function endsOf(values) {
  let low = null;
  let high = null;
  for (const value of values) {
    if (value === null) continue;
    if (low === null || value < low) low = value;
    if (high === null || value > high) high = value;
  }
  return [low, high];
}

/**
 * A label's place on the time axis: right of a step, left of it where there is no room.
 * @param {number} step
 * @param {number} end
 * @param {number} wide
 */
const beside = (step, end, wide) => ({ x: step, xanchor: step + wide > end ? "right" : "left" });

/**
 * The place of a row of labels, counted from the top.
 * @param {number} index
 */
const row = (index) => ({ y: 1, yref: "paper", yanchor: "top", yshift: -LABEL_HEIGHT * index });

/**
 * @param {number} x
 * @param {string} color
 * @param {string} dash
 * @param {number} width
 */
const upright = (x, color, dash, width) => ({
  type: "line",
  yref: "paper",
  y0: 0,
  y1: 1,
  x0: x,
  x1: x,
  line: { color, dash, width },
});

/**
 * @param {string} text
 * @param {string} color
 * @param {object} place
 */
const label = (text, color, place) => ({
  text,
  showarrow: false,
  font: { size: 10.5, color },
  borderpad: 1,
  ...place,
});

/** Both curves of a run, redrawn a few times a second at most. */
export class Curves {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {LaneHistory|null} */
  ghost;
  /** @type {string|null|undefined} */
  ghostUrl;
  /** @type {RunHistory} */
  history;
  /**
   * Told the steps that are in view after zooming: the history may have been thinned there.
   * @type {((from: number, to: number) => void)|undefined}
   */
  onZoom;
  /** @type {number|undefined} */
  step;
  /** @type {number|null|undefined} */
  cursor;
  /** @type {LrChange[]|undefined} */
  events;
  /** @type {number|null|undefined} */
  floor;
  /** @type {string|undefined} */
  status;
  /** @type {Timer|null|undefined} */
  timer;
  /** @type {number|undefined} */
  last;
  /** @type {number|undefined} */
  end;
  /** @type {boolean} */
  stale;
  /** @type {boolean} */
  urgent;
  /** @type {boolean} */
  rendering;
  /** @type {boolean} */
  gone;

  /**
   * @param {HTMLElement} host
   */
  constructor(host, { metrics = METRICS }) {
    this.host = host;
    this.curves = metrics.map((metric) => new Curve(metric));
    this.host.append(...this.curves.map((curve) => curve.element));
    this.ghost = null;
    this.history = {};
    this.cost = 0;
    for (const curve of this.curves) {
      curve.changed = () => this.schedule();
      curve.ranged = (from, to) => this.onZoom?.(from, to);
    }
    this.stops = this.curves.map((curve) =>
      watchSize(curve.box, (width, height) => {
        Object.assign(curve, { width, height });
        this.schedule();
      }),
    );
  }

  /**
   * @param {LiveData} data
   * @param {Theme} theme
   */
  update(data, theme) {
    if (this.data && this.data.run !== data.run) this.forget();
    this.data = data;
    this.theme = theme;
    for (const curve of this.curves) curve.arrange(data.lanes, data.picture.splits ?? SPLITS, data.text, data.lang);
    this.host.dataset.lanes = String(data.lanes.length);
    this.fetchGhost(data.ghost);
    this.schedule();
  }

  forget() {
    this.end = 0;
    this.history = {};
    this.curves.forEach((curve) => curve.forget());
  }

  /** @param {string | null} url */
  async fetchGhost(url) {
    if (this.ghostUrl === url) return;
    this.ghostUrl = url;
    this.ghost = null;
    this.host.classList.toggle("tp-with-ghost", Boolean(url));
    if (!url) return;
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      const { history } = answer.ok ? await answer.json() : {};
      if (this.ghostUrl === url) this.ghost = history?.run ?? null;
    } catch {
      this.ghost = null;
    }
    this.schedule();
  }

  /**
   * Take what is to be shown; drawing follows when it is due.
   * @param {LiveState & { cursor: number | null; floor?: number | null }} options
   */
  show({ history, step, cursor, events, floor, status }) {
    if (this.status !== status) this.hurry();
    Object.assign(this, { history, step, cursor, events, floor, status });
    if (!this.data) return;
    for (const curve of this.curves) curve.read(history, step, this.data.lang);
    this.schedule();
  }

  schedule() {
    this.stale = true;
    if (this.timer || this.gone) return;
    const pause = this.urgent ? 0 : Math.max(FASTEST, this.cost * SPARING);
    const wait = Math.max(0, (this.last ?? 0) + pause - performance.now());
    this.timer = setTimeout(() => requestAnimationFrame(() => this.render()), wait);
  }

  /** Draw without a pause: the run has just started, paused or ended. */
  hurry() {
    this.urgent = true;
    if (this.rendering) return;
    clearTimeout(this.timer ?? undefined);
    this.timer = null;
  }

  async render() {
    if (this.rendering) return;
    if (this.gone || !this.data) {
      this.timer = null;
      return;
    }
    this.rendering = true;
    const { urgent } = this;
    this.stale = this.urgent = false;
    try {
      const Plotly = await loadPlotly(this.data.plotly);
      if (!this.last) await painted();
      await this.draw(Plotly, urgent);
    } finally {
      this.last = performance.now();
      this.timer = null;
      this.rendering = false;
      if (this.stale) this.schedule();
    }
  }

  /**
   * @param {PlotlyModule} Plotly
   * @param {boolean} urgent
   */
  async draw(Plotly, urgent) {
    if (this.gone) return;
    const { text, lanes } = this.data;
    const look = {
      theme: this.theme,
      text,
      end: this.growEnd(),
      cursor: this.cursor ?? null,
      floor: this.floor ?? null,
      events: this.events ?? [],
      hasRun: this.data.run !== null,
    };
    const sources = [
      ...(this.ghost ? [{ lane: "ghost", history: this.ghost }] : []),
      ...lanes.toReversed().map((lane) => ({ lane, history: this.history[lane] })),
    ];
    const { run } = this.data;
    this.cost = 0;
    for (const curve of this.curves) {
      if (this.data.run !== run) return; // another run came while the curve before this one was drawn
      const { axes } = curve;
      const began = performance.now();
      const whole = await curve.render(Plotly, sources, look, urgent);
      if (!whole) this.stale = true;
      if (curve.axes === axes) this.cost += performance.now() - began;
      else await new Promise((resolve) => setTimeout(resolve)); // axes cost most: no task draws those of both curves
    }
    this.describe();
  }

  /** The end of the time axis, which grows in round steps. */
  growEnd() {
    /** @param {(LaneHistory | null)[]} lanes */
    const longest = (lanes) =>
      Math.max(0, ...lanes.flatMap((lane) => Object.values(lane ?? {})).map(({ step }) => step.at(-1) ?? 0));
    const past = Math.min(longest([this.ghost]), this.data.num_steps);
    const last = Math.max(10, past, longest(Object.values(this.history)));
    this.end = Math.max(this.end ?? 0, endOfSteps(last, this.data.num_steps));
    return this.end;
  }

  describe() {
    const { text, lang } = this.data;
    for (const curve of this.curves) {
      const value = valueAt(this.history.run?.[`${curve.metric}/${curve.splits.at(-1)}`], this.step ?? 0);
      const words = { step: this.step ?? 0, value: curve.format(value, lang) };
      setAttribute(curve.box, "aria-label", fill(text[`${curve.metric}_label`], words));
    }
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.timer ?? undefined);
    this.stops.forEach((stop) => stop());
    this.curves.forEach((curve) => curve.destroy());
  }
}
