// One line that says how the training stands, with a way on where there is one.

import { create, fill, formatPercent, formatSetting, setAttribute, setText } from "./dom.js";

const ENDS = 20;
const ROSE = 3;
const FELL = 0.97;
/** @type {Series} */
const NOTHING = { step: [], value: [] };
/** While nothing comes from the server. */
const OFF = new Set(["lost", "unreached"]);
const TROUBLE = new Set(["diverged", "failed", "crashed"]);
// While nothing more pressing is to be said than that the run is a new one.
const CALM = new Set(["idle", "running"]);

export class Banner {
  /** @type {number|null} */
  resumeStep;

  /**
   * @param {HTMLElement} host
   * @param {{
   *   onLive: () => void; onResume: (step: number | null) => void; onEnd: () => void; onUndo: () => void;
   * }} options
   */
  constructor(host, { onLive, onResume, onEnd, onUndo }) {
    this.host = host;
    this.sentence = create("span", { class: "tp-sentence", "data-testid": "message" });
    this.live = create("button", {
      type: "button",
      class: "tp-chip",
      "data-testid": "back-to-live",
      hidden: "",
      onclick: onLive,
    });
    this.resume = create("button", {
      type: "button",
      class: "tp-chip tp-chip-strong",
      "data-testid": "resume",
      hidden: "",
      onclick: () => onResume(this.resumeStep),
    });
    this.end = create("button", {
      type: "button",
      class: "tp-chip tp-chip-strong",
      "data-testid": "end-silent",
      hidden: "",
      onclick: onEnd,
    });
    this.undo = create("button", {
      type: "button",
      class: "tp-chip",
      "data-testid": "undo",
      hidden: "",
      onclick: onUndo,
    });
    new ResizeObserver(() => this.measure()).observe(host);
    host.append(this.sentence, create("span", { class: "tp-actions" }, this.live, this.resume, this.end, this.undo));
  }

  /** Whether the sentence has more lines than are in sight: it can be opened then, by a touch or by the keyboard. */
  measure() {
    const { scrollHeight, clientHeight, dataset } = this.sentence;
    if (this.sentence.matches(":hover, :focus")) return; // it is open
    const long = scrollHeight > clientHeight + 1;
    if (long) dataset.long = "";
    else delete dataset.long;
    if (long) this.sentence.tabIndex = 0;
    else this.sentence.removeAttribute("tabindex");
  }

  /**
   * @param {LiveState} state
   * @param {Words} text
   * @param {string} lang
   */
  show(state, text, lang) {
    const standing = describe(state, text, lang);
    const { kind, words, resumeStep } = standing;
    const looking = state.looking !== null;
    this.resumeStep = resumeStep;
    this.host.dataset.kind = kind;
    const other = this.sentence.textContent !== words;
    setText(this.sentence, words);
    this.live.hidden = !looking;
    this.resume.hidden = resumeStep === null;
    this.end.hidden = !state.silent || OFF.has(state.online);
    this.undo.hidden = !state.changed || looking;
    setText(this.undo, text.undo);
    setAttribute(this.undo, "title", text.undo_help);
    setText(this.end, text.end_silent);
    setText(this.live, text.back_to_live);
    setText(this.resume, looking ? text.resume_here : fill(text.resume_step, { step: resumeStep }));
    if (other) this.measure();
    return standing;
  }
}

/**
 * @param {LiveState} state
 * @param {Words} text
 * @param {string} lang
 */
export function describe(state, text, lang) {
  const standing = describeRun(state, text, lang);
  if (OFF.has(state.online) || state.silent) return standing;
  if (state.notice) return { ...standing, kind: "warning", words: state.notice };
  if (state.missing && state.status === "idle") return { ...standing, words: state.missing };
  const more = state.full || (standing.kind === "info" ? state.note : "");
  if (!more) return standing;
  const nothingYet = state.status === "idle" && !state.adding && !state.changed;
  return { ...standing, words: nothingYet ? more : joined([standing.words, more], lang) };
}

/**
 * @param {LiveState} state
 * @param {Words} text
 * @param {string} lang
 */
