import assert from "node:assert/strict";
import { test } from "node:test";
import { drawGrid, drawLine } from "../../pages/shared/live/js/lines.js";

/** @param {number[]} range @param {number} length @param {string} type */
const axis = (range, length, type = "linear", down = false) => {
  /** @param {number} value */
  const l2p = (value) => {
    const at = ((value - range[0]) / (range[1] - range[0])) * length;
    return down ? length - at : at;
  };
  return /** @type {PlotlyAxis} */ (
    /** @type {unknown} */ ({
      type,
      _length: length,
      _vals: [{ x: range[0] }, { x: (range[0] + range[1]) / 2 }, { x: range[1] }],
      l2p,
      d2p: (/** @type {number} */ value) => l2p(type === "log" ? Math.log10(value) : value),
    })
  );
};

/** A pen that keeps what it was told to do. */
const pen = () => {
  /** @type {unknown[][]} */
  const did = [];
  const names = ["beginPath", "moveTo", "lineTo", "stroke", "setLineDash", "arc", "fill", "fillRect"];
  const doing = Object.fromEntries(
    names.map((name) => [name, (/** @type {unknown[]} */ ...given) => did.push([name, ...given])]),
  );
  return { did, pen: /** @type {Pen} */ (/** @type {unknown} */ (doing)) };
};

/** @param {number[]} x @param {(number | null)[]} y */
const trace = (x, y, dash = "solid") => ({
  series: { step: x, value: y },
  x,
  y,
  opacity: 1,
  name: "train",
  line: { color: "#123456", width: 2, dash },
});

/** @param {unknown[][]} did */
const path = (did) => did.filter(([name]) => name === "moveTo" || name === "lineTo");

test("a line is broken where a value is no number", () => {
  const { did, pen: drawing } = pen();
  drawLine(
    drawing,
    trace([0, 5, 10, 15, 20], [0, 1, null, 2, 1]),
    axis([0, 20], 200),
    axis([0, 2], 100, "linear", true),
  );
  assert.deepEqual(path(did), [
    ["moveTo", 0, 100],
    ["lineTo", 50, 50],
    ["moveTo", 150, 0],
    ["lineTo", 200, 50],
  ]);
  assert.deepEqual(
    did.find(([name]) => name === "setLineDash"),
    ["setLineDash", []],
  );
});

test("a logarithmic axis has no place for zero, and an exploding line stays a number", () => {
  const { did, pen: drawing } = pen();
  const xaxis = axis([0, 4], 40);
  drawLine(drawing, trace([0, 1, 2, 3], [10, 0, 1, 0.1], "5px,4px"), xaxis, axis([-1, 1], 100, "log", true));
  assert.deepEqual(
    path(did).map((point) => point.map((part) => (typeof part === "number" ? Math.round(part) : part))),
    [
      ["moveTo", 0, 0],
      ["moveTo", 20, 50],
      ["lineTo", 30, 100],
    ],
  );
  assert.deepEqual(
    did.find(([name]) => name === "setLineDash"),
    ["setLineDash", [5, 4]],
  );
  const other = pen();
  drawLine(other.pen, trace([0, 1], [1, 1e300]), xaxis, axis([0, 2], 100, "linear", true));
  assert.ok(path(other.did).every(([, , y]) => Math.abs(Number(y)) <= 1e5));
});

test("one point alone is a dot, and none where it is no number", () => {
  const { did, pen: drawing } = pen();
  drawLine(drawing, trace([1], [1]), axis([0, 2], 20), axis([0, 2], 20, "linear", true));
  assert.deepEqual(did.find(([name]) => name === "arc")?.slice(0, 3), ["arc", 10, 10]);
  const other = pen();
  drawLine(other.pen, trace([1], [null]), axis([0, 2], 20), axis([0, 2], 20));
  assert.deepEqual(other.did, []);
});

test("the grid leaves the frame alone", () => {
  const { did, pen: drawing } = pen();
  drawGrid(drawing, axis([0, 2], 20), axis([0, 2], 40), "gray");
  assert.deepEqual(did, [
    ["fillRect", 10, 0, 1, 40],
    ["fillRect", 0, 20, 20, 1],
  ]);
});
