import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const SCRIPT = readFileSync(new URL("../../core/tensorboard/start.js", import.meta.url), "utf8");
const KEY = "_tb_global_settings";

/**
 * TensorBoard's page after its first script.
 *
 * @param {object} storage what `window.localStorage` is: a value, or a getter
 */
function started(storage) {
  const window = Object.defineProperty({}, "localStorage", { ...storage, configurable: true });
  runInNewContext(SCRIPT, { window, matchMedia: () => ({ addEventListener() {} }) });
  return /** @type {Window} */ (window);
}

test("what someone has chosen is kept", () => {
  const kept = new Map([[KEY, '{"scalarSmoothing":0.6}']]);
  const value = {
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ text) => kept.set(name, text),
  };
  assert.equal(started({ value }).localStorage, value);
  const settings = JSON.parse(kept.get(KEY) ?? "");
  assert.equal(settings.scalarSmoothing, 0.6);
  assert.equal(settings.timeSeriesSettingsPaneOpened, false);
});

test("where a page may store nothing, there is something that stores for as long as it is open", () => {
  const { localStorage } = started({
    get() {
      throw new Error("Access is denied for this document.");
    },
  });
  assert.equal(JSON.parse(localStorage.getItem(KEY) ?? "").scalarSmoothing, 0);
  localStorage.setItem("x", "1");
  assert.equal(localStorage.getItem("x"), "1");
  localStorage.removeItem("x");
  assert.equal(localStorage.getItem("x"), null);
});
