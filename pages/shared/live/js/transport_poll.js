// A run's messages by plain requests, where no WebSocket passes: one question waits at the server for what is new.

const TOGETHER = 50;
const BEHIND = 5000;
const PATIENCE = 20_000;
const HEAD = 5;
const REMEMBERED = "torch-playground-polls";

/** Whether in this tab only polling has worked before. */
export function remembersPolling() {
  try {
    return sessionStorage.getItem(REMEMBERED) !== null;
  } catch {
    return false; // a frame without storage
  }
}

export function rememberPolling() {
  try {
    sessionStorage.setItem(REMEMBERED, "1");
  } catch {
    // It is found out again.
  }
}

/**
 * The messages of an answer, see `framed` in polling.py.
 * @param {ArrayBuffer} body
 */
export function messagesIn(body) {
  /** @type {(string | ArrayBuffer)[]} */
  const messages = [];
  const view = new DataView(body);
  for (let at = 0; at < body.byteLength; ) {
    const isBytes = view.getUint8(at) === 1;
    const end = at + HEAD + view.getUint32(at + 1, true);
    const content = body.slice(at + HEAD, end);
    messages.push(isBytes ? content : new TextDecoder().decode(content));
    at = end;
  }
  return messages;
}

/** @implements {Transport} */
export class PollTransport {
  /**
   * @param {URL} address the run's
   * @param {TransportHandlers} handlers
   */
  constructor(address, { onMessage, onLost }) {
    this.address = address;
    this.page = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.handlers = { onMessage, onLost };
    /** @type {string[]} */
    this.waiting = [];
    this.isOpen = true;
    this.asking = false;
    this.sending = false;
    this.wake = () => {};
    this.gone = new AbortController();
    this.onLeave = () => this.sayGoodbye();
    window.addEventListener("pagehide", this.onLeave);
    this.follow();
  }

  /** Ask, take in the answer, let the page draw it and say so, and ask again. */
  async follow() {
    try {
      for (let first = true; this.isOpen; first = false) {
        this.asking = true;
        const answer = await this.post("news", this.sending ? [] : this.waiting.splice(0), first);
        const body = await answer.arrayBuffer();
        this.asking = false;
        if (!this.isOpen) return;
        for (const message of messagesIn(body)) this.handlers.onMessage(this, message);
        await this.rest();
      }
    } catch {
      this.fail();
    }
  }

  /** Until the page has something to say, as a rule that it has drawn the picture; a tab behind others is in no hurry. */
  async rest() {
    if (this.waiting.length || !this.isOpen) return;
    const time = document.visibilityState === "hidden" ? BEHIND : TOGETHER;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      this.wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /** @param {string} text */
  send(text) {
    this.waiting.push(text);
    this.wake();
    if (this.asking) this.flush();
  }

  /** Say at once what can't wait for the answer to the question that is on its way, and all in its order. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.waiting.length && this.isOpen) await this.post("orders", this.waiting.splice(0));
    } catch {
      this.fail();
    }
    this.sending = false;
  }

  /**
   * @param {string} what
   * @param {string[]} said
   * @param {boolean} first
   */
  async post(what, said = [], first = false) {
    const late = setTimeout(() => this.gone.abort(), PATIENCE);
    try {
      const answer = await fetch(this.addressOf(what, first), {
        method: "POST",
        body: `[${said.join()}]`,
        credentials: "same-origin",
        signal: this.gone.signal,
      });
      if (!answer.ok) throw new Error(`${answer.status}`);
      return answer;
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * @param {string} what
   * @param {boolean} first
   */
  addressOf(what, first = false) {
    const url = new URL(this.address);
    url.pathname += `/${what}/${this.page}`;
    if (first) url.searchParams.set("first", "1");
    return url;
  }

  fail() {
    if (!this.isOpen) return;
    this.close();
    this.handlers.onLost(this, false);
  }

  sayGoodbye() {
    fetch(this.addressOf("leave"), { method: "POST", credentials: "same-origin", keepalive: true }).catch(() => {});
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    window.removeEventListener("pagehide", this.onLeave);
    this.wake();
    this.gone.abort();
    this.sayGoodbye();
  }
}
