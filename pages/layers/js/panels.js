// Blocks of numbers side by side: what belongs together lights up in all of them.

import { fill } from "../../shared/live/js/dom.js";
import { mix, toCss, unpack } from "../../shared/live/js/theme.js";
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
  tile,
} from "./board.js";

const HIGH = 30;
const MAP = 300;

export class Panels {
  /** @type {{panel: string, index: number}} */
  at;
  /** @type {Record<string, CardArray>} */
  arrays;
  /** @type {CardFacts} */
  facts;
  /** @type {Record<string, PanelPlace>} */
  places;
  /** @type {number|undefined} */
  unit;
  /** @type {number} */
  resultAt;

  /** @param {CardHost} card */
  constructor(card) {
    this.card = card;
  }

  /**
   * @param {Record<string, CardArray>} arrays
   * @param {CardFacts} facts
   */
  take(arrays, facts) {
    this.arrays = arrays;
    this.facts = facts;
    if (!this.at || !arrays[this.at.panel] || this.at.index >= arrays[this.at.panel].data.length) {
      const [panel, index] = Object.entries(facts.at ?? {})[0] ?? [facts.rows[0][0], null];
      const data = arrays[panel].data;
      this.at = { panel, index: index ?? Math.floor(data.length * 0.55) };
    }
    if (facts.tell_of) this.resultAt = Math.min(this.resultAt ?? 0, arrays[facts.tell_of].data.length - 1);
  }

  /**
   * Leading sizes, rows and columns of a panel's array.
   * @param {string} name
   */
  sizes(name) {
    const { shape } = this.arrays[name];
    const [rows, columns] = shape.length > 1 ? shape.slice(-2) : [1, shape[0]];
    return { before: shape.slice(0, -2), rows, columns };
  }

  /**
   * @param {PanelFacts} panel
   * @param {number} rows
   */
  labelWidth(panel, rows) {
    if (panel.row_names) return 8 + 7 * Math.max(...panel.row_names.map((name) => name.length));
    return panel.count_rows && rows > 1 ? 20 : 0;
  }

  /** @param {number} width */
  layout(width) {
    const { rows, panels } = this.facts;
    this.places = {};
    let y = HEADING;
    for (const row of rows) {
      const wide = row.map((name) => {
        const { before, columns } = this.sizes(name);
        return panels[name].numbers ? columns * (before.length > 1 ? 1 : (before[0] ?? 1)) : 0;
      });
      const maps = row.filter((name) => !panels[name].numbers).length;
      const labels = row.reduce((sum, name) => sum + this.labelWidth(panels[name], this.sizes(name).rows), 0);
      const share = maps ? Math.min(MAP, (width - GAP * (row.length - 1)) / row.length) : 0;
      const side = maps && share < 150 ? Math.min(MAP, (width - GAP) / 2) : share;
      const numbers = wide.reduce((sum, cells) => sum + cells, 0);
      const cell = clamp(
        Math.floor((width - labels - maps * side - GAP * (row.length - 1)) / Math.max(1, numbers)),
        31,
        46,
      );
      let [x, tallest] = [0, 0];
      row.forEach((name, i) => {
        const box = panels[name].numbers
          ? this.placeNumbers(
              name,
              Math.min(
                panels[name].cell_width ?? cell,
                Math.floor((width - this.labelWidth(panels[name], this.sizes(name).rows)) / wide[i]),
              ),
              width,
            )
          : this.placeMaps(name, side);
        if (x > 0 && x + box.width > width + 1) {
          y += tallest + HEADING + 10;
          [x, tallest] = [0, 0];
        }
        this.move(name, x, y, box.width);
        x += box.width + GAP;
        tallest = Math.max(tallest, box.height);
      });
      y += tallest + HEADING + 10;
    }
    return y - HEADING;
  }

