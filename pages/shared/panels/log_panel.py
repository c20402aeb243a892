"""What of a run is logged: a switch for each kind, the line that does it, and what it costs."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import streamlit as st

from core.config import TrainingConfig
from core.engine.manager import manager
from core.engine.run import Run
from core.experiments import experiment
from core.tensorboard import lines
from core.tensorboard.config import KINDS, PICTURED, LogConfig
from pages.shared.form.controls import field, take
from pages.shared.form.form import Form
from pages.shared.person import session
from pages.shared.person.language import _, joined, plain

WITH = {"scalars": ("every",), "histograms": ("histograms_every",)}
"""Kind -> the fields beside its switch."""
INTERVAL = 1.0
"""Seconds between two looks at the costs while a run is alive."""
FREE = 0.05
"""Steps below which a call is said to cost next to nothing."""


class LogForm(Form):
    """The person's choices for all runs to come."""

    def save(self) -> None:
        """Store the choices for all runs to come."""
        with session.storing():
            manager().store.choose_log(session.owner(), self.config)


def log_form() -> LogForm:
    """This tab's form of what is logged."""
    form: LogForm | None = session.get("log form")
    if form is None:
        form = LogForm("log", manager().store.log_config(session.owner()))
        session.put("log form", form)
    return form


def log_panel(config: TrainingConfig | None, last: Callable[[], Run | None]) -> None:
    """A row for each kind; while a run is alive its costs follow it.

    Args:
        config: of the experiment that is looked at; None for all of them.
        last: finds the run whose costs are told.
    """
    alive = manager().training(session.owner())
    st.fragment(_rows, run_every=INTERVAL if alive else None)(config, last, alive)


def _rows(config: TrainingConfig | None, last: Callable[[], Run | None], alive: bool) -> None:
    if alive and not manager().training(session.owner()):
        st.rerun()
    run = last()
    form = log_form()
    take(form)
    st.caption(
        _(
            "What is switched on here is logged for every run that you start from now on, on every page. "
            "Logging does not change the training: the losses stay the same, bit for bit."
        )
    )
    if run is not None and run.log.get("costs"):
        st.caption(_("The costs are those of the last run, {run}.").format(run=run.log_name))
    pictured = config is None or experiment(config.experiment).pictured(config)
    settings = LogConfig.settings()
    for kind in KINDS:
        if kind in PICTURED and not pictured:
            continue
        with st.container(border=True):
            switch, line = st.columns([1, 2], vertical_alignment="center")
            with switch:
                field(form, kind, settings[kind])
                for more in WITH.get(kind, ()):
                    if getattr(form.config, kind):
                        field(form, more, settings[more])
            with line:
                st.code("\n".join(code_of(kind)), language="python", wrap_lines=True)
                sentence = cost(run, kind)
                if sentence:
                    st.caption(sentence)
    stopped = run.log.get("stopped") if run is not None else None
    if stopped == "budget":
        st.warning(
            _("This run's log was full before its end; the run itself continued. Log less often, or fewer kinds."),
            icon=":material/warning:",
        )
    elif stopped == "disk":
        st.warning(
            _("There was not enough disk space for this run's log; the run itself continued."),
            icon=":material/warning:",
        )
    elif run is not None and stopped == "error":
        st.warning(
            _("An error ended this run's log; the run itself continued. The error: {reason}").format(
                reason=plain(run.log["reason"])
            ),
            icon=":material/warning:",
        )


def code_of(kind: str) -> list[str]:
    """The lines of the app's own source that log a kind."""
    functions = [getattr(lines, f"log_{kind}")]
    if kind == "scalars":
        functions.append(lines.log_test)
    source = [line for function in functions for line in inspect.getsource(function).splitlines()]
    return [line.strip() for line in source if "writer.add_" in line]


def cost(run: Run | None, kind: str) -> str:
    """What it cost in a run, in training steps."""
    costs = run.log.get("costs", {}) if run is not None else {}
    train_seconds, train_steps = run.log.get("train", (0, 0)) if run is not None else (0, 0)
    if kind not in costs or not train_steps:
        return ""
    seconds, times = costs[kind]
    steps = seconds / times / (train_seconds / train_steps)
    values = {"ms": rounded(1000 * seconds / times), "steps": rounded(steps), "times": f"{times:,}"}
    if steps < FREE:
        each = _("In the last run: {times} × {ms} ms, each far less than a step.")
    else:
        each = _("In the last run: {times} × {ms} ms, each as long as {steps} steps.")
    share = _("That is {share} % of the training time.").format(share=rounded(100 * seconds / train_seconds))
    return joined(each.format(**values), share)


def rounded(number: float) -> str:
    """A number of which two digits mean something."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
