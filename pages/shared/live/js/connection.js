// One connection a run, shared by every view of it on the page.

import { canUnpack, decodeFrame, isPacked, unpack } from "./frames.js";
import { extendHistory, refineHistory } from "./history.js";
import { KeptFrames } from "./kept_frames.js";
import { whyUnreached } from "./reach.js";
import { PollTransport, rememberPolling, remembersPolling } from "./transport_poll.js";
import { SocketTransport } from "./transport_socket.js";

const FIRST_RETRY = 300;
const LAST_RETRY = 3000;
/** Milliseconds in which a WebSocket has to open, if it ever can. */
const SOCKET_PATIENCE = 3000;
const CLOSE_GRACE = 400;
const WISH_PATIENCE = 30_000;
const ENDED = new Set(["finished", "stopped", "diverged", "failed", "crashed"]);

/** @param {string} status */
export const hasEnded = (status) => ENDED.has(status);

export class Connection {
  /** @type {number[]} */
  kept;
  /** @type {LrChange[]} */
  events;
  /** @type {object[]} */
  outbox;
  /** @type {Transport} */
  transport;
  /** @type {RunHistory} */
  history;
  /** @type {RunMessage|null} */
  message;
  /** @type {number|null} */
  looking;
  /** @type {Focus|null} */
  focus;
  /** @type {Set<(change: Change) => void>} */
  listeners;
  /** @type {Timer} */
  retryTimer;
  /** @type {Timer | null} */
  patience;
  /** @type {Unreached | null} */
  unreached;
  /** @type {boolean} */
  closed;
  /** @type {string[]|undefined} */
  lanes;
  /** @type {number|undefined} */
  stepsPerEpoch;
  /** @type {number|undefined} */
  numSteps;
  /** @type {number|undefined} */
  speed;
  /** @type {number|undefined} */
  lr;
  /** @type {number|undefined} */
  firstLr;
  /** @type {ArrayBuffer|null} */
  newest;
  /** @type {Frame|undefined} */
  decoded;
  /** @type {Frame|null} */
  past;
  /** @type {Promise<void>} */
  arrivals;
  /** @type {"pause"|"play"|null} */
  wish;
  /** @type {Timer} */
  wishTimer;
  /** @type {Map<object, string[]>} */
  parts;

  /**
   * @param {string} path
   * @param {boolean} coming whether the run is only just being started
   */
  constructor(path, coming) {
    this.path = path;
    this.coming = coming;
    this.holders = 0;
    this.listeners = new Set();
    this.online = "connecting";
    this.opened = false;
    this.unreached = this.patience = null;
    this.polls = remembersPolling();
    this.status = "connecting";
    this.step = 0;
    this.history = {};
    this.historyVersion = 0;
    this.kept = [];
    this.events = [];
    this.message = null;
    this.silent = false;
    this.stepSeconds = 0;
    this.looking = null;
    this.focus = null;
    this.outbox = [];
    this.keptFrames = new KeptFrames(path);
    this.retryDelay = FIRST_RETRY;
    this.arrivals = Promise.resolve();
    this.unpacking = 0;
    this.received = this.drawn = 0;
    this.wish = null;
    this.parts = new Map();
    this.onVisible = () => this.tellVisible();
    document.addEventListener("visibilitychange", this.onVisible);
    this.open();
  }

  /** @param {(change: Change) => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {Change} change */
  notify(change) {
    for (const listener of this.listeners) listener(change);
  }

  open() {
    const address = new URL(this.path, document.baseURI);
    if (this.coming) address.searchParams.set("coming", "1");
    if (canUnpack) address.searchParams.set("packed", "1");
    this.received = this.drawn = 0;
    const Way = this.polls ? PollTransport : SocketTransport;
    this.transport = new Way(address, {
      onMessage: (transport, data) => this.receive(transport, data),
      onLost: (transport, whole) => this.lost(transport, whole),
    });
    if (!this.opened && !this.polls) this.patience ??= setTimeout(() => this.poll(), SOCKET_PATIENCE);
  }

  /** Something between here and the server lets no WebSocket pass, or never answers it: go on without. */
  poll() {
    this.patience = null;
    const { transport } = this;
    if (this.opened || this.closed || transport.isOpen) return;
    clearTimeout(this.retryTimer);
    this.polls = true;
    this.open();
    transport.close();
  }

  /**
   * @param {Transport} transport
   * @param {boolean} whole whether the server had said all there was
   */
  lost(transport, whole) {
    if (transport !== this.transport || this.closed) return;
    if (whole && hasEnded(this.status)) return;
    if (this.opened) {
      this.coming = false;
      this.online = "lost";
    } else if (this.polls) this.learnWhy();
    this.retryTimer = setTimeout(() => this.open(), this.retryDelay);
    this.retryDelay = Math.min(LAST_RETRY, this.retryDelay * 1.7);
    this.notify("state");
  }

