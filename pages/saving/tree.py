"""What is in a file: a tree of names, shapes and kinds of numbers, with a bar for the bytes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.files.contents import MOST_ROWS, Row
from pages.shared.person.language import _

CSS = """
.file-tree { --line: 21px; --shade: color-mix(in srgb, var(--st-text-color) 22%, transparent);
  max-height: calc(20 * var(--line)); overflow: auto; border: 1px solid var(--st-border-color); border-radius: 8px;
  scroll-snap-type: y mandatory;
  background:
    linear-gradient(var(--st-background-color), var(--st-background-color)) 0 100% / 100% 14px no-repeat local,
    linear-gradient(transparent, var(--shade)) 0 100% / 100% 8px no-repeat scroll var(--st-background-color);
  font: 0.8rem var(--st-code-font, monospace); color: var(--st-text-color); }
.file-tree .row { display: grid; grid-template-columns: minmax(130px, 1fr) minmax(70px, auto) 62px 118px; gap: 10px;
  padding: 0 12px; align-items: center; height: var(--line); line-height: var(--line); scroll-snap-align: start; }
.file-tree .row:hover { background: color-mix(in srgb, var(--st-primary-color) 8%, transparent); }
.file-tree .row > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.file-tree .row[hidden] { display: none; }
.file-tree .inner { font-weight: 600; cursor: pointer; }
.file-tree .shown { text-align: right; }
.file-tree .dtype, .file-tree .size { opacity: 0.65; font-size: 0.72rem; }
.file-tree .size { display: grid; grid-template-columns: 1fr 58px; gap: 6px; align-items: center; text-align: right; }
.file-tree .bar { height: 7px; border-radius: 4px; background: var(--st-primary-color); min-width: 1px; opacity: 0.75;
  justify-self: end; }
.file-tree .row.step { display: flex; height: auto; align-items: start; }
.file-tree .row.step .name { max-width: 45%; flex: none; }
.file-tree .row.step .shown { flex: 1; text-align: left; white-space: normal; overflow-wrap: anywhere; opacity: 0.75; }
.file-tree .row.step .shown::before { content: "= "; }
.file-tree { container-type: inline-size; }
@container (max-width: 470px) {
  .file-tree .row { grid-template-columns: minmax(90px, 1fr) minmax(50px, auto) 50px 58px; gap: 6px; padding: 0 6px; }
  .file-tree .size { grid-template-columns: 1fr; }
  .file-tree .bar { display: none; }
}
@container (max-width: 370px) { .file-tree .row { font-size: 0.7rem; } }
@container (max-width: 340px) {
  .file-tree .row { grid-template-columns: minmax(90px, 1fr) minmax(50px, auto) 56px; }
  .file-tree .dtype { display: none; }
}
"""
JS = """
export default function ({ data, parentElement }) {
    let tree = parentElement.querySelector(".file-tree");
    if (!tree) {
        tree = document.createElement("div");
        tree.className = "file-tree";
        tree.tabIndex = 0;
        parentElement.append(tree);
    }
    tree.setAttribute("role", "tree");
    tree.setAttribute("aria-label", data.label);
    const largest = Math.max(1, ...data.rows.filter((row) => !row.inner).map((row) => row.bytes));
    const lines = data.rows.map((row) => {
        const line = document.createElement("div");
        line.className = row.inner ? "row inner" : row.dtype ? "row" : "row step";
        line.setAttribute("role", "treeitem");
        line.setAttribute("aria-level", row.depth + 1);
        const cell = (kind, text) => {
            const part = document.createElement("span");
            part.className = kind;
            part.textContent = text;
            part.title = text;
            line.append(part);
            return part;
        };
        const name = cell("name", row.name);
        name.style.paddingLeft = `${row.depth * 16}px`;
        cell("shown", row.shown);
        cell("dtype", row.dtype);
        const size = cell("size", "");
        if (row.bytes) {
            const bar = document.createElement("span");
            bar.className = "bar";
            bar.style.width = row.inner ? "0" : `${100 * row.bytes / largest}%`;
            const number = document.createElement("span");
            number.textContent = row.size;
            size.append(bar, number);
        }
        return line;
    });
    const folded = new Set(data.rows.keys().filter((at) => data.rows[at].folded));
    const fold = () => {
        let hiddenBelow = Infinity;
        lines.forEach((line, at) => {
            const row = data.rows[at];
            if (row.depth <= hiddenBelow) hiddenBelow = Infinity;
            line.hidden = hiddenBelow !== Infinity;
            if (row.inner) {
                line.setAttribute("aria-expanded", !folded.has(at));
                line.firstChild.textContent = `${folded.has(at) ? "▸" : "▾"} ${row.name}`;
            }
            if (folded.has(at) && hiddenBelow === Infinity) hiddenBelow = row.depth;
        });
    };
    lines.forEach((line, at) => {
        if (!data.rows[at].inner) return;
        line.onclick = () => {
            if (!folded.delete(at)) folded.add(at);
            fold();
        };
    });
    fold();
    tree.replaceChildren(...lines);
}
"""
FOLDED = ("config", "metrics")
"""What is folded away at first."""
tree_component = st.components.v2.component("torch_playground_file_tree", css=CSS, js=JS)


def file_tree(rows: Sequence[Row], key: str) -> None:
    """Draw the tree."""
    depths = [*(row.depth for row in rows[1:]), 0][: len(rows)]
    shown = [
        {
            "depth": row.depth,
            "name": row.name,
            "shown": row.shown,
            "dtype": row.dtype,
            "bytes": row.bytes,
            "size": in_bytes(row.bytes),
            "inner": below > row.depth,
            "folded": below > row.depth and row.name in FOLDED,
        }
        for row, below in zip(rows, depths, strict=True)
    ]
    tensors = sum(1 for row in shown if row["bytes"] and not row["inner"])
    label = _("What is in the file, tensors: {count}").format(count=tensors)
    tree_component(key=key, data={"rows": shown, "label": label})
    if len(rows) == MOST_ROWS:
        st.caption(_("The first {count} lines are shown.").format(count=MOST_ROWS))


def in_bytes(size: int) -> str:
    """A size in words that can be compared at a glance."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
