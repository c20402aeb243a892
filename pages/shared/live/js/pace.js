// How fast a run goes, measured over the last seconds on the screen.

const WINDOW = 4000;
const ENOUGH = 600;

export class Pace {
  /** @type {{now: number, step: number}[]} */
  samples;

  constructor() {
    this.samples = [];
  }

  /**
   * Steps a second, or null while it is not known.
   * @param {number} step
   * @param {string} status
   */
  measure(step, status, now = performance.now()) {
    if (status !== "running" || step < (this.samples.at(-1)?.step ?? 0)) this.samples = [];
    if (status !== "running") return null;
    const last = this.samples.at(-1);
    if (!last || step > last.step) this.samples.push({ now, step });
    while (this.samples.length > 2 && now - this.samples[0].now > WINDOW) this.samples.shift();
    const [first] = this.samples;
    const newest = this.samples[this.samples.length - 1];
    if (newest.now - first.now < ENOUGH) return null;
    return (1000 * (newest.step - first.step)) / (newest.now - first.now);
  }
}