  /** Neither way was ever open: say why, and try both again. */
  async learnWhy() {
    this.polls = false;
    const unreached = await whyUnreached(this.path);
    if (this.opened || this.closed) return;
    this.unreached = unreached;
    this.online = "unreached";
    this.notify("state");
  }

  close() {
    this.closed = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.wishTimer);
    clearTimeout(this.patience ?? undefined);
    this.transport.close();
    this.listeners.clear();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  /**
   * Unpacking takes a moment: what comes meanwhile waits, so that all is taken in as it came.
   * @param {Transport} transport
   * @param {string | ArrayBuffer} data
   */
  receive(transport, data) {
    if (transport !== this.transport) return;
    const packed = typeof data !== "string" && isPacked(data);
    if (!packed && !this.unpacking) {
      this.take(data);
      return;
    }
    this.unpacking += 1;
    this.arrivals = this.arrivals
      .then(() => (packed ? unpack(data) : data))
      .then((plain) => {
        if (transport === this.transport && !this.closed) this.take(plain);
      })
      .catch((error) => console.error(error))
      .finally(() => {
        this.unpacking -= 1;
      });
  }

  /** @param {string | ArrayBuffer} data */
  take(data) {
    if (typeof data !== "string") {
      this.newest = data;
      this.received += 1;
      this.notify("frame");
      this.askAgain();
      return;
    }
    const message = JSON.parse(data);
    if (message.kind === "hello") this.greet(message);
    else if (message.kind === "metrics") this.extend(message);
    else if (message.kind === "status") this.adopt(message);
  }

  /** Say that all frames so far are drawn, or passed over for a newer one: only then the server sends more. */
  acknowledge() {
    if (this.drawn === this.received) return;
    this.drawn = this.received;
    this.say("drawn", this.drawn);
  }

  tellVisible() {
    this.say("visible", document.visibilityState !== "hidden");
  }

  /**
   * Say which parts of frames a view draws beside what all draw; none when it goes.
   * @param {object} view
   * @param {string[]} parts
   */
  setParts(view, parts) {
    if (parts.length) this.parts.set(view, parts);
    else this.parts.delete(view);
    this.tellParts();
    // The last frame of a run that is over may lack them; those that were kept have all.
    if (parts.length && this.online === "open" && hasEnded(this.status)) this.applyFocus();
  }

  tellParts() {
    this.say("shows", [...new Set([...this.parts.values()].flat())]);
  }

  /**
   * Tell the server about this page; it is told all over when the socket opens again.
   * @param {string} command
   * @param {unknown} value
   */
  say(command, value) {
    if (this.online === "open" && this.transport.isOpen) this.transport.send(JSON.stringify({ command, value }));
  }

  /** @param {SocketMessage} message */
  greet(message) {
    this.online = "open";
    this.opened = true;
    if (this.polls) rememberPolling();
    this.retryDelay = FIRST_RETRY;
    this.lanes = message.lanes;
    this.stepsPerEpoch = message.steps_per_epoch;
    this.firstLr = message.first_lr;
    this.history = extendHistory({}, message.history);
    this.historyVersion += 1;
    this.kept = [...(message.kept ?? [])];
    if (!this.outbox.length) this.wish = null;
    this.adopt(message);
    this.tellParts();
    if (document.visibilityState === "hidden") this.tellVisible();
    this.outbox.splice(0).forEach((command) => this.send(command));
    this.applyFocus();
    this.notify("history");
  }

  /** @param {SocketMessage} message */
  extend(message) {
    extendHistory(this.history, message.history);
    this.historyVersion += 1;
    const dropped = new Set(message.dropped ?? []);
    if (dropped.size) this.kept = this.kept.filter((step) => !dropped.has(step));
    const last = this.kept.at(-1) ?? -1;
    this.kept.push(...(message.kept ?? []).filter((step) => step > last));
    this.notify("history");
  }

  /** @param {SocketMessage} message */
  adopt(message) {
    const goesOn = !hasEnded(this.status);
    this.status = message.status;
    if (hasEnded(this.status) || this.status === { pause: "paused", play: "running" }[this.wish ?? "play"]) {
      this.wish = null;
    }
    this.step = message.step ?? this.step;
    this.numSteps = message.num_steps ?? this.numSteps;
    this.speed = message.speed ?? this.speed;
    this.lr = message.lr ?? this.lr;
    this.events = message.events ?? this.events;
    this.message = message.message ?? null;
    this.silent = message.silent ?? false;
    this.stepSeconds = message.step_seconds ?? 0;
    this.notify("state");
    if (goesOn) this.askAgain();
  }

