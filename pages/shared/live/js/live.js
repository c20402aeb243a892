// The live view of a run: play bar, picture, curves, time slider.

import { Banner } from "./banner.js";
import { acquire, hasEnded, release } from "./connection.js";
import { Curves } from "./curves.js";
import { create, setAttribute, targetOf } from "./dom.js";
import { decodeBase64Frame } from "./frames.js";
import { valueAt } from "./history.js";
import { keep } from "./mounting.js";
import { Pace } from "./pace.js";
import { PlayBar } from "./playbar.js";
import { painted } from "./plot.js";
import { Spoken } from "./spoken.js";
import { stick } from "./sticking.js";
import { applyTheme, readTheme } from "./theme.js";
import { Timeline } from "./timeline.js";

const DESCRIBE_EVERY = 200;
const PATIENCE = 8000;
const LONGEST_REST = 150;
/** What presenting.js says when it makes text larger or smaller. */
const SCALED = "torch-playground-scaled";
const GO_ON = new Set(["reached_steps", "stopped", "crashed"]);
const GOING = new Set(["running", "resuming"]);
// In these Space already means something; on a slider it doesn't, so that one can pause while changing a setting.
const USES_SPACE =
  "input:not([type=range]), select, textarea, button, a, summary, [contenteditable], [role=button], " +
  "[role=switch], [role=tab], [role=radio], [role=checkbox], [role=option], [role=combobox], [role=textbox]";

const phone = window.matchMedia("(max-width: 768px)");

/**
 * On a phone Streamlit closes its sheet of settings at a press beside it; what stands above it then moves, and the button
 * that was pressed is no longer below the finger.
 * @param {MouseEvent} event
 */
function keepSheet(event) {
  if (phone.matches) event.stopPropagation();
}

/**
 * Whether what is asked for is what Python was asked for before, which has defaults filled in.
 * @param {Focus} wanted
 * @param {Focus} known
 */
const isInView = (wanted, known) =>
  Boolean(wanted.drawing) === Boolean(known.drawing) &&
  Object.entries(wanted).every(([name, value]) => known[name] === value);

class LiveView {
  /** @type {LiveData} */
  data;
  /** @type {Theme} */
  theme;
  /** @type {Component} */
  component;
  /** @type {LivePicture} */
  picture;
  /** @type {string} */
  kind;
  /** @type {Frame|null} */
  preview;
  /** @type {Frame|null} */
  drawn;
  /** @type {Focus|null} */
  focus;
  /** @type {import("./connection.js").Connection|null} */
  connection;
  /** @type {() => void} */
  unsubscribe;
  /** @type {import("./connection.js").Connection|null} */
  expected;
  /** @type {Timer} */
  patience;
  /** @type {number|null} */
  pending;
  /** @type {Timer|null} */
  resting;
  /** @type {Timer|null} */
  describing;
  /** @type {number|undefined} */
  described;
  /** @type {boolean} */
  gone;

  /**
   * @param {HTMLElement} parent
   * @param {Component} options
   * @param {PictureModule} pictureModule
   */
  constructor(parent, { data }, pictureModule) {
    this.connection = null;
    this.expected = null;
    this.starting = false;
    this.root = create("div", { class: "tp-live", "data-testid": "live-view" });
    /**
     * @param {string} name
     * @param {object} attributes
     */
    const part = (name, attributes = {}) => create("div", { class: `tp-${name}`, ...attributes });
    const [bar, banner, picture, curves, time] = ["bar", "banner", "picture", "curves", "time"].map((name) =>
      part(name),
    );
    const stage = part("stage");
    stage.append(picture, curves);
    const place = part("bar-place");
    place.append(bar);
    this.grid = part("grid");
    this.grid.append(place, banner, stage, time);
    this.root.append(this.grid);
    parent.append(this.root);
    this.stick = () => stick(place, bar);
    this.unstick = this.stick();

    this.playBar = new PlayBar(bar, {
      onPlay: () => this.toggle(),
      onStep: () => this.advance("step", 1),
      onEpoch: () => this.advance("epoch", "epoch"),
      onReset: () => this.trigger("reset", {}),
      onSpeed: (/** @type {number} */ value) => this.connection?.send({ command: "speed", value }),
    });
    const onLive = () => this.connection?.backToLive();
    this.banner = new Banner(banner, {
      onLive,
      onResume: (step) => this.trigger("resume", { step, speed: this.playBar.chosenSpeed }),
      onEnd: () => this.connection?.send({ command: "end" }),
      onUndo: () => this.trigger("undo", {}),
    });
    this.place = picture;
    this.makePicture(data.picture, pictureModule);
    this.curves = new Curves(curves, data.picture);
    this.curves.onZoom = (from, to) => this.connection?.fetchHistory(from, to);
    this.timeline = new Timeline(time, { onLook: (step) => this.connection?.lookAt(step), onLive });
    this.spoken = new Spoken(this.root);
    this.pace = new Pace();
    this.restEnd = 0;
    this.sayWhenDrawn = true;
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.pressKey(event);
    document.addEventListener("keydown", this.onKey);
    for (const part of [picture, bar, time]) part.addEventListener("mousedown", keepSheet);
    this.onScale = () => this.rescale();
    window.addEventListener(SCALED, this.onScale);
    this.onDragged = (/** @type {Event} */ event) => this.takeDragged(/** @type {CustomEvent} */ (event).detail);
    window.addEventListener("torch-playground:change", this.onDragged);
  }

