"""The three moves: where each tensor lives, step by step through one batch."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.devices import devices
from core.machine.lab import Stage, moves
from core.processes.confined import Unable
from pages.shared.live.component import file_component
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell

META = "meta"
moves_component = file_component("torch_playground_moves", __file__)


def moves_panel() -> None:
    """Draw the section: a batch's way to the device and back, line by line."""
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
            "stages": [_stage_data(stage, device) for stage in known],
            "cpu": _("CPU memory"),
            "device": place.get(device, _("{device}: the GPU's memory").format(device=device)),
            "back": _("Back"),
            "next": _("Next line"),
        },
    )


def _stage_data(stage: Stage, device: str) -> dict[str, Any]:
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
        "data": _("`.to` returns a tensor on the device; the old one stays where it was until nothing refers to it."),
        "model": _("A module moves itself: all its parameters now live on the device."),
        "forward": _("All tensors of the operation are on the device, so its results are, too."),
        "backward": _("Gradients are on the device of their parameters, and so is the optimizer's state."),
        "back": _("NumPy and plots read the CPU's memory: only the few numbers of the answer are copied back."),
    }
    sentence = words[stage.name].replace("`", "")
    if device == "cpu" and stage.name in ("data", "model"):
        sentence = joined(sentence, _("From CPU to CPU nothing is copied: it is the same tensor."))
    if stage.milliseconds is not None:
        sentence = joined(sentence, _("Measured: {time} ms.").format(time=f"{stage.milliseconds:.3f}"))
    places = [
        {
            "name": place.name,
            "shape": " × ".join(map(str, place.shape)) or "()",
            "there": place.device.split(":")[0] != "cpu" or (device == "cpu" and _moved(stage, place.name)),
        }
        for place in stage.places
    ]
    if stage.name == "back" and device == META:
        sentence = joined(
            sentence,
            _(
                "From a GPU pred_y arrives in CPU memory. The meta device has no numbers to copy: on it this line "
                "ends in a NotImplementedError."
            ),
        )
    return {"title": titles[stage.name], "code": stage.code, "told": sentence, "error": stage.error, "places": places}


def _moved(stage: Stage, name: str) -> bool:
    """Whether a tensor would be on the device by now, where the device is the CPU itself."""
    reached = ["loaded", "data", "model", "forward", "backward", "back"].index(stage.name)
    return reached >= {"images": 1, "labels": 1, "pred_y": 9}.get(name, 2)
