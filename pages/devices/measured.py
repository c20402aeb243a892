"""What was measured on this machine: CPU against GPU, precision, threads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from pydantic import TypeAdapter

from core.devices import devices
from core.machine.lab import (
    BATCH_SIZES,
    WIDTHS,
    Precision,
    Step,
    Threads,
    crossover,
    kinds,
    precisions,
    sweep,
    thread_counts,
    threads,
)  # fmt: skip
from core.processes.confined import Unable
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell
from pages.shared.person.place import may_start
from pages.shared.pictures.axis import log_axis
from pages.shared.pictures.palette import CHARTS


def gpus() -> list[str]:
    """The GPUs that PyTorch can use here."""
    return [device.name for device in devices() if not device.missing and device.name != "cpu"]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        results: one of core.machine.lab's lists.
        at: when, in seconds since 1970.
    """

    results: Any
    at: float


def measure(key: str, label: str, work: Callable[[], Any], kind: type) -> Measured | None:
    """A button that measures, and what was measured last, in this tab or before; None if nothing was.

    Args:
        work: gives a list of `kind`.
    """
    known = TypeAdapter(list[kind])  # type: ignore[valid-type]
    if session.get(key) is None:
        session.put(key, _kept(key, known))
    if st.button(label, icon=":material/timer:", type="primary", key=f"{key} button") and may_start():
        with st.spinner(_("Measuring …"), show_time=True):
            try:
                measured = Measured(work(), time.time())
                session.put(key, measured)
                kept = {"at": measured.at, "found": known.dump_python(measured.results, mode="json")}
                session.prefer(key, json.dumps(kept))
            except Unable as unable:
                session.put(key, unable)
    result: Measured | Unable | None = session.get(key)
    if isinstance(result, Unable):
        st.error(tell(result.problem), icon=":material/error:")
        return None
    return result


def _kept(key: str, known: TypeAdapter[Any]) -> Measured | None:
    """What was measured on an earlier visit; None also where an older version of this app kept it otherwise."""
    kept = session.preference(key)
    try:
        stored = json.loads(kept) if kept else None
        return Measured(known.validate_python(stored["found"]), stored["at"]) if stored else None
    except (ValueError, KeyError, TypeError):
        return None


def busy_note(at: float) -> None:
    """Say when the numbers were measured, and what they depend on.

    Args:
        at: when they were measured.
    """
    sentence = _("Medians, measured on {day} at {time}. While others train on this machine, times are longer.")
    moment = time.localtime(at)
    st.caption(sentence.format(day=time.strftime("%Y-%m-%d", moment), time=time.strftime("%H:%M:%S", moment)))


def sweep_panel() -> None:
    """Draw the section that measures CPU against GPU over width and batch size."""
    st.write(
        _(
            "One training step of the tutorial's CNN at several widths. Each call to a GPU has a fixed cost, however "
            "small the work; in return it computes thousands of sums at once. So narrow networks and small batches "
            "are usually faster on the CPU."
        )
    )
    here = gpus()
    measured = measure(
        "devices sweep",
        _("Measure a step (about 15 s)"),
        lambda: [step for device in ["cpu", *here] for size in BATCH_SIZES for step in sweep(device, size)],
        Step,
    )
    if not here:
        st.info(
            _(
                "There is no GPU in this machine, so only the CPU is measured. With a GPU, its lines are drawn "
                "beside these, and the page says from which width it is faster."
            ),
            icon=":material/info:",
        )
    if measured is None:
        return
    curves: dict[tuple[str, int], list[Step]] = {}
    for step in measured.results:
        curves.setdefault((step.device, step.batch_size), []).append(step)
    _sweep_chart(curves)
    for device in (name for name in here if (name, BATCH_SIZES[0]) in curves):
        for size in BATCH_SIZES:
            width = crossover(curves["cpu", size], curves[device, size])
            sentence = (
                _("Batch size {size}: {device} is faster from {width} channels on.").format(
                    size=size, device=device, width=width
                )
                if width
                else _("Batch size {size}: the CPU is faster at every width measured.").format(size=size)
            )
            st.markdown(sentence)
    _sweep_table(curves)
    busy_note(measured.at)


