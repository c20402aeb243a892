// Plots of lines and bars; the pointer reads all lines at one place.

import { fill, penOf } from "../../shared/live/js/dom.js";

import { clamp, GAP, HEADING, heading, number } from "./board.js";
import { Axes, colourOf, drawBars, extent, legend } from "./lines.js";

const HIGH = 210;

export class Plots {
  /** @type {Record<string, CardArray>} */
  arrays;
  /** @type {CardFacts} */
  facts;
  /** @type {(Box & {legend: number})[]} */
  boxes;
  /** @type {Axes[]|undefined} */
  axes;
  /** @type {{x: string, value: number}|null} */
  pointed;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
    this.place = null;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    this.arrays = arrays;
    this.facts = facts;
    this.pointed = null;
  }

  /** @param {string} name */
  rows(name) {
    const {
      data,
      shape: [count, length],
    } = this.arrays[name];
    return Array.from({ length: count }, (_, i) => Array.from(data.slice(i * length, (i + 1) * length)));
  }

  /** @param {string} name */
  word(name) {
    return this.card.text[name] ?? name;
  }

  /** @param {number} width */
  layout(width) {
    const { plots, beside } = this.facts;
    const two = beside && width >= 540;
    const pen = penOf(this.card.canvas);
    const { theme } = this.card;
    let [y, column, lowest] = [0, 0, 0];
    this.boxes = plots.map((plot) => {
      const alone = !two || plot.wide;
      if (alone && column) [column, y] = [0, lowest + 8];
      const wide = alone ? width : (width - GAP) / 2;
      const box = { x: column * (wide + GAP), y: y + HEADING, width: wide, height: 0, legend: 0 };
      const names = plot.names.length > 1 ? plot.names : [];
      const space = names.length
        ? legend(
            pen,
            theme,
            names.map((name) => this.word(name)),
            [],
            box,
            { dry: true },
          ) + 4
        : 6;
      box.legend = space;
      box.height = Math.round(HIGH * (plot.tall ?? (plot.wide ? 0.72 : 1)));
      lowest = Math.max(column ? lowest : 0, box.y + space + box.height);
      if (alone || column === 1) [column, y] = [0, lowest + 8];
      else column = 1;
      return box;
    });
    return lowest + 2;
  }

  /**
   * @param {PlotFacts} plot
   * @param {Box & { legend: number }} box
   */
  axesOf(plot, box) {
    const area = { x: box.x, y: box.y + box.legend, width: box.width, height: box.height };
    const rows = this.rows(plot.lines ?? plot.bars ?? "");
    const y = plot.range ?? extent(rows, { log: plot.log_y, fromZero: plot.from_zero || Boolean(plot.bars) });
    if (plot.bars) return new Axes(area, { x: [0, 1], y, xTicks: false });
    const xs = this.arrays[plot.x].data;
    const [low, high] = [xs[0], xs[xs.length - 1]].map((value) => (plot.log_x ? Math.log10(value) : value));
    return new Axes(area, {
      x: low === high ? [low - 1, high + 1] : [low, high],
      y,
      logX: plot.log_x,
      logY: plot.log_y,
    });
  }

  /**
   * @param {PlotFacts} plot
   * @param {Theme} theme
   */
  colours(plot, theme) {
    return plot.names.map((_, i) => colourOf(theme, plot.colours?.[i] ?? i));
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    this.axes = this.facts.plots.map((plot, i) => {
      const box = this.boxes[i];
      const colours = this.colours(plot, theme);
      heading(pen, theme, this.word(plot.title), box.x, box.y, box.width);
      if (plot.names.length > 1)
        legend(
          pen,
          theme,
          plot.names.map((name) => this.word(name)),
          colours,
          box,
          { dashes: plot.dashes },
        );
      const axes = this.axesOf(plot, box);
      if (plot.bars) axes.box.height -= 16;
      axes.paint(pen, theme, { xlabel: plot.xlabel && this.word(plot.xlabel) });
      const rows = this.rows(plot.lines ?? plot.bars ?? "");
      if (plot.bars) drawBars(pen, theme, axes, rows, plot.labels, colours, plot);
      else this.paintLines(pen, theme, plot, axes, rows, colours);
      return axes;
    });
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {PlotFacts} plot
   * @param {Axes} axes
   * @param {number[][]} rows
   * @param {string[]} colours
   */
  paintLines(pen, theme, plot, axes, rows, colours) {
    const xs = this.arrays[plot.x].data;
    if (plot.second !== undefined) axes.upright(pen, theme, plot.second, { dash: [], color: theme.positive });
    axes.lines(pen, xs, rows, colours, { dashes: plot.dashes, dots: plot.dots });
    const at = this.indexOf(plot);
    if (at === null) return;
    axes.upright(pen, theme, xs[at]);
    rows.forEach((row, i) => axes.dot(pen, theme, xs[at], row[at], colours[i]));
  }

  /**
   * The index of x that a plot is read at: where the pointer is, else the marker's; or null.
   * @param {PlotFacts} plot
   */
  indexOf(plot) {
    const wanted = this.pointed?.x === plot.x ? this.pointed.value : plot.marker;
    if (wanted === undefined || !plot.x) return null;
    const xs = this.arrays[plot.x].data;
    let best = 0;
    for (let i = 1; i < xs.length; i += 1) if (Math.abs(xs[i] - wanted) < Math.abs(xs[best] - wanted)) best = i;
    return best;
  }

  /** @param {Point | null} place */
  point(place) {
    const before = JSON.stringify(this.pointed);
    this.pointed = null;
    if (place && this.axes) {
      const i = this.axes.findIndex((axes, at) => this.facts.plots[at].lines && axes.contains(place));
      if (i >= 0) this.pointed = { x: this.facts.plots[i].x, value: this.axes[i].at(place[0]) };
    }
    return JSON.stringify(this.pointed) !== before;
  }

  /** @param {Step} options */
  press([, right]) {
    const plot = this.facts.plots.find((each) => each.lines);
    if (!plot || !right) return false;
    const xs = this.arrays[plot.x].data;
    const at = this.indexOf(plot) ?? Math.floor(xs.length / 2);
    const step = Math.max(1, Math.round(xs.length / 80));
    this.pointed = { x: plot.x, value: xs[clamp(at + right * step, 0, xs.length - 1)] };
    return true;
  }

  tell() {
    const parts = [];
    let head = "";
    for (const plot of this.facts.plots) {
      const at = plot.lines ? this.indexOf(plot) : null;
      if (!plot.lines || at === null) continue;
      if (!head) {
        const label = plot.xlabel ? this.word(plot.xlabel) : "x";
        head = `${label} = ${number(this.arrays[plot.x].data[at])}`;
      }
      const values = this.rows(plot.lines).map((row, i) => `${this.word(plot.names[i])} ${tiny(row[at])}`);
      parts.push(`${this.word(plot.title)}: ${values.join(", ")}`);
    }
    return parts.length ? [head, ...parts].join(" · ") : fill(this.card.text.plots_hint, {});
  }
}

/** @param {number} value */
const tiny = (value) =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1).replaceAll("-", "−") : number(value);
