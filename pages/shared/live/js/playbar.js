// The play bar: what a person can tell the run to do, and where it is.

import { create, fill, formatCount, formatSetting, icon, nameControl, setAttribute, setText } from "./dom.js";

const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z",
  step: "M3 2.5v11l7-5.5zM11 2.5h2.2v11H11z",
  epoch: "M1.5 3v10l5.5-5zM7 3v10l5.5-5zM12.6 3h1.9v10h-1.9z",
  reset:
    "M8 2.6a5.4 5.4 0 1 1-5.2 6.9h1.9A3.6 3.6 0 1 0 8 4.4c-.9 0-1.8.4-2.4 1l1.7 1.7H2.6V2.4l1.7 1.7A5.3 5.3 0 0 1 8 2.6z",
};
/** @type {("step" | "epoch" | "reset")[]} */
const OTHERS = ["step", "epoch", "reset"];
const SPEEDS = [1, 5, 30, 200, 0];
const DEFAULT_SPEED = 30;

/**
 * Seconds as minutes and seconds: 0:07.
 * @param {number} seconds
 */
const duration = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** To the first setting, or to what brings the settings, where these are put away. */
function toSettings() {
  /** @type {NodeListOf<HTMLElement>} */
  const known = document.querySelectorAll('[data-testid="stSidebar"] input, [data-testid="stExpandSidebarButton"]');
  [...known].find((node) => node.checkVisibility({ visibilityProperty: true }))?.focus();
}

export class PlayBar {
  /** @type {Words} */
  text;

  /**
   * @param {HTMLElement} host
   * @param {PlayBarHandlers} handlers
   */
  constructor(host, handlers) {
    this.handlers = handlers;
    this.play = this.button("play", handlers.onPlay, "tp-primary");
    this.pauseIcon = icon(ICONS.pause);
    this.playIcon = this.play.icon;
    this.step = this.button("step", handlers.onStep);
    this.epoch = this.button("epoch", handlers.onEpoch);
    this.reset = this.button("reset", handlers.onReset);
    this.speed = create(
      "select",
      {
        class: "tp-select",
        "data-testid": "speed",
        onchange: () => handlers.onSpeed(Number(this.speed.value)),
      },
      ...SPEEDS.map((value) => create("option", { value })),
    );
    this.speed.value = String(DEFAULT_SPEED);
    this.stepCount = create("span", { class: "tp-count", "data-testid": "step-count", "data-step": 0 });
    this.epochCount = create("span", { class: "tp-count-small", "data-testid": "epoch-count" });
    this.progressFill = create("span");
    this.progress = create("div", { class: "tp-progress", role: "progressbar", hidden: "" }, this.progressFill);
    this.paceWords = create("span", { class: "tp-count-small", "data-testid": "pace" });
    this.jump = create("button", { type: "button", class: "tp-chip tp-jump", onclick: toSettings });
    host.append(
      create("div", { class: "tp-buttons" }, this.play.node, this.step.node, this.epoch.node, this.reset.node),
      this.speed,
      this.jump,
      create("div", { class: "tp-pace" }, this.paceWords, this.progress),
      create("div", { class: "tp-counter" }, this.stepCount, this.epochCount),
    );
  }

  /**
   * @param {keyof typeof ICONS} name
   * @param {() => void} onclick
   */
  button(name, onclick, style = "") {
    const words = create("span", { class: "tp-words" });
    const picture = icon(ICONS[name]);
    const node = create(
      "button",
      {
        type: "button",
        class: `tp-button ${style}`,
        "data-testid": name,
        onclick,
      },
      picture,
      words,
    );
    return { node, words, icon: picture };
  }

  /** @param {Words} text */
  relabel(text) {
    this.text = text;
    for (const name of OTHERS) {
      setText(this[name].words, text[name]);
      setAttribute(this[name].node, "aria-label", text[name]);
    }
    nameControl(this.speed, text.speed);
    setText(this.jump, text.to_settings);
    setAttribute(this.progress, "aria-label", text.progress);
    SPEEDS.forEach((value, i) => {
      setText(this.speed.options[i], value ? fill(text.steps_per_second, { count: value }) : text.max_speed);
    });
  }

  get chosenSpeed() {
    return Number(this.speed.value);
  }

  /**
   * Take the run's speed over, unless it is one this list does not offer.
   * @param {number | undefined} speed
   */
  takeSpeed(speed) {
    if (speed !== undefined && SPEEDS.includes(speed) && this.chosenSpeed !== speed) this.speed.value = String(speed);
  }

  /** @param {LiveState} options */
  show({ status, step, epoch, numSteps, stepLr, lang, over, goesOn, mayGoOn, pace, imagesPerStep, missing }) {
    const running = status === "running" || status === "resuming";
    const onward = status === "paused" || status === "pausing" || goesOn;
    const words = running ? this.text.pause : onward ? this.text.continue : this.text.play;
    setText(this.play.words, words);
    setAttribute(this.play.node, "aria-label", words);
    setAttribute(
      this.play.node,
      "title",
      missing || (running ? this.text.pause_help : over ? this.text.again_help : this.text.play_help),
    );
    this.play.node.disabled = Boolean(missing);
    const overHelp = mayGoOn ? this.text.over_help : this.text.over_for_good_help;
    for (const name of OTHERS) {
      const ended = (over || Boolean(missing)) && name !== "reset";
      this[name].node.disabled = ended;
      setAttribute(this[name].node, "title", ended ? missing || overHelp : this.text[`${name}_help`]);
    }
    setAttribute(this.play.node, "aria-busy", ["starting", "pausing", "resuming"].includes(status));
    const wanted = running ? this.pauseIcon : this.playIcon;
    if (this.play.node.firstChild !== wanted) this.play.node.firstChild?.replaceWith(wanted);
    this.count({ step, epoch, numSteps, stepLr, lang });
    this.hurry({ step, numSteps, lang, pace, imagesPerStep });
  }

  /**
   * Images a second and the time left, for networks that take their time.
   * @param {Hurried} options
   */
  hurry({ step, numSteps, lang, pace, imagesPerStep }) {
    this.progress.hidden = !imagesPerStep;
    if (!imagesPerStep) return;
    const share = numSteps ? Math.min(1, step / numSteps) : 0;
    this.progressFill.style.transform = `scaleX(${share})`;
    setAttribute(this.progress, "aria-valuenow", Math.round(100 * share));
    const words = pace
      ? fill(this.text.pace, {
          images: formatCount(Number((pace * imagesPerStep).toPrecision(2)), lang),
          left: duration((numSteps - step) / pace),
        })
      : "";
    setText(this.paceWords, words);
  }

  /** @param {Counted} options */
  count({ step, epoch, numSteps, stepLr, lang }) {
    const numbers = { step: formatCount(step, lang), num_steps: formatCount(numSteps, lang) };
    setText(this.stepCount, fill(this.text.step_count, numbers));
    setAttribute(this.stepCount, "data-step", step);
    setText(
      this.epochCount,
      fill(this.text.epoch_count, { epoch: formatCount(epoch, lang), lr: formatSetting(stepLr) }),
    );
    setAttribute(this.epochCount, "data-epoch", epoch);
  }
}
