// The curves: loss above, accuracy below. Colour tells train from test; the stroke tells whose run it is.

import {
  create,
  fill,
  formatNumber,
  formatPercent,
  formatSetting,
  lineSample,
  nameControl,
  setAttribute,
  setText,
} from "./dom.js";
import { decimate, valueAt } from "./history.js";
import { axis, baseLayout, CONFIG, loadPlotly, watchSize } from "./plot.js";
import { mix, toCss } from "./theme.js";

const METRICS = ["loss", "accuracy"];
const SPLITS = ["train", "test"];
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
const MARGIN = { l: 44, r: 10, t: 6, b: 22 };
const MOST_GROWTH = 6;
const LABEL_WIDTH = 48;
const CHANGE_ROWS = 3;
const LABEL_HEIGHT = 13;
const MANTISSAS = [1, 1.5, 2, 3, 5, 7.5, 10];

/** The next round number at or above `value`: axes grow by these, not at every point. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * MANTISSAS.find((mantissa) => mantissa * power >= value * 0.999999);
}

class Curve {
  constructor(metric, splits) {
    this.metric = metric;
    this.splits = splits;
    this.log = false;
    this.graph = create("div", { class: "tp-graph", "data-testid": `${metric}-plot` });
    this.box = create("div", { class: "tp-curve-box", role: "img" }, this.graph);
    this.heading = create("span", { class: "tp-curve-title" });
    this.ghostKey = create("span", { class: "tp-key tp-ghost-key" });
    this.tools = create("span", { class: "tp-curve-tools" }, this.ghostKey);
    this.table = create("div", { class: "tp-readouts" });
    this.element = create("section", { class: `tp-curve tp-curve-${metric}` }, this.table, this.box);
    this.readouts = {};
    this.ceiling = 0;
    this.floorShare = 1;
    if (metric === "loss") this.addLogButton();
  }

  addLogButton() {
    this.logButton = create("button", {
      type: "button",
      class: "tp-chip",
      "aria-pressed": "false",
      "data-testid": "log-scale",
      onclick: () => {
        this.log = !this.log;
        this.logButton.setAttribute("aria-pressed", String(this.log));
        this.changed?.();
      },
    });
    this.tools.append(this.logButton);
  }

  /** One row of read-outs a lane, which is the legend too. */
  arrange(lanes, text, lang) {
    setText(this.heading, text[this.metric]);
    this.ghostKey.replaceChildren(lineSample("train", "ghost"), text.ghost);
    if (this.logButton) {
      setText(this.logButton, text.log);
      nameControl(this.logButton, text.log_scale);
    }
    const arranged = `${lanes.join()}/${lang}`;
    if (this.arranged === arranged) return;
    this.arranged = arranged;
    const rows = lanes.map((lane) => this.arrangeRow(lane, lanes, text));
    this.table.replaceChildren(this.heading, this.tools, ...rows);
  }

  arrangeRow(lane, lanes, text) {
    const row = create("div", { class: "tp-readout-row", "data-lane": lane });
    if (lanes.length > 1) row.append(create("span", { class: "tp-lane-name" }, text[`lane_short_${lane}`]));
    for (const split of this.splits) {
      const value = create("output", { class: "tp-number", "data-testid": `${lane}-${this.metric}-${split}` });
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

  read(history, step, lang) {
    for (const [key, node] of Object.entries(this.readouts)) {
      const [lane, split] = key.split("/");
      const value = valueAt(history[lane]?.[`${this.metric}/${split}`], step);
      setText(node, this.format(value, lang));
    }
  }

  format(value, lang) {
    return this.metric === "loss" ? formatNumber(value) : formatPercent(value, lang);
  }

  forget() {
    this.ceiling = 0;
    this.floorShare = 1;
  }

  traces(sources, { theme, text, hasRun }) {
    const traces = [];
    const own = sources.filter(({ lane, history }) => lane !== "ghost" && history);
    const leading = hasRun ? own : sources;
    this.lowest = Infinity;
    this.highest = 0;
    this.limit = this.growthLimit(leading);
    for (const source of sources) {
      const { lane, history } = source;
      for (const split of this.splits) {
        const series = history?.[`${this.metric}/${split}`] ?? { step: [], value: [] };
        const { x, y } = decimate(series);
        if (leading.includes(source)) this.stretch(y);
        else this.makeRoomBelow(y);
        const { width, dash, opacity, color } = STROKES[lane];
        traces.push({
          type: "scatter",
          mode: x.length === 1 ? "markers" : "lines",
          x,
          y,
          opacity,
          name: lane === "run" ? text[split] : `${text[`lane_short_${lane}`]}, ${text[split]}`,
          line: { color: theme.classes[color] ?? theme[split], width, dash, simplify: false },
          hovertemplate: this.metric === "loss" ? "%{y:.4~g}" : "%{y:.1%}",
        });
      }
    }
    this.above = traces.filter((_, i) => own.includes(sources[Math.floor(i / this.splits.length)]));
    return traces;
  }

  /** Where a line leaves the picture at the top: how far up it goes on. */
  leaving(end, bgcolor) {
    if (this.metric !== "loss" || this.log) return [];
    const top = this.top();
    const found = [];
    for (const { x, y, line } of this.above) {
      const first = y.findIndex((value) => value > top);
      if (first < 0) continue;
      const most = y.reduce((best, value) => Math.max(best, value ?? 0), 0);
      found.push(
        label(`↑ ${formatNumber(most)}`, line.color, {
          ...beside(x[first], end, 0.3 * end),
          ...row(found.length),
          bgcolor,
        }),
      );
    }
    return found;
  }

  /** An exploding loss leaves the picture at the top instead of flattening all other lines at the bottom. */
  growthLimit(sources) {
    const starts = sources.map(({ history }) => history?.[`${this.metric}/train`]?.value[0] ?? 0);
    return MOST_GROWTH * (Math.max(0, ...starts) || 1);
  }

  /** Grow the axis so that it holds these values. */
  stretch(values) {
    for (const value of values) {
      if (value === null) continue;
      if (value > 0) this.lowest = Math.min(this.lowest, value);
      this.highest = Math.max(this.highest, value);
      if (value > this.ceiling) this.ceiling = Math.min(value, this.limit);
      if (value < this.floorShare) this.floorShare = value;
    }
  }

  /** The run before never sets the loss's axis, but accuracy has room for it: it ends at 0 anyway. */
  makeRoomBelow(values) {
    if (this.metric !== "accuracy") return;
    for (const value of values) if (value !== null && value < this.floorShare) this.floorShare = value;
  }

  yaxis(theme) {
    if (this.metric === "accuracy") {
      const low = Math.max(0, Math.floor((this.floorShare - 0.02) * 4) / 4);
      return axis(theme, { range: [Math.min(0.5, low), 1.02], tickformat: ".0%", nticks: 5 });
    }
    if (this.log) return axis(theme, { type: "log", range: this.decades(), nticks: 5, exponentformat: "power" });
    return axis(theme, { range: [0, this.top()], nticks: 5, exponentformat: "power", rangemode: "tozero" });
  }

  /** The ends of the logarithmic axis, as powers of ten in steps of a half. */
  decades() {
    if (!this.highest) return [-2, 0];
    const low = Math.floor(2 * Math.log10(this.lowest) - 0.1) / 2;
    return [low, Math.max(low + 0.5, Math.ceil(2 * Math.log10(this.highest) + 0.1) / 2)];
  }

  /** The upper end of the linear axis. */
  top() {
    return this.ceiling ? roundUp(this.ceiling * 1.04) : 1;
  }

  layout({ theme, text, end, cursor, floor, events }) {
    const marks = this.marks({ theme, text, end, cursor, floor, events });
    return baseLayout(theme, {
      width: this.width,
      height: this.height,
      margin: { ...MARGIN },
      hovermode: "x unified",
      uirevision: this.log ? "log" : "linear",
      xaxis: axis(theme, {
        range: [0, end],
        nticks: 6,
        rangemode: "tozero",
        hoverformat: ",d",
        unifiedhovertitle: { text: fill(text.hover_step, { step: "%{x}" }) },
      }),
      yaxis: this.yaxis(theme),
      ...marks,
    });
  }

  marks({ theme, text, end, cursor, floor, events }) {
    const faint = toCss(mix(theme.background, theme.text, 0.45));
    const shapes = events.map(({ step }) => upright(step, faint, "dot", 1));
    const annotations = this.leaving(end, toCss(theme.background));
    if (cursor !== null) shapes.push(upright(cursor, toCss(theme.primary), "solid", 1.5));
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

  /** The names of the learning rate's changes, in rows so that none stands on another; the last ones come first. */
  changes(events, end, theme, text, firstRow) {
    const color = toCss(mix(theme.background, theme.text, 0.6));
    const bgcolor = toCss(theme.background);
    const wide = (LABEL_WIDTH / (this.width - MARGIN.l - MARGIN.r)) * end;
    const free = Array(CHANGE_ROWS).fill(Infinity);
    return events.toReversed().flatMap(({ step, lr }) => {
      const place = beside(step, end, wide);
      const start = place.xanchor === "left" ? step : step - wide;
      const found = free.findIndex((until) => start + wide <= until);
      if (found < 0) return [];
      free[found] = start;
      return [
        label(fill(text.lr_mark, { lr: formatSetting(lr) }), color, {
          ...place,
          ...row(firstRow + found),
          bgcolor,
        }),
      ];
    });
  }

  async render(Plotly, sources, look) {
    if (this.gone || !this.width) return;
    const traces = this.traces(sources, look);
    await Plotly.react(this.graph, traces, this.layout(look), { ...CONFIG, doubleClick: "reset+autosize" });
    this.drawn = true;
  }

  destroy() {
    this.gone = true;
    if (this.drawn) window.Plotly.purge(this.graph);
  }
}

/** A label's place on the time axis: right of a step, left of it where there is no room. */
const beside = (step, end, wide) => ({ x: step, xanchor: step + wide > end ? "right" : "left" });

/** The place of a row of labels, counted from the top. */
const row = (index) => ({ y: 1, yref: "paper", yanchor: "top", yshift: -LABEL_HEIGHT * index });

const upright = (x, color, dash, width) => ({
  type: "line",
  yref: "paper",
  y0: 0,
  y1: 1,
  x0: x,
  x1: x,
  line: { color, dash, width },
});

const label = (text, color, place) => ({
  text,
  showarrow: false,
  font: { size: 10.5, color },
  borderpad: 1,
  ...place,
});

/** Both curves of a run, redrawn a few times a second at most. */
export class Curves {
  /** @param picture {metrics, splits}: what is measured, where it is not loss and accuracy, in training and test */
  constructor(host, { metrics = METRICS, splits = SPLITS }) {
    this.host = host;
    this.curves = metrics.map((metric) => new Curve(metric, splits));
    this.host.append(...this.curves.map((curve) => curve.element));
    this.ghost = null;
    this.history = {};
    this.cost = 0;
    for (const curve of this.curves) curve.changed = () => this.schedule();
    this.stops = this.curves.map((curve) =>
      watchSize(curve.box, (width, height) => {
        Object.assign(curve, { width, height });
        this.schedule();
      }),
    );
  }

  update(data, theme) {
    if (this.data && this.data.run !== data.run) this.forget();
    this.data = data;
    this.theme = theme;
    for (const curve of this.curves) curve.arrange(data.lanes, data.text, data.lang);
    this.host.dataset.lanes = data.lanes.length;
    this.fetchGhost(data.ghost);
    this.schedule();
  }

  forget() {
    this.end = 0;
    this.history = {};
    this.curves.forEach((curve) => curve.forget());
  }

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

  /** Take what is to be shown; drawing follows when it is due. */
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
    const pause = this.urgent ? 0 : Math.max(FASTEST, this.cost * 5);
    const wait = Math.max(0, (this.last ?? 0) + pause - performance.now());
    this.timer = setTimeout(() => requestAnimationFrame(() => this.render()), wait);
  }

  /** Draw without a pause: the run has just started, paused or ended. */
  hurry() {
    this.urgent = true;
    if (this.rendering) return;
    clearTimeout(this.timer);
    this.timer = null;
  }

  async render() {
    if (this.rendering) return;
    if (this.gone || !this.data) {
      this.timer = null;
      return;
    }
    this.rendering = true;
    this.stale = this.urgent = false;
    let began = performance.now();
    try {
      const Plotly = await loadPlotly(this.data.plotly);
      began = performance.now();
      await this.draw(Plotly);
    } finally {
      // The first drawing takes far longer than all others: no measure for the pauses between them.
      this.cost = this.last ? Math.min(200, performance.now() - began) : 0;
      this.last = performance.now();
      this.timer = null;
      this.rendering = false;
      if (this.stale) this.schedule();
    }
  }

  async draw(Plotly) {
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
    for (const curve of this.curves) {
      if (this.data.run !== run) return; // another run came while the curve before this one was drawn
      await curve.render(Plotly, sources, look);
    }
    this.describe();
  }

  /** The end of the time axis, which grows in round steps. */
  growEnd() {
    const longest = (lanes) =>
      Math.max(0, ...lanes.flatMap((lane) => Object.values(lane ?? {})).map(({ step }) => step.at(-1) ?? 0));
    const past = Math.min(longest([this.ghost]), this.data.num_steps);
    const last = Math.max(10, past, longest(Object.values(this.history)));
    const wanted = last <= this.data.num_steps ? Math.min(this.data.num_steps, roundUp(last)) : roundUp(last);
    this.end = Math.max(this.end ?? 0, wanted);
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
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.curves.forEach((curve) => curve.destroy());
  }
}