function describeRun(state, text, lang) {
  const { status, online, looking, message } = state;
  if (online === "lost") return { kind: "warning", words: text.reconnecting, resumeStep: null };
  if (online === "unreached" && state.unreached) {
    const { reason, ...about } = state.unreached;
    return { kind: "warning", words: fill(text[`unreached_${reason}`], about), resumeStep: null };
  }
  if (state.silent) return { kind: "warning", words: text.silent, resumeStep: null };
  if (looking !== null) {
    return { kind: "looking", words: fill(text.looking, { step: looking }), resumeStep: looking };
  }
  const why = TROUBLE.has(status) ? "" : whyNothingIsLearned(state, text);
  if (why && !message?.code?.startsWith("disk")) return { kind: "warning", words: why, resumeStep: null };
  if (state.stepSeconds) {
    const words = fill(text.long_step, { step: state.step + 1, seconds: state.stepSeconds });
    return { kind: "info", words, resumeStep: null };
  }
  if (message) return describeMessage(message, state, text, lang);
  if (state.adding) {
    return { kind: "info", words: fill(text.adding, { label: state.adding.label }), resumeStep: null };
  }
  if (state.changed && CALM.has(status)) {
    const template = status === "idle" ? text.changed_idle : text.changed;
    return { kind: "info", words: fill(template, { names: state.changed }), resumeStep: null };
  }
  const words = text[`status_${status}`] ?? "";
  return { kind: TROUBLE.has(status) ? "warning" : "info", words, resumeStep: null };
}

/**
 * @param {RunMessage} options
 * @param {LiveState} state
 * @param {Words} text
 * @param {string} lang
 */
function describeMessage({ code, ...parameters }, state, text, lang) {
  const { status, kept, diverged, history } = state;
  const words = { ...parameters };
  if (words.error) words.error = `${words.error.split(/ \(|\. /)[0]}.`;
  if (typeof words.accuracy === "number") words.accuracy = formatPercent(words.accuracy, lang);
  if (typeof words.lr === "number") words.lr = formatSetting(words.lr);
  const trouble = TROUBLE.has(code) || TROUBLE.has(status);
  const resumeStep = status === "crashed" ? (parameters.kept_step ?? kept.at(-1) ?? null) : null;
  if (code === "diverged" || code === "failed") {
    const sentences = [
      fill(code === "failed" ? text.message_failed : text[diverged], words),
      correctRun(history.correct, parameters.step, text),
    ];
    if (parameters.unkept) sentences.push(text[`unkept_${parameters.unkept}`]);
    return { kind: "warning", words: joined(sentences, lang), resumeStep };
  }
  const goesOn = state.goesOn && resumeStep === null;
  const because = text[`message_${code}_${parameters.cause}`];
  const template = because ?? text[`message_${code}`] ?? text[`status_${status}`] ?? "";
  const sentences = [
    goesOn && !because ? fill(text.goes_on, { step: kept.at(-1) }) : fill(template, words),
    parameters.unkept ? text[`unkept_${parameters.unkept}`] : "",
  ];
  const refused = code === "disk" || code === "disk_full" || parameters.unkept;
  return { kind: trouble || refused ? "warning" : "info", words: joined(sentences, lang), resumeStep };
}

/**
 * Sentences in a row; Chinese has no space between them.
 * @param {(string | undefined)[]} sentences
 * @param {string} lang
 */
const joined = (sentences, lang) => sentences.filter(Boolean).join(lang === "zh" ? "" : " ");

/**
 * Whether the run without the bug got past the step at which the one with it stopped.
 * @param {LaneHistory | undefined} history
 * @param {number | undefined} stopped
 * @param {Words} text
 */
function correctRun(history, stopped, text) {
  const { step, value } = history?.["loss/train"] ?? NOTHING;
  return stopped !== undefined && (step.at(-1) ?? -1) > stopped && value.at(-1) !== null ? text.correct_went_on : "";
}

/** @param {(number | null)[]} values */
const mean = (values) => values.reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0) / values.length;

/**
 * A sentence where the loss rose far above its start, or ended no lower; with a bug beside the correct run, none.
 * @param {LiveState} options
 * @param {Words} text
 */
function whyNothingIsLearned({ history, status, lr }, text) {
  const losses = history.run?.["loss/train"]?.value ?? [];
  if (history.correct || losses.length <= ENDS) return "";
  const share = mean(losses.slice(-ENDS)) / (losses[0] ?? 0);
  if (share > ROSE)
    return fill(text.message_rose, { times: formatSetting(share.toPrecision(2)), lr: formatSetting(lr) });
  return status === "finished" && share > FELL ? fill(text.message_no_lower, { lr: formatSetting(lr) }) : "";
}
