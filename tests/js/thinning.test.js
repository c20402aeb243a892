import assert from "node:assert/strict";
import { test } from "node:test";
import { Thinned, thinnedPart } from "../../pages/shared/live/js/thinning.js";

/** @param {number} count */
const waves = (count) => ({
  step: Array.from({ length: count }, (_, i) => i + 1),
  value: Array.from({ length: count }, (_, i) => /** @type {number | null} */ (Math.sin(i / 300) + 2)),
});

test("a short series stays whole and is copied", () => {
  const losses = { step: [1, 2], value: [2, null] };
  const { x, y } = new Thinned(4).follow(losses);
  assert.deepEqual({ x, y }, { x: [1, 2], y: [2, null] });
  assert.notEqual(x, losses.step);
});

test("a long series keeps every extreme, every gap and its end, in order", () => {
  const losses = waves(10_000);
  losses.value[1234] = 99;
  losses.value[4321] = -99;
  losses.value[7000] = null;
  const { x, y } = new Thinned(200).follow(losses);
  assert.ok(x.length >= 100 && x.length <= 202, `${x.length} points`);
  assert.equal(x.length, y.length);
  assert.ok(y.includes(99) && y.includes(-99) && y.includes(null));
  assert.equal(x.at(-1), 10_000);
  assert.ok(x.every((step, i) => i === 0 || step > x[i - 1]));
  assert.ok(x.every((step, i) => y[i] === losses.value[step - 1]));
});

test("a series that grows is thinned as if it had come at once", () => {
  const whole = waves(1500);
  whole.value[777] = null;
  const growing = new Thinned(100);
  for (let length = 0; length <= 1500; length += length < 300 ? 1 : 37) {
    const part = { step: whole.step.slice(0, length), value: whole.value.slice(0, length) };
    const { x, y } = growing.follow(part);
    const once = new Thinned(100).follow(part);
    assert.deepEqual({ x, y }, { x: once.x, y: once.y }, `${length} points`);
  }
});

test("a series that is nothing but gaps can be thinned, and one of nothing", () => {
  const { y } = new Thinned(2).follow({ step: [1, 2, 3, 4, 5, 6], value: Array(6).fill(null) });
  assert.ok(y.length > 0 && y.every((value) => value === null));
  assert.deepEqual(new Thinned(2).follow({ step: [], value: [] }).x, []);
});

test("a part has every point of its own where there is room, and one beside it on both sides", () => {
  const losses = waves(5000);
  assert.deepEqual(thinnedPart(losses, 1000, 1004, 100).x, [999, 1000, 1001, 1002, 1003, 1004, 1005]);
  assert.deepEqual(thinnedPart(losses, -5, 2.5, 100).x, [1, 2, 3, 4]);
  assert.deepEqual(thinnedPart(losses, 6000, 7000, 100).x, [5000]);
});
