// The host's board: what the server takes, and a row for each run with a button that ends it.

import { create, setText } from "../shared/live/js/dom.js";
import { keep } from "../shared/live/js/mounting.js";
import { loadStyles } from "../shared/live/js/styles.js";

loadStyles("./board.css", import.meta.url);

class Board {
  /** @type {Component<HostData>} */
  component;
  /** @type {Map<string, HTMLTableRowElement>} */
  rows = new Map();

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.numbers = create("dl", { class: "tp-host-numbers" });
    this.heading = create("h2", { class: "tp-host-heading" });
    this.nobody = create("p", {});
    this.head = create("tr", {});
    this.body = create("tbody", {});
    this.table = create("table", { class: "tp-host-runs" }, create("thead", {}, this.head), this.body);
    this.element = create(
      "section",
      { "data-testid": "host-board" },
      this.numbers,
      this.heading,
      this.nobody,
      this.table,
    );
    parent.append(this.element);
  }

  /** @param {Component<HostData>} component */
  update(component) {
    this.component = component;
    const { numbers, heading, nobody, columns, runs } = component.data;
    this.numbers.replaceChildren(
      ...numbers.map(({ name, value, help }) =>
        create("div", help ? { title: help } : {}, create("dt", {}, name), create("dd", {}, value)),
      ),
    );
    setText(this.heading, heading);
    setText(this.nobody, runs.length ? "" : nobody);
    this.table.hidden = !runs.length;
    this.head.replaceChildren(...columns.map((name) => create("th", { scope: "col" }, name)), create("td", {}));
    const known = new Set(runs.map(({ id }) => id));
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const run of runs) this.row(run);
  }

  /**
   * A row stays the same element: its button keeps the focus while the numbers change.
   * @param {HostRun} run
   */
  row({ id, cells }) {
    const { columns, end, end_help } = this.component.data;
    let row = this.rows.get(id);
    if (!row) {
      const button = create("button", { type: "button", class: "tp-chip", onclick: () => this.end(id) });
      row = create("tr", {}, ...cells.map(() => create("td", {})), create("td", {}, button));
      this.rows.set(id, row);
      this.body.append(row);
    }
    cells.forEach((text, place) => {
      const cell = row.cells[place];
      setText(cell, text);
      cell.dataset.column = columns[place];
    });
    const button = row.querySelector("button");
    if (!button) return;
    setText(button, end);
    button.title = end_help;
    button.setAttribute("aria-label", `${end}: ${cells.slice(0, 2).join(", ")}`);
  }

  /** @param {string} id */
  end(id) {
    this.rows.get(id)?.toggleAttribute("data-ending", true);
    this.component.setTriggerValue("end", { run: id, n: Date.now() });
  }

  destroy() {
    this.element.remove();
  }
}

export const mount = keep("host", Board);
