import assert from "node:assert/strict";
import { test } from "node:test";
import { extendHistory, refineHistory, valueAt } from "../../pages/shared/live/js/history.js";

/** @param {[number, number | null][]} points */
const series = (points) => ({ step: points.map(([step]) => step), value: points.map(([, value]) => value) });

test("what is new is added, and what is known already is not added again", () => {
  const history = extendHistory({}, { run: { "loss/train": { step: [1, 2], value: [0.5, 0.4] } } });
  extendHistory(history, {
    run: { "loss/train": { step: [2, 3], value: [9, null] }, "loss/test": { step: [3], value: [0.6] } },
    correct: { "loss/train": { step: [1], value: [0.7] } },
  });
  assert.deepEqual(history, {
    run: { "loss/train": { step: [1, 2, 3], value: [0.5, 0.4, null] }, "loss/test": { step: [3], value: [0.6] } },
    correct: { "loss/train": { step: [1], value: [0.7] } },
  });
});

test("nothing new changes nothing", () => {
  const history = { run: { "loss/train": { step: [1], value: [0.5] } } };
  assert.equal(extendHistory(history, undefined), history);
  assert.deepEqual(history.run["loss/train"].step, [1]);
});

test("the value at a step is the last one recorded by then", () => {
  const losses = series([
    [10, 1],
    [20, null],
    [30, 3],
  ]);
  assert.deepEqual(
    [9, 10, 19, 20, 29, 30, 999].map((step) => valueAt(losses, step)),
    [undefined, 1, 1, null, null, 3, 3],
  );
  assert.equal(valueAt(undefined, 5), undefined);
  assert.equal(valueAt(series([]), 5), undefined);
});

test("a stretch that was thinned is filled, and what came after it stays", () => {
  const history = { run: { "loss/train": series([[1, 0.9], [4, 0.1], [8, 0.5], [20, 0.2]]) } }; // biome-ignore format: points
  refineHistory(history, { run: { "loss/train": series([[3, 0.3], [4, 0.1], [5, null], [8, 0.5]]) } }); // biome-ignore format: points
  assert.deepEqual(history.run["loss/train"].step, [1, 3, 4, 5, 8, 20]);
  assert.deepEqual(history.run["loss/train"].value, [0.9, 0.3, 0.1, null, 0.5, 0.2]);
  const stranger = { run: { "loss/test": series([[3, 1]]) }, other: { "loss/train": series([[3, 1]]) } };
  refineHistory(history, stranger);
  refineHistory(history, { run: { "loss/train": series([]) } });
  refineHistory(history, { run: { "loss/train": series([[4, 7]]) } });
  assert.equal(valueAt(history.run["loss/train"], 4), 0.1, "no finer than what is there");
  assert.deepEqual(Object.keys(history), ["run"]);
});