  /**
   * A slider is being dragged: what it says acts on the run at once, Python hears of it when it is let go.
   * @param {DraggedSetting} dragged
   */
  takeDragged({ experiment, field, value }) {
    if (experiment === this.data?.experiment && !this.atRest) this.connection?.say("change", { [field]: value });
  }

  /** Text is larger or smaller than before, that in plots as well. */
  rescale() {
    if (!this.data) return;
    this.unstick();
    this.unstick = this.stick();
    this.theme = readTheme(this.root);
    this.picture.update(this.data, this.theme);
    this.curves.update(this.data, this.theme);
    this.drawn = null;
    this.schedule();
  }

  /**
   * The picture of one kind; another kind of data may need another one.
   * @param {PictureData} spec
   * @param {PictureModule} options
   */
  makePicture(spec, { Picture }) {
    this.picture?.destroy();
    this.place.replaceChildren();
    this.kind = spec.kind;
    this.picture = new Picture(
      this.place,
      {
        onAdd: (point) => this.trigger("point", point),
        onFocus: (focus) => this.setFocus(focus),
        onSettings: (values) => this.trigger("settings", { values }),
      },
      spec,
    );
  }

  /**
   * @param {Component} component
   * @param {PictureModule} pictureModule
   */
  update(component, pictureModule) {
    this.component = component;
    const { data } = component;
    const swapped = this.kind !== data.picture.kind;
    if (swapped) {
      this.makePicture(data.picture, pictureModule);
      this.focus = null;
    }
    if (this.data !== data) this.adopt(data);
    if (swapped) this.picture.ask?.();
    this.theme = readTheme(this.root);
    applyTheme(this.root, this.theme);
    setAttribute(this.root, "lang", data.lang);
    this.root.dataset.picture = data.picture.kind;
    this.root.dataset.lanes = String(data.lanes.length);
    this.playBar.relabel(data.text);
    this.timeline.relabel(data.text);
    this.picture.update(data, this.theme);
    this.curves.update(data, this.theme);
    this.drawn = null;
    this.schedule();
  }

  /** @param {LiveData} data */
  adopt(data) {
    const changedRun = this.data?.run !== data.run;
    if (this.data && this.data.tries < data.tries) this.comeIntoView();
    if (changedRun || this.data?.next !== data.next) this.stopStarting();
    if (this.data?.preview !== data.preview) this.preview = data.preview ? decodeBase64Frame(data.preview) : null;
    if (data.speed !== undefined && !this.data) this.playBar.takeSpeed(data.speed);
    this.data = data;
    // A run that is here before Python has said so stays, as long as Python may still be at Play.
    if (this.connection?.path !== data.next) this.connect(data.run === null ? null : data.socket);
    if (changedRun) this.setFocus(this.focus);
  }

  /** What a button in the text below has started is to be seen, unless the picture stands beside that text. */
  comeIntoView() {
    const { top } = this.root.getBoundingClientRect();
    if (top >= 0 && top < window.innerHeight / 2) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.scrollIntoView({ behavior: still ? "instant" : "smooth" });
  }

  /**
   * Look at something else: the run's worker draws it, or Python where there is no run.
   * @param {Focus | null | undefined} focus
   */
  setFocus(focus) {
    this.focus = focus ?? null;
    if (!this.focus) return;
    if (this.connection) this.connection.setFocus(this.focus);
    else if (!isInView(this.focus, this.data.focus)) this.trigger("focus", { focus: this.focus });
    else {
      // The frame that is there already shows it, and Python would have nothing new to tell.
      this.drawn = null;
      this.schedule();
    }
  }

