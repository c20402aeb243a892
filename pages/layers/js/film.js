// A kernel slides over a film: its window spans frames, rows and columns.

import { fill } from "../../shared/live/js/dom.js";
import {
  cellAt,
  clamp,
  drawCells,
  drawMap,
  GAP,
  HEADING,
  heading,
  largest,
  number,
  outline,
  painter,
} from "./board.js";
import { nearestWindow, tapsAt } from "./taps.js";

const BETWEEN = 4;
const BESIDE = 6;

export class Film {
  /** @type {number[]} */
  at;
  /** @type {CardArray} */
  x;
  /** @type {CardArray} */
  y;
  /** @type {CardArray} */
  weight;
  /** @type {CardArray} */
  frames;
  /** @type {CardArray} */
  rows;
  /** @type {CardArray} */
  columns;
  /** @type {CardFacts} */
  facts;
  /** @type {{x: Box[], y: Box[]}} */
  places;
  /** @type {number} */
  unit;
  /** @type {number} */
  cell;
  /** @type {number} */
  below;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    Object.assign(this, { ...arrays, facts });
    const sizes = this.y.shape;
    this.at ??= [Math.floor(sizes[0] / 2), Math.floor(sizes[1] * 0.4), Math.floor(sizes[2] / 2)];
    this.at = this.at.map((index, axis) => Math.min(index, sizes[axis] - 1));
  }

  /** @param {number} width */
  layout(width) {
    const across = Math.max(this.x.shape[0], this.y.shape[0]);
    // Frames are drawn on the edges: one pixel more.
    const unit =
      Math.min((width - 1 - BETWEEN * (across - 1)) / across, 110) / Math.max(this.x.shape[1], this.y.shape[1]);
    this.unit = unit;
    let y = HEADING;
    /** @param {"x" | "y"} name */
    const strip = (name) => {
      const [frames, rows, columns] = this[name].shape;
      const boxes = Array.from({ length: frames }, (_, i) => ({
        x: i * (columns * unit + BETWEEN),
        y,
        width: columns * unit,
        height: rows * unit,
      }));
      y += rows * unit + HEADING + 8;
      return boxes;
    };
    this.places = { x: strip("x"), y: strip("y") };
    this.below = y;
    const [time, rows, columns] = this.weight.shape;
    const wide = ((width - (time - 1) * 2 * GAP) / time - BESIDE) / (2 * columns);
    this.cell = Math.floor(clamp(Math.min(wide, 120 / rows), 3, 40));
    return y + 5 * 24 + 8;
  }

  taps() {
    const [frame, row, column] = this.at;
    return [tapsAt(this.frames, frame), tapsAt(this.rows, row), tapsAt(this.columns, column)];
  }

  /**
   * @param {number} frame
   * @param {number} row
   * @param {number} column
   */
  value(frame, row, column) {
    const [, rows, columns] = this.x.shape;
    return frame < 0 || row < 0 || column < 0 ? 0 : this.x.data[(frame * rows + row) * columns + column];
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    const { text } = this.card;
    for (const name of /** @type {("x" | "y")[]} */ (["x", "y"])) {
      const [, rows, columns] = this[name].shape;
      const look = name === "x" ? "grey" : "signed";
      const most = name === "x" ? 1 : largest(this.y.data) || 1;
      heading(
        pen,
        theme,
        `${text[name === "x" ? "input_film" : "output_film"]} ${this[name].shape.join(" × ")}`,
        0,
        this.places[name][0].y,
      );
      this.places[name].forEach((box, frame) => {
        drawMap(
          pen,
          theme,
          painter(look, theme, this[name].data, frame * rows * columns, rows * columns, most),
          rows,
          columns,
          box,
        );
      });
    }
    this.paintWindow(pen, theme);
    this.paintKernel(pen, theme);
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paintWindow(pen, theme) {
    const [frames, rows, columns] = this.taps();
    /** @param {number[]} taps */
    const inside = (taps) => taps.filter((tap) => tap >= 0);
    const [r, c] = [inside(rows), inside(columns)];
    for (const frame of inside(frames)) {
      const box = this.places.x[frame];
      outline(pen, theme, {
        x: box.x + Math.min(...c) * this.unit,
        y: box.y + Math.min(...r) * this.unit,
        width: (Math.max(...c) - Math.min(...c) + 1) * this.unit,
        height: (Math.max(...r) - Math.min(...r) + 1) * this.unit,
      });
    }
    const [frame, row, column] = this.at;
    const box = this.places.y[frame];
    outline(pen, theme, {
      x: box.x + column * this.unit,
      y: box.y + row * this.unit,
      width: this.unit,
      height: this.unit,
    });
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paintKernel(pen, theme) {
    const { text } = this.card;
    const [time, rows, columns] = this.weight.shape;
    const [frames, r, c] = this.taps();
    const { cell } = this;
    const wide = columns * cell;
    const most = largest(this.weight.data) || 1;
    for (let t = 0; t < time; t += 1) {
      const left = t * (2 * wide + 2 * GAP + BESIDE);
      const patch = [];
      for (let i = 0; i < rows * columns; i += 1)
        patch.push(this.value(frames[t], r[Math.floor(i / columns)], c[i % columns]));
      const kernel = Array.from(this.weight.data.slice(t * rows * columns, (t + 1) * rows * columns));
      heading(pen, theme, fill(text.frame, { number: frames[t] < 0 ? "–" : frames[t] }), left, this.below);
      drawCells(pen, theme, patch, columns, { x: left, y: this.below, cell }, { most: 1, look: "grey" });
      drawCells(pen, theme, kernel, columns, { x: left + wide + BESIDE, y: this.below, cell }, { most });
    }
  }

  /** @param {Point | null} place */
  point(place) {
    if (!place) return false;
    for (const name of /** @type {("x" | "y")[]} */ (["y", "x"])) {
      const [, rows, columns] = this[name].shape;
      for (const [frame, box] of this.places[name].entries()) {
        const cell = cellAt(place, box, rows, columns);
        if (cell)
          return this.choose(
            name === "y"
              ? [frame, ...cell]
              : [
                  nearestWindow(this.frames, frame),
                  nearestWindow(this.rows, cell[0]),
                  nearestWindow(this.columns, cell[1]),
                ],
          );
      }
    }
    return false;
  }
  /** @param {number[]} at */
  choose(at) {
    if (at.every((index, axis) => index === this.at[axis])) return false;
    this.at = at;
    return true;
  }

  /** @param {Step} options */
  press([down, right]) {
    const [frame, row, column] = this.at;
    const [, rows, columns] = this.y.shape;
    return this.choose([frame, clamp(row + down, 0, rows - 1), clamp(column + right, 0, columns - 1)]);
  }

  tell() {
    const [frames, rows, columns] = this.taps();
    let [sum, i] = [0, 0];
    for (const frame of frames)
      for (const row of rows)
        for (const column of columns) {
          sum += this.value(frame, row, column) * this.weight.data[i];
          i += 1;
        }
    const [frame, row, column] = this.at;
    const torch = this.y.data[(frame * this.y.shape[1] + row) * this.y.shape[2] + column];
    Object.assign(this.card.root.dataset, { sum, torch });
    return fill(this.card.text.film_sum, { count: i, sum: number(sum), frame, row, column, torch: number(torch) });
  }
}
