"""A few steps of an experiment under torch.profiler: which operation ran when, and which took longest."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from torch.profiler import ProfilerActivity, profile, record_function, schedule

from core.config import TrainingConfig
from core.experiments import experiment
from core.processes.jobs import Tell
from core.processes.programs import QUIET

WARM_UP = 5
"""Steps before the profile begins: the first ones pay for what later ones find ready."""
PROFILER_WARM_UP = 2
STEPS = 3
"""Steps that are profiled."""
DEEPEST = 5
"""How deep operations inside of operations are listed; deeper ones are only added up."""
MOST_BARS = 3000
MOST_TIMES = 10
PROFILER_STEP = "ProfilerStep"
STEP = "step"
"""What the mark of a whole training step begins with."""


@dataclass
class Profile:
    """What a few training steps did.

    Attributes:
        bars: (depth, kind, from, to, number of the name): milliseconds since the first step's begin.
        names: the operations' names.
        steps: seconds of each step, the profiler's own work included.
        plain: seconds of a step without the profiler, the mean of the warm ones.
        times: (name, calls, seconds of its own) of the operations that took longest, all steps together.
    """

    bars: list[tuple[int, str, float, float, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    plain: float = 0.0
    times: list[tuple[str, int, float]] = field(default_factory=list)


def profile_run(tell: Tell, folder: Path, config: TrainingConfig) -> None:
    """Profile a config's training on the CPU; tells "profile"."""
    trained = experiment(config.experiment)
    wanted = 1 + WARM_UP + PROFILER_WARM_UP + STEPS
    config = config.changed(device="cpu")
    if config.num_steps < wanted:
        config = config.with_steps(wanted)
    steps = trained.train(config, {}, None)
    next(steps)
    next(steps)
    start = time.perf_counter()
    for _ in islice(steps, WARM_UP - 1):
        pass
    plain = (time.perf_counter() - start) / (WARM_UP - 1)
    os.environ.update(QUIET)
    # The profiler, too, pays for its own first steps.
    plan = schedule(wait=0, warmup=PROFILER_WARM_UP, active=STEPS, repeat=1)
    with profile(activities=[ProfilerActivity.CPU], schedule=plan) as profiler:
        for number in range(1 - PROFILER_WARM_UP, STEPS + 1):
            with record_function(f"{STEP} {number}"):
                next(steps)
            profiler.step()
    summary = read(profiler.events())
    summary.plain = plain
    tell({"kind": "profile", "profile": summary})


def read(events: Any) -> Profile:
    """Make sense of the profiler's events."""
    summary = Profile()
    marks = [event for event in events if event.name.startswith(f"{STEP} ")]
    if not marks:
        return summary
    begin = min(event.time_range.start for event in marks)
    summary.steps = [(event.time_range.end - event.time_range.start) / 1e6 for event in marks]
    numbers: dict[str, int] = {}
    own: defaultdict[str, list[float]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.time_range.start):
        above = list(_above(event))
        inside = [*above, event.name]
        if not inside[0].startswith(f"{STEP} "):
            continue
        own[event.name].append(event.self_cpu_time_total / 1e6)
        if len(above) <= DEEPEST and len(summary.bars) < MOST_BARS:
            number = numbers.setdefault(event.name, len(numbers))
            start, end = (round((at - begin) / 1000, 4) for at in (event.time_range.start, event.time_range.end))
            summary.bars.append((len(above), kind(inside), start, end, number))
    summary.names = list(numbers)
    longest = sorted(own.items(), key=lambda item: -sum(item[1]))
    summary.times = [(name, len(times), sum(times)) for name, times in longest if not name.startswith(f"{STEP} ")][
        :MOST_TIMES
    ]
    return summary


def _above(event: Any) -> list[str]:
    """The operations that an event is inside of, the outermost first; the profiler's own marks left out."""
    names = []
    while event.cpu_parent is not None:
        event = event.cpu_parent
        names.append(event.name)
    return [name for name in names[::-1] if not name.startswith(PROFILER_STEP)]


def kind(inside: list[str]) -> str:
    """What part of training an operation belongs to, by those that it is inside of: a kind of the picture's bars."""
    if len(inside) == 1:
        return "op3"
    if any(name.startswith("autograd::engine") for name in inside):
        return "op1"
    if any(name.startswith("Optimizer.") for name in inside):
        return "op2"
    return "op0"
