// The list of a network's blocks. It keeps nothing: every edit goes to Python and comes back with all shapes.

import { create, nameControl, setAttribute, setText, targetOf } from "../shared/live/js/dom.js";
import { keep } from "../shared/live/js/mounting.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { applyTheme, readTheme } from "../shared/live/js/theme.js";
import { Dragging } from "./dragging.js";
import { below, countOuter, pathOf, placeAfterMove, rowAt, same } from "./paths.js";

loadStyles("./editor.css", import.meta.url);

class Editor {
  /** @type {EditorData} */
  data;
  /** @type {Component<EditorData>} */
  component;
  /** @type {Theme} */
  theme;
  /** @type {BlockPath|null} */
  open;
  /** @type {boolean} */
  closed;
  /** @type {boolean} */
  writing;
  /** @type {boolean} */
  applied;
  /** @type {boolean} */
  follow;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = create("div", { class: "tp-editor", "data-testid": "block-editor" });
    this.heading = create("span", { class: "tp-editor-title" });
    this.presets = create("select", {
      class: "tp-editor-select",
      "data-testid": "presets",
      onchange: () => {
        const { value } = this.presets;
        this.presets.value = "";
        this.send({ do: "preset", value });
      },
    });
    this.undo = this.tool("↶", "undo", () => this.send({ do: "undo" }));
    this.redo = this.tool("↷", "redo", () => this.send({ do: "redo" }));
    this.write = this.tool("{ }", "as_text", () => this.openText(!this.writing));
    this.bar = create("div", { class: "tp-editor-bar" }, this.presets, this.undo, this.redo, this.write);
    this.list = create("ol", { class: "tp-blocks", "data-testid": "blocks" });
    this.dragging = new Dragging(this.list, (row, target, side) => this.drop(row, target, side));
    this.adding = this.kinds("add-block", (value) =>
      this.send({ do: "insert", path: [countOuter(this.data.rows)], value }),
    );
    this.state = create("div", { class: "tp-editor-state", role: "status", "data-testid": "network-state" });
    this.text = create("textarea", {
      class: "tp-editor-text",
      rows: 12,
      spellcheck: "false",
      "data-testid": "network-text",
    });
    this.textHelp = create("div", { class: "tp-editor-help" });
    this.textWhy = create("div", { class: "tp-block-why", "data-testid": "text-problem" });
    this.apply = create("button", {
      type: "button",
      class: "tp-editor-button tp-strong",
      "data-testid": "apply-text",
      onclick: () => {
        this.applied = true;
        this.send({ do: "text", value: this.text.value });
      },
    });
    this.cancel = create("button", { type: "button", class: "tp-editor-button", onclick: () => this.openText(false) });
    this.textBox = create(
      "div",
      { class: "tp-editor-textbox", hidden: "" },
      this.textHelp,
      this.text,
      this.textWhy,
      create("div", { class: "tp-editor-bar" }, this.apply, this.cancel),
    );
    this.listBox = create("div", {}, this.list, this.adding, this.state);
    this.root.append(this.heading, this.bar, this.listBox, this.textBox);
    this.root.addEventListener("keydown", (event) => this.key(event));
    parent.append(this.root);
    this.open = null;
  }

  /**
   * @param {string} sign
   * @param {string} name
   * @param {() => void} onclick
   */
  tool(sign, name, onclick) {
    const button = create(
      "button",
      { type: "button", class: "tp-editor-tool", "data-testid": `editor-${name}`, onclick },
      sign,
    );
    button.dataset.words = name;
    return button;
  }

  /**
   * A choice of all kinds, in groups.
   * @param {string} testid
   * @param {(kind: string) => void} onChoose
   */
  kinds(testid, onChoose) {
    const select = create("select", { class: "tp-editor-select", "data-testid": testid });
    select.addEventListener("change", () => {
      const { value } = select;
      select.value = "";
      onChoose(value);
    });
    return select;
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {string} words
   */
  fillKinds(select, words) {
    const groups = this.data.kinds.map(({ group, kinds }) =>
      create("optgroup", { label: group }, ...kinds.map((kind) => create("option", { value: kind }, kind))),
    );
    select.replaceChildren(create("option", { value: "", disabled: "", selected: "", hidden: "" }, words), ...groups);
    nameControl(select, words);
  }

  /** @param {object} order */
  send(order) {
    this.component.setTriggerValue("edit", { ...order, n: Date.now() });
  }

  /** @param {Component<EditorData>} component */
  update(component) {
    this.component = component;
    const { data } = component;
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    const turned = this.data?.turn !== data.turn;
    const kept = this.remember();
    this.data = data;
    setAttribute(this.root, "lang", data.lang);
    if (turned) {
      this.open = this.closed ? null : data.chosen;
      this.closed = false;
    }
    if (this.applied && turned) {
      this.applied = false;
      if (!data.refused) this.openText(false);
    }
    this.relabel();
    this.drawList();
    this.restore(kept);
  }

  relabel() {
    const { text, presets } = this.data;
    setText(this.heading, text.title);
    this.presets.replaceChildren(
      create("option", { value: "", disabled: "", selected: "", hidden: "" }, text.start),
      ...presets.map(({ name, title }) => create("option", { value: name }, title)),
    );
    nameControl(this.presets, text.start);
    for (const button of [this.undo, this.redo, this.write]) nameControl(button, text[button.dataset.words ?? ""]);
    this.undo.disabled = !this.data.undo;
    this.redo.disabled = !this.data.redo;
    this.fillKinds(this.adding, text.add);
    setText(this.apply, text.apply);
    setText(this.cancel, text.cancel);
    setText(this.textHelp, text.text_help);
    setAttribute(this.text, "aria-label", text.text_help);
    setAttribute(this.list, "aria-label", text.list);
    const { refused } = this.data;
    setText(this.textWhy, refused && !refused.path ? refused.why : "");
  }

  /** @param {boolean} open */
  openText(open) {
    this.writing = open;
    this.textBox.hidden = !open;
    this.listBox.hidden = open;
    setAttribute(this.write, "aria-pressed", open);
    setText(this.textWhy, "");
    if (open) {
      this.text.value = this.data.network;
      this.text.focus();
    }
  }

  // Drawing

  drawList() {
    const { data } = this;
    this.dragging.cancel();
    /**
     * @param {string} words
     * @param {string} value
     * @param {string} kind
     */
    const end = (words, value, kind) =>
      create(
        "li",
        { class: "tp-block-end", "data-kind": kind },
        create("span", {}, words),
        create("span", { class: "tp-block-shape" }, value),
      );
    const rows = data.rows.map((row) => this.drawRow(row));
    this.list.replaceChildren(
      end(data.text.input, data.input, "input"),
      ...rows,
      end("→", data.works ? `${data.output} ✓` : data.output, data.works ? "works" : "open"),
    );
    const whole = data.problem && !data.where;
    this.state.replaceChildren(create("div", { class: "tp-editor-help" }, data.totals));
    if (whole) this.state.append(this.why(data.problem, data.remedy));
    if (data.advice) this.state.append(this.advice());
    for (const note of data.notes) {
      this.state.append(create("div", { class: "tp-editor-help", "data-testid": "note" }, note));
    }
    const { refused } = data;
    if (refused && (!refused.path || !rowAt(this.data.rows, refused.path))) {
      this.state.append(create("div", { class: "tp-block-why" }, refused.why));
    }
    setAttribute(this.root, "data-works", data.works);
  }

  advice() {
    const button = create(
      "button",
      {
        type: "button",
        class: "tp-editor-button tp-strong",
        "data-testid": "advice",
        onclick: () => this.send({ do: "advice" }),
      },
      this.data.better,
    );
    return create(
      "div",
      { class: "tp-block-why" },
      this.data.advice,
      create("div", { class: "tp-editor-bar" }, button),
    );
  }

  /**
   * @param {string} problem
   * @param {string} remedy
   */
  why(problem, remedy) {
    const { text } = this.data;
    const buttons = [];
    if (remedy) {
      buttons.push(
        create(
          "button",
          {
            type: "button",
            class: "tp-editor-button tp-strong",
            "data-testid": "remedy",
            onclick: () => this.send({ do: "remedy" }),
          },
          remedy,
        ),
      );
      buttons.push(
        create(
          "button",
          {
            type: "button",
            class: "tp-editor-button",
            title: text.fix_help,
            "data-testid": "fix",
            onclick: () => this.send({ do: "fix" }),
          },
          text.fix,
        ),
      );
    }
    return create(
      "div",
      { class: "tp-block-why", "data-testid": "why" },
      problem,
      create("div", { class: "tp-editor-bar" }, ...buttons),
    );
  }

  /** @param {BlockRow} row */
  drawRow(row) {
    const { data } = this;
    const broken = same(data.where, row.path);
    const open = same(this.open, row.path);
    const after = data.where && !row.output && !broken;
    const grip = create("span", { class: "tp-grip", "aria-hidden": "true", title: data.text.drag }, "⠿");
    const head = create(
      "button",
      {
        type: "button",
        class: "tp-block-head",
        "aria-expanded": open,
        "data-place": row.path.join("."),
        title: data.text.row_help,
        onclick: () => this.toggle(row.path),
      },
      grip,
      create("code", {}, row.code),
      create(
        "span",
        { class: "tp-block-shape", "data-same": row.same },
        broken ? "✕" : row.output || (after ? "?" : ""),
      ),
    );
    const item = create(
      "li",
      {
        class: "tp-block",
        "data-path": row.path.join("."),
        "data-inner": row.path.length > 1,
        "data-testid": `block-${row.path.join("-")}`,
        "data-state": broken ? "broken" : after ? "unknown" : "works",
      },
      head,
    );
    if (broken) item.append(this.why(data.problem, data.remedy));
    if (open) item.append(this.form(row));
    return item;
  }

  /** @param {BlockRow} row */
  form(row) {
    const { text, refused } = this.data;
    const fields = row.arguments.map((argument) => this.field(row, argument));
    if (!row.kind) fields.push(this.field(row, { name: "", kind: "text", value: row.code, help: text.typed }));
    const reason = refused && same(refused.path, row.path) && !refused.name && refused.why;
    /**
     * @param {string} name
     * @param {() => void} act
     */
    const button = (name, act, disabled = false) =>
      create(
        "button",
        {
          type: "button",
          class: "tp-editor-button",
          "data-testid": `block-${name}`,
          onclick: act,
          ...(disabled ? { disabled: "" } : {}),
        },
        text[name],
      );
    const add = this.kinds("add-below", (value) =>
      this.send({ do: "insert", path: below(this.data.rows, row.path), value }),
    );
    this.fillKinds(add, text.add_here);
    return create(
      "div",
      { class: "tp-block-form" },
      ...(row.about ? [create("div", { class: "tp-editor-help" }, row.about)] : []),
      ...fields,
      ...(reason ? [create("div", { class: "tp-block-why" }, reason)] : []),
      create(
        "div",
        { class: "tp-editor-bar" },
        button("up", () => this.shift(row.path, -1), !placeAfterMove(this.data.rows, row.path, -1)),
        button("down", () => this.shift(row.path, 1), !placeAfterMove(this.data.rows, row.path, 1)),
        button("copy", () => this.send({ do: "copy", path: row.path })),
        button("remove", () => this.send({ do: "remove", path: row.path })),
      ),
      add,
    );
  }

  /**
   * @param {BlockRow} row
   * @param {BlockArgument} argument
   */
  field(row, argument) {
    const { refused } = this.data;
    const wrong = refused && same(refused.path, row.path) && refused.name === argument.name;
    const id = `field-${row.path.join("-")}-${argument.name}`;
    const value = wrong ? refused.typed : argument.value;
    /** @param {string} typed */
    const submit = (typed) => {
      if (typed === argument.value) return;
      this.send(
        argument.name
          ? { do: "set", path: row.path, name: argument.name, value: typed }
          : { do: "type", path: row.path, value: typed },
      );
    };
    const common = { id, "data-place": id, "data-testid": `argument-${argument.name || "typed"}` };
    const input =
      argument.kind === "bool"
        ? create("input", { ...common, type: "checkbox", onchange: () => submit(input.checked ? "True" : "False") })
        : create("input", {
            ...common,
            type: argument.kind === "number" ? "number" : "text",
            value,
            step: 1,
            autocomplete: "off",
            onchange: () => submit(input.value),
          });
    if (argument.kind === "bool") input.checked = value === "True";
    return create(
      "div",
      { class: "tp-block-field", "data-wrong": Boolean(wrong) },
      create("label", { for: id }, create("code", {}, argument.name), create("span", {}, argument.help)),
      input,
      ...(wrong ? [create("div", { class: "tp-block-why" }, refused.why)] : []),
    );
  }

  // Acting

  /** @param {BlockPath} path */
  toggle(path) {
    this.open = same(this.open, path) ? null : path;
    const kept = this.remember();
    this.drawList();
    this.restore(kept);
  }

  /**
   * @param {BlockPath} path
   * @param {number} by
   */
  shift(path, by) {
    const to = placeAfterMove(this.data.rows, path, by);
    if (to) this.move(path, to);
  }

  /**
   * A block that is moved stays as open as it was.
   * @param {BlockPath} path
   * @param {BlockPath} to
   */
  move(path, to) {
    this.closed = !same(this.open, path);
    this.send({ do: "move", path, to });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = targetOf(event);
    /** @type {HTMLElement | null} */
    const head = target.closest(".tp-block-head");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !target.closest("textarea, input")) {
      event.preventDefault();
      this.send({ do: event.shiftKey ? "redo" : "undo" });
      return;
    }
    if (!head) return;
    const path = pathOf(head);
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.send({ do: "remove", path });
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const by = event.key === "ArrowUp" ? -1 : 1;
      if (event.altKey) {
        this.follow = true;
        this.shift(path, by);
        return;
      }
      const heads = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(".tp-block-head")]);
      heads[heads.indexOf(head) + by]?.focus();
    }
  }

  /**
   * @param {HTMLElement} item the row that was dragged
   * @param {HTMLElement} target the row where it was dropped
   * @param {"above" | "below"} side
   */
  drop(item, target, side) {
    const path = pathOf(item);
    const to = side === "above" ? pathOf(target) : below(this.data.rows, pathOf(target));
    if (same(path, to)) return;
    this.follow = true;
    this.move(path, to);
  }

  // What is focused stays so while the list is drawn again.

  remember() {
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || !this.root.contains(active)) return null;
    return { place: active.dataset.place, typed: active instanceof HTMLInputElement ? active.value : null };
  }

  /** @param {KeptFocus | null} kept */
  restore(kept) {
    let place = kept?.place;
    if (this.follow && this.data.chosen) {
      place = this.data.chosen.join(".");
      this.follow = false;
    }
    if (!place) return;
    /** @type {HTMLElement | null} */
    const node = this.root.querySelector(`[data-place="${place}"]`);
    node?.focus({ preventScroll: true });
  }

  destroy() {
    this.root.remove();
  }
}

export const mount = keep("editor", Editor);
