"""Which of one's runs, and which of its kept steps, the page is about; without a run, the way to one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.config import ConfigError, TrainingConfig
from core.engine.manager import manager
from core.engine.run import Run
from core.engine.store import Entry
from core.experiments import experiment, experiments
from core.files.saving import ENDINGS
from core.refused import Refused
from pages.shared.page.links import experiment_title
from pages.shared.person import session
from pages.shared.person.language import _, filled, tell

MOST_RUNS = 30
FIRST_RUNS: dict[str, tuple[dict[str, Any], float]] = {
    "classifier": ({"device": "cpu", "optimizer": "Adam", "num_steps": 200, "dataset": "moons"}, 70),
    "rnn": ({"device": "cpu"}, 100),
    "cnn": ({"device": "cpu", "num_epochs": 2}, 40),
}
"""What can be trained right here: settings, and steps a second, slow enough for some steps to be kept on the way."""
SECONDS = 5.0
"""How long a run takes that is trained once more to keep steps; longer if its steps take longer."""


@dataclass(frozen=True)
class Chosen:
    """A kept step of a run."""

    run: Run
    step: int

    @property
    def key(self) -> str:
        """A text that no other kept step has."""
        return f"{self.run.id} {self.step}"


PREFERENCE = "files chosen"
"""What was chosen last: {"run": its id, "step": a kept step, "newest": the id of the newest run at that time}."""


def own_runs() -> dict[str, Entry]:
    """The person's runs that have kept steps, the newest first."""
    entries = [entry for name in experiments() for entry in manager().entries(session.owner(), name)]
    return {entry.id: entry for entry in sorted(entries, key=lambda entry: -entry.created)[:MOST_RUNS]}


def choose() -> Chosen | None:
    """The widgets that choose, for the sidebar; None while there is nothing to choose from."""
    runs = own_runs()
    wanted = session.get("files wanted")
    if wanted in runs:
        session.put("files run", wanted)
        session.put("files wanted", None)
    if session.get("files kind") not in ENDINGS:
        known = session.preference("files kind")
        session.put("files kind", known if known in ENDINGS else "state_dict")
    chosen = None
    if runs:
        newest = next(iter(runs))
        if session.get("files run") not in runs:
            _recall(runs, newest)
        labels = {id: run_title(entry) for id, entry in runs.items()}
        id = st.selectbox(
            _("Run"), list(runs), format_func=labels.__getitem__, key="files run", on_change=_remember, args=(newest,)
        )
        run = manager().run(session.owner(), id)
        if run is not None and run.kept:
            chosen = Chosen(run, _step(run, newest))
        else:
            st.info(_("No step of this run was kept: choose another one."))
        with st.expander(_("Train another one")):
            start_buttons("another ")
    if session.get("files training"):
        _progress(session.get("files training"))
    return chosen


def _recall(runs: Mapping[str, Entry], newest: str) -> None:
    """Choose what was chosen last; the newest run if that is gone, or if one was trained since."""
    known = session.preferences(PREFERENCE)
    if known.get("run") in runs and known.get("newest") == newest:
        session.put("files run", known["run"])
        session.put(f"files step {known['run']}", known.get("step"))
    else:
        session.put("files run", newest)


def _remember(newest: str) -> None:
    """Remember the chosen run and step for after a refresh."""
    run = session.get("files run")
    chosen = {"run": run, "step": session.get(f"files step {run}"), "newest": newest}
    session.prefer(PREFERENCE, json.dumps(chosen))


def first_run() -> None:
    """Offer to train a network, while the person has no run."""
    with st.container(border=True):
        if session.get("files training"):
            st.markdown(_("It is training. As soon as it has ended, its files appear here."))
        else:
            st.markdown(_("**You have no run yet that could be saved.** Train one here; it takes a few seconds:"))
            start_buttons()


def _step(run: Run, newest: str) -> int:
    if len(run.kept) == 1:
        st.caption(_("Only step {step} was kept.").format(step=run.kept[0]))
        return run.kept[0]
    key = f"files step {run.id}"
    if session.get(key) not in run.kept:
        session.put(key, run.kept[-1])
    chosen: int = st.select_slider(
        _("Kept step"),
        run.kept,
        key=key,
        on_change=_remember,
        args=(newest,),
        help=_("While it trains, a run keeps about 40 of its steps, with weights, optimizer and everything else."),
    )
    return chosen


def run_title(entry: Entry) -> str:
    """A run's name in the list of runs: experiment, steps, time."""
    at = time.strftime("%H:%M:%S", time.localtime(entry.created))
    parts = [experiment_title(entry.experiment), _("step {step}").format(step=entry.step), at]
    return " · ".join(parts)


def start_buttons(place: str = "") -> None:
    """Train one of the tutorial's networks, right here.

    Args:
        place: tells the buttons from others on the page.
    """
    with st.container(horizontal=True):
        for name in FIRST_RUNS:
            st.button(
                filled(_("Train the {name}"), name=experiment_title(name)),
                icon=":material/play_arrow:",
                key=f"files start {place}{name}",
                disabled=bool(session.get("files training")),
                on_click=_start_first,
                args=(name,),
            )
    _start_problem()


def again_button(run: Run) -> None:
    """Train the same once more, at a speed at which steps are kept on the way."""
    st.button(
        _("Train it again and keep steps"),
        icon=":material/replay:",
        key="files again",
        type="primary",
        disabled=bool(session.get("files training")),
        on_click=_start,
        args=(run.config, max(1.0, run.config.num_steps / SECONDS)),
    )
    _start_problem()


def _start_problem() -> None:
    problem = session.get("files start problem")
    if problem:
        st.error(tell(problem), icon=":material/error:")


def _start_first(name: str) -> None:
    values, speed = FIRST_RUNS[name]
    try:
        config = experiment(name).config.create(values)
    except ConfigError as error:
        session.put("files start problem", error.problems[0])
    else:
        _start(config, speed)


def _start(config: TrainingConfig, speed: float) -> None:
    session.put("files start problem", None)
    try:
        run = manager().start(session.owner(), config, speed=speed)
    except Refused as refused:
        session.put("files start problem", refused.problem)
    else:
        session.put("files training", run.id)


@st.fragment(run_every=0.4)
def _progress(id: str) -> None:
    """How far the run is that was started here."""
    run = manager().run(session.owner(), id)
    if run is None or not run.alive:
        session.put("files training", None)
        session.put("files wanted", id)
        st.rerun()
    share = run.step / max(1, run.config.num_steps)
    st.progress(
        min(1.0, share), _("Training: step {step} of {steps}").format(step=run.step, steps=run.config.num_steps)
    )
