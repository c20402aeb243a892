// A frame is one picture of the training: a JSON header, then named arrays.

const ALIGNMENT = 8;
const OPENING_BRACE = 0x7b;

/** @type {Record<string, typeof Uint8Array | typeof Int32Array | typeof Float32Array | typeof Float64Array>} */
const ARRAY_TYPES = {
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Whether this browser can unpack what zlib packed; the server is told. */
export const canUnpack = typeof DecompressionStream === "function";

/**
 * Whether zlib packed it. A frame as it stands never begins so: the length of its header is a multiple of 8, less 4.
 * @param {ArrayBuffer} buffer
 */
export function isPacked(buffer) {
  const [first, second] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  return first === 0x78 && second === 0x01;
}

/**
 * A frame, or the text of a message, as it was before it was packed.
 * @param {ArrayBuffer} packed
 * @returns {Promise<ArrayBuffer | string>}
 */
export async function unpack(packed) {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = writer.write(new Uint8Array(packed)).then(() => writer.close());
  const [buffer] = await Promise.all([new Response(stream.readable).arrayBuffer(), written]);
  const isText = new Uint8Array(buffer, 0, 1)[0] === OPENING_BRACE;
  return isText ? new TextDecoder().decode(buffer) : buffer;
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {{ header: FrameHeader; end: number }}
 */
function readHeader(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return { header: JSON.parse(text), end: 4 + length };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} start
 * @param {ArraySpec} spec
 */
function readArray(buffer, start, { dtype, shape, offset }) {
  const ArrayType = ARRAY_TYPES[dtype];
  const length = shape.reduce((product, size) => product * size, 1);
  const from = start + offset;
  if (from % ArrayType.BYTES_PER_ELEMENT === 0) return new ArrayType(buffer, from, length);
  return new ArrayType(buffer.slice(from, from + length * ArrayType.BYTES_PER_ELEMENT));
}

/**
 * Decode one binary frame into {step, epoch, levels, unitsScale, facts, arrays: {name: {data, shape}}}.
 * @param {ArrayBuffer} buffer
 * @returns {Frame}
 */
export function decodeFrame(buffer) {
  const { header, end } = readHeader(buffer);
  const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
  /** @type {Frame["arrays"]} */
  const arrays = {};
  for (const [name, spec] of Object.entries(header.arrays)) {
    arrays[name] = { data: readArray(buffer, start, spec), shape: spec.shape };
  }
  return {
    step: header.step,
    epoch: header.epoch,
    levels: header.levels,
    unitsScale: header.units_scale ?? {},
    facts: header,
    arrays,
  };
}

/**
 * An array of a lane; undefined where the frame has none of that name.
 * @template {keyof LaneArrays} Name
 * @param {Frame} frame
 * @param {string} lane
 * @param {Name} name
 */
export function findArray(frame, lane, name) {
  return /** @type {LaneArrays[Name] | undefined} */ (frame.arrays[`${lane}/${name}`]);
}

/**
 * An array that a frame with this part of the network always has.
 * @template {keyof LaneArrays} Name
 * @param {Frame} frame
 * @param {string} lane
 * @param {Name} name
 */
export function arrayOf(frame, lane, name) {
  const array = findArray(frame, lane, name);
  if (!array) throw new Error(`The frame has no array ${lane}/${name}.`);
  return array;
}

/** @param {string} base64 */
export function decodeBase64Frame(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return decodeFrame(bytes.buffer);
}

/**
 * Split one cell of a decision grid into the likeliest class and its probability.
 * @param {number} value
 * @param {number} levels
 * @param {number} classes
 */
export function readDecision(value, levels, classes) {
  const label = Math.min(classes - 1, Math.floor(value / levels));
  const certainty = (value - label * levels) / (levels - 1);
  return { label, probability: 1 / classes + certainty * (1 - 1 / classes) };
}
