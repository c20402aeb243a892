"""Turns on a machine that is made up here: cores that are shared evenly by all who want to work, and no other clock."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import pytest

from core.engine.run import Run
from core.engine.turns import LEAST_FRAMES, LEAST_FRAMES_AT_FULL_SPEED, MOST_FRAMES, Turns
from core.experiments.classifier import ClassifierConfig
from tests.waiting import until

TICK = 0.001
STEP = 0.0005
"""Seconds of the processor that a step takes."""
FRAME = 0.0026
"""And a frame."""


@dataclass
class Worker:
    """A worker of the made-up machine, which asks its Turns what the real one asks."""

    machine: Machine
    speed: float = 0
    watched: bool = True
    frame: float = FRAME
    used: float = 0.0
    steps: int = 0
    frames: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(len(self.machine.workers)).random
        self.turns = Turns(lambda: self.machine.now, lambda: self.used, self.chance)
        self.life = self.live()
        self.wish = next(self.life)

    def live(self) -> Generator[float | None, None, None]:
        """Yields the seconds of the processor that it wants; None where it rests until `due`."""
        self.due = self.machine.now + self.chance() / (self.speed or 1)  # not all in step
        while True:
            if self.machine.now < self.due:
                self.turns.rests()
                yield None
                self.turns.wakes(self.due)
            yield STEP
            self.steps += 1
            full_speed = not self.speed
            if self.watched and self.turns.frame_due(self.machine.now, full_speed):
                with self.turns.drawing():
                    yield self.frame
                self.frames += 1
            self.turns.look(self.machine.now, yielding=full_speed and not self.watched)
            next_step = max(self.due + 1 / (self.speed or 1), self.machine.now - 0.5)
            self.due = self.turns.rest_end if full_speed else next_step


@dataclass
class Machine:
    """Cores, and those who share them.

    Attributes:
        others: processes that always want to work.
        idle: seconds of the processor that nobody wanted.
    """

    cores: int = 2
    others: int = 0
    now: float = 0.0
    idle: float = 0.0
    workers: list[Worker] = field(default_factory=list)

    def run(self, seconds: float) -> Machine:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.now += TICK
            working = [worker for worker in self.workers if worker.wish is not None or worker.due <= self.now]
            wanting = len(working) + self.others
            share = min(1.0, self.cores / max(1, wanting)) * TICK
            self.idle += self.cores * TICK - wanting * share
            for worker in working:
                if worker.wish is None:
                    worker.wish = next(worker.life)
                left = share
                while worker.wish is not None and worker.wish <= left:
                    left -= worker.wish
                    worker.used += worker.wish
                    worker.wish = next(worker.life)
                if worker.wish is not None:
                    worker.used += left
                    worker.wish -= left
        return self

    def rates(self, seconds: float = 10.0) -> tuple[list[float], list[float]]:
        """Steps and frames a second of each worker, once all have come to know each other."""
        self.run(5.0)
        before = [(worker.steps, worker.frames) for worker in self.workers]
        self.run(seconds)
        steps = [(worker.steps - was) / seconds for worker, (was, _) in zip(self.workers, before, strict=True)]
        frames = [(worker.frames - was) / seconds for worker, (_, was) in zip(self.workers, before, strict=True)]
        return steps, frames

    def add(self, count: int, speed: float = 0, watched: bool = True, frame: float = FRAME) -> Machine:
        for _ in range(count):
            self.workers.append(Worker(self, speed, watched, frame))
        return self


# Frames


def test_alone_a_slowed_down_run_has_all_its_steps_and_the_most_frames() -> None:
    [steps], [frames] = Machine().add(1, speed=30).rates()
    assert steps == pytest.approx(30, rel=0.01)
    assert frames == pytest.approx(MOST_FRAMES, rel=0.05)


@pytest.mark.parametrize("frame", [0.0005, 0.0026, 0.0288])
def test_alone_at_full_speed_frames_cost_what_they_may(frame: float) -> None:
    [steps], [frames] = Machine().add(1, frame=frame).rates()
    assert steps * STEP >= 0.94
    assert frames <= MOST_FRAMES + 0.1
    assert frames * frame <= 0.055
    if frame < 0.002:
        assert frames == pytest.approx(MOST_FRAMES, rel=0.05) and steps * STEP >= 0.97


def test_thirty_slowed_down_have_their_steps_and_even_frames() -> None:
    steps, frames = Machine().add(30, speed=30).rates()
    assert min(steps) >= 29.5
    assert min(frames) >= 10


def test_sixty_slowed_down_have_as_many_frames_as_there_is_room_for() -> None:
    machine = Machine().add(60, speed=30)
    steps, frames = machine.rates()
    assert min(steps) >= 29.5
    assert min(frames) >= 6
    assert max(frames) - min(frames) <= 1


def test_what_else_runs_makes_frames_no_dearer() -> None:
    """Beside other people's work that takes 14 of 15 turns there are fewer frames, but not fewer than the least."""
    [steps], [frames] = Machine(cores=1, others=14).add(1, speed=30).rates()
    assert steps == pytest.approx(30, rel=0.02)
    assert LEAST_FRAMES - 0.2 <= frames < MOST_FRAMES
    [_], [at_full_speed] = Machine(cores=1, others=14).add(1).rates()
    assert at_full_speed >= LEAST_FRAMES_AT_FULL_SPEED - 0.2


