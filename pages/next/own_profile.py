"""A profile of one of the person's own runs, or of an experiment as the tutorial has it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from core.config import ConfigError, TrainingConfig
from core.engine.jobs import jobs
from core.engine.manager import manager
from core.experiments import experiment, experiments
from core.machine.profiling import Profile, profile_run
from core.processes.jobs import Job
from core.refused import Refused
from pages.shared.form.differences import settings_of
from pages.shared.page.links import experiment_title
from pages.shared.person import session
from pages.shared.person.language import _, tell
from pages.shared.pictures.lanes import Group, lanes

INTERVAL = 0.5
"""Seconds between two looks at a profile in the making."""
MOST_RUNS = 12
"""Runs of the past to choose from."""
TUTORIAL = "tutorial "
"""What the key of an experiment's own defaults begins with."""


@dataclass
class Request:
    """A profile that was asked for."""

    key: str
    job: Job


def own_profile() -> None:
    """Choose a run, profile a few of its steps, look at them."""
    st.write(
        _(
            "Choose a run. Its training is started again with the same settings in a separate process, and "
            "`torch.profiler` records three steps. Each bar is an operation; below it are the operations that it calls."
        )
    )
    known = choices()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            _("Run"), list(known), format_func=lambda key: known[key][0], key="profile run", width="stretch"
        )
        st.button(
            _("Profile it"),
            type="primary",
            icon=":material/query_stats:",
            on_click=lambda: _start(chosen, known[chosen][1]),
        )
    refused = session.get("profile refused")
    if refused is not None:
        st.error(tell(refused))
    request: Request | None = session.get("profile asked")
    alive = request is not None and request.job.alive
    st.fragment(_show, run_every=INTERVAL if alive else None)(request, alive)


def choices() -> dict[str, tuple[str, TrainingConfig]]:
    """Key -> what a choice is called, and its config: the person's runs, the newest first, then the tutorial's."""
    owner, store = session.owner(), manager().store
    entries = sorted(
        (entry for name in experiments() for entry in store.of(owner, name)[:MOST_RUNS]),
        key=lambda entry: -entry.created,
    )[:MOST_RUNS]
    named: dict[str, tuple[str, TrainingConfig]] = {}
    for entry in entries:
        try:
            config = entry.read_config()
        except ConfigError:  # of another version
            continue
        title = experiment_title(config.experiment)
        when = time.strftime("%H:%M:%S", time.localtime(entry.created))
        named[entry.id] = (f"{title} · {when} · " + " · ".join(settings_of(config)), config)
    for name in experiments():
        title = _("{experiment} · the tutorial's settings").format(experiment=experiment_title(name))
        named[TUTORIAL + name] = (title, experiment(name).config())
    return named


def _start(key: str, config: TrainingConfig) -> None:
    session.put("profile refused", None)
    missing = experiment(config.experiment).missing(config)
    if missing is not None:
        session.put("profile refused", missing)
        return
    try:
        session.put("profile asked", Request(key, jobs().start(session.owner(), profile_run, config)))
    except Refused as refusal:
        session.put("profile refused", refusal.problem)


def _show(request: Request | None, alive: bool) -> None:
    over = request is None or not request.job.alive
    if alive and over:
        st.rerun()
    profile: Profile | None = None
    if request is not None:
        profile = next((event["profile"] for event in request.job.events if event["kind"] == "profile"), None)
    lanes(
        "profile lanes",
        [_group(profile)],
        [
            ("op3", _("a whole step")),
            ("op0", _("data and forward pass")),
            ("op1", _("backward pass")),
            ("op2", _("optimizer")),
        ],
        {"hint": _hint(request), "batch": "", "whole": _("Show all"), "sweep": ""},
        id=request.key + str(profile is None) if request else "",
        status=request.job.status if request else "",
    )
    if request is not None and over:
        if request.job.problem is not None:
            st.error(tell(request.job.problem), icon=":material/error:")
        elif request.job.status == "ended":
            st.info(_("It was ended before it was done, because something else was started."))
    if profile is not None:
        st.markdown(_operations(profile))
        st.caption(
            _(
                "Drag over the picture to enlarge a part of it. The profiler itself takes time: for tiny "
                "operations, more than the operations themselves. The space between the bars is the loop's own "
                "Python code."
            )
        )


def _hint(request: Request | None) -> str:
    if request is None or not request.job.alive:
        return _("Nothing is profiled yet: choose a run and press Profile it.")
    count = jobs().before(request.job)
    if count:
        return _("All cores are busy: {count} ahead of you in line.").format(count=count)
    return _("Training a few steps under the profiler …")


def _group(profile: Profile | None) -> Group:
    depth = 1 + max((bar[0] for bar in profile.bars), default=5) if profile is not None else 6
    figures = ""
    if profile is not None:
        steps = ", ".join(f"{1000 * seconds:.2f}" for seconds in profile.steps)
        figures = _("{steps} ms a step under the profiler, {plain} ms without").format(
            steps=steps, plain=f"{1000 * profile.plain:.2f}"
        )
    names = [_("step"), *([""] * (depth - 1))]
    title = _("Three training steps")
    return Group(
        "",
        title,
        figures,
        f"{title}: {figures}",
        names,
        profile.bars if profile else [],
        profile.names if profile else [],
    )


def _operations(profile: Profile) -> str:
    """The operations that took longest."""
    total = sum(profile.steps) or 1
    lines = [
        "| " + " | ".join([_("operation"), _("calls"), _("time of its own"), _("share")]) + " |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| `{name}` | {calls} | {1000 * seconds:.2f}\u00a0ms | {seconds / total:.0%} |"
        for name, calls, seconds in profile.times
    ]
    return "\n".join(lines)
