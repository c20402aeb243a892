// Colours: those of the palette, and the rest from Streamlit's theme.

import { PALETTE } from "./palette.js";

const SYSTEM_FONT = "system-ui, sans-serif";

/** @param {string} color */
export function parseColor(color) {
  const text = color.trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text)?.[1];
  if (hex) {
    const full = hex.length < 6 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
  }
  const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return numbers.length >= 3 ? numbers.slice(0, 3) : [128, 128, 128];
}

/**
 * @param {RGB} from
 * @param {RGB} to
 * @param {number} share
 */
export function mix(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}

/** @param {RGB} options */
export function toCss([red, green, blue], alpha = 1) {
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/**
 * A colour as a pixel of an image's 32-bit view.
 * @param {RGB} color
 */
export const pack = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * A packed pixel's [red, green, blue].
 * @param {number} pixel
 */
export const unpack = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];

/** @param {RGB} rgb */
function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * @param {RGB} one
 * @param {RGB} other
 */
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/**
 * Black or white, whichever is read better on a colour.
 * @param {RGB} color
 */
export function inkOn(color) {
  const [white, black] = [PALETTE.ink.light, PALETTE.ink.dark].map((ink) => contrast(color, parseColor(ink)));
  return white > black ? PALETTE.ink.light : PALETTE.ink.dark;
}

/**
 * Read the theme in force at `element`.
 * @param {Element} element
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  /**
   * @param {string} name
   * @param {string} fallback
   */
  const read = (name, fallback) => {
    const value = style.getPropertyValue(`--st-${name}`).trim();
    return value && value !== "unset" ? value : fallback;
  };
  const background = parseColor(read("background-color", PALETTE.ink.light));
  const text = parseColor(read("text-color", PALETTE.ink.dark));
  const dark = luminance(background) < luminance(text);
  /** @type {Theme} */
  const theme = {
    key: "",
    ...(dark ? PALETTE.dark : PALETTE.light),
    dark,
    background,
    text,
    muted: mix(background, text, 0.68),
    grid: mix(background, text, dark ? 0.16 : 0.1),
    primary: parseColor(read("primary-color", PALETTE.light.primary)),
    font: read("font", SYSTEM_FONT),
    scale: Number(style.getPropertyValue("--tp-scale")) || 1,
  };
  theme.key = JSON.stringify(theme);
  return theme;
}

/**
 * Hand the colours that live.css needs to the view's root.
 * @param {HTMLElement} root
 * @param {Theme} theme
 */
export function applyTheme(root, theme) {
  /** @type {Record<string, string>} */
  const variables = {
    "--tp-train": theme.train,
    "--tp-test": theme.test,
    "--tp-validation": theme.validation,
    "--tp-muted": toCss(theme.muted),
    "--tp-grid": toCss(theme.grid),
    "--tp-on-primary": inkOn(theme.primary),
    "--tp-warning": theme.warning,
    "--tp-positive": theme.positive,
    "--tp-negative": theme.negative,
    "--tp-broken": theme.broken,
    "--tp-broken-text": theme.brokenText,
  };
  theme.classes.forEach((color, label) => {
    variables[`--tp-class-${label}`] = color;
    variables[`--tp-on-class-${label}`] = inkOn(parseColor(color));
  });
  for (const [name, value] of Object.entries(variables)) root.style.setProperty(name, value);
  root.dataset.theme = theme.dark ? "dark" : "light";
}
