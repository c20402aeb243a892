// Lanes over time: who did what when. One scale for all groups, so that the shorter one is seen to be shorter.
const LABEL = 74,
  AXIS = 18,
  RIGHT = 8;
/** @type {WeakMap<HTMLElement, LanesView>} */
const known = new WeakMap();

/** @param {HTMLCanvasElement} canvas */
const penOf = (canvas) => /** @type {Pen} */ (canvas.getContext("2d"));

/** @param {Component<LanesData>} options */
export default function ({ data, parentElement }) {
  let view = known.get(parentElement);
  if (!view) {
    view = make(parentElement, data);
    known.set(parentElement, view);
  }
  view.data = data;
  if (view.id !== data.id) {
    view.id = data.id;
    view.zoom = null;
  }
  build(view);
  draw(view);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} kind
 * @param {string} [name]
 * @param {string} [text]
 */
function element(kind, name, text) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * @param {HTMLElement} parent
 * @param {LanesData} data
 */
function make(parent, data) {
  const root = element("div", "tp-lanes");
  root.dataset.testid = "lanes";
  const legend = element("div", "legend"),
    groups = element("div"),
    sweep = element("div");
  root.append(legend, groups, sweep);
  parent.append(root);
  /** @type {LanesView} */
  const view = { data, root, legend, groups, sweep, stages: [], zoom: null, end: 0 };
  new ResizeObserver(() => draw(view)).observe(root);
  return view;
}

// The page is light or dark: colours of the same meaning that can be told apart on either, also by colour-blind eyes.
/** @param {LanesView} options */
function colours({ root, data: { palette } }) {
  const probe = getComputedStyle(root);
  const [r, g, b] = (probe.color.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
  const dark = (r + g + b) / 3 > 128;
  return {
    dark,
    text: probe.color,
    grid: dark ? "rgba(255,255,255,0.12)" : "rgba(0,0,0,0.09)",
    lane: dark ? "rgba(255,255,255,0.05)" : "rgba(0,0,0,0.035)",
    line: dark ? "#fff" : "#000",
    kinds: palette[dark ? "dark" : "light"].lanes,
  };
}

/** @param {LanesView} view */
function build(view) {
  const { data } = view;
  const theme = colours(view);
  view.legend.replaceChildren(
    ...data.kinds.map(([kind, label]) => {
      const item = element("span", "", label),
        swatch = element("i");
      swatch.style.background = theme.kinds[kind];
      item.prepend(swatch);
      return item;
    }),
  );
  const whole = element("button", view.zoom ? "whole on" : "whole", data.text.whole);
  whole.onclick = () => {
    view.zoom = null;
    build(view);
    draw(view);
  };
  view.legend.append(whole);
  view.root.dataset.status = data.status;
  while (view.stages.length > data.groups.length) view.stages.pop()?.group.remove();
  // What there is to say stands where something will be drawn next; before anything was asked for, at the end.
  const empty = data.groups.findIndex((group) => !group.bars.length);
  const hinted = ["running", "waiting"].includes(data.status) ? empty : data.groups.length - 1;
  data.groups.forEach((group, index) => {
    if (!view.stages[index]) view.stages.push(stage(view, group));
    const one = view.stages[index];
    one.data = group;
    const head = [];
    if (group.name) head.push(element("span", "name", group.name));
    head.push(element("b", "", group.title), element("span", "figures", group.figures));
    one.head.replaceChildren(...head);
    one.canvas.setAttribute("role", "img");
    one.canvas.setAttribute("aria-label", group.alt);
    one.hint.textContent = group.bars.length || index !== hinted ? "" : data.text.hint;
    one.tip.hidden = true;
    one.hover = null;
  });
  view.end = niceEnd(Math.max(data.least || 0, ...data.groups.flatMap((g) => g.bars.map((bar) => bar[3]))));
  sweepBars(view);
}

// While it runs the axis grows in steps, else nothing would stand still.
/** @param {number} end */
function niceEnd(end) {
  if (end <= 0) return 1000;
  const unit = 10 ** Math.floor(Math.log10(end));
  return [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * unit).find((step) => step >= end * 1.01) ?? end;
}

/**
 * @param {LanesView} view
 * @param {LanesGroup} data
 */
function stage(view, data) {
  const group = element("div", "group"),
    head = element("div", "head"),
    box = element("div", "stage");
  const canvas = element("canvas"),
    hint = element("span"),
    note = element("div", "hint"),
    tip = element("div", "tip");
  tip.hidden = true;
  note.append(hint);
  box.append(canvas, note, tip);
  group.append(head, box);
  view.groups.append(group);
  /** @type {LanesStage} */
  const one = { group, head, box, canvas, hint, tip, hover: null, data };
  canvas.addEventListener("pointermove", (event) => {
    if (view.drag) view.drag.to = event.offsetX;
    else point(view, one, event);
    draw(view);
  });
  canvas.addEventListener("pointerleave", () => {
    leave(one);
    draw(view);
  });
  canvas.addEventListener("pointerdown", (event) => {
    point(view, one, event);
    if (event.pointerType === "mouse") {
      view.drag = { from: event.offsetX, to: event.offsetX };
      canvas.setPointerCapture(event.pointerId);
    }
    draw(view);
  });
  // With the pointer captured this comes wherever it is let go, also outside the window.
  canvas.addEventListener("lostpointercapture", () => zoomIn(view));
  canvas.addEventListener("dblclick", () => {
    view.zoom = null;
    build(view);
    draw(view);
  });
  return one;
}

/**
 * Show the time that was dragged over, in full width.
 * @param {LanesView} view
 */
function zoomIn(view) {
  if (!view.drag) return;
  const [from, to] = [view.drag.from, view.drag.to].sort((a, b) => a - b);
  view.drag = null;
  if (to - from > 8) {
    const scale = scaleOf(view, view.stages[0].canvas.clientWidth);
    view.zoom = [Math.max(0, scale.time(from)), Math.min(view.end, scale.time(to))];
    build(view);
  }
  draw(view);
}

/**
 * @param {LanesView} view
 * @param {number} width
 */
function scaleOf(view, width) {
  const [low, high] = view.zoom || [0, view.end];
  const inner = Math.max(10, width - LABEL - RIGHT);
  return {
    low,
    high,
    x: (/** @type {number} */ time) => LABEL + ((time - low) / (high - low)) * inner,
    time: (/** @type {number} */ x) => low + ((x - LABEL) / inner) * (high - low),
  };
}

/** @param {LanesView} view */
function laneHeight(view) {
  const lanes = view.data.groups.reduce((sum, group) => sum + group.lanes.length, 0);
  return lanes <= 6 ? 26 : lanes <= 10 ? 19 : lanes <= 14 ? 15 : 12;
}

/** @param {LanesView} view */
function draw(view) {
  if (!view.data) return;
  const theme = colours(view),
    height = laneHeight(view);
  view.stages.forEach((one) => {
    const width = one.box.clientWidth,
      tall = one.data.lanes.length * height + AXIS;
    const dense = devicePixelRatio || 1;
    if (!width) return;
    if (one.canvas.width !== Math.round(width * dense) || one.canvas.height !== Math.round(tall * dense)) {
      one.canvas.width = Math.round(width * dense);
      one.canvas.height = Math.round(tall * dense);
      one.canvas.style.height = `${tall}px`;
    }
    const pen = penOf(one.canvas);
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, tall);
    paint(pen, one, scaleOf(view, width), height, width, tall, theme, view);
  });
}

