// The pictures of a run's kept steps: fetched when one looks back, and remembered.

import { decodeFrame } from "./frames.js";

const IN_MEMORY = 240;

export class KeptFrames {
  /** @param {string} path the run's address */
  constructor(path) {
    this.path = path;
    /** @type {Map<number, Frame>} */
    this.frames = new Map();
  }

  /**
   * The picture of a step; null where it can't be had.
   * @param {number} step
   * @param {Focus | null} focus what is looked at in the network
   */
  async fetch(step, focus) {
    const known = focus ? undefined : this.frames.get(step);
    if (known) return known;
    const request = focus ? { method: "POST", body: JSON.stringify(focus) } : {};
    try {
      const answer = await fetch(`${this.path}/kept/${step}`, { credentials: "same-origin", ...request });
      if (!answer.ok) return null;
      const frame = decodeFrame(await answer.arrayBuffer());
      if (!focus) this.remember(step, frame);
      return frame;
    } catch {
      return null;
    }
  }

  /**
   * @param {number} step
   * @param {Frame} frame
   */
  remember(step, frame) {
    this.frames.set(step, frame);
    if (this.frames.size > IN_MEMORY) {
      const [oldest] = this.frames.keys();
      this.frames.delete(oldest);
    }
  }
}
