import assert from "node:assert/strict";
import { test } from "node:test";
import { PALETTE } from "../../pages/shared/live/js/palette.js";
import { mix, parseColor, unpack } from "../../pages/shared/live/js/theme.js";
import { BoundaryPainter, between, elect, smoothPixels, stretch } from "../../pages/shared/pictures/boundary.js";
import { packing, signedPixels, toByte } from "../../pages/shared/pictures/tiles.js";

const theme = /** @type {Theme} */ (
  /** @type {unknown} */ ({ ...PALETTE.light, background: [255, 255, 255], text: [0, 0, 0] })
);

test("the image is stretched so that the outermost cells are centred on the domain's edges", () => {
  /** @type {number[]} */
  let box = [];
  const pen = /** @type {Pen} */ (
    /** @type {unknown} */ ({
      drawImage: (/** @type {unknown} */ _image, /** @type {number[]} */ ...place) => {
        box = place;
      },
    })
  );
  const image = /** @type {HTMLCanvasElement} */ (/** @type {unknown} */ ({}));
  // 5 columns and 3 rows over x from 0 to 4 and y from -1 to 1, on 100 pixels a unit.
  stretch(
    pen,
    image,
    [0, 4, -1, 1],
    [3, 5],
    (x) => 100 * x,
    (y) => 100 * (1 - y),
  );
  assert.deepEqual(box, [-50, -50, 500, 300]);
});

test("a byte's colour tells its class, and the surer the stronger", () => {
  const pixels = smoothPixels(25, 3, theme);
  for (let label = 0; label < 3; label += 1) {
    const color = parseColor(theme.classes[label]);
    assert.deepEqual(unpack(pixels[25 * label]), mix(theme.background, color, 0.06));
    assert.deepEqual(unpack(pixels[25 * label + 24]), mix(theme.background, color, 0.62));
  }
});

test("fine pixels lie between two cells, and at the edges in one", () => {
  assert.deepEqual(between(0, 10), [0, 1, 0]);
  assert.deepEqual(between(39, 10), [9, 9, 0.375]);
  const [low, high, share] = between(7, 10);
  assert.deepEqual([low, high], [1, 2]);
  assert.ok(Math.abs(share - 0.375) < 1e-12);
});

test("corners vote for their class by certainty and nearness", () => {
  const corners = [24, 24, 49, 49]; // sure of class 0 below, of class 1 above
  assert.equal(elect(corners, 0.5, 0.1, 25, 3), 0);
  assert.equal(elect(corners, 0.5, 0.9, 25, 3), 1);
  assert.equal(elect([50, 50, 50, 50], 0.5, 0.5, 25, 3), 2);
  assert.equal(elect([0, 0, 49, 49], 0.5, 0.4, 25, 3), 1, "the surer class wins though it is farther away");
});

test("hard edges are what the corners of every pixel vote for", () => {
  const [rows, columns] = [6, 5];
  const data = Uint8Array.from({ length: rows * columns }, (_, i) => (i * 37) % 75);
  data.fill(60, 0, 15); // where all agree
  const pixels = new Uint32Array(16 * rows * columns);
  const painter = /** @type {BoundaryPainter} */ (
    Object.assign(Object.create(BoundaryPainter.prototype), { hardPixels: Uint32Array.of(7, 8, 9) })
  );
  painter.paintHard(pixels, data, rows, columns, 25, 3);
  pixels.forEach((pixel, i) => {
    const [left, right, along] = between(i % (4 * columns), columns);
    const [bottom, top, up] = between(4 * rows - 1 - Math.floor(i / (4 * columns)), rows);
    const corners = [bottom, top].flatMap((row) => [left, right].map((column) => data[row * columns + column]));
    assert.equal(pixel, 7 + elect(corners, along, up, 25, 3));
  });
});

test("128 is nothing, 255 fully positive and 1 fully negative", () => {
  const pixels = signedPixels(theme);
  assert.deepEqual(unpack(pixels[128]), theme.background);
  assert.deepEqual(unpack(pixels[255]), parseColor(theme.positive));
  assert.deepEqual(unpack(pixels[1]), parseColor(theme.negative));
  assert.deepEqual(
    [-2, -1, 0, 1, 2].map((value) => toByte(value, 2)),
    [1, 65, 128, 192, 255],
  );
  assert.equal(toByte(0, 0), 128);
});

test("squares are as large as they fit", () => {
  assert.deepEqual(packing(1, 100, 80), { side: 80, across: 1 });
  assert.deepEqual(packing(4, 203, 203), { side: 100, across: 2 });
  for (const count of [1, 5, 16, 64]) {
    const { side, across } = packing(count, 400, 90);
    const down = Math.ceil(count / across);
    assert.ok(across * (side + 3) <= 403 && down * (side + 3) <= 93 && side > 0);
  }
});
