import assert from "node:assert/strict";
import { test } from "node:test";
import { number, short } from "../../pages/layers/js/board.js";
import { describe } from "../../pages/shared/live/js/banner.js";
import { fill, formatNumber, formatPercent, formatSetting } from "../../pages/shared/live/js/dom.js";
import { Pace } from "../../pages/shared/live/js/pace.js";
import { inkOn, mix, parseColor, toCss } from "../../pages/shared/live/js/theme.js";

test("sentences are filled in, and what is not given stays", () => {
  assert.equal(fill("step {step} of {all}", { step: 0 }), "step 0 of {all}");
  assert.equal(fill(undefined, { step: 1 }), "");
});

test("Chinese has a space beside Latin names, and none beside Chinese ones", () => {
  const sentence = "{truth} 认成 {answer} 了，{layer} 的第 {index} 个";
  assert.equal(
    fill(sentence, { truth: "猫", answer: "dog", layer: "输出层", index: 2 }),
    "猫认成 dog 了，输出层的第 2 个",
  );
  assert.equal(fill(sentence, { truth: 7, answer: "狗 A" }), "7 认成狗 A 了，{layer} 的第 {index} 个");
  assert.equal(fill("the {name} and more", { name: "猫" }), "the 猫 and more");
});

test("what could not be done is said in the banner, with the ways on that there are", () => {
  const notice = "No more.";
  assert.deepEqual(told({ notice, looking: 3 }), { kind: "warning", words: notice, resumeStep: 3 });
  assert.equal(told({ notice, online: "lost" }).words, "lost");
  assert.equal(told({ notice, silent: true }).words, TEXT.silent);
});

test("a full server is said before Play is pressed, after what is known of a run that is over", () => {
  const full = "It is full.";
  assert.deepEqual(told({ full, status: "idle" }), { kind: "info", words: full, resumeStep: null });
  assert.equal(told({ full, status: "stopped" }).words, "stopped It is full.");
  assert.equal(told({ full, notice: "No.", status: "idle" }).words, "No.");
});

test("what is to be known of a run is said beside how it stands, but not in place of trouble", () => {
  const note = "It is slow.";
  assert.deepEqual(told({ note, status: "idle" }), { kind: "info", words: note, resumeStep: null });
  assert.equal(told({ note, status: "stopped" }).words, "stopped It is slow.");
  assert.equal(told({ note, notice: "No.", status: "idle" }).words, "No.");
  assert.equal(told({ note, online: "lost" }).words, "lost");
});

test("what is missing for a run is said before it is begun", () => {
  assert.equal(told({ missing: "No images.", status: "idle" }).words, "No images.");
  assert.equal(told({ missing: "No images.", status: "idle", notice: "No." }).words, "No.");
});

test("a change that begins a new run is said until there is something more pressing", () => {
  const changed = "Hidden layers";
  assert.equal(told({ changed }).words, "new: Hidden layers");
  assert.equal(told({ changed, status: "idle" }).words, "Play: Hidden layers");
  assert.equal(told({ changed, status: "finished", message: { code: "plateau", step: 9 } }).words, "flat at 9");
  assert.equal(told({ changed, status: "paused" }).words, "paused");
  assert.equal(told({ changed, looking: 3 }).words, "looking at 3");
});

test("numbers are as long as they must be", () => {
  assert.deepEqual(
    [0, 0.12345, -0.5, 12.3456, 123.456, 1234.5, 123456, 0.00001234, null, NaN, undefined].map(formatNumber),
    ["0.0000", "0.1235", "−0.5000", "12.346", "123.46", "1234.5", "1.2e+5", "1.2e-5", "NaN", "NaN", "–"],
  );
  assert.deepEqual([0.001, 0.02, "0.30000000000000004", 1e-5].map(formatSetting), ["0.001", "0.02", "0.3", "0.00001"]);
  assert.deepEqual(
    [0.5, 1, null, undefined].map((share) => formatPercent(share, "en")),
    ["50.0%", "100.0%", "–", "–"],
  );
  assert.deepEqual(
    [0.5, -12.34, 1234, Infinity, NaN].map((value) => short(value)),
    ["0.5", "−12.3", "1234", "∞", "NaN"],
  );
  assert.equal(short(-0.25, 24), "−.3");
  assert.deepEqual([0.1 + 0.2, -1.23456, 123.456].map(number), ["0.3", "−1.2346", "123.5"]);
});

test("colours are read in every form and written for a canvas", () => {
  assert.deepEqual(["#0072b2", "#fff", "rgb(1, 2, 3)", "rgba(1,2,3,0.5)", "?"].map(parseColor), [
    [0, 114, 178],
    [255, 255, 255],
    [1, 2, 3],
    [1, 2, 3],
    [128, 128, 128],
  ]);
  assert.deepEqual(mix([0, 0, 0], [100, 200, 50], 0.5), [50, 100, 25]);
  assert.equal(toCss([1, 2, 3], 0.5), "rgba(1, 2, 3, 0.5)");
  assert.notEqual(inkOn([250, 250, 250]), inkOn([10, 10, 60]));
});

test("the pace is that of the last seconds, known after a moment, forgotten at a pause", () => {
  const pace = new Pace();
  assert.equal(pace.measure(0, "running", 1000), null);
  assert.equal(pace.measure(10, "running", 1500), null);
  assert.equal(pace.measure(20, "running", 2000), 20);
  for (let second = 3; second <= 10; second += 1) pace.measure(100 * second, "running", 1000 * second);
  assert.equal(pace.measure(1100, "running", 11_000), 100);
  assert.equal(pace.measure(1100, "paused", 12_000), null);
  assert.equal(pace.measure(1200, "running", 13_000), null);
});