def test_dear_frames_never_starve_the_training() -> None:
    """A slowed-down run has its steps, one at full speed three quarters of what it gets."""
    [steps], [frames] = Machine(cores=1, others=14).add(1, speed=30, frame=0.02).rates()
    assert steps >= 28 and frames > 1
    [steps], [frames] = Machine(cores=1, others=14).add(1, frame=0.02).rates()
    assert 0 < frames * 0.02 <= 0.27 * (frames * 0.02 + steps * STEP)


def test_a_new_focus_is_drawn_at_once() -> None:
    machine = Machine().add(1, frame=0.02)
    machine.run(3)
    [worker] = machine.workers
    with worker.turns.drawing():
        pass
    assert not worker.turns.frame_due(machine.now, full_speed=True)
    worker.turns.hasten()
    assert worker.turns.frame_due(machine.now, full_speed=True)
    assert worker.turns.frame_time(full_speed=False) == -math.inf


# Turns


def test_two_at_full_speed_advance_alike() -> None:
    steps, _ = Machine(cores=1).add(2).rates()
    assert steps[0] == pytest.approx(steps[1], rel=0.02)


def test_nobody_rests_where_there_is_room() -> None:
    machine = Machine().add(1).add(1, watched=False)
    steps, _ = machine.rates()
    assert steps[1] * STEP == pytest.approx(1, rel=0.01)


def test_those_that_nobody_watches_leave_the_processor_to_those_that_somebody_does() -> None:
    even, _ = Machine().add(30).rates()
    steps, _ = Machine().add(2).add(28, watched=False).rates()
    assert min(steps[:2]) >= 3 * max(even)
    assert min(steps[2:]) >= 0.6 * min(even), "but nobody stands still"


def test_a_slowed_down_run_has_its_steps_beside_all_others_at_full_speed() -> None:
    steps, frames = Machine().add(1, speed=30).add(29).rates()
    assert steps[0] == pytest.approx(30, rel=0.02)
    assert frames[0] >= LEAST_FRAMES - 0.2
    assert min(frames[1:]) >= LEAST_FRAMES_AT_FULL_SPEED - 0.2
    assert max(steps[1:]) <= 1.1 * min(steps[1:])


@pytest.mark.parametrize("count", [4, 8, 30])
def test_resting_leaves_the_machine_busy(count: int) -> None:
    machine = Machine().add(count, watched=False)
    machine.run(5)
    idle = machine.idle
    machine.run(10)
    steps = [worker.steps for worker in machine.workers]
    assert machine.idle - idle <= 0.03 * machine.cores * 10
    assert max(steps) <= 1.5 * min(steps)


def test_who_is_watched_again_rests_no_more() -> None:
    machine = Machine().add(2).add(28, watched=False)
    machine.run(5)
    worker = machine.workers[-1]
    before = worker.steps
    machine.run(5)
    unwatched = worker.steps - before
    worker.watched = True
    worker.turns.hasten()
    before = worker.steps
    machine.run(5)
    assert worker.steps - before > 2 * unwatched


# Real workers


@pytest.fixture
def race(start: Callable[..., Run]) -> Callable[[list[bool]], list[int]]:
    """Has runs train at full speed, all on one core, until the first has taken some thousand steps; how many each has.

    The argument says of each whether it is watched.
    """

    def steps(watched: list[bool]) -> list[int]:
        core = min(os.sched_getaffinity(0))
        runs = []
        for number, looked_at in enumerate(watched):
            run = start(ClassifierConfig(num_steps=50_000), owner=f"person {number}", paused=True)
            assert run.process is not None and run.process.pid is not None
            os.sched_setaffinity(run.process.pid, {core})
            run.watch(pass_by)
            if not looked_at:
                run.unwatch(pass_by)
            runs.append(run)
        until(lambda: all(run.frame is not None for run in runs))
        for run in runs:
            run.command("play")
        until(lambda: runs[0].step > 3000 and all(run.step for run in runs), state=lambda: [run.step for run in runs])
        for run in runs:
            run.command("pause")
        until(lambda: all(run.status == "paused" for run in runs))  # until then it is known to a tenth of a second only
        return [run.step for run in runs]

    return steps


def pass_by() -> None:
    """Watch, and do nothing."""


on_linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="one core for all can be had on Linux alone")


@on_linux
def test_real_runs_at_full_speed_advance_alike(race: Callable[[list[bool]], list[int]]) -> None:
    steps = race([True, True, True])
    assert max(steps) <= 1.5 * min(steps)


@on_linux
def test_a_real_run_that_is_watched_goes_first(race: Callable[[list[bool]], list[int]]) -> None:
    first, *others = race([True, False, False, False, False, False])
    assert sum(others) / len(others) <= 0.7 * first
