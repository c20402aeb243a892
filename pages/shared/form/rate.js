// A slider over given values. While it is dragged it tells the live view of its experiment, at most every `pause` ms;
// when it is let go, or moved by a key, it tells Streamlit.

const held = new WeakMap();

/**
 * @param {RateData} data
 * @param {number} at
 */
function tellLiveView({ experiment, field, values }, at) {
  const detail = { experiment, field, value: values[at] };
  window.dispatchEvent(new CustomEvent("torch-playground:change", { detail }));
}

/** @param {HTMLElement} parentElement */
function build(parentElement) {
  parentElement.querySelector(".rate")?.remove();
  const root = document.createElement("div");
  root.className = "rate";
  const value = document.createElement("output");
  const input = document.createElement("input");
  input.type = "range";
  input.min = "0";
  input.step = "1";
  value.setAttribute("aria-hidden", "true");
  root.append(value, input);
  parentElement.append(root);
  /** @type {RateParts} */
  const parts = { root, value, input, dragged: false, told: -Infinity, timer: undefined };
  const rest = () => {
    parts.dragged = false;
  };
  input.addEventListener("pointerdown", () => {
    parts.dragged = true;
  });
  input.addEventListener("pointerup", rest);
  input.addEventListener("pointercancel", rest);
  return parts;
}

/**
 * Draw where the slider stands.
 * @param {RateParts} parts
 * @param {RateData} data
 */
function show({ input, value }, { texts }) {
  const at = Number(input.value);
  const share = at / Math.max(1, texts.length - 1);
  value.textContent = texts[at];
  value.style.setProperty("--at", String(share));
  input.style.setProperty("--at", String(share));
  input.setAttribute("aria-valuetext", texts[at]);
}

/**
 * Tell the live view of where the slider is dragged, now or when the pause since the last time is over.
 * @param {RateParts} parts
 * @param {RateData} data
 */
function drag(parts, data) {
  const tell = () => {
    parts.timer = undefined;
    parts.told = performance.now();
    tellLiveView(data, Number(parts.input.value));
  };
  const wait = parts.told + data.pause - performance.now();
  if (wait <= 0) tell();
  else parts.timer ??= setTimeout(tell, wait);
}

/** @param {Component<RateData>} options */
export default function ({ data, parentElement, setTriggerValue }) {
  /** @type {RateParts} */
  const parts = held.get(parentElement) ?? build(parentElement);
  held.set(parentElement, parts);
  const { input } = parts;
  input.max = String(data.values.length - 1);
  input.setAttribute("aria-label", data.label);
  if (!parts.dragged) input.value = String(Math.max(0, data.values.indexOf(data.value)));
  show(parts, data);
  input.oninput = () => {
    show(parts, data);
    if (parts.dragged) drag(parts, data);
  };
  input.onchange = () => {
    parts.dragged = false;
    clearTimeout(parts.timer);
    parts.timer = undefined;
    setTriggerValue("left", { value: data.values[Number(input.value)], n: Date.now() });
  };
}
