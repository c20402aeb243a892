// A window over an image: the patch that one output pixel sees, the kernel, and what comes of them.

import { fill } from "../../shared/live/js/dom.js";
import { toCss } from "../../shared/live/js/theme.js";
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
  sign,
  tile,
} from "./board.js";
import { nearestWindow } from "./taps.js";

const BELOW = 124;

export class Windows {
  /** @type {number[]} */
  at;
  /** @type {CardArray} */
  x;
  /** @type {CardArray} */
  y;
  /** @type {CardArray} */
  rows;
  /** @type {CardArray} */
  columns;
  /** @type {CardArray|undefined} */
  weight;
  /** @type {CardArray|undefined} */
  grad;
  /** @type {CardArray|undefined} */
  winner;
  /** @type {CardArray|undefined} */
  divisor;
  /** @type {CardFacts} */
  facts;
  /** @type {Record<string, MapsPlace>} */
  places;
  /** @type {number} */
  below;
  /** @type {number} */
  cell;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    Object.assign(this, { facts, ...arrays, grad: arrays.grad, weight: arrays.weight, winner: arrays.winner });
    const [channels, rows, columns] = this.y.shape;
    this.at ??= this.weight ? this.strongest() : [0, Math.floor(rows * 0.55), Math.floor(columns * 0.45)];
    this.at = [Math.min(this.at[0], channels - 1), Math.min(this.at[1], rows - 1), Math.min(this.at[2], columns - 1)];
  }

  /**
   * The maps that go in, those that come out, or their gradient.
   * @param {string} name
   */
  mapsOf(name) {
    return (name === "y" ? this.y : name === "grad" ? this.grad : null) ?? this.x;
  }

  /** Where the output is largest, away from the border: there is something to see. */
  strongest() {
    const [, rows, columns] = this.y.shape;
    const [top, left] = [Math.floor(rows * 0.15), Math.floor(columns * 0.15)];
    let best = [0, Math.floor(rows / 2), Math.floor(columns / 2)];
    /** @param {number[]} options */
    const size = ([, row, column]) => Math.abs(this.y.data[row * columns + column]);
    for (let row = top; row < rows - top; row += 1) {
      for (let column = left; column < columns - left; column += 1) {
        if (size([0, row, column]) > size(best)) best = [0, row, column];
      }
    }
    return best;
  }

  /** The input channels that the chosen output channel sees. */
  get channels() {
    const inputs = this.x.shape[0];
    if (!this.weight) return [Math.min(this.at[0], inputs - 1)];
    const each = this.weight.shape[1];
    const group = Math.floor(this.at[0] / (this.y.shape[0] / this.facts.groups));
    return Array.from({ length: each }, (_, i) => group * each + i);
  }

  /** @param {number} width */
  layout(width) {
    const names = ["x", "y"].concat(this.grad ? ["grad"] : []);
    const across = width / names.length >= 150 ? names.length : 2;
    const side = Math.min((width - GAP * (across - 1)) / across, 330);
    const room = Math.min(side + 40, (width - GAP * (across - 1)) / across);
    this.places = {};
    names.forEach((name, i) => {
      const [count, rows, columns] = this.mapsOf(name).shape;
      const box = {
        x: (i % across) * (room + GAP),
        y: HEADING + Math.floor(i / across) * (side + HEADING + 6),
        width: side,
        height: side,
      };
      const maps = name === "x" && this.facts.colour === "rgb" ? 1 : count;
      this.places[name] = { box, room, boxes: tile(maps, rows, columns, box), rows, columns };
    });
    this.below = Math.max(...names.map((name) => this.places[name].box.y + side)) + HEADING + 8;
    const [high, wide] = [this.rows.shape[1], this.columns.shape[1]];
    const inputs = this.channels.length;
    const parts = this.weight ? 3 : 1;
    const free = width - inputs * (parts - 1) * GAP - (inputs - 1) * GAP * 1.5;
    this.cell = Math.floor(clamp(Math.min((BELOW - HEADING) / high, free / (inputs * parts * wide)), 4, 36));
    return this.below + BELOW - HEADING;
  }

  /**
   * Input row and column of each tap, as [row, column, index], or null where there is none.
   * @returns {Taps}
   */
  window() {
    const [, row, column] = this.at;
    const [high, wide] = [this.rows.shape[1], this.columns.shape[1]];
    const [rows, columns] = [this.rows.data, this.columns.data];
    const width = this.x.shape[2];
    return Array.from({ length: high * wide }, (_, i) => {
      const [r, c] = [rows[row * high + Math.floor(i / wide)], columns[column * wide + (i % wide)]];
      return r < 0 || c < 0 ? null : [r, c, r * width + c];
    });
  }

  /**
   * @param {number} channel
   * @param {Taps} taps
   */
  patch(channel, taps) {
    const start = channel * this.x.shape[1] * this.x.shape[2];
    return taps.map((tap) => (tap ? this.x.data[start + tap[2]] : 0));
  }

  /** @param {number} index */
  kernel(index) {
    if (!this.weight) return [];
    const [, each, high, wide] = this.weight.shape;
    const start = (this.at[0] * each + index) * high * wide;
    return Array.from(this.weight.data.slice(start, start + high * wide));
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    const { text } = this.card;
    const { x, y, grad } = this.places;
    heading(pen, theme, `${text.input} ${this.shapeOf("x")}`, x.box.x, x.box.y, x.room);
    heading(pen, theme, `${text.output} ${this.shapeOf("y")}`, y.box.x, y.box.y, y.room);
    this.paintMaps(pen, theme, "x", () => this.facts.colour, 1);
    const looks = this.facts.looks ?? [];
    const most = largest(this.y.data) || 1;
    this.paintMaps(pen, theme, "y", (channel) => looks[channel] ?? this.facts.look ?? "signed", most);
    if (grad && this.grad) {
      heading(pen, theme, text.gradient_of_input, grad.box.x, grad.box.y, grad.room);
      this.paintMaps(pen, theme, "grad", () => "signed", Math.max(1, largest(this.grad.data)));
    }
    const taps = this.window();
    this.paintBorder(pen, theme);
    this.paintWindow(pen, theme, taps);
    this.paintSum(pen, theme, taps);
  }

  /** @param {"x" | "y"} name */
  shapeOf(name) {
    const [before, after] = this.facts.border ?? [0, 0];
    const [channels, rows, columns] = this.mapsOf(name).shape;
    const inside = name === "x" ? [rows - before - after, columns - before - after] : [rows, columns];
    return [channels, ...inside].join(" × ");
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {"x" | "y" | "grad"} name
   * @param {(channel: number) => Look} look
   * @param {number} most
   */
  paintMaps(pen, theme, name, look, most) {
    const { boxes, rows, columns } = this.places[name];
    boxes.forEach((box, channel) => {
      const kind = look(channel);
      const size = kind === "grey" ? (name === "y" ? (this.facts.brightest ?? 1) : 1) : most;
      drawMap(
        pen,
        theme,
        painter(kind, theme, this.mapsOf(name).data, channel * rows * columns, rows * columns, size),
        rows,
        columns,
        box,
      );
    });
  }

  /**
   * A dashed line where the padding meets the image.
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paintBorder(pen, theme) {
    const [before, after] = this.facts.border ?? [0, 0];
    if (!(before + after)) return;
    const { boxes, rows, columns } = this.places.x;
    for (const { x, y, width } of boxes) {
      const unit = width / columns;
      const inner = {
        x: x + before * unit,
        y: y + before * unit,
        width: (columns - before - after) * unit,
        height: (rows - before - after) * unit,
      };
      outline(pen, theme, inner, { weight: 1, dash: [4, 3], color: toCss(theme.muted) });
    }
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {Taps} taps
   */
  paintWindow(pen, theme, taps) {
    const [channel, row, column] = this.at;
    const seen = taps.filter((tap) => tap !== null);
    for (const name of this.grad ? ["x", "grad"] : ["x"]) {
      const { boxes, columns } = this.places[name];
      const drawn = this.channels.filter((i) => boxes[i]).map((i) => boxes[i]);
      for (const box of drawn.length ? drawn : boxes.slice(0, 1)) {
        const unit = box.width / columns;
        /** @param {number[]} options */
        const place = ([r, c]) => ({ x: box.x + c * unit, y: box.y + r * unit, width: unit, height: unit });
        if (seen.length) {
          const [top, left] = [0, 1].map((axis) => Math.min(...seen.map((tap) => tap[axis])));
          const [bottom, right] = [0, 1].map((axis) => Math.max(...seen.map((tap) => tap[axis])));
          const whole = (bottom - top + 1) * (right - left + 1) === seen.length;
          const frame = {
            x: box.x + left * unit,
            y: box.y + top * unit,
            width: (right - left + 1) * unit,
            height: (bottom - top + 1) * unit,
          };
          if (!whole) for (const tap of seen) outline(pen, theme, place(tap), { weight: 1 });
          outline(pen, theme, frame, whole ? {} : { weight: 1, dash: [2, 3] });
        }
        const won = this.winnerAt();
        if (won !== null) {
          const spot = place([Math.floor(won / columns), won % columns]);
          outline(pen, theme, spot, { weight: 2, color: theme.positive });
        }
      }
    }
    const { boxes, columns } = this.places.y;
    const unit = boxes[channel].width / columns;
    outline(pen, theme, {
      x: boxes[channel].x + column * unit,
      y: boxes[channel].y + row * unit,
      width: unit,
      height: unit,
    });
  }

  /** The flat input index of the pixel that won the chosen window of a max pool, or null. */
  winnerAt() {
    if (!this.winner) return null;
    return this.winner.data[this.flat()];
  }

  flat() {
    const [channel, row, column] = this.at;
    return (channel * this.y.shape[1] + row) * this.y.shape[2] + column;
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {Taps} taps
   */
  paintSum(pen, theme, taps) {
    const { text } = this.card;
    const [high, wide] = [this.rows.shape[1], this.columns.shape[1]];
    const { cell } = this;
    const [w, h] = [cell * wide, cell * high];
    /** @param {number} i */
    const skip = (i) => taps[i] === null;
    const won = this.winnerAt();
    let left = 0;
    this.channels.forEach((channel, index) => {
      const values = this.patch(channel, taps);
      const letter = this.facts.colour === "rgb" ? ` ${"RGB"[channel]}` : "";
      heading(pen, theme, `${text.patch}${letter}`, left, this.below, w + GAP);
      const most = Math.max(1, largest(values));
      drawCells(
        pen,
        theme,
        values,
        wide,
        { x: left, y: this.below, cell },
        { most, look: this.facts.patch ?? "grey", skip },
      );
      if (won !== null) {
        const i = taps.findIndex((tap) => tap?.[2] === won);
        if (i >= 0)
          outline(
            pen,
            theme,
            { x: left + (i % wide) * cell, y: this.below + Math.floor(i / wide) * cell, width: cell, height: cell },
            { color: theme.positive },
          );
      }
      if (!this.weight) return;
      const kernel = this.kernel(index);
      const products = values.map((value, i) => value * kernel[i]);
      sign(pen, theme, "×", left + w + GAP / 2, this.below + h / 2);
      heading(pen, theme, text.kernel, left + w + GAP, this.below, w + GAP);
      drawCells(
        pen,
        theme,
        kernel,
        wide,
        { x: left + w + GAP, y: this.below, cell },
        { most: largest(this.weight.data) || 1 },
      );
      sign(pen, theme, "=", left + 2 * w + GAP * 1.5, this.below + h / 2);
      heading(pen, theme, text.products, left + 2 * (w + GAP), this.below, w + GAP);
      drawCells(pen, theme, products, wide, { x: left + 2 * (w + GAP), y: this.below, cell }, { skip });
      left += 3 * w + 3.5 * GAP;
      if (index < this.channels.length - 1) sign(pen, theme, "+", left - GAP * 0.75, this.below + h / 2);
    });
  }

  /** @param {Point | null} place */
  point(place) {
    if (!place) return false;
    const cell = this.find(place);
    if (!cell || cell.every((value, i) => value === this.at[i])) return false;
    this.at = cell;
    this.card.arrange();
    return false;
  }

  /** @param {Point} place */
  find(place) {
    const { y } = this.places;
    for (const [channel, box] of y.boxes.entries()) {
      const cell = cellAt(place, box, y.rows, y.columns);
      if (cell) return [channel, ...cell];
    }
    for (const name of this.grad ? ["x", "grad"] : ["x"]) {
      const { boxes, rows, columns } = this.places[name];
      for (const [channel, box] of boxes.entries()) {
        const cell = cellAt(place, box, rows, columns);
        if (!cell) continue;
        return [
          this.weight ? this.at[0] : Math.min(channel, this.y.shape[0] - 1),
          nearestWindow(this.rows, cell[0]),
          nearestWindow(this.columns, cell[1]),
        ];
      }
    }
    return null;
  }
  /** @param {Step} options */
  press([down, right]) {
    const [, rows, columns] = this.y.shape;
    this.at = [this.at[0], clamp(this.at[1] + down, 0, rows - 1), clamp(this.at[2] + right, 0, columns - 1)];
    return true;
  }

  tell() {
    const taps = this.window();
    const [channel, row, column] = this.at;
    const torch = this.y.data[this.flat()];
    const seen = taps.filter((tap) => tap !== null);
    let sum = 0;
    this.channels.forEach((input, index) => {
      const values = this.patch(input, taps);
      const kernel = this.weight ? this.kernel(index) : null;
      values.forEach((value, i) => {
        sum += kernel ? value * kernel[i] : value;
      });
    });
    const { dataset } = this.card.root;
    Object.assign(dataset, { sum: sum + (this.facts.bias ?? 0), torch });
    const won = this.winnerAt();
    return fill(this.card.text[`windows_${this.facts.mode}`], {
      count: seen.length,
      sum: number(sum),
      bias: number(this.facts.bias ?? 0),
      channel,
      row,
      column,
      value: number(sum + (this.facts.bias ?? 0)),
      torch: number(torch),
      power: this.facts.power,
      divisor: this.divisor ? this.divisor.data[row * this.y.shape[2] + column] : seen.length,
      winner_row: won === null ? "" : Math.floor(won / this.x.shape[2]),
      winner_column: won === null ? "" : won % this.x.shape[2],
    });
  }
}
