import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, largest, painter, tile } from "../../pages/layers/js/board.js";
import { heightBands } from "../../pages/layers/js/surface.js";
import { nearestWindow, tapsAt } from "../../pages/layers/js/taps.js";
import { Wave } from "../../pages/layers/js/wave.js";

/**
 * @param {number[]} data
 * @param {number[]} shape
 */
const array = (data, shape) => ({ data: Float32Array.from(data), shape });

// A kernel of 3 with stride 2 over 5 places and a border of 1.
const WINDOWS = array([-1, 0, 1, 1, 2, 3, 3, 4, -1], [3, 3]);

test("a window's taps are those of its row", () => {
  assert.deepEqual(tapsAt(WINDOWS, 1), [1, 2, 3]);
  assert.deepEqual(tapsAt(WINDOWS, 2), [3, 4, -1]);
});

test("the window nearest to a place is found by its middle, without what lies beyond the border", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((place) => nearestWindow(WINDOWS, place)),
    [0, 0, 1, 2, 2],
  );
  assert.equal(nearestWindow(array([-1, -1, 0, 1], [2, 2]), 9), 1, "a window that sees nothing is never the nearest");
});

test("a wave's patch, kernel and products give torch's own sum", () => {
  const wave = new Wave(/** @type {CardHost} */ (/** @type {unknown} */ ({})));
  wave.take(
    {
      x: array([0, 1, 2, 3, 4, 0], [6]),
      y: array([5, 11, 11], [3]),
      taps: array([0, 1, 2, 2, 3, 4, 3, 4, 5], [3, 3]),
      weight: array([1, 1, 2], [3]),
    },
    /** @type {CardFacts} */ (/** @type {unknown} */ ({ border: [1, 1] })),
  );
  assert.equal(wave.at, 1);
  const { patch, kernel, products } = wave.parts();
  assert.deepEqual(
    [patch, kernel, products],
    [
      [2, 3, 4],
      [1, 1, 2],
      [2, 3, 8],
    ],
  );
  assert.ok(wave.press([0, 1]));
  assert.deepEqual(wave.parts().products, [3, 4, 0]);
  wave.press([0, 1]);
  assert.equal(wave.at, 2, "beyond the last place there is none");
});

test("heights fall into bands that are closer at the bottom", () => {
  const bands = heightBands(Float32Array.of(-1, -1, 0, 1, 100), -1);
  assert.deepEqual([bands[0], bands[1], bands[4]], [0, 0, 22]);
  assert.ok(bands[2] > 0 && bands[3] > bands[2] && bands[4] > bands[3]);
  assert.ok(bands[2] - bands[1] > bands[3] - bands[2]);
});

test("equal maps fill a box side by side", () => {
  const boxes = tile(6, 10, 10, { x: 5, y: 7, width: 316, height: 208 });
  assert.equal(boxes.length, 6);
  assert.deepEqual([boxes[0].x, boxes[0].y], [5, 7]);
  assert.ok(boxes.every(({ width, height }) => Math.abs(width - height) < 1e-9 && width > 100));
  assert.ok(boxes.every(({ x, y, width, height }) => x + width <= 321 + 1e-9 && y + height <= 215 + 1e-9));
});

test("the cell under a point is its row and column", () => {
  const box = { x: 10, y: 20, width: 40, height: 30 };
  assert.deepEqual(cellAt([10, 20], box, 3, 4), [0, 0]);
  assert.deepEqual(cellAt([49, 49], box, 3, 4), [2, 3]);
  assert.equal(cellAt([50, 30], box, 3, 4), null);
  assert.equal(cellAt([9, 30], box, 3, 4), null);
});

test("maps are painted grey, signed or in their own colours", () => {
  const theme = /** @type {Theme} */ (
    /** @type {unknown} */ ({ background: [255, 255, 255], positive: "#00ff00", negative: "#ff0000" })
  );
  const rgb = (/** @type {number} */ pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const grey = painter("grey", theme, [0, 1, 2, 9], 1, 3, 2);
  assert.deepEqual([grey(0), grey(1), grey(2)].map(rgb), [
    [128, 128, 128],
    [255, 255, 255],
    [255, 255, 255],
  ]);
  const signed = painter("signed", theme, [-2, 0, 2, NaN], 0, 4, 2);
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => rgb(signed(i))),
    [
      [255, 0, 0],
      [255, 255, 255],
      [0, 255, 0],
      [255, 255, 255],
    ],
  );
  const own = painter("rgb", theme, [1, 0, 0, 0.2, 0, 2], 0, 2, 1);
  assert.deepEqual(
    [0, 1].map((i) => rgb(own(i))),
    [
      [255, 0, 0],
      [0, 51, 255],
    ],
  );
  assert.equal(largest([1, -4, NaN, 2]), 4);
});
