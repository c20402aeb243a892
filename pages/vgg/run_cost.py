"""What a run would take, before it starts: parameters, operations, memory, and for a slow one its measured time."""

from __future__ import annotations

import streamlit as st

from core.config import Problem
from core.data import image_sets
from core.engine.jobs import jobs
from core.experiments.vgg import VGGConfig, cannot_start, lanes, memory
from core.experiments.vgg.pace import Measurement, measured
from core.machine import bfloat16
from core.refused import Refused
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell

SLOW_FLOPS = 2e12
"""Operations of an epoch beyond which its time is measured and said: about a minute on one core."""


def run_note(config: VGGConfig) -> tuple[str, bool]:
    """What to know of a run before it starts.

    Returns:
        Of a slow run, how long an epoch takes here, measured; of one that would not fit, why it can't start; else "".
        And whether there will soon be more to say.
    """
    problem = None if image_sets.missing(config) else cannot_start(config)
    if problem:
        return tell(problem, markdown=False), False
    if 3 * config.stack.flops * config.n_train * len(lanes(config)) <= SLOW_FLOPS:
        return "", False
    here = _measurement(config)
    if isinstance(here, Problem):
        return tell(here, markdown=False), True
    if not here.done:
        return _("This run is slow. Measuring how long an epoch takes here …"), True
    return sentence(config, here), False


def _measurement(config: VGGConfig) -> Measurement | Problem:
    """The measurement of a config, or why it can't begin yet."""
    try:
        return measured(config, session.owner(), jobs())
    except Refused as refused:
        return refused.problem


@st.fragment(run_every=1.0)
def watch_cost(config: VGGConfig, note: str) -> None:
    """Draw the page again as soon as there is something else to say of a run than that note."""
    if run_note(config)[0] != note:
        st.rerun()


def facts(config: VGGConfig) -> str:
    """Parameters, operations and memory of a run, in a line."""
    needed = sum(memory(lane) for lane in lanes(config).values() if isinstance(lane, VGGConfig))
    return _(
        "**{parameters}** parameters, **{flops}** million operations for one image, about **{memory} GB** of memory to "
        "train."
    ).format(
        parameters=f"{config.stack.parameters:,}",
        flops=f"{config.stack.flops / 1e6:,.0f}",
        memory=f"{needed / 1e9:.2f}",
    )


def sentence(config: VGGConfig, here: Measurement) -> str:
    """How long an epoch takes, from what was measured."""
    if here.cost is None:
        return _("This network is so large that not even a few of its images could be timed here.")
    seconds = here.cost.epoch(config) * len(lanes(config))
    words = _(
        "An epoch takes about {time} on one core of this machine: {pace} images a second, measured over two steps of "
        "{images} images."
    ).format(time=duration(seconds), pace=f"{1 / here.cost.train:.3g}", images=here.cost.images)
    faster = config.precision == "float32" and (bfloat16.speed("vgg") or 1) > 1.1
    hint = _("On this machine bfloat16 (Training, Precision) is faster.")
    return joined(words, hint) if faster else words


def duration(seconds: float) -> str:
    """A length of time in the largest fitting unit."""
    if seconds < 100:
        return _("{count} s").format(count=f"{seconds:.0f}")
    if seconds < 6000:
        return _("{count} min").format(count=f"{seconds / 60:.0f}")
    return _("{count} hours").format(count=f"{seconds / 3600:.1f}")
