/** Characters of a line that there is room for beside the button. */
const BESIDE = 60;

/** @param {Component<CodeData>} options */
export default function ({ data, parentElement }) {
  /** @type {HTMLElement} */
  const panel = parentElement.querySelector(".code-panel") ?? document.createElement("div");
  if (!panel.parentNode) {
    panel.className = "code-panel";
    panel.append(document.createElement("button"), document.createElement("pre"));
    parentElement.append(panel);
  }
  const [button, pre] = /** @type {HTMLElement[]} */ ([...panel.children]);
  button.textContent = data.copy;
  button.hidden = !data.copy;
  button.onclick = async () => {
    const lines = data.lines.filter((line) => !line.missing);
    await copy(`${lines.map((line) => line.parts.map((part) => part[1]).join("")).join("\n")}\n`);
    button.textContent = data.copied;
    setTimeout(() => {
      button.textContent = data.copy;
    }, 1500);
  };
  const longest = Math.max(...data.lines.map((line) => line.parts.reduce((sum, [, text]) => sum + text.length, 0)));
  panel.classList.toggle("wide", longest > BESIDE);
  pre.tabIndex = 0;
  pre.replaceChildren(
    ...data.lines.map((line) => {
      const row = document.createElement("span");
      row.className = line.missing ? "line missing" : line.marked ? "line mark" : "line";
      if (line.missing) row.title = data.left_out;
      for (const [kind, text] of line.parts) {
        const part = document.createElement("span");
        part.className = kind;
        part.textContent = text;
        row.append(part);
      }
      return row;
    }),
  );
  /** @type {HTMLElement | null} */
  const first = pre.querySelector(".mark, .missing");
  const marks = data.lines.filter((line) => line.marked || line.missing).length;
  // To what was changed just now, but not away from what somebody reads.
  const above = first ? first.offsetTop - pre.offsetTop - 40 : 0;
  if (first && panel.dataset.marks !== String(marks)) pre.scrollTop = Math.max(0, above);
  panel.dataset.marks = String(marks);
}
/** @param {string} text */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
