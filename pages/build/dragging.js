// A row of the list is dragged to another place: with a mouse anywhere at its head, with a finger or a pen at its grip,
// for elsewhere these scroll.

import { targetOf } from "../shared/live/js/dom.js";

const CLICK = 4; // pixels that a click may move
const BESIDE = 40; // pixels beside the list where a row can still be dropped
const EDGE = 36; // pixels at the edges of what scrolls, where it scrolls by itself
const FASTEST = 12; // pixels a frame

/**
 * The row that is at a height, or the nearest one, and the half of it.
 * @param {{ top: number, bottom: number }[]} boxes those of the rows, from top to bottom
 * @param {number} y
 * @returns {{ at: number, side: "above" | "below" }}
 */
export function halfAt(boxes, y) {
  const last = boxes.findLastIndex(({ top }) => top <= y);
  const at = Math.max(0, last);
  return { at, side: y > (boxes[at].top + boxes[at].bottom) / 2 ? "below" : "above" };
}

/**
 * How far to scroll in a frame, for a pointer at one of the edges.
 * @param {{ top: number, bottom: number }} box what is seen of the list
 * @param {number} y
 */
export function scrollAt({ top, bottom }, y) {
  const beyond = Math.min(0, y - top - EDGE) + Math.max(0, y - bottom + EDGE);
  return FASTEST * Math.max(-1, Math.min(1, beyond / EDGE));
}

/** @param {HTMLElement} node */
function scrollerOf(node) {
  let outer = node.parentElement;
  while (outer && !(outer.scrollHeight > outer.clientHeight && /auto|scroll/.test(getComputedStyle(outer).overflowY))) {
    outer = outer.parentElement;
  }
  return outer ?? document.documentElement;
}

export class Dragging {
  /** The head that was pressed, and since it was moved also its row.
   * @type {{ head: HTMLElement, pointer: number, x: number, y: number, row: HTMLElement | null } | null} */
  press = null;
  /** @type {{ row: HTMLElement, side: "above" | "below" } | null} */
  target = null;
  dropped = false;

  /**
   * @param {HTMLElement} list
   * @param {(row: HTMLElement, target: HTMLElement, side: "above" | "below") => void} drop
   */
  constructor(list, drop) {
    this.list = list;
    this.drop = drop;
    list.addEventListener("pointerdown", (event) => this.begin(event));
    list.addEventListener("pointermove", (event) => this.move(event));
    list.addEventListener("pointerup", (event) => this.end(event));
    list.addEventListener("pointercancel", () => this.cancel());
    list.addEventListener("lostpointercapture", () => this.cancel());
    list.addEventListener("click", (event) => this.click(event), { capture: true });
    /** @param {KeyboardEvent} event */
    this.key = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.dropped = true;
      this.cancel();
    };
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.dropped = false;
    const target = targetOf(event);
    /** @type {HTMLElement | null} */
    const head = target.closest(".tp-block-head");
    if (this.press || !head || event.button !== 0) return;
    if (event.pointerType !== "mouse" && !target.closest(".tp-grip")) return;
    head.setPointerCapture(event.pointerId);
    this.press = { head, pointer: event.pointerId, x: event.clientX, y: event.clientY, row: null };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { press } = this;
    if (press?.pointer !== event.pointerId) return;
    const { clientX: x, clientY: y } = event;
    if (!press.row) {
      if (Math.hypot(x - press.x, y - press.y) < CLICK) return;
      press.row = press.head.parentElement;
      press.row?.classList.add("tp-dragged");
      this.list.classList.add("tp-dragging");
      addEventListener("keydown", this.key, { capture: true });
      this.scroll(press, scrollerOf(this.list));
    }
    press.x = x;
    press.y = y;
    this.aim(press);
  }

  /** @param {NonNullable<Dragging["press"]>} press */
  aim({ x, y, row }) {
    const box = this.list.getBoundingClientRect();
    const beside = Math.max(box.left - x, x - box.right, box.top - y, y - box.bottom);
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(".tp-block")]);
    const boxes = rows.map((node) => node.getBoundingClientRect());
    const half = halfAt(boxes, y);
    const over = beside > BESIDE || rows[half.at] === row ? null : rows[half.at];
    this.target = over && { row: over, side: half.side };
    for (const node of rows) {
      node.classList.toggle("tp-over-above", node === over && half.side === "above");
      node.classList.toggle("tp-over-below", node === over && half.side === "below");
    }
  }

  /**
   * Scroll while the pointer is at an edge, as long as the row is dragged.
   * @param {NonNullable<Dragging["press"]>} press
   * @param {Element} scroller
   */
  scroll(press, scroller) {
    if (this.press !== press) return;
    const { top, bottom } = scroller.getBoundingClientRect();
    const before = scroller.scrollTop;
    scroller.scrollTop += scrollAt({ top: Math.max(top, 0), bottom: Math.min(bottom, innerHeight) }, press.y);
    if (scroller.scrollTop !== before) this.aim(press);
    requestAnimationFrame(() => this.scroll(press, scroller));
  }

  /** @param {PointerEvent} event */
  end(event) {
    const { press, target } = this;
    if (press?.pointer !== event.pointerId) return;
    this.dropped = Boolean(press.row);
    this.cancel();
    if (press.row && target) this.drop(press.row, target.row, target.side);
  }

  /** Leave all rows where they are. */
  cancel() {
    const { press } = this;
    if (!press) return;
    this.press = null;
    this.target = null;
    removeEventListener("keydown", this.key, { capture: true });
    this.list.classList.remove("tp-dragging");
    for (const node of this.list.children) node.classList.remove("tp-dragged", "tp-over-above", "tp-over-below");
  }

  /**
   * The click at the end of a drag opens no row.
   * @param {MouseEvent} event
   */
  click(event) {
    if (this.dropped && event.detail) event.stopPropagation();
    this.dropped = false;
  }
}
