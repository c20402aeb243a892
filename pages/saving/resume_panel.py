"""Continuing from an uploaded checkpoint, and what happens without the optimizer's state."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import limits
from core.engine.manager import manager
from core.engine.run import Run
from core.files.resuming import WAYS, Uploaded, check, ways_on
from core.files.uploads.reader import CHECKPOINT
from core.processes.confined import Unable
from core.refused import Refused
from pages.index import page_of
from pages.saving.chosen import Chosen, again_button, first_run, start_buttons
from pages.saving.file_choice import read_once
from pages.saving.once import once
from pages.shared.form.workspace import Workspace
from pages.shared.page.links import experiment_title, link_to
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, joined, listed, tell
from pages.shared.person.place import may_start
from pages.shared.pictures.axis import log_axis
from pages.shared.pictures.palette import CHARTS, in_sight

MOST_STEPS = 150
SECONDS = 6.0
"""How long each way to continue may train here."""


def resume_panel(chosen: Chosen | None) -> None:
    """Draw the section: with and without the optimizer's state, and from a checkpoint file."""
    left, right = st.columns([5, 4], gap="medium")
    with left:
        st.markdown(_("**With and without the optimizer**"))
        if chosen is None:
            first_run()
        else:
            _compare(chosen)
    with right:
        st.markdown(_("**From a checkpoint file**"))
        _from_file()