  /**
   * Sheets of a panel with numbers, from its own corner.
   * @param {string} name
   * @param {number} cell
   * @param {number} width
   */
  placeNumbers(name, cell, width) {
    const { before, rows, columns } = this.sizes(name);
    const count = before.reduce((product, size) => product * size, 1);
    const left = this.labelWidth(this.facts.panels[name], rows);
    const gap = 10;
    const fit = Math.max(1, Math.floor((width - left + gap) / (columns * cell + gap)));
    const across = before.length > 1 ? Math.min(before[1], fit) : Math.min(count, fit);
    const sheets = Array.from({ length: count }, (_, i) => ({
      offset: i * rows * columns,
      x: left + (i % across) * (columns * cell + gap),
      y: Math.floor(i / across) * (rows * HIGH + gap),
      width: columns * cell,
      height: rows * HIGH,
    }));
    this.places[name] = { sheets, rows, columns, cell, left, x: 0, y: 0, width: 0 };
    return {
      width: left + across * (columns * cell + gap) - gap,
      height: Math.ceil(count / across) * (rows * HIGH + gap) - gap,
    };
  }

  /**
   * @param {string} name
   * @param {number} side
   */
  placeMaps(name, side) {
    const { before, rows, columns } = this.sizes(name);
    const count = before.reduce((product, size) => product * size, 1);
    let boxes;
    if (before.length > 1) {
      const [, channels] = before;
      const gap = 5;
      const unit = Math.min((side - gap * (channels - 1)) / channels / columns, 64 / rows);
      boxes = Array.from({ length: count }, (_, i) => ({
        x: (i % channels) * (columns * unit + gap),
        y: Math.floor(i / channels) * (rows * unit + gap),
        width: columns * unit,
        height: rows * unit,
      }));
    } else {
      boxes = tile(count, rows, columns, { x: 0, y: 0, width: side, height: side * (count > 1 ? 0.75 : 1) });
    }
    const sheets = boxes.map((box, i) => ({ ...box, offset: i * rows * columns }));
    this.places[name] = { sheets, rows, columns, cell: 0, left: 0, x: 0, y: 0, width: 0 };
    return { width: side, height: Math.max(...boxes.map((box) => box.y + box.height)) };
  }