/**
 * @param {Pen} pen
 * @param {LanesStage} one
 * @param {Scale} scale
 * @param {number} height
 * @param {number} width
 * @param {number} tall
 * @param {LanesColours} theme
 * @param {LanesView} view
 */
function paint(pen, one, scale, height, width, tall, theme, view) {
  pen.font = `${Math.min(12, height)}px ${getComputedStyle(view.root).fontFamily}`;
  pen.textBaseline = "middle";
  one.data.lanes.forEach((label, lane) => {
    pen.fillStyle = theme.lane;
    pen.fillRect(LABEL, lane * height + 1, width - LABEL - RIGHT, height - 2);
    pen.fillStyle = theme.text;
    pen.fillText(label, 0, (lane + 0.5) * height, LABEL - 6);
  });
  const step = tickStep(scale.high - scale.low, width);
  pen.textAlign = "center";
  for (let time = Math.ceil(scale.low / step) * step; time <= scale.high + 1e-6; time += step) {
    pen.fillStyle = theme.grid;
    pen.fillRect(scale.x(time), 0, 1, tall - AXIS + 3);
    pen.fillStyle = theme.text;
    const last = time + step > scale.high;
    pen.textAlign = last && scale.x(time) > width - 30 ? "right" : "center";
    pen.fillText(clock(time, step), last ? Math.min(scale.x(time), width - 2) : scale.x(time), tall - AXIS / 2 + 1);
  }
  pen.textAlign = "left";
  pen.save();
  pen.beginPath();
  pen.rect(LABEL, 0, width - LABEL - RIGHT, tall - AXIS);
  pen.clip();
  const same = one.hover && one.hover[4] >= 0 && !one.data.named ? one.hover[4] : null;
  for (const bar of one.data.bars) {
    const [lane, kind, start, end, batch] = bar;
    if (end < scale.low || start > scale.high) continue;
    const left = scale.x(start),
      wide = Math.max(0.6, scale.x(end) - left - (scale.x(end) - left > 3 ? 0.7 : 0));
    const inset = kind === "waiting" ? height * 0.36 : 2;
    pen.globalAlpha = same !== null && batch !== same ? 0.35 : 1;
    pen.fillStyle = theme.kinds[kind] || theme.kinds.op5;
    pen.fillRect(left, lane * height + inset, wide, height - 2 * inset);
    if (one.data.named && wide > 34 && height > 13) {
      pen.fillStyle = theme.dark ? "#000" : "#fff";
      pen.fillText(clip(pen, one.data.named[batch] || "", wide - 6), left + 3, (lane + 0.5) * height);
    }
  }
  pen.globalAlpha = 1;
  if (same !== null) journey(pen, one, same, scale, height, theme);
  if (one.hover) {
    pen.strokeStyle = theme.line;
    const [lane, , start, end] = one.hover;
    pen.strokeRect(scale.x(start), lane * height + 1.5, Math.max(1, scale.x(end) - scale.x(start)), height - 3);
  }
  if (view.drag) {
    pen.fillStyle = theme.grid;
    pen.fillRect(view.drag.from, 0, view.drag.to - view.drag.from, tall);
  }
  pen.restore();
}

