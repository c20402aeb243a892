import assert from "node:assert/strict";
import { test } from "node:test";
import { Axes, extent, logMarks, ticks } from "../../pages/layers/js/lines.js";
import { decades, endOfSteps, logTicks, roundUp } from "../../pages/shared/live/js/scales.js";

test("axes end at round numbers", () => {
  assert.deepEqual(
    [1, 1.01, 1.9, 2.5, 4, 6, 8, 0.031, 1500, 1501].map(roundUp).map((value) => Number(value.toPrecision(6))),
    [1, 1.5, 2, 3, 5, 7.5, 10, 0.05, 1500, 2000],
  );
});

test("an axis holds what it was made for, and is at most twice as long", () => {
  for (let value = 1e-6; value < 1e6; value *= 1.37) {
    const end = roundUp(value);
    assert.ok(end >= value * 0.999999 && end <= 2 * value, `${value} -> ${end}`);
  }
});

test("a logarithmic axis of a card has two marks or more, powers of ten where it can", () => {
  assert.deepEqual(logMarks([-15.2, 0.3], 6), [-15, -10, -5, 0]);
  assert.deepEqual(
    logMarks([-1.3, -0.6], 6).map((mark) => Number((10 ** mark).toPrecision(3))),
    [0.1, 0.2],
  );
  assert.deepEqual(
    logMarks([-0.95, -0.75], 6).map((mark) => Number((10 ** mark).toPrecision(3))),
    [0.12, 0.14, 0.16],
  );
});

test("the marks of a logarithmic axis are written in full", () => {
  assert.deepEqual(logTicks([-1.5, 0]).ticktext, ["0.05", "0.1", "0.2", "0.5", "1"]);
  assert.deepEqual(logTicks([-2, 0.5]).ticktext, ["0.01", "0.03", "0.1", "0.3", "1", "3"]);
  assert.deepEqual(logTicks([-5.5, 0.5]).ticktext, ["10<sup>-5</sup>", "0.0001", "0.001", "0.01", "0.1", "1"]);
  for (let low = -12; low < 6; low += 0.5) {
    for (let high = low + 0.5; high < 12; high += 0.5) {
      const { tickvals, ticktext } = logTicks([low, high]);
      assert.equal(tickvals.length, ticktext.length);
      assert.ok(tickvals.length >= 1 && tickvals.length <= 9, `${low} to ${high}: ${ticktext}`);
    }
  }
});

test("a logarithmic axis goes in half powers of ten around all that is above zero", () => {
  assert.deepEqual(decades(Infinity, 0), [-2, 0]);
  assert.deepEqual(decades(0.01, 1), [-2.5, 0.5]);
  assert.deepEqual(decades(0.5, 0.5), [-0.5, 0]);
  for (const [lowest, highest] of [
    [3e-5, 7],
    [0.2, 0.2],
    [1, 1e4],
  ]) {
    const [low, high] = decades(lowest, highest);
    assert.ok(10 ** low < lowest && 10 ** high > highest && high - low >= 0.5);
    assert.ok(Number.isInteger(2 * low) && Number.isInteger(2 * high));
  }
});

test("the time axis ends at the steps asked for, unless the run goes beyond them", () => {
  assert.deepEqual(
    [
      [10, 1000],
      [80, 1000],
      [900, 1000],
      [1000, 1000],
      [90, 95],
      [1100, 1000],
    ].map(([last, numSteps]) => endOfSteps(last, numSteps)),
    [10, 100, 1000, 1000, 95, 1500],
  );
});

test("ticks are round, evenly spaced and inside of their range", () => {
  assert.deepEqual(ticks([0, 10], 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks([-1, 1], 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(
    ticks([0.1, 0.36], 3).map((tick) => Number(tick.toFixed(9))),
    [0.1, 0.2, 0.3],
  );
  assert.ok(ticks([-0.3, 0.3], 6).includes(0));
});

test("a range has air around its numbers and leaves out what is not finite", () => {
  const close = (/** @type {number[]} */ range, /** @type {number[]} */ expected) =>
    range.forEach((end, i) => {
      assert.ok(Math.abs(end - expected[i]) < 1e-9, `${range}`);
    });
  close(extent([[1, NaN, 3], [Infinity]]), [0.88, 3.12]);
  close(extent([[1, 3]], { fromZero: true }), [0, 3.18]);
  close(extent([[0, 0.01, 100]], { log: true }), [-2.24, 2.24]);
  close(extent([[]]), [-0.06, 1.06]);
  close(extent([[5, 5]]), [4.44, 5.56]);
});

test("a place on an axis and its value are each other's inverse", () => {
  const box = { x: 0, y: 0, width: 300, height: 200 };
  for (const [axes, value] of /** @type {[Axes, number][]} */ ([
    [new Axes(box, { x: [0, 10], y: [0, 1] }), 7],
    [new Axes(box, { x: [-3, 2], y: [0, 1], logX: true }), 0.05],
  ])) {
    assert.ok(Math.abs(axes.at(axes.x(value)) - value) < 1e-9 * value);
  }
  const axes = new Axes(box, { x: [0, 10], y: [-2, 2], logY: true });
  assert.ok(axes.y(100) < axes.y(1) && axes.y(1) < axes.y(0.01));
  assert.ok(axes.contains([axes.x(5), axes.y(1)]) && !axes.contains([-50, 50]));
});