test("the pace begins anew at a step before the last one", () => {
  const pace = new Pace();
  pace.measure(100, "running", 1000);
  pace.measure(200, "running", 2000);
  assert.equal(pace.measure(50, "running", 2500), null);
  assert.equal(pace.measure(60, "running", 3500), 10);
});

const TEXT = {
  reconnecting: "lost",
  looking: "looking at {step}",
  status_running: "running",
  status_paused: "paused",
  status_crashed: "crashed",
  message_crashed: "ended at {step}",
  message_diverged: "NaN at {step}, lr {lr}",
  message_failed: "stopped: {error}",
  message_reached_accuracy: "reached {accuracy}",
  message_rose: "{times} times at {lr}",
  message_no_lower: "no lower",
  correct_went_on: "The other went on.",
  goes_on: "goes on from {step}",
  silent: "no answer",
  changed: "new: {names}",
  changed_idle: "Play: {names}",
  message_plateau: "flat at {step}",
  status_stopped: "stopped",
  message_stopped: "stopped here",
  message_stopped_another: "stopped for another",
  long_step: "step {step} for {seconds} s",
  message_crashed_silent: "did not answer at {step}",
  message_memory: "more than {most} MB",
  message_memory_machine: "no memory left",
};

/** @param {Partial<LiveState>} change */
const told = (change) => {
  const state = { status: "running", online: "open", looking: null, message: null, kept: [], history: {}, lr: 0.02 };
  return describe(/** @type {LiveState} */ ({ diverged: "message_diverged", ...state, ...change }), TEXT, "en");
};

/** @param {number[]} value */
const losses = (value) => ({ "loss/train": { step: value.map((_, i) => i + 1), value } });

test("what matters most is said: a lost connection, looking back, then how the training stands", () => {
  assert.deepEqual(told({ online: "lost", looking: 3 }), { kind: "warning", words: "lost", resumeStep: null });
  assert.deepEqual(told({ looking: 3 }), { kind: "looking", words: "looking at 3", resumeStep: 3 });
  assert.deepEqual(told({}), { kind: "info", words: "running", resumeStep: null });
});

test("a run that failed says why, and that the correct one went on", () => {
  const message = { code: "diverged", step: 5, lr: 50 };
  assert.deepEqual(told({ status: "diverged", message }).words, "NaN at 5, lr 50");
  const history = { correct: losses([3, 2, 1, 1, 1, 1, 1]) };
  assert.equal(told({ status: "diverged", message, history }).words, "NaN at 5, lr 50 The other went on.");
  const error = { code: "failed", step: 1, error: "mat1 and mat2 shapes cannot be multiplied (10x2 and 3x4)" };
  assert.equal(told({ status: "failed", message: error }).words, "stopped: mat1 and mat2 shapes cannot be multiplied.");
});

test("a run that was stopped for a reason says that, not how to continue", () => {
  const stopped = { status: "stopped", goesOn: true, kept: [4] };
  assert.equal(told({ ...stopped, message: { code: "stopped", step: 4 } }).words, "goes on from 4");
  const message = { code: "stopped", step: 4, cause: "another" };
  assert.equal(told({ ...stopped, message }).words, "stopped for another");
});

test("a worker that does not answer is told of until it does, a long step for as long as it lasts", () => {
  assert.deepEqual(told({ silent: true, looking: 3 }), { kind: "warning", words: "no answer", resumeStep: null });
  assert.equal(told({ silent: false }).words, "running");
  assert.equal(told({ step: 6, stepSeconds: 9 }).words, "step 7 for 9 s");
});

test("why a process ended is said where it is known", () => {
  const message = { code: "crashed", step: 40, kept_step: 25 };
  assert.equal(told({ status: "crashed", message: { ...message, cause: "silent" } }).words, "did not answer at 40");
  assert.equal(told({ status: "failed", message: { code: "memory", most: 400 } }).words, "more than 400 MB");
  assert.equal(told({ status: "failed", message: { code: "memory", cause: "machine" } }).words, "no memory left");
});

test("a run that crashed can be resumed from what was kept", () => {
  const message = { code: "crashed", step: 40 };
  const { kind, words, resumeStep } = told({ status: "crashed", message, kept: [10, 30] });
  assert.deepEqual([kind, words, resumeStep], ["warning", "ended at 40", 30]);
  assert.equal(told({ status: "crashed", message: { ...message, kept_step: 35 }, kept: [10] }).resumeStep, 35);
});

test("a loss that rose, or that fell nowhere, has a sentence of its own", () => {
  assert.equal(told({ history: { run: losses([1, ...Array(25).fill(8)]) } }).words, "8 times at 0.02");
  const flat = { run: losses(Array(30).fill(1)) };
  assert.equal(told({ history: flat }).words, "running");
  assert.equal(told({ history: flat, status: "finished" }).words, "no lower");
});

test("a finished run tells what it reached, or that more was asked for", () => {
  const message = { code: "reached_accuracy", step: 9, accuracy: 0.9 };
  assert.equal(told({ status: "finished", message }).words, "reached 90.0%");
  assert.equal(told({ status: "finished", message, goesOn: true, kept: [9] }).words, "goes on from 9");
});
