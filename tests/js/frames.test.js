import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import {
  arrayOf,
  decodeBase64Frame,
  decodeFrame,
  findArray,
  isPacked,
  readDecision,
  unpack,
} from "../../pages/shared/live/js/frames.js";

const fixture = JSON.parse(readFileSync(new URL("./frame.json", import.meta.url), "utf8"));
const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

test("a frame that Python encoded is read back as it was", () => {
  const frame = decodeBase64Frame(fixture.base64);
  assert.deepEqual([frame.step, frame.epoch, frame.levels], [fixture.step, fixture.epoch, fixture.levels]);
  assert.deepEqual(frame.unitsScale, fixture.units_scale);
  assert.equal(frame.facts.name, fixture.name);
  assert.deepEqual(Object.keys(frame.arrays), Object.keys(fixture.arrays));
  for (const [name, expected] of Object.entries(fixture.arrays)) {
    const { data, shape } = frame.arrays[name];
    assert.ok(data instanceof TYPES[/** @type {keyof typeof TYPES} */ (expected.dtype)], name);
    assert.deepEqual(shape, expected.shape);
    const numbers = expected.data.map((/** @type {number | string} */ value) =>
      Number(typeof value === "string" ? value.replace("inf", "Infinity") : value),
    );
    assert.deepEqual([...data], numbers);
  }
});

test("arrays are viewed where they lie", () => {
  const frame = decodeBase64Frame(fixture.base64);
  const buffers = Object.values(frame.arrays).map(({ data }) => data.buffer);
  assert.equal(new Set(buffers).size, 1);
});

test("an array is found by lane and name, and a missing one is named", () => {
  const frame = decodeBase64Frame(fixture.base64);
  assert.equal(arrayOf(frame, "correct", "decision"), frame.arrays["correct/decision"]);
  assert.equal(findArray(frame, "run", "saliency"), undefined);
  assert.throws(() => arrayOf(frame, "run", "saliency"), /run\/saliency/);
});

test("a cell of a decision grid is a class and its probability", () => {
  assert.deepEqual(readDecision(0, 25, 3), { label: 0, probability: 1 / 3 });
  assert.deepEqual(readDecision(24, 25, 3), { label: 0, probability: 1 });
  assert.deepEqual(readDecision(25, 25, 3), { label: 1, probability: 1 / 3 });
  const { label, probability } = readDecision(62, 25, 3);
  assert.equal(label, 2);
  assert.ok(Math.abs(probability - 2 / 3) < 1e-12);
});

/** @param {string | Uint8Array} content */
const pack = (content) => new Uint8Array(deflateSync(content, { level: 1 })).buffer;

test("a packed frame is unpacked, and a plain one is not taken for one", async () => {
  const bytes = new Uint8Array(Buffer.from(fixture.base64, "base64"));
  assert.equal(isPacked(bytes.buffer), false);
  assert.equal(isPacked(new ArrayBuffer(0)), false);
  const packed = pack(bytes);
  assert.equal(isPacked(packed), true);
  const plain = await unpack(packed);
  assert.ok(plain instanceof ArrayBuffer);
  assert.deepEqual(decodeFrame(plain).arrays, decodeBase64Frame(fixture.base64).arrays);
});

test("a packed message is text, and what is damaged is refused", async () => {
  const text = JSON.stringify({ kind: "hello", words: "训练" });
  assert.equal(await unpack(pack(text)), text);
  await assert.rejects(unpack(pack(text.repeat(99)).slice(0, 20)));
});