def _compare(chosen: Chosen) -> None:
    run = chosen.run
    recorded = [value for value in _losses(run) if value is not None]
    inside = [step for step in run.kept if 0 < step < len(recorded)]
    if not inside:
        _none_inside(run)
        return
    chosen_step = chosen.step
    if chosen_step not in inside:
        chosen = Chosen(run, min(inside, key=lambda step: abs(step - len(recorded) // 2)))
    step = chosen.step
    if step != chosen_step:
        why = _("Step {asked}, chosen in the sidebar, is the run's last one: nothing follows to compare with.")
        if chosen_step < step:
            why = _("At step {asked}, chosen in the sidebar, the optimizer has no state yet that could be lost.")
        st.caption(
            joined(why, _("So step {step} is taken; choose another one there.")).format(asked=chosen_step, step=step)
        )
    st.caption(
        _("Once with the whole checkpoint of step {step}, once with its weights and a new {optimizer}.").format(
            step=step, optimizer=run.config.optimizer
        )
    )
    label = _("Continue from step {step} in both ways").format(step=step)
    if st.button(label, icon=":material/fork_right:", type="primary", key="files both ways") and may_start():
        with st.spinner(_("Training both ways …")):
            _go_on(chosen, len(recorded))
    known = session.get("files ways")
    if known is None or known[0] != chosen.key:
        return
    if isinstance(known[1], Unable):
        st.error(tell(known[1].problem), icon=":material/error:")
        return
    _chart(chosen, recorded, known[1])


def _none_inside(run: Run) -> None:
    """What to do about a run of which no step was kept between the first and the last."""
    if run.alive:
        st.info(_("This run has kept no step yet: pause it on its page, that keeps one."))
    elif run.status == "finished" and run.config.num_steps > 1:
        st.info(
            _(
                "This run ended so soon that it kept no step on the way, and nothing follows its last one to compare "
                "with. Trained again more slowly, it keeps some."
            ),
            icon=":material/info:",
        )
        again_button(run)
    else:
        st.info(_("This run kept no step before its end. Choose another one in the sidebar, or train one here:"))
        start_buttons("on the way ")


def _losses(run: Any) -> list[Any]:
    column = run.history.get("run", {}).get("loss/train", {"value": []})
    return list(column["value"])


def _go_on(chosen: Chosen, last: int) -> None:
    run, step = chosen.run, chosen.step
    steps = min(MOST_STEPS, last - step)
    try:
        losses: Any = ways_on(run.config, run.changes, run.folder.checkpoint_file(step), WAYS, steps, SECONDS)
    except Unable as unable:
        losses = unable
    session.put("files ways", (chosen.key, losses))


def _chart(chosen: Chosen, recorded: list[float], losses: dict[str, list[float]]) -> None:
    step, full, weights = chosen.step, losses["full"], losses["weights"]
    past = list(range(max(1, step - len(full) // 2), step + 1))
    ahead = list(range(step + 1, step + 1 + len(full)))
    beside = list(range(step + 1, step + 1 + len(weights)))
    colours = in_sight()
    lines = [
        (
            past + ahead,
            [recorded[at - 1] for at in past + ahead],
            _("the run, uninterrupted"),
            CHARTS["uninterrupted"],
            5,
            "solid",
        ),
        (ahead, full, _("whole checkpoint"), colours["train"], 2, "solid"),
        (beside, weights, _("weights, new optimizer"), colours["classes"][1], 2, "solid"),
    ]
    figure = go.Figure(
        [
            go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": color, "width": width, "dash": dash})
            for x, y, name, color, width, dash in lines
        ]
    )
    seen = [value for _x, values, *_rest in lines for value in values if 0 < value < math.inf]
    low, high = min(seen, default=1e-3), max(seen, default=1.0)
    figure.add_vline(x=step, line_dash="dot", line_color="#888")
    figure.update_layout(
        height=330,
        margin={"l": 50, "r": 8, "t": 56, "b": 36},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        yaxis={"title": _("training loss"), **log_axis(low, high)},
        xaxis={"title": _("step")},
    )
    st.plotly_chart(figure, key="files ways chart", config={"displayModeBar": False})
    equal = sum(one == other for one, other in zip(full, recorded[step:], strict=False))
    sentence = _("Whole checkpoint: **{equal} of {count}** losses equal to the run's own, bit for bit.").format(
        equal=equal, count=len(full)
    )
    count = min(10, len(weights), len(full))
    ratio = max(weights[:count]) / max(1e-30, max(full[:count]))
    if weights == full[: len(weights)]:
        sentence = joined(sentence, _("Plain SGD keeps no state: nothing was lost, and both continue in the same way."))
    elif ratio > 1.5:
        sentence = joined(sentence, risen(ratio))
    else:
        sentence = joined(sentence, _("Without the optimizer's state the losses differ from the second step on."))
    st.markdown(sentence)


def risen(ratio: float) -> str:
    """How far the loss rises above the run's own, in two digits."""
    if ratio > 1e6:
        return _("Without the optimizer's state the loss rises to **more than a million times** that of the run.")
    rounded = float(f"{ratio:.2g}")
    return _("Without the optimizer's state the loss rises to **about {ratio} times** that of the run.").format(
        ratio=f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"
    )


def _from_file() -> None:
    given = uploader(
        _("A checkpoint of this app"),
        "files checkpoint",
        limits.UPLOAD_MB,
        endings=["pt"],
        help=_("Saved under “Save”, “checkpoint”. It is checked part by part before anything continues from it."),
    )
    if given is None:
        st.caption(
            _("Save one on “Save”, close everything and come back tomorrow: it continues as if nothing had happened.")
        )
        return
    read = read_once(given.getvalue())
    if read is None:
        return
    upload, key = read
    if upload.kind == "other":
        parts = upload.value if isinstance(upload.value, dict) else {}
        lacking = listed(f"`{name}`" for name in CHECKPOINT if name not in parts)
        st.warning(
            _("This is not a checkpoint of this app: it has no {parts}.").format(parts=lacking),
            icon=":material/warning:",
        )
        return
    if upload.kind != "checkpoint":
        st.warning(
            _(
                "These are weights only. To continue, the optimizer, the order of the data and the random state "
                "are needed."
            ),
            icon=":material/warning:",
        )
        return
    checkpoint = once("files checked", key, _("Checking part by part …"), lambda: check(upload.value))
    if isinstance(checkpoint, Unable):
        st.error(tell(checkpoint.problem), icon=":material/gpp_bad:")
        return
    title = experiment_title(checkpoint.config.experiment)
    st.markdown(
        _("**{name}**, saved at step {step} of {steps}.").format(
            name=title, step=checkpoint.step, steps=checkpoint.config.num_steps
        )
    )
    if upload.value["config"].get("device", "cpu") not in ("cpu", "auto"):
        st.caption(_("It was trained on another device; here it continues on the CPU."))
    _how_far(checkpoint, key)
    problem = session.get("files adopt problem")
    if problem:
        st.error(tell(problem), icon=":material/error:")
    adopted = session.get("files adopted")
    if adopted and adopted[0] == key:
        st.success(
            _("It is waiting on its page, paused at step {step} of {steps}: press Play there.").format(
                step=checkpoint.step, steps=adopted[1]
            )
        )
        row = page_of(checkpoint.config.experiment)
        if row is not None:
            link_to(row.folder, _("To the page “{name}”").format(name=title))


def _how_far(checkpoint: Uploaded, key: str) -> None:
    """How many steps or epochs more, and the button."""
    proposed, most = checkpoint.more()
    if most < 1:
        st.info(_("This run already has as many steps as a run may have here."), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        more = st.number_input(
            _("More epochs") if checkpoint.in_epochs else _("More steps"), 1, most, proposed, key=f"files more {key}"
        )
        steps = checkpoint.steps_with(more)
        st.button(
            _("Continue from step {step}").format(step=checkpoint.step),
            type="primary",
            icon=":material/play_arrow:",
            key="files adopt",
            on_click=_adopt,
            args=(checkpoint, key, steps),
        )
    sentence = _("A new run has all steps up to {step} and continues to step {steps}. It waits, paused, on its page.")
    sentence = sentence.format(step=checkpoint.step, steps=steps)
    if checkpoint.step >= checkpoint.config.num_steps:
        sentence = joined(_("This run had already ended, so it gets more steps."), sentence)
    st.caption(sentence)


def _adopt(checkpoint: Uploaded, key: str, steps: int) -> None:
    """Begin the run, and have its page show it."""
    session.put("files adopt problem", None)
    try:
        run = manager().adopt(session.owner(), checkpoint, num_steps=steps, speed=30)
    except Refused as refused:
        session.put("files adopt problem", refused.problem)
        return
    name = run.config.experiment
    space: Workspace = session.get(f"workspace {name}") or Workspace(name)
    space.put_in(run.config, run.id)
    session.put(f"workspace {name}", space)
    if space.unstored is not None:
        session.put("unstored", space.unstored)
    session.put("files adopted", (key, run.config.num_steps))
