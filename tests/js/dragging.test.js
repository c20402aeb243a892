import assert from "node:assert/strict";
import { test } from "node:test";
import { halfAt, scrollAt } from "../../pages/build/dragging.js";

const ROWS = [
  { top: 100, bottom: 130 },
  { top: 133, bottom: 263 }, // an open one
  { top: 266, bottom: 296 },
];

test("a row is dropped above or below the one that the pointer is at", () => {
  assert.deepEqual(halfAt(ROWS, 114), { at: 0, side: "above" });
  assert.deepEqual(halfAt(ROWS, 116), { at: 0, side: "below" });
  assert.deepEqual(halfAt(ROWS, 190), { at: 1, side: "above" });
  assert.deepEqual(halfAt(ROWS, 200), { at: 1, side: "below" });
  assert.deepEqual(halfAt(ROWS, 264), { at: 1, side: "below" }, "between two rows");
});

test("beyond the ends a row is dropped at the first or the last place", () => {
  assert.deepEqual(halfAt(ROWS, 20), { at: 0, side: "above" });
  assert.deepEqual(halfAt(ROWS, 500), { at: 2, side: "below" });
});

test("the list scrolls at its edges only, faster nearer to them, and no faster beyond", () => {
  const box = { top: 100, bottom: 700 };
  assert.equal(scrollAt(box, 400), 0);
  assert.equal(scrollAt(box, 140), 0);
  assert.ok(scrollAt(box, 130) < 0 && scrollAt(box, 110) < scrollAt(box, 130));
  assert.ok(scrollAt(box, 670) > 0 && scrollAt(box, 690) > scrollAt(box, 670));
  assert.equal(scrollAt(box, 2000), -scrollAt(box, -2000));
});