  /** @param {string | null} path */
  connect(path) {
    if ((this.connection?.path ?? null) === (path ?? null)) return;
    this.disconnect();
    if (!path) return;
    const connection = acquire(path);
    this.connection = connection;
    this.unsubscribe = connection.subscribe((change) => {
      if (change === "state") this.playBar.takeSpeed(connection.speed);
      this.schedule();
    });
    this.playBar.takeSpeed(connection.speed);
  }

  /**
   * Wait for the run that Play starts, and show it as soon as it is there: Python makes the whole page before it says so.
   * @param {string} path
   */
  expect(path) {
    const connection = acquire(path, true);
    this.expected = connection;
    const leave = connection.subscribe(() => {
      if (connection.online !== "open") return;
      leave();
      if (this.expected !== connection) return;
      this.curves.forget();
      this.connect(path);
      this.stopStarting();
      this.setFocus(this.focus);
    });
  }

  forgetExpected() {
    if (this.expected) release(this.expected);
    this.expected = null;
  }

  disconnect() {
    if (!this.connection) return;
    this.unsubscribe();
    release(this.connection);
    this.connection = null;
  }

  get status() {
    if (this.starting) return "starting";
    return this.connection ? this.connection.shownStatus : "idle";
  }

  /** No run that could still be told to continue. */
  get atRest() {
    return !this.connection || hasEnded(this.connection.status);
  }

  /** A run that is over but would continue: what was asked for now is more than what it has. */
  get goesOn() {
    const last = this.connection?.kept.at(-1);
    return this.mayGoOn && last !== undefined && last < this.data.num_steps;
  }

  /** A run that is over and would continue with more steps. */
  get mayGoOn() {
    const { connection } = this;
    if (!connection || !hasEnded(connection.status)) return false;
    return GO_ON.has(connection.message?.code ?? "") && connection.kept.length > 0;
  }

  toggle() {
    if (this.starting) return;
    const { connection } = this;
    if (!connection || this.atRest) this.start(false, 0);
    else {
      connection.backToLive();
      connection.order(GOING.has(this.status) ? "pause" : "play");
    }
  }

  /**
   * @param {string} command
   * @param {number | "epoch"} steps
   */
  advance(command, steps) {
    if (this.starting) return;
    const { connection } = this;
    if (!connection || this.atRest) {
      if (this.state().over) return;
      this.start(true, steps);
      return;
    }
    connection.backToLive();
    if (GOING.has(this.status)) connection.order("pause");
    connection.send({ command });
  }

  /**
   * @param {boolean} paused
   * @param {number | "epoch"} steps
   */
  start(paused, steps) {
    if (this.data.missing) return;
    this.starting = true;
    // If Python could not start it, the buttons must come back.
    this.patience = setTimeout(() => this.stopStarting(), PATIENCE);
    this.trigger("play", { speed: this.playBar.chosenSpeed, paused, steps });
    this.forgetExpected();
    if (this.data.next) this.expect(this.data.next);
    this.schedule();
  }

  stopStarting() {
    clearTimeout(this.patience);
    this.starting = false;
    this.forgetExpected();
    this.schedule();
  }

  /**
   * @param {string} name
   * @param {object} value
   */
  trigger(name, value) {
    this.component.setTriggerValue(name, { ...value, n: Date.now() });
  }

