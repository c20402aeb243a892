// Windows that slide over something: each is a row of taps, the places that it sees; -1 lies beyond the border.

/**
 * The taps of one window.
 * @param {CardArray} windows (windows, taps)
 * @param {number} index
 */
export function tapsAt({ data, shape: [, size] }, index) {
  return Array.from(data.slice(index * size, (index + 1) * size));
}

/**
 * The window whose middle is nearest to a place; the first of those that are equally near.
 * @param {CardArray} windows (windows, taps)
 * @param {number} place
 */
export function nearestWindow(windows, place) {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < windows.shape[0]; i += 1) {
    const seen = tapsAt(windows, i).filter((tap) => tap >= 0);
    if (!seen.length) continue;
    const away = Math.abs((Math.min(...seen) + Math.max(...seen)) / 2 - place);
    if (away < least) [best, least] = [i, away];
  }
  return best;
}
