"""What a Ray cluster makes of runs, beside the same at home: how they are watched, how many get done, what is said."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from typing import Any

from core import limits
from core.engine.manager import Manager
from core.engine.run import Run
from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig
from core.resources import cores
from tests.benchmarks.cluster.machines import PATIENCE, cluster, home, machine_of
from tests.benchmarks.rows import Row
from tests.waiting import until

CONFIG = ClassifierConfig(num_steps=50_000, batch_size=10, device="cpu")

PAIRS = 5
"""One measurement at full speed differs from the next by a fifth."""
FULL_SPEED = 3.0
"""Seconds for which steps are counted, if a run has as many left."""
SHARE = 5
"""One of so many runs is trained at home as well."""


def beside(seconds: float = 10.0) -> list[Row]:
    """Two watched runs over two machines against two at home: frames, Pause, and steps at full speed, in turn."""
    with home() as near, cluster(2) as (_, _, far):
        here, there = _watched(near, seconds), _watched(far, seconds)
        both, alone = _in_turn(near, far, 2), _in_turn(near, far, 1)
    return [
        Row("frames of a run, at home", here[0], "frames/s"),
        Row("over two machines against at home", there[0] / here[0], goal=0.8),
        Row("Pause to paused, at home, median", here[1], "ms"),
        Row("over two machines, median", there[1], "ms", goal=1.2 * here[1], at_most=True),
        Row("this process, for each second of a watched run, at home", here[2], "ms"),
        Row("on the cluster", there[2], "ms"),
        Row("steps of two runs at full speed, each, at home", both[0], "steps/s"),
        Row("on the cluster against at home, median", both[1]),
        Row("steps of a run at full speed, at home", alone[0], "steps/s"),
        Row("on the cluster against at home, median", alone[1], goal=0.95),
    ]


def _watched(manager: Manager, seconds: float) -> tuple[float, float, float]:
    """Of two runs at once frames a second, milliseconds to a pause, and milliseconds of processor time a second.

    The last is what this process, which stands for the server, takes for each run, without what a web server adds.
    """
    runs = _begun(manager, 2, speed=30)
    before, begin, busy = [run.frame_number for run in runs], time.perf_counter(), time.process_time()
    time.sleep(seconds)
    took = time.perf_counter() - begin
    own = 1000 * (time.process_time() - busy) / took / len(runs)
    frames = statistics.fmean((run.frame_number - first) / took for run, first in zip(runs, before, strict=True))
    pauses = []
    for _ in range(10):
        for run in runs:
            begin = time.perf_counter()
            run.command("pause")
            until(lambda run=run: run.status == "paused", PATIENCE)  # type: ignore[misc]
            pauses.append(1000 * (time.perf_counter() - begin))
            run.command("play")
            until(lambda run=run: run.status == "running", PATIENCE)  # type: ignore[misc]
    _end(manager, runs)
    return frames, statistics.median(pauses), own


def _in_turn(near: Manager, far: Manager, count: int) -> tuple[float, float]:
    """Steps a second of each of so many runs at home, and the part of it that the cluster reaches, medians of pairs."""
    pairs = [(_full_speed(near, count), _full_speed(far, count)) for _ in range(PAIRS)]
    return statistics.median(here for here, _ in pairs), statistics.median(there / here for here, there in pairs)


def _full_speed(manager: Manager, count: int) -> float:
    """Steps a second of each of so many runs."""
    runs = _begun(manager, count, speed=0)
    before, begin = [run.step for run in runs], time.perf_counter()
    while time.perf_counter() - begin < FULL_SPEED and all(run.alive for run in runs):
        time.sleep(0.05)
    took = time.perf_counter() - begin
    speed = statistics.fmean((run.step - step) / took for run, step in zip(runs, before, strict=True))
    _end(manager, runs)
    return speed


def _begun(manager: Manager, count: int, speed: float) -> list[Run]:
    """So many watched runs that have taken their first steps."""
    runs = [manager.start(f"pupil {number}", CONFIG, speed=speed) for number in range(count)]
    for run in runs:
        run.watch(lambda: None)
        until(lambda run=run: run.step > 30, PATIENCE)  # type: ignore[misc]
    return runs


def _end(manager: Manager, runs: list[Run]) -> None:
    for run in runs:
        manager.stop(run)
        until(lambda run=run: not run.alive and run.connection is None, PATIENCE)  # type: ignore[misc]


def many(count: int = 200, steps: int = 2000, machines: int = 4, kill_every: float = 20.0) -> list[Row]:
    """Many runs handed in at once, on machines of one core that are killed at random, one after the other."""
    limits.PEOPLE = limits.RUNS_AT_ONCE = 2 * count
    configs = [CONFIG.changed(num_steps=steps, seed=seed % 50, lr=0.01 + 0.01 * (seed % 7)) for seed in range(count)]
    begin = time.perf_counter()
    expected = {config: _losses(config) for config in set(configs)}
    alone = (time.perf_counter() - begin) * count / len(expected)
    chance = random.Random(1)
    killed = 0
    with cluster(machines) as (made, _, manager):
        begin = time.perf_counter()
        runs = [manager.start(f"pupil {number}", config) for number, config in enumerate(configs)]
        while any(run.alive or run.connection for run in runs):
            if time.perf_counter() - begin > (killed + 1) * kill_every:
                made.remove_node(chance.choice(list(made.worker_nodes)), allow_graceful=False)
                killed += 1
                made.add_node(num_cpus=1)  # Ray wants this in the main thread
            time.sleep(0.2)  # to look more often would take what is measured
        took = time.perf_counter() - begin
        right = sum(_recorded_once(run, expected[run.config]) for run in runs)  # type: ignore[index]
    ideal = alone / min(machines, cores())
    engine = _at_home(configs[: max(1, count // SHARE)]) * SHARE
    return [
        Row("recorded once, with the numbers of home", float(right), "runs", goal=float(count)),
        Row("killed meanwhile", float(killed), "machines"),
        Row("ideal: the bare loops, on as many cores as there are", ideal, "s"),
        Row("the engine at home, as many runs at once as cores", engine, "s", note=f"from one run in {SHARE}"),
        Row("the cluster", took, "s"),
        Row("ideal / cluster", ideal / took),
        Row("home / cluster", engine / took),
    ]


def _at_home(configs: list[ClassifierConfig]) -> float:
    """Seconds for the runs here, as many at once as there are cores."""
    runs: list[Run] = []
    with home() as manager:
        begin = time.perf_counter()
        for number, config in enumerate(configs):
            while sum(run.alive or run.connection is not None for run in runs) >= cores():
                time.sleep(0.02)
            runs.append(manager.start(f"pupil {number}", config))
        while any(run.alive or run.connection for run in runs):
            time.sleep(0.02)
        return time.perf_counter() - begin


def _losses(config: ClassifierConfig) -> list[float]:
    trained = experiment("classifier")
    train = trained.fast(config) or trained.train
    return [snapshot.metrics["loss/train"] for snapshot in train(config, {}, None) if snapshot.metrics]


def _recorded_once(run: Run, losses: list[float]) -> bool:
    rows: list[Any] = [json.loads(line) for line in run.folder.metrics_file("run").read_text().splitlines()]
    steps = [row["step"] for row in rows] == list(range(1, len(losses) + 1))
    same = [row["loss/train"] for row in rows] == losses == run.history["run"]["loss/train"]["value"]
    return steps and same and run.status == "finished"


def said(times: int = 10) -> list[Row]:
    """How soon a run's watchers hear that its machine is lost, and how soon it trains again on one that is free."""
    told, back = [], []
    with cluster(2) as (made, places, manager):
        for number in range(times):
            until(lambda: places.ready() >= 2, PATIENCE)
            run = manager.start(f"pupil {number}", CONFIG, speed=30)
            run.watch(lambda: None)
            until(lambda run=run: run.step > 60, PATIENCE)  # type: ignore[misc]
            lost = machine_of(run, made, places)
            begin = time.perf_counter()
            killer = threading.Thread(target=made.remove_node, args=(lost, False))
            killer.start()
            until(lambda run=run: (run.message or {}).get("code") in ("node_lost", "moved"), PATIENCE)  # type: ignore[misc]
            told.append(time.perf_counter() - begin)
            step = run.step
            until(lambda run=run, step=step: run.step > step + 5, PATIENCE)  # type: ignore[misc]
            back.append(time.perf_counter() - begin)
            manager.stop(run)
            killer.join()
            made.add_node(num_cpus=1)
    return [
        Row("a machine is lost: said after, median", statistics.median(told), "s"),
        Row("said after, most", max(told), "s", goal=5.0, at_most=True),
        Row("the run is further than before, median", statistics.median(back), "s"),
    ]


PARTS = {"beside": beside, "many": many, "said": said}
"""The parts by name."""
