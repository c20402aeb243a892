// Round ends for axes that grow while a run trains.

const MANTISSAS = [1, 1.5, 2, 3, 5, 7.5, 10];
const TOLERANCE = 0.999999;

/**
 * The next round number at or above `value`: axes grow by these, not at every point.
 * @param {number} value
 */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (MANTISSAS.find((mantissa) => mantissa * power >= value * TOLERANCE) ?? 10);
}

/**
 * The ends of a logarithmic axis, as powers of ten in steps of a half.
 * @param {number} lowest the smallest number above 0
 * @param {number} highest 0 where there is none
 */
export function decades(lowest, highest) {
  if (!highest) return [-2, 0];
  const low = Math.floor(2 * Math.log10(lowest) - 0.1) / 2;
  return [low, Math.max(low + 0.5, Math.ceil(2 * Math.log10(highest) + 0.1) / 2)];
}

/**
 * The marks of a logarithmic axis, each written in full: Plotly's own leave the zeros away.
 * @param {number[]} range its ends, as powers of ten
 */
export function logTicks([low, high]) {
  const digits = high - low > 2.5 ? [1] : high - low > 1.5 ? [1, 3] : [1, 2, 5];
  const every = Math.ceil((high - low) / 6);
  const values = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const digit of digits) {
      const at = power + Math.log10(digit);
      if (at >= low && at <= high && power % every === 0) values.push(Number(`${digit}e${power}`));
    }
  }
  return { tickvals: values, ticktext: values.map(tickText) };
}

/** @param {number} value */
function tickText(value) {
  if (value >= 1e-4 && value < 1e5) return String(value);
  const [digit, power] = value.toExponential().split("e").map(Number);
  return `${digit === 1 ? "" : `${digit}·`}10<sup>${power}</sup>`;
}

/**
 * Where a time axis ends that must hold `last` of the steps asked for.
 * @param {number} last
 * @param {number} numSteps
 */
export const endOfSteps = (last, numSteps) => (last <= numSteps ? Math.min(numSteps, roundUp(last)) : roundUp(last));