  /**
   * @param {string} name
   * @param {number} x
   * @param {number} y
   * @param {number} width
   */
  move(name, x, y, width) {
    const place = this.places[name];
    Object.assign(place, { x, y, width });
    for (const sheet of place.sheets) {
      sheet.x += x;
      sheet.y += y;
    }
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paint(pen, theme) {
    const { text } = this.card;
    for (const name of Object.keys(this.places)) {
      const panel = this.facts.panels[name];
      const { shape } = this.arrays[name];
      const place = this.places[name];
      const size = shape.length > 1 || shape[0] > 1 ? ` ${shape.join(" × ")}` : "";
      const title = fill(text[panel.title] ?? panel.title, this.facts.values);
      const room = pen.measureText(title).width > place.width ? place.width + GAP : Infinity;
      heading(
        pen,
        theme,
        panel.numbers && place.columns < 3 ? title : title + size,
        place.x,
        place.y,
        Math.max(place.width + GAP - 2, room === Infinity ? 0 : place.width),
      );
      this.paintPanel(pen, theme, name);
    }
    this.paintTogether(pen, theme);
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {string} name
   */
  paintPanel(pen, theme, name) {
    const panel = this.facts.panels[name];
    const { data } = this.arrays[name];
    const { sheets, rows, columns, cell } = this.places[name];
    const count = rows * columns;
    const most = panel.most ?? (largest(data) || 1);
    const look = panel.look ?? "signed";
    sheets.forEach((sheet) => {
      if (!panel.numbers) {
        drawMap(pen, theme, painter(look, theme, data, sheet.offset, count, most), rows, columns, sheet);
        return;
      }
      const values = Array.from(data.slice(sheet.offset, sheet.offset + count));
      if (panel.ramp) this.paintRamp(pen, theme, values, sheet, { columns, cell, most: panel.ramp });
      else
        drawCells(
          pen,
          theme,
          values,
          columns,
          { x: sheet.x, y: sheet.y, cell, high: HIGH },
          { most, plain: panel.plain, digits: panel.digits },
        );
    });
    if (!panel.row_names && !panel.count_rows) return;
    pen.fillStyle = toCss(theme.muted);
    pen.font = `11.5px ${theme.font}`;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let row = 0; row < rows; row += 1) {
      pen.fillText(panel.row_names?.[row] ?? String(row), sheets[0].x - 6, sheets[0].y + (row + 0.5) * HIGH);
    }
  }

  /**
   * Cells that show their number's place in a row of numbers: from purple over nothing to green.
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {number[]} values
   * @param {Sheet} sheet
   * @param {{ columns: number; cell: number; most: number }} options
   */
  paintRamp(pen, theme, values, sheet, { columns, cell, most }) {
    const shifted = values.map((value) => (2 * value) / most - 1);
    drawCells(
      pen,
      theme,
      shifted,
      columns,
      { x: sheet.x, y: sheet.y, cell: Math.min(cell, 20), high: HIGH },
      { most: 1.3, skip: () => true },
    );
    const colour = painter("signed", theme, shifted, 0, shifted.length, 1.3);
    values.forEach((value, i) => {
      const [x, y] = [sheet.x + (i % columns) * cell, sheet.y + Math.floor(i / columns) * HIGH];
      pen.fillStyle = toCss(unpack(colour(i)));
      pen.fillRect(x, y, cell, HIGH);
      pen.strokeStyle = toCss(mix(theme.background, theme.text, 0.18));
      pen.lineWidth = 1;
      pen.strokeRect(x + 0.5, y + 0.5, cell - 1, HIGH - 1);
      pen.fillStyle = toCss(theme.text);
      pen.font = `12px ${theme.font}`;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(String(value), x + cell / 2, y + HIGH / 2 + 0.5);
    });
  }

  /**
   * The frame of one cell.
   * @param {string} name
   * @param {number} index
   */
  cell(name, index) {
    const { sheets, rows, columns } = this.places[name];
    const count = rows * columns;
    const sheet = sheets[Math.floor(index / count)];
    const i = index % count;
    const [width, height] = [sheet.width / columns, sheet.height / rows];
    return { x: sheet.x + (i % columns) * width, y: sheet.y + Math.floor(i / columns) * height, width, height };
  }

  /**
   * @param {string} name
   * @param {number} index
   */
  tagOf(name, index) {
    const tags = this.facts.panels[name]?.tags;
    return tags ? this.arrays[tags].data[index] : null;
  }

  /**
   * @param {Pen} pen
   * @param {Theme} theme
   */
  paintTogether(pen, theme) {
    const { panel, index } = this.at;
    const tag = this.tagOf(panel, index);
    /**
     * @param {string} name
     * @param {number} i
     * @param {{ weight?: number }} [options]
     */
    const frame = (name, i, options) => outline(pen, theme, this.cell(name, i), options);
    if (tag !== null) {
      for (const name of Object.keys(this.places)) this.paintTag(pen, theme, name, tag);
    }
    const links = this.facts.panels[panel].links?.[index];
    for (const [name, cells] of Object.entries(links ?? {})) {
      if (!this.places[name]) continue;
      for (const [row, column] of cells) frame(name, row * this.places[name].columns + column, { weight: 1.5 });
    }
    if (this.facts.together?.includes(panel)) {
      for (const name of this.facts.together) if (index < this.arrays[name].data.length) frame(name, index);
    } else {
      frame(panel, index, { weight: 2.5 });
    }
  }

  /**
   * Fade what does not belong to a tag.
   * @param {Pen} pen
   * @param {Theme} theme
   * @param {string} name
   * @param {number} tag
   */
  paintTag(pen, theme, name, tag) {
    if (!this.facts.panels[name].tags) return;
    const { sheets, rows, columns } = this.places[name];
    if (this.facts.panels[name].numbers) {
      this.arrays[name].data.forEach((_, i) => {
        if (this.tagOf(name, i) === tag) outline(pen, theme, this.cell(name, i));
      });
      return;
    }
    pen.fillStyle = toCss(theme.background, 0.66);
    for (const sheet of sheets) {
      const [width, height] = [sheet.width / columns, sheet.height / rows];
      const same = Array.from({ length: rows * columns }, (_, i) => this.tagOf(name, sheet.offset + i) === tag);
      if (same.every(Boolean)) {
        outline(pen, theme, sheet, { weight: 1.5 });
      } else if (!same.some(Boolean)) {
        pen.fillRect(sheet.x, sheet.y, sheet.width, sheet.height);
      } else {
        same.forEach((kept, i) => {
          if (!kept)
            pen.fillRect(sheet.x + (i % columns) * width, sheet.y + Math.floor(i / columns) * height, width, height);
        });
      }
    }
  }

  /** @param {Point | null} place */
  point(place) {
    if (!place) return false;
    for (const [name, { sheets, rows, columns }] of Object.entries(this.places)) {
      for (const sheet of sheets) {
        const cell = cellAt(place, sheet, rows, columns);
        if (!cell) continue;
        return this.choose(name, sheet.offset + cell[0] * columns + cell[1]);
      }
    }
    return false;
  }

  /**
   * @param {string} panel
   * @param {number} index
   */
  choose(panel, index) {
    if (this.at.panel === panel && this.at.index === index) return false;
    this.at = { panel, index };
    const result = this.facts.tell_of;
    if (!result) return true;
    const [linked] = this.facts.panels[panel].links?.[index]?.[result] ?? [];
    if (panel === result) this.resultAt = index;
    else if (linked) this.resultAt = linked[0] * this.sizes(result).columns + linked[1];
    return true;
  }

  /** @param {Step} options */
  press([down, right]) {
    const { panel, index } = this.at;
    const { columns } = this.places[panel];
    return this.choose(panel, clamp(index + down * columns + right, 0, this.arrays[panel].data.length - 1));
  }

  tell() {
    const { facts, arrays, at } = this;
    const parameters = { ...facts.values };
    for (const name of facts.together ?? []) {
      if (at.index < arrays[name].data.length) parameters[name] = number(arrays[name].data[at.index]);
    }
    parameters.value = number(arrays[at.panel].data[at.index]);
    const tag = this.tagOf(at.panel, at.index);
    const { tags } = facts.panels[at.panel];
    if (tag !== null && tags) {
      parameters.count = arrays[tags].data.filter((other) => other === tag).length;
      for (const [name, values] of Object.entries(facts.by_tag ?? {})) parameters[name] = number(values[tag]);
    }
    for (const [name, texts] of Object.entries(facts.by_cell ?? {})) parameters[name] = texts[this.resultAt];
    if (facts.tell_of) {
      const { columns } = this.sizes(facts.tell_of);
      Object.assign(parameters, {
        row: Math.floor(this.resultAt / columns),
        column: this.resultAt % columns,
        result: number(arrays[facts.tell_of].data[this.resultAt]),
      });
    }
    if (facts.values_of) {
      const unit = at.panel === "x" ? (this.unit ?? 0) : at.index;
      this.unit = unit;
      parameters.unit = unit;
      for (const [name, values] of Object.entries(facts.values_of)) parameters[name] = number(values[unit]);
    }
    for (const [name, cells] of Object.entries(facts.panels[at.panel].links?.[at.index] ?? {})) {
      parameters[`${name}_count`] = cells.length;
      parameters[`${name}_row`] = cells[0]?.[0] ?? "";
      if (this.places[name] && cells.length) {
        parameters[`${name}_value`] = number(arrays[name].data[cells[0][0] * this.places[name].columns + cells[0][1]]);
      }
    }
    const { dataset } = this.card.root;
    Object.assign(dataset, { panel: at.panel, index: at.index });
    for (const name of ["loss", "same"])
      if (typeof parameters[name] === "number") parameters[name] = number(parameters[name]);
    return fill(this.card.text[facts.tell], parameters);
  }
}