def _sweep_chart(curves: dict[tuple[str, int], list[Step]]) -> None:
    figure = go.Figure()
    times = [step.whole for steps in curves.values() for step in steps]
    for (device, size), steps in curves.items():
        colours = CHARTS["cpu" if device == "cpu" else "gpu"]
        figure.add_scatter(
            x=[step.width for step in steps],
            y=[step.whole for step in steps],
            name=_("{device}, batch {size}").format(device=device, size=size),
            mode="lines+markers",
            line={"color": colours[BATCH_SIZES.index(size)], "width": 3},
        )
    figure.update_layout(
        height=320,
        margin={"l": 60, "r": 8, "t": 56, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": _("channels of the first convolution"), "type": "log", "tickvals": WIDTHS, "ticktext": WIDTHS},
        yaxis={"title": _("ms per step"), **log_axis(min(times), max(times))},
    )
    st.plotly_chart(figure, key="devices sweep chart", config={"displayModeBar": False})


def _sweep_table(curves: dict[tuple[str, int], list[Step]]) -> None:
    with st.expander(_("All numbers: transfer, compute, result back")):
        lines = [
            "| "
            + " | ".join([_("device"), _("channels"), _("batch"), _("to the device"), _("compute"), _("result back")])
            + " |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for steps in curves.values():
            for step in steps:
                times = " | ".join(f"{time:.3f} ms" for time in (step.transfer, step.compute, step.back))
                lines.append(f"| {step.device} | {step.width} | {step.batch_size} | {times} |")
        st.markdown("\n".join(lines))


def precision_panel() -> None:
    """Draw the section on precision: what each kind of number can hold, its speed and accuracy."""
    _kinds_table()
    st.write(
        _(
            "A CNN is trained for one epoch in float32. Then the same weights answer in each precision: how fast, how "
            "far from the exact logits, and how many of 1,000 test digits are right?"
        )
    )
    device = "cpu"
    if gpus():
        device = st.segmented_control(
            _("Device"), ["cpu", *gpus()], default=gpus()[0], required=True, key="devices precision device"
        )
    measured = measure(
        f"devices precision {device}",
        _("Measure on {device}").format(device=device),
        lambda: precisions(device),
        Precision,
    )
    if measured is None:
        return
    results: list[Precision] = measured.results
    base = next((one.milliseconds for one in results if one.name == "float32"), None)
    lines = [
        "| "
        + " | ".join(
            [_("Precision"), _("forward pass"), "float32\u00a0=\u00a01", _("logits off by"), _("answers right")]
        )
        + " |",
        "|---|--:|--:|--:|--:|",
    ]
    for one in results:
        if one.milliseconds is None or one.accuracy is None or one.error is None or base is None:
            cells = [_("not on this device"), "", "", ""]
        else:
            took = f"{one.milliseconds:.1f}\u00a0ms"
            cells = [took, readable(one.milliseconds / base), readable(one.error), f"{one.accuracy:.1%}"]
        lines.append(f"| **{one.name}** | {' | '.join(cells)} |")
    st.markdown("\n".join(lines))
    for one in results:
        if one.refused:
            st.code(f"{one.name}: {one.refused}", language=None, wrap_lines=True)
    st.caption(
        _(
            "Forward pass: the time that 64 images take through a CNN of 32 and 64 channels; beside it, how many times "
            "as long as with float32. Off by: the largest difference from the logits in float64."
        )
    )
    busy_note(measured.at)


def _kinds_table() -> None:
    """What each kind of number can hold; nothing of it needs to be measured."""
    lines = [
        "| dtype | " + " | ".join([_("bytes"), _("smallest"), _("largest"), _("gap after 1")]) + " |",
        "|---|--:|--:|--:|--:|",
    ]
    for kind in kinds():
        cells = [readable(number) for number in (kind.smallest, kind.largest, kind.eps)]
        lines.append(f"| **{kind.name}** | {kind.bytes} | {' | '.join(cells)} |")
    st.markdown("\n".join(lines))
    st.caption(
        joined(
            _(
                "Smallest: the smallest number above 0 that keeps all its digits "
                "(`torch.finfo(dtype).smallest_normal`). Gap after 1: from 1 to the next number that can be written "
                "(`eps`)."
            ),
            _(
                "bfloat16 has float32's range and fewer digits. In float16 small gradients become 0, so the loss is "
                "scaled up before `backward()`. Its largest number, 65,504, limits the scale."
            ),
        )
    )


def readable(number: float) -> str:
    """A number as people write it, to two digits where it is not a whole one: 65,504, 0.00098, 2.2 × 10⁻¹⁶."""
    if number.is_integer() and abs(number) < 1e6:
        return f"{number:,.0f}"
    digits, power = f"{number:.1e}".split("e")
    if -6 < int(power) < 6:
        return f"{float(digits) * 10 ** int(power):.{max(0, 1 - int(power))}f}"
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits}\u00a0×\u00a010{raised}"


def threads_panel() -> None:
    """Draw the section that measures 1 to N threads."""
    st.write(
        _(
            "`torch.set_num_threads` sets how many threads share one operation. For a small network, splitting the "
            "work costs more than it saves. Each count is measured in its own process."
        )
    )
    counts = thread_counts()
    label = _("Measure 1 to {count} threads") if len(counts) > 1 else _("Measure one thread")
    measured = measure("devices threads", label.format(count=counts[-1]), lambda: [threads(n) for n in counts], Threads)
    if measured is None:
        return
    results: list[Threads] = measured.results
    lines = [
        "| "
        + " | ".join([_("threads"), _("Net(2, 10, 2), 200 points"), _("CNN of 32 and 64 channels, 256 images")])
        + " |",
        "|--:|--:|--:|",
    ]
    for one in results:
        small = f"{one.small:.2f} ms (× {results[0].small / one.small:.2f})"
        large = f"{one.large:.0f} ms (× {results[0].large / one.large:.2f})"
        lines.append(f"| {one.threads} | {small} | {large} |")
    st.markdown("\n".join(lines))
    best = max(results, key=lambda one: results[0].large / one.large)
    sentence = _("The large network is fastest with {count} threads here.").format(count=best.threads)
    if best.threads == 1:
        sentence = _("The large network is fastest with one thread here.")
    if results[-1].small > results[0].small:
        most = results[-1].threads
        sentence = joined(sentence, _("The small one is slower with {count} threads than with one.").format(count=most))
    st.markdown(sentence)
    st.caption(_("Runs of this app train with one thread each, so that many people can train at once."))
    busy_note(measured.at)
