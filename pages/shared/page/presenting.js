// A page without its settings and with large text, for a projector: by a button or the key P, remembered for the tab.

const STORED = "torch-playground-presenting";
/** What views listen for: text in their plots is larger or smaller from now on. */
const SCALED = "torch-playground-scaled";
const TYPING = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const ICON = "M1.5 2.5h13v8h-13zM8 10.5v2.2M5 13.5l3-1.2 3 1.2M6.7 4.6v3.8L10 6.5z";

const root = document.documentElement;

/** @param {boolean} on */
function present(on) {
  if (on === root.hasAttribute("data-presenting")) return;
  root.toggleAttribute("data-presenting", on);
  window.dispatchEvent(new Event(SCALED));
}

/** Whether the tab presented before it was refreshed; a browser may forbid it to remember. */
function remembered() {
  try {
    return sessionStorage.getItem(STORED) === "true";
  } catch {
    return false;
  }
}

/** @param {boolean} on */
function remember(on) {
  try {
    sessionStorage.setItem(STORED, String(on));
  } catch {
    // It is forgotten with the next refresh.
  }
}

/** @param {Component<{ present: string; end: string }>} component */
export default function ({ data, parentElement }) {
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.dataset.testid = "presenting";
    button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICON}"/></svg>`;
    parentElement.append(button);
  }
  const show = () => {
    const on = root.hasAttribute("data-presenting");
    const words = on ? data.end : data.present;
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", words);
    button.title = words;
  };
  const toggle = () => {
    present(!root.hasAttribute("data-presenting"));
    remember(root.hasAttribute("data-presenting"));
    show();
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key.toLowerCase() !== "p" || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    if (target instanceof Element && target.closest(TYPING)) return;
    toggle();
  };
  button.onclick = toggle;
  document.addEventListener("keydown", press);
  present(remembered());
  show();
  return () => document.removeEventListener("keydown", press);
}
