// Recorded numbers: {lane: {"loss/train": {step: [...], value: [...]}}}. A null value was not a finite number.

/**
 * @param {RunHistory} history
 * @param {RunHistory | undefined} addition
 */
export function extendHistory(history, addition) {
  for (const [lane, series] of Object.entries(addition ?? {})) {
    history[lane] ??= {};
    for (const [name, points] of Object.entries(series)) {
      history[lane][name] ??= { step: [], value: [] };
      extendSeries(history[lane][name], points);
    }
  }
  return history;
}

/**
 * @param {Series} series
 * @param {Series} points
 */
function extendSeries(series, points) {
  let last = series.step.at(-1) ?? -Infinity;
  points.step.forEach((step, i) => {
    if (step <= last) return;
    last = step;
    series.step.push(step);
    series.value.push(points.value[i]);
  });
}

/**
 * The value recorded at `step` or last before it; undefined where there is none.
 * @param {Series | undefined} series
 * @param {number} step
 */
export function valueAt(series, step) {
  if (!series?.step.length) return undefined;
  let low = 0;
  let high = series.step.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (series.step[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low ? series.value[low - 1] : undefined;
}

/**
 * Thin a series to about `limit` points, keeping each bucket's lowest and highest and every gap.
 * @param {Series} options
 */
export function decimate({ step, value }, limit = 1500) {
  const length = step.length;
  if (length <= limit) return { x: step.slice(), y: value.slice() };
  const size = Math.ceil(length / (limit / 2));
  const x = [];
  const y = [];
  for (let start = 0; start < length; start += size) {
    for (const i of extremes(value, start, Math.min(length, start + size))) {
      x.push(step[i]);
      y.push(value[i]);
    }
  }
  if (x.at(-1) !== step[length - 1]) {
    x.push(step[length - 1]);
    y.push(value[length - 1]);
  }
  return { x, y };
}

/**
 * @param {(number | null)[]} value
 * @param {number} start
 * @param {number} end
 */
function extremes(value, start, end) {
  let low = start;
  let high = start;
  let gap = -1;
  for (let i = start; i < end; i += 1) {
    const number = value[i];
    if (number === null) gap = i;
    else {
      if (number < (value[low] ?? Infinity)) low = i;
      if (number > (value[high] ?? -Infinity)) high = i;
    }
  }
  const kept = gap < 0 ? [low, high] : [low, high, gap];
  return [...new Set(kept)].sort((a, b) => a - b);
}