  /** @param {KeyboardEvent} event */
  pressKey(event) {
    if (event.key !== " " || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (targetOf(event).closest?.(USES_SPACE) || !this.root.isConnected) return;
    event.preventDefault();
    this.toggle();
  }

  schedule() {
    if (this.pending || this.gone) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      if (!this.gone && this.data) this.draw();
    });
  }

  draw() {
    const state = this.state();
    const frame = this.connection?.current ?? this.preview;
    const waits = this.drawPicture(frame);
    setAttribute(this.root, "data-run", this.connection?.path.split("/").at(-1) ?? "");
    setAttribute(this.root, "data-status", state.status);
    setAttribute(this.root, "data-connection", state.online);
    setAttribute(this.root, "data-looking", state.looking ?? "");
    this.playBar.show(state);
    this.spoken.show(state, this.data.text, this.banner.show(state, this.data.text, this.data.lang));
    this.timeline.show(state);
    this.curves.show({ ...state, cursor: state.looking, floor: this.data.picture.floor });
    this.describe(state);
    if (!waits) this.connection?.acknowledge();
  }

  /**
   * Draw a frame, unless the last one took so long that the page must rest first: pictures take half of its time at most.
   * @param {Frame | null} frame
   * @returns {boolean} whether it waits
   */
  drawPicture(frame) {
    if (!frame || frame === this.drawn) return false;
    const begin = performance.now();
    const wait = this.restEnd - begin;
    if (wait > 0 && this.drawn) {
      this.resting ??= setTimeout(() => {
        this.resting = null;
        this.schedule();
      }, wait);
      return true;
    }
    this.drawn = frame;
    this.picture.draw(frame);
    if (this.sayWhenDrawn) this.sayDrawn();
    const end = performance.now();
    this.restEnd = end + Math.min(LONGEST_REST, end - begin);
    return false;
  }

  /** Say once that the picture is there, axes and all: Python has kept the rest of the page back for it. */
  async sayDrawn() {
    this.sayWhenDrawn = false;
    await this.picture.whole?.();
    await painted();
    fetch(this.data.drawn, { method: "POST" }).catch(() => {});
  }

  state() {
    const { connection, data } = this;
    const frame = connection?.current ?? this.preview;
    const looking = connection?.looking ?? null;
    const reached = Math.max(connection?.step ?? 0, connection?.live?.step ?? 0);
    const step = looking ?? reached;
    const lr = connection?.lr ?? data.lr;
    return {
      status: this.status,
      online: connection?.online ?? "none",
      unreached: connection?.unreached ?? null,
      step,
      epoch: this.epochAt(step, frame),
      numSteps: this.goesOn ? data.num_steps : (connection?.numSteps ?? data.num_steps),
      over: Boolean(connection) && this.atRest && !this.goesOn,
      goesOn: this.goesOn,
      mayGoOn: this.mayGoOn,
      diverged: data.diverged,
      lr,
      stepLr: (looking === null ? undefined : connection?.lrAt(looking)) ?? lr,
      pace: this.pace.measure(reached, this.status),
      imagesPerStep: data.picture.images_per_step,
      lang: data.lang,
      looking,
      message: this.starting ? null : (connection?.message ?? null),
      silent: !this.starting && (connection?.silent ?? false),
      stepSeconds: connection?.stepSeconds ?? 0,
      kept: connection?.kept ?? [],
      events: connection?.events ?? [],
      history: connection?.history ?? {},
      adding: data.adding,
      notice: this.starting ? "" : data.notice,
      changed: data.changed,
      missing: this.atRest ? data.missing : "",
      full: !this.starting && this.atRest ? data.full : "",
      note: data.note,
    };
  }

  /**
   * @param {number} step
   * @param {Frame | null} frame
   */
  epochAt(step, frame) {
    const perEpoch = this.connection?.stepsPerEpoch;
    return perEpoch ? Math.floor(step / perEpoch) : (frame?.epoch ?? 0);
  }

  /**
   * Screen readers need the picture's number now and then, not at every frame.
   * @param {LiveState} options
   */
  describe({ step, history, status }) {
    const now = performance.now();
    if (now - (this.described ?? -Infinity) < DESCRIBE_EVERY) {
      this.describing ??= setTimeout(() => {
        this.describing = null;
        this.schedule();
      }, DESCRIBE_EVERY);
      return;
    }
    this.described = now;
    /**
     * @param {string} lane
     * @param {string} metric
     */
    const metricOf = (lane, metric) => valueAt(history[lane]?.[metric], step);
    this.picture.describe(step, (lane) => metricOf(lane, "accuracy/test"), metricOf);
    // What the picture says of each frame is spoken only at rest.
    const live = GOING.has(status) ? "off" : "polite";
    for (const words of this.place.querySelectorAll("[role=status]")) setAttribute(words, "aria-live", live);
  }

  destroy() {
    this.gone = true;
    cancelAnimationFrame(this.pending ?? 0);
    clearTimeout(this.describing ?? undefined);
    clearTimeout(this.resting ?? undefined);
    clearTimeout(this.patience);
    document.removeEventListener("keydown", this.onKey);
    window.removeEventListener(SCALED, this.onScale);
    this.unstick();
    window.removeEventListener("torch-playground:change", this.onDragged);
    this.forgetExpected();
    this.disconnect();
    this.spoken.destroy();
    this.picture.destroy();
    this.curves.destroy();
    this.root.remove();
  }
}

/** Build the view, or bring it up to date; returns what takes it away again. */
export const mount = keep("live", LiveView);
