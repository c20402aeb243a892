// Plotly: loaded once, with one look for every figure.

import { toCss } from "./theme.js";

/** Milliseconds until it is asked for again. */
const AGAIN = 1000;
const LOADING = Symbol.for("torch-playground.plotly");

export const CONFIG = {
  displayModeBar: false,
  doubleClick: "reset",
  showTips: false,
  responsive: false,
};

/** @param {string} url */
export function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window[LOADING] ??= keepLoading(url);
  return window[LOADING];
}

/**
 * As often as it takes: the network may come back.
 * @param {string} url
 */
async function keepLoading(url) {
  while (!(await comes(url))) await new Promise((resolve) => setTimeout(resolve, AGAIN));
  return window.Plotly;
}

/**
 * @param {string} url
 * @returns {Promise<boolean>}
 */
const comes = (url) =>
  new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(true);
    script.onerror = () => {
      script.remove();
      resolve(false);
    };
    document.head.append(script);
  });

/** Resolves once the browser has painted what stands there now: Plotly's first drawing must not keep it from that. */
export const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** On a touch screen a drag must scroll the page, not draw a zoom box. */
export const dragMode = () => (window.matchMedia("(pointer: coarse)").matches ? false : "zoom");

/** @param {Theme} theme */
export function axis(theme, more = {}) {
  return {
    color: toCss(theme.muted),
    gridcolor: toCss(theme.grid),
    linecolor: toCss(theme.grid),
    zeroline: false,
    tickfont: { size: 11 * theme.scale },
    fixedrange: false,
    ...more,
  };
}

/** @param {Theme} theme */
export function baseLayout(theme, more = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: toCss(theme.text), size: 12 * theme.scale },
    hoverlabel: {
      bgcolor: toCss(theme.background),
      bordercolor: toCss(theme.grid),
      font: { family: theme.font, color: toCss(theme.text), size: 12 * theme.scale },
    },
    showlegend: false,
    dragmode: dragMode(),
    uirevision: "kept",
    ...more,
  };
}

/**
 * Call `resized(width, height)` now and whenever the element's box changes.
 * @param {HTMLElement} element
 * @param {(width: number, height: number) => void} resized
 */
export function watchSize(element, resized) {
  let last = "";
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = element;
    if (!width || !height || last === `${width}x${height}`) return;
    last = `${width}x${height}`;
    resized(width, height);
  });
  observer.observe(element);
  return () => observer.disconnect();
}
