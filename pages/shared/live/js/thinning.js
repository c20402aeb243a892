// Series thinned to what a plot's width can show: each bucket's lowest and highest value, and every gap.

/** A series that grows at its end, thinned to at most about `limit` points; what is thinned already stays as it is. */
export class Thinned {
  /** @type {number} */
  size;
  /** @type {number} */
  length;
  /** @type {number} */
  whole;
  /** @type {number[]} */
  x;
  /** @type {(number | null)[]} */
  y;

  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
    this.forget(1);
  }

  /** @param {number} size points in a bucket, a power of two: buckets stay where they are while the series grows */
  forget(size) {
    this.size = size;
    this.x = [];
    this.y = [];
    this.length = 0;
    this.whole = 0;
  }

  /**
   * Take what is new of the series, which must be the one of before or a longer one.
   * @param {Series} series
   */
  follow({ step, value }) {
    const { length } = step;
    if (length === this.length) return this;
    let { size } = this;
    while (length > (size * this.limit) / 2 && length > this.limit) size *= 2;
    if (size !== this.size || length < this.length) this.forget(size);
    // The last bucket was not full.
    this.x.length = this.y.length = this.whole;
    for (let start = this.length - (this.length % size); start < length; start += size) {
      const end = Math.min(length, start + size);
      keepExtremes(this, step, value, start, end);
      if (end === start + size) this.whole = this.x.length;
    }
    if (this.x.at(-1) !== step[length - 1]) {
      this.x.push(step[length - 1]);
      this.y.push(value[length - 1]);
    }
    this.length = length;
    return this;
  }
}

/**
 * The part of a series from one step to another, with the points beside it, thinned to at most about `limit` points.
 * @param {Series} series
 * @param {number} from
 * @param {number} to
 * @param {number} limit
 */
export function thinnedPart({ step, value }, from, to, limit) {
  const begin = Math.max(0, firstAt(step, from) - 1);
  const end = Math.min(step.length, firstAt(step, to) + 2);
  return new Thinned(limit).follow({ step: step.slice(begin, end), value: value.slice(begin, end) });
}

/**
 * Where the first step at or above `least` stands.
 * @param {number[]} step
 * @param {number} least
 */
function firstAt(step, least) {
  let low = 0;
  let high = step.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (step[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {{ x: number[]; y: (number | null)[] }} kept
 * @param {number[]} step
 * @param {(number | null)[]} value
 * @param {number} start
 * @param {number} end
 */
function keepExtremes(kept, step, value, start, end) {
  let low = -1;
  let high = -1;
  let gap = -1;
  for (let i = start; i < end; i += 1) {
    const number = value[i];
    if (number === null) gap = i;
    else {
      if (low < 0 || number < /** @type {number} */ (value[low])) low = i;
      if (high < 0 || number > /** @type {number} */ (value[high])) high = i;
    }
  }
  let last = -1;
  for (const i of [low, high, gap].sort((a, b) => a - b)) {
    if (i <= last) continue;
    last = i;
    kept.x.push(step[i]);
    kept.y.push(value[i]);
  }
}