// From the worker that fetched a batch to the training that took it.
/**
 * @param {Pen} pen
 * @param {LanesStage} one
 * @param {number} batch
 * @param {Scale} scale
 * @param {number} height
 * @param {LanesColours} theme
 */
function journey(pen, one, batch, scale, height, theme) {
  const fetched = one.data.bars.find((bar) => bar[4] === batch && bar[1] === "fetching" && bar[0] > 0);
  const computed = one.data.bars.find((bar) => bar[4] === batch && bar[1] === "computing");
  if (!fetched || !computed) return;
  pen.strokeStyle = theme.line;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(scale.x(fetched[3]), (fetched[0] + 0.5) * height);
  pen.lineTo(scale.x(computed[2]), (computed[0] + 0.5) * height);
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * @param {Pen} pen
 * @param {string} text
 * @param {number} wide
 */
function clip(pen, text, wide) {
  if (pen.measureText(text).width <= wide) return text;
  const fits = Math.floor((text.length * wide) / pen.measureText(text).width) - 1;
  return fits > 2 ? `${text.slice(0, fits)}…` : "";
}

/**
 * @param {number} span
 * @param {number} width
 */
function tickStep(span, width) {
  const rough = span / Math.max(2, width / 110),
    unit = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= rough) ?? rough;
}

/**
 * @param {number} ms
 * @param {number} step
 */
function clock(ms, step) {
  if (step >= 100) return `${(ms / 1000).toFixed(step >= 1000 ? 0 : 1)} s`;
  return `${ms.toFixed(step >= 1 ? 0 : step >= 0.1 ? 1 : 2)} ms`;
}

/**
 * @param {LanesView} view
 * @param {LanesStage} one
 * @param {PointerEvent} event
 */
function point(view, one, event) {
  const height = laneHeight(view),
    scale = scaleOf(view, one.box.clientWidth);
  const lane = Math.floor(event.offsetY / height),
    near = scale.time(event.offsetX + 2) - scale.time(event.offsetX);
  const time = scale.time(event.offsetX);
  let pointed = null;
  for (const bar of one.data.bars) {
    if (bar[0] === lane && bar[2] - near <= time && time <= bar[3] + near) {
      if (!pointed || bar[3] - bar[2] < pointed[3] - pointed[2] || pointed[3] < time) pointed = bar;
    }
  }
  one.hover = pointed;
  one.tip.hidden = !pointed;
  if (!pointed) return;
  const { text, kinds } = view.data,
    ms = pointed[3] - pointed[2];
  const parts = one.data.named
    ? [one.data.named[pointed[4]]]
    : [
        one.data.lanes[lane],
        ...(pointed[4] >= 0 ? [text.batch.replace("{number}", String(pointed[4] + 1))] : []),
        (kinds.find(([kind]) => kind === pointed[1]) || ["", ""])[1],
      ];
  one.tip.textContent = `${parts.join(" · ")} · ${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(3)} ms`;
  const room = one.box.clientWidth - one.tip.offsetWidth - 4;
  one.tip.style.left = `${Math.max(0, Math.min(room, event.offsetX + 12))}px`;
  one.tip.style.top = `${(lane + 1) * height + 4}px`;
}

/** @param {LanesStage} one */
function leave(one) {
  one.hover = null;
  one.tip.hidden = true;
}

/** @param {LanesView} view */
function sweepBars(view) {
  const { sweep, text } = view.data;
  if (!sweep?.length) {
    view.sweep.replaceChildren();
    return;
  }
  const most = Math.max(1e-9, ...sweep.flatMap((entry) => entry.rates.map((rate) => rate ?? 0)));
  const box = element("div", "sweep"),
    ticks = element("div", "ticks");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", view.data.sweep_alt);
  box.dataset.testid = "sweep";
  for (const { label, rates } of sweep) {
    const of = element("div", "of");
    rates.forEach((rate, index) => {
      const bar = element("div", "bar");
      bar.classList.add(index ? "second" : "first");
      bar.style.height = `${rate === null ? 0 : (84 * rate) / most}%`;
      if (rate !== null) bar.append(element("u", "", rate >= 100 ? rate.toFixed(0) : rate.toFixed(1)));
      of.append(bar);
    });
    box.append(of);
    ticks.append(element("span", "", label));
  }
  const head = element("div", "legend");
  head.append(element("b", "", text.sweep));
  const names = view.data.sweep_names.length > 1 ? view.data.sweep_names : [];
  names.forEach((name, index) => {
    const item = element("span", "", name),
      swatch = element("i", index ? "second" : "first");
    item.prepend(swatch);
    head.append(item);
  });
  view.sweep.replaceChildren(head, box, ticks, element("div", "axis", "num_workers"));
}
