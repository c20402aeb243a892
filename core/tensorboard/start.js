// Loaded before TensorBoard: room for the picture, and lines as they were logged. Who has chosen otherwise keeps that.
const KEY = "_tb_global_settings";
try {
  const chosen = JSON.parse(stored().getItem(KEY) ?? "{}");
  const first = { timeSeriesSettingsPaneOpened: false, scalarSmoothing: 0, sideBarWidthInPercent: 25 };
  stored().setItem(KEY, JSON.stringify({ ...first, ...chosen }));
} catch {
  // What is stored can't be read, or there is no room for more: TensorBoard starts as it is made.
}
// It asks only once whether the page is dark.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());

/** What the browser stores. Where it forbids that, as it does with cookies off, TensorBoard would end in an error: it
 * gets a stand-in, which lasts as long as its page. */
function stored() {
  try {
    return window.localStorage;
  } catch {
    const kept = new Map();
    const value = {
      getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
      setItem: (/** @type {string} */ name, /** @type {string} */ text) => kept.set(name, String(text)),
      removeItem: (/** @type {string} */ name) => kept.delete(name),
    };
    Object.defineProperty(window, "localStorage", { value });
    return value;
  }
}
