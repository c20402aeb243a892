import assert from "node:assert/strict";
import { test } from "node:test";
import { below, countInner, countOuter, placeAfterMove, rowAt } from "../../pages/build/paths.js";

// Conv, Residual(Conv, ReLU), Flatten
const ROWS = /** @type {BlockRow[]} */ (
  [
    { path: [0], kind: "Conv2d" },
    { path: [1], kind: "Residual" },
    { path: [1, 0], kind: "Conv2d" },
    { path: [1, 1], kind: "ReLU" },
    { path: [2], kind: "Flatten" },
  ].map((row) => ({ code: "", output: "", same: false, about: "", arguments: [], ...row }))
);

test("blocks are found by their place and counted", () => {
  assert.equal(rowAt(ROWS, [1, 1])?.kind, "ReLU");
  assert.equal(rowAt(ROWS, [9]), undefined);
  assert.deepEqual([countOuter(ROWS), countInner(ROWS, 1), countInner(ROWS, 0)], [3, 2, 0]);
});

test("below a residual block is inside of it, below any other one behind it", () => {
  assert.deepEqual(below(ROWS, [1]), [1, 0]);
  assert.deepEqual(below(ROWS, [0]), [1]);
  assert.deepEqual(below(ROWS, [1, 1]), [1, 2]);
});

test("a block that is moved goes into a residual block and out of it", () => {
  assert.deepEqual(placeAfterMove(ROWS, [0], 1), [1, 0]);
  assert.deepEqual(placeAfterMove(ROWS, [2], -1), [1, 2]);
  assert.deepEqual(placeAfterMove(ROWS, [1, 0], -1), [1]);
  assert.deepEqual(placeAfterMove(ROWS, [1, 1], 1), [2]);
  assert.deepEqual(placeAfterMove(ROWS, [1, 0], 1), [1, 2]);
  assert.deepEqual(placeAfterMove(ROWS, [1, 1], -1), [1, 0]);
});

test("a residual block steps over its neighbours, and nothing goes beyond the ends", () => {
  assert.deepEqual(placeAfterMove(ROWS, [1], -1), [0]);
  assert.deepEqual(placeAfterMove(ROWS, [1], 1), [3]);
  assert.equal(placeAfterMove(ROWS, [0], -1), null);
  assert.equal(placeAfterMove(ROWS, [2], 1), null);
});
