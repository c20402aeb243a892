// Loaded before TensorBoard: room for the picture, and lines as they were logged. Who has chosen otherwise keeps that.
const KEY = "_tb_global_settings";
try {
  const chosen = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  const first = { timeSeriesSettingsPaneOpened: false, scalarSmoothing: 0, sideBarWidthInPercent: 25 };
  localStorage.setItem(KEY, JSON.stringify({ ...first, ...chosen }));
} catch {
  // The browser forbids pages to store anything: TensorBoard starts as it is made.
}
// It asks only once whether the page is dark.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
