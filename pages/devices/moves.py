"""The three moves: where each tensor lives, step by step through one batch."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.devices import devices
from core.machine.lab import Stage, moves
from core.processes.confined import Unable
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell

META = "meta"
CSS = """
.moves { color: var(--st-text-color); font-family: var(--st-font, sans-serif); }
.moves .bar { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; margin-bottom: 10px; }
.moves button { font: inherit; padding: 6px 14px; border-radius: 8px; border: 1px solid var(--st-border-color);
  background: var(--st-background-color); color: var(--st-text-color); cursor: pointer; }
.moves button.main { background: var(--st-primary-color); border-color: var(--st-primary-color); color: #fff; }
.moves button:disabled { opacity: 0.4; cursor: default; }
.moves .dots { display: flex; gap: 6px; margin-left: auto; }
.moves .dots i { width: 9px; height: 9px; border-radius: 50%; background: var(--st-border-color); }
.moves .dots i.here { background: var(--st-primary-color); }
.moves .title { font-weight: 600; }
.moves pre { margin: 0 0 12px; padding: 10px 14px; border-radius: 8px; min-height: 3em; overflow-x: auto;
  background: var(--st-code-background-color, var(--st-secondary-background-color));
  font: 0.9rem/1.5 var(--st-code-font, monospace); }
.moves .places { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.moves .place { border: 2px solid var(--st-border-color); border-radius: 12px; padding: 10px 12px; height: 242px;
  box-sizing: border-box; overflow: hidden; }
.moves .place h4 { margin: 0 0 8px; font-size: 0.9rem; font-weight: 600; }
.moves .place.device { border-color: var(--st-primary-color); }
.moves .chip { display: flex; justify-content: space-between; gap: 8px; padding: 2px 10px; margin-bottom: 5px;
  border-radius: 999px; font: 0.78rem/1.6 var(--st-code-font, monospace); border: 1px solid transparent;
  background: color-mix(in srgb, var(--st-primary-color) 14%, var(--st-background-color)); white-space: nowrap; }
.moves .chip span { overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.moves .chip span + span { opacity: 0.65; flex: none; }
.moves .chip.new { border-color: var(--st-primary-color); }
.moves .told { min-height: 3.2em; margin: 10px 0 0; font-size: 0.92rem; line-height: 1.5; }
.moves .error { color: var(--st-red-text-color, #b3261e); font: 0.85rem var(--st-code-font, monospace); }
@media (max-width: 640px) {
  .moves .places { gap: 8px; }
  .moves .place { padding: 8px 6px; height: 300px; }
  .moves .chip { flex-direction: column; gap: 0; padding: 2px 9px; border-radius: 10px; font-size: 0.66rem;
    line-height: 1.4; }
  .moves .chip span + span { font-size: 0.6rem; }
}
"""
JS = """
const at = new WeakMap();

export default function ({ data, parentElement }) {
    let view = parentElement.querySelector(".moves");
    if (!view) {
        view = document.createElement("div");
        view.className = "moves";
        parentElement.append(view);
    }
    const make = (tag, kind, text) => {
        const made = document.createElement(tag);
        if (kind) made.className = kind;
        if (text !== undefined) made.textContent = text;
        return made;
    };
    const draw = (moved) => {
        const before = new Map();
        for (const chip of view.querySelectorAll(".chip")) before.set(chip.dataset.name, chip.getBoundingClientRect());
        const stage = Math.min(at.get(parentElement) ?? 0, data.stages.length - 1);
        const { title, code, places, told, error } = data.stages[stage];
        const bar = make("div", "bar");
        const back = make("button", "", data.back), next = make("button", "main", data.next);
        back.disabled = stage === 0;
        next.disabled = stage === data.stages.length - 1;
        const go = (by) => () => {
            at.set(parentElement, stage + by);
            draw(true);
            view.querySelectorAll("button")[by > 0 ? 1 : 0].focus();
        };
        back.onclick = go(-1);
        next.onclick = go(1);
        const dots = make("span", "dots");
        data.stages.forEach((_, index) => dots.append(make("i", index === stage ? "here" : "")));
        bar.append(back, next, make("span", "title", title), dots);
        const boxes = make("div", "places");
        const cpu = make("div", "place"), device = make("div", "place device");
        cpu.append(make("h4", "", data.cpu));
        device.append(make("h4", "", data.device));
        const earlier = new Map((data.stages[stage - 1]?.places ?? []).map((place) => [place.name, place.there]));
        for (const place of places) {
            const chip = make("div", earlier.get(place.name) === place.there ? "chip" : "chip new");
            chip.dataset.name = place.name;
            chip.append(make("span", "", place.name), make("span", "", place.shape));
            (place.there ? device : cpu).append(chip);
        }
        boxes.append(cpu, device);
        const words = make("p", "told", told);
        if (error) words.append(document.createElement("br"), make("span", "error", error));
        view.replaceChildren(bar, make("pre", "", code), boxes, words);
        if (!moved || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
        for (const chip of view.querySelectorAll(".chip")) {
            const old = before.get(chip.dataset.name), now = chip.getBoundingClientRect();
            if (!old) chip.animate([{ opacity: 0 }, { opacity: 1 }], 300);
            else if (old.x !== now.x || old.y !== now.y) {
                const from = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
                const how = { duration: 450, easing: "ease-in-out" };
                chip.animate([{ transform: from, zIndex: 2 }, { transform: "none" }], how);
            }
        }
    };
    draw(false);
}
"""
moves_component = st.components.v2.component("torch_playground_moves", css=CSS, js=JS)


def moves_panel() -> None:
    """The section."""
    here = [device.name for device in devices() if not device.missing]
    gpus = [name for name in here if name != "cpu"]
    options = [*gpus, META] if gpus else [META, "cpu"]
    words = {**{name: name for name in options}, META: _("meta (no numbers)")}
    device = st.segmented_control(
        _("The other device"),
        options,
        format_func=words.__getitem__,
        default=options[0],
        required=True,
        key="devices moves",
        label_visibility="collapsed",
        persist_state="page",
    )
    if not gpus:
        st.caption(
            _(
                "There is no GPU here. The **meta** device stands in for it: tensors really move there and keep their "
                "shapes, but have no numbers, so nothing can be timed. Choose **cpu** for times."
            )
        )
    known = session.get(f"devices moves {device}")
    if known is None:
        try:
            known = moves(device)
        except Unable as unable:
            st.error(tell(unable.problem), icon=":material/error:")
            return
        session.put(f"devices moves {device}", known)
    place = {META: _("meta device: shapes only"), "cpu": _("“the device”: here the CPU again")}
    moves_component(
        key="devices moves picture",
        data={
            "stages": [_shown(stage, device) for stage in known],
            "cpu": _("CPU memory"),
            "device": place.get(device, _("{device}: the GPU's memory").format(device=device)),
            "back": _("Back"),
            "next": _("Next line"),
        },
    )


def _shown(stage: Stage, device: str) -> dict[str, Any]:
    titles = {
        "loaded": _("A batch is loaded"),
        "data": _("1 · data to the device"),
        "model": _("2 · model to the device"),
        "forward": _("forward, on the device"),
        "backward": _("backward and step, on the device"),
        "back": _("3 · the result back"),
    }
    words = {
        "loaded": _("DataLoader makes tensors in the CPU's memory, and the model is built there, too."),
        "data": _("`.to` gives back a tensor on the device; the old one stays where it was, until nobody holds it."),
        "model": _("A module moves itself: all its parameters now live on the device."),
        "forward": _("All operands are on the device, so the results are made there."),
        "backward": _("Gradients live beside their parameters, and so does the optimizer's state."),
        "back": _("NumPy, plots and prints need the CPU: only the few numbers of the answer travel back."),
    }
    told = words[stage.name].replace("`", "")
    if device == "cpu" and stage.name in ("data", "model"):
        told = joined(told, _("From CPU to CPU nothing is copied: it is the same tensor."))
    if stage.milliseconds is not None:
        told = joined(told, _("Measured: {time} ms.").format(time=f"{stage.milliseconds:.3f}"))
    if stage.error:
        told = joined(told, _("On meta this is a real error, because there are no numbers to copy:"))
    return {
        "title": titles[stage.name],
        "code": stage.code,
        "told": told,
        "error": stage.error,
        "places": [
            {
                "name": place.name,
                "shape": " × ".join(map(str, place.shape)) or "()",
                "there": place.device.split(":")[0] != "cpu" or (device == "cpu" and _moved(stage, place.name)),
            }
            for place in stage.places
        ],
    }


def _moved(stage: Stage, name: str) -> bool:
    """Whether a tensor would be on the device by now, where the device is the CPU itself."""
    reached = ["loaded", "data", "model", "forward", "backward", "back"].index(stage.name)
    return reached >= {"images": 1, "labels": 1, "pred_y": 9}.get(name, 2)
