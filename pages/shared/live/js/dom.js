// Small helpers to build the page once and fill in words and numbers.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Create an element: attributes by name, `on...` as listeners, then children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
export function create(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/** @param {string} path */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("tp-icon");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/**
 * A short sample of a line, as a legend shows it.
 * @param {string} split
 * @param {string} lane
 */
export function lineSample(split, lane) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "line");
  svg.setAttribute("viewBox", "0 0 18 8");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("tp-line");
  svg.dataset.split = split;
  svg.dataset.lane = lane;
  for (const [name, value] of Object.entries({ x1: 0, y1: 4, x2: 18, y2: 4 })) line.setAttribute(name, String(value));
  svg.append(line);
  return svg;
}

/**
 * @param {Element} node
 * @param {string | null} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {unknown} value
 */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/**
 * Give a control its accessible name, and the same words as a tooltip.
 * @param {Element} node
 * @param {string} words
 */
export function nameControl(node, words) {
  setAttribute(node, "aria-label", words);
  setAttribute(node, "title", words);
}

const HAN = /[\u4e00-\u9fff]/;
const PLACE = /((?<=[\u4e00-\u9fff]) |)\{(\w+)\}( (?=[\u4e00-\u9fff])|)/g;

/**
 * Put parameters into a sentence: fill("at step {step}", {step: 3}). Chinese has a space beside numbers and Latin
 * names, and none beside a Chinese name.
 * @param {string | undefined} template
 * @param {Fillings} parameters
 */
export function fill(template, parameters = {}) {
  return (template ?? "").replace(PLACE, (whole, before, name, after) => {
    if (parameters[name] === undefined || parameters[name] === null) return whole;
    const value = String(parameters[name]);
    return (HAN.test(value.charAt(0)) ? "" : before) + value + (HAN.test(value.slice(-1)) ? "" : after);
  });
}

/**
 * @param {number | string} value
 * @param {string} lang
 */
export function formatCount(value, lang) {
  return Number(value).toLocaleString(lang);
}

/** @type {Map<string, Intl.NumberFormat>} */
const PERCENT = new Map();

/**
 * @param {number | null | undefined} value
 * @param {string} lang
 */
export function formatPercent(value, lang) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  let format = PERCENT.get(lang);
  if (!format) {
    format = new Intl.NumberFormat(lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    PERCENT.set(lang, format);
  }
  return format.format(value);
}

/**
 * A loss or a weight in about four digits, whatever its size.
 * @param {number | null | undefined} value
 */
export function formatNumber(value) {
  if (value === undefined) return "–";
  if (value === null || !Number.isFinite(value)) return "NaN";
  const size = Math.abs(value);
  const digits =
    size !== 0 && (size < 0.001 || size >= 1e5)
      ? value.toExponential(1)
      : value.toFixed(size < 10 ? 4 : size < 100 ? 3 : size < 1000 ? 2 : 1);
  return digits.replace("-", size >= 0.001 ? "−" : value < 0 ? "−" : "-");
}

/**
 * A setting such as the learning rate, as short as it can be written.
 * @param {number | string} value
 */
export function formatSetting(value) {
  return String(Number(Number(value).toPrecision(4)));
}

/**
 * What draws on a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function penOf(canvas, settings) {
  const pen = canvas.getContext("2d", settings);
  if (!pen) throw new Error("This browser can't draw on a canvas.");
  return pen;
}

/**
 * The elements in an element.
 * @param {Element} node
 */
export const childrenOf = (node) => /** @type {HTMLElement[]} */ ([...node.children]);

/**
 * The element that an event happened to.
 * @param {Event} event
 */
export const targetOf = (event) => /** @type {HTMLElement} */ (event.target);
