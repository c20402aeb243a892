"""How fast this machine trains in bfloat16: faster than in float32 where the processor knows it, else far slower."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch

from core.experiments import experiment, experiments
from core.processes.confined import Unable, confined

BATCH = 16
"""Images in a measured step."""
SECONDS = 0.3
"""Of the processor's time that the steps in one precision take, if one step does not take longer."""
MOST_STEPS = 5
LONGEST = 60
"""Seconds after which the measurement is given up."""

_speeds: dict[str, float] = {}


def speed(name: str) -> float | None:
    """How many times as fast an experiment trains in bfloat16 as in float32; None if that was not measured."""
    return _speeds.get(name)


def measure() -> None:
    """Measure it, in a process of its own, for all experiments that have the choice."""
    try:
        _speeds.update(json.loads(confined(run, seconds=LONGEST, memory=None, in_line=False)))
    except Unable:
        _speeds.clear()


def run() -> bytes:
    """The measurement: experiment -> times as fast, in JSON."""
    torch.set_num_threads(1)
    return json.dumps({name: speedup(name) for name in experiments() if "precision" in fields(name)}).encode()


def fields(name: str) -> set[str]:
    """The settings of an experiment."""
    return set(experiment(name).config.settings())


def speedup(name: str) -> float:
    """Take some training steps of an experiment's defaults in both precisions."""
    known = experiment(name)
    bench = known.bench(known.config.create({"device": "cpu", "batch_size": BATCH}))

    def step(half: bool) -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = bench.loss()
        bench.optimizer.zero_grad()
        torch.autograd.backward(loss)
        bench.optimizer.step()

    for half in (False, True):  # what each prepares at its first step is no part of the measurement
        step(half)
    return fastest(lambda: step(False)) / fastest(lambda: step(True))


def fastest(work: Callable[[], None]) -> float:
    """Seconds of the processor's time that a piece of work takes at the least."""
    times: list[float] = []
    while len(times) < MOST_STEPS and sum(times) < SECONDS:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return max(min(times), 1e-9)
