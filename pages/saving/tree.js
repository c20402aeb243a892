/** @param {Component<TreeData>} options */
export default function ({ data, parentElement }) {
  /** @type {HTMLElement} */
  const tree = parentElement.querySelector(".file-tree") ?? document.createElement("div");
  if (!tree.parentNode) {
    tree.className = "file-tree";
    tree.tabIndex = 0;
    parentElement.append(tree);
  }
  tree.setAttribute("role", "tree");
  tree.setAttribute("aria-label", data.label);
  const largest = Math.max(1, ...data.rows.filter((row) => !row.inner).map((row) => row.bytes));
  /** @type {HTMLElement[]} */
  const names = [];
  const lines = data.rows.map((row) => {
    const line = document.createElement("div");
    line.className = row.inner ? "row inner" : row.dtype ? "row" : "row step";
    line.setAttribute("role", "treeitem");
    line.setAttribute("aria-level", String(row.depth + 1));
    /**
     * @param {string} kind
     * @param {string} text
     */
    const cell = (kind, text) => {
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = text;
      part.title = text;
      line.append(part);
      return part;
    };
    const name = cell("name", row.name);
    names.push(name);
    name.style.paddingLeft = `${row.depth * 16}px`;
    cell("shown", row.shown);
    cell("dtype", row.dtype);
    const size = cell("size", "");
    if (row.bytes) {
      const bar = document.createElement("span");
      bar.className = "bar";
      bar.style.width = row.inner ? "0" : `${(100 * row.bytes) / largest}%`;
      const number = document.createElement("span");
      number.textContent = row.size;
      size.append(bar, number);
    }
    return line;
  });
  const folded = new Set([...data.rows.keys()].filter((at) => data.rows[at].folded));
  const fold = () => {
    let hiddenBelow = Infinity;
    lines.forEach((line, at) => {
      const row = data.rows[at];
      if (row.depth <= hiddenBelow) hiddenBelow = Infinity;
      line.hidden = hiddenBelow !== Infinity;
      if (row.inner) {
        line.setAttribute("aria-expanded", String(!folded.has(at)));
        names[at].textContent = `${folded.has(at) ? "▸" : "▾"} ${row.name}`;
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
