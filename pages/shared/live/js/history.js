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
 * Put all points of a stretch of steps in the place of those that were left of it.
 * @param {RunHistory} history
 * @param {RunHistory} stretch
 */
export function refineHistory(history, stretch) {
  for (const [lane, series] of Object.entries(stretch)) {
    for (const [name, points] of Object.entries(series)) {
      const known = history[lane]?.[name];
      const last = points.step.at(-1);
      if (!known || last === undefined) continue;
      const begin = countUpTo(known, points.step[0] - 1);
      const end = countUpTo(known, last);
      if (points.step.length <= end - begin) continue;
      known.step = [...known.step.slice(0, begin), ...points.step, ...known.step.slice(end)];
      known.value = [...known.value.slice(0, begin), ...points.value, ...known.value.slice(end)];
    }
  }
  return history;
}

/**
 * The value recorded at `step` or last before it; undefined where there is none.
 * @param {Series | undefined} series
 * @param {number} step
 */
export function valueAt(series, step) {
  const count = series ? countUpTo(series, step) : 0;
  return count ? series?.value[count - 1] : undefined;
}

/**
 * How many points of a series lie at `step` or before it.
 * @param {Series} series
 * @param {number} step
 */
function countUpTo(series, step) {
  let low = 0;
  let high = series.step.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (series.step[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}