  /**
   * The learning rate with which a step was taken.
   * @param {number} step
   */
  lrAt(step) {
    return this.events.findLast((change) => change.step <= step)?.lr ?? this.firstLr;
  }

  /**
   * Pause or play: shown at once, though the run hears of it later.
   * @param {"pause" | "play"} command
   */
  order(command) {
    this.wish = command;
    clearTimeout(this.wishTimer);
    this.wishTimer = setTimeout(() => this.forgetWish(), WISH_PATIENCE);
    this.send({ command });
    this.notify("state");
  }

  forgetWish() {
    this.wish = null;
    this.notify("state");
  }

  /** The status, or what is on the way to it. */
  get shownStatus() {
    if (this.wish === "pause" && this.status === "running") return "pausing";
    if (this.wish === "play" && this.status === "paused") return "resuming";
    return this.status;
  }

  /** @param {object} command */
  send(command) {
    if (this.online === "open" && this.transport.isOpen) this.transport.send(JSON.stringify(command));
    else this.outbox.push(command);
  }

  /** The newest live frame, decoded only when somebody draws it. */
  get live() {
    if (this.newest) {
      this.decoded = decodeFrame(this.newest);
      this.newest = null;
    }
    return this.decoded ?? null;
  }

  /** The frame to draw: the one looked back at, else the newest. */
  get current() {
    return (this.looking === null ? null : this.past) ?? this.live;
  }

  /** @param {number} step */
  async lookAt(step) {
    this.looking = step;
    this.notify("state");
    const frame = await this.keptFrames.fetch(step, this.focus);
    if (!frame || this.looking !== step) return;
    this.past = frame;
    this.notify("frame");
  }

  backToLive() {
    if (this.looking === null) return;
    this.looking = null;
    this.past = null;
    this.notify("state");
    this.notify("frame");
  }

  /**
   * Look at something else of the network: the worker draws it from now on; of a run that is over, the server.
   * @param {Focus} focus
   */
  setFocus(focus) {
    this.focus = focus;
    if (this.online === "open") this.applyFocus();
  }

  /** A run may still show what its last viewer looked at: who has not asked for anything gets what it shows at first. */
  async applyFocus() {
    if (!hasEnded(this.status)) this.send({ command: "focus", value: this.focus ?? {} });
    if (this.looking !== null) this.lookAt(this.looking);
    else if (hasEnded(this.status) && this.kept.length) {
      const { focus, kept } = this;
      const frame = await this.keptFrames.fetch(kept[kept.length - 1], focus);
      if (!frame || focus !== this.focus) return;
      this.newest = null;
      this.decoded = frame;
      this.notify("frame");
    }
  }

  /** What was asked of a worker just before it ended has had no answer: the server has one. */
  askAgain() {
    const { focus } = this;
    const facts = focus && hasEnded(this.status) && this.looking === null ? this.live?.facts : null;
    if (!focus || !facts) return;
    if (facts.part !== focus.part || (facts.version ?? 0) !== (focus.version ?? 0)) this.applyFocus();
  }

  /**
   * Fetch all that was measured between two steps, where the history that came at first was thinned.
   * @param {number} from
   * @param {number} to
   */
  async fetchHistory(from, to) {
    try {
      const range = new URLSearchParams({ from: String(from), to: String(to) });
      const answer = await fetch(`${this.path}/history?${range}`, { credentials: "same-origin" });
      if (!answer.ok || this.closed) return;
      refineHistory(this.history, (await answer.json()).history);
      this.historyVersion += 1;
      this.notify("history");
    } catch {
      // The thinned curve stays.
    }
  }
}

// On window, so that two views loaded separately still meet.
const REGISTRY = Symbol.for("torch-playground.connections");
window[REGISTRY] ??= new Map();
const registry = window[REGISTRY];

/**
 * @param {string} path
 * @param {boolean} coming whether the run is only just being started
 * @returns {Connection}
 */
export function acquire(path, coming = false) {
  if (!registry.has(path)) registry.set(path, new Connection(path, coming));
  const connection = registry.get(path);
  connection.holders += 1;
  return connection;
}

/** @param {Connection} connection */
export function release(connection) {
  connection.holders -= 1;
  // A rerun may unmount and mount within moments: closing at once would reconnect for nothing.
  setTimeout(() => {
    if (connection.holders > 0 || connection.closed) return;
    registry.delete(connection.path);
    connection.close();
  }, CLOSE_GRACE);
}
