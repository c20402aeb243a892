"""Classic mistakes with devices, as switches: the real error, and the line that fixes it."""

from __future__ import annotations

import streamlit as st

from core.machine.lab import PITFALLS, Outcome, pitfall, pitfall_program
from core.processes.confined import Unable
from pages.devices.measured import gpus
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell


def pitfalls_panel() -> None:
    """The section: two mistakes beside each other, twice."""
    device = next(iter(gpus()), "meta")
    if device == "meta":
        st.caption(
            _(
                "There is no GPU here, so `device` is the meta device: its tensors have no numbers, but PyTorch checks "
                "devices in the same way. Every error below is real and was produced just now. Only the timing runs "
                "on the CPU."
            )
        )
    names = list(PITFALLS)
    for row in (names[:2], names[2:]):
        for column, name in zip(st.columns(2, gap="medium"), row, strict=False):
            with column.container(border=True, height="stretch"):
                _pitfall(name, device)


def _pitfall(name: str, device: str) -> None:
    titles = {
        "data": _("The model moved, the data did not"),
        "numpy": _("`.numpy()` of a tensor on the GPU"),
        "assigned": _("`tensor.to()` without assigning"),
        "time": _("Timing without synchronize"),
    }
    st.markdown(f"**{titles[name]}**")
    fixed = st.toggle(_("fix it"), key=f"devices pitfall {name}", persist_state="page")
    where = "cpu" if name == "time" and device == "meta" else device
    st.code(pitfall_program(name, fixed, where), language="python", wrap_lines=True)
    outcome = _run(name, fixed, where)
    if isinstance(outcome, Unable):
        st.error(tell(outcome.problem), icon=":material/error:")
        return
    if outcome.printed:
        st.code(outcome.printed.rstrip(), language=None)
    if outcome.error:
        st.error(f"`{outcome.error.replace('`', '')}`", icon=":material/error:")
    st.markdown(_explanation(name, fixed, where))


def _run(name: str, fixed: bool, device: str) -> Outcome | Unable:
    """The outcome, as it was when this tab first asked for it."""
    key = f"devices outcome {name} {fixed} {device}"
    outcome = session.get(key)
    if outcome is None:
        try:
            outcome = pitfall(name, fixed, device)
        except Unable as unable:
            outcome = unable
        session.put(key, outcome)
    result: Outcome | Unable = outcome
    return result


def _explanation(name: str, fixed: bool, device: str) -> str:
    """What happened, in plain words."""
    if name == "data":
        if fixed:
            return _("Both are on the same device, and so is the result.")
        return _(
            "An operation never moves its operands: weights on one device and data on another can't be multiplied."
        )
    if name == "numpy":
        if not fixed:
            return _("NumPy reads the CPU's memory only. Ask for a copy there first: `x.cpu().numpy()`.")
        if device == "meta":
            return _("On a GPU this prints the numbers. The meta device has none to copy, and says so.")
        return _("`.cpu()` copies the numbers back, then NumPy can read them.")
    if name == "assigned":
        if fixed:
            return _("A tensor's `.to` returns another tensor; a module's `.to` moves the module itself.")
        return _("No error, but nothing moved: `.to` returned a new tensor, and the program did not keep it.")
    if device == "cpu":
        return joined(
            _(
                "This was timed on the CPU, because the meta device computes nothing. On the CPU a line ends when its "
                "work is done, so both versions measure the same; differences are random."
            ),
            _(
                "On a GPU the program without `synchronize()` stops the clock while the GPU is still computing, so the "
                "time looks much too short. That can't be shown without one."
            ),
        )
    if fixed:
        return _("Now the clock stops when the GPU has finished.")
    return _("The GPU was only told what to do: the clock stopped before it was done.")
