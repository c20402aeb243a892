"""What being watched costs, in a real worker at full speed; the memory of a worker; the time to the first frame.

Run: python -m tests.benchmarks.telemetry
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.benchmarks.rows import Row

STEPS = 20_000
ROUNDS = 5
CASES = {
    "defaults": ClassifierConfig(device="cpu", num_steps=STEPS),
    "six layers of 64": ClassifierConfig(device="cpu", num_steps=STEPS // 10, hidden_sizes=(64,) * 6),
}


@dataclass(frozen=True)
class Watched:
    """What being watched costs.

    Attributes:
        rates: frames a second, in each round.
        ratios: its speed by the speed unwatched.
    """

    rates: list[float]
    ratios: list[float]


@contextmanager
def warm_manager() -> Iterator[Manager]:
    """A manager of its own, warm."""
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(Store(Path(folder)))
        manager.warm()
        yield manager
        manager.close()


def steps_per_second(manager: Manager, config: ClassifierConfig, watched: bool) -> tuple[float, float]:
    """Steps and frames a second of a whole run, from its first to its last report."""

    def watcher() -> None:
        pass

    run = manager.start("bench", config, speed=0, paused=True)
    if watched:
        run.watch(watcher)
    else:
        run.command("watch", False)
    while run.frame is None:
        time.sleep(0.001)
    frames, start = run.frame_number, time.perf_counter()
    run.command("play")
    while run.alive:
        time.sleep(0.002)
    seconds = time.perf_counter() - start
    return run.step / seconds, (run.frame_number - frames) / seconds


def private_megabytes(process: int) -> float:
    """Memory that only this process holds."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024


def first_frame(manager: Manager) -> tuple[float, Run]:
    """Milliseconds from the order to the first frame."""
    start = time.perf_counter()
    run = manager.start("bench", ClassifierConfig(device="cpu", num_steps=50_000), speed=30)
    while run.frame is None:
        time.sleep(0.0005)
    return 1000 * (time.perf_counter() - start), run


def memory(run: Run) -> tuple[float, float]:
    """Private megabytes of a run's worker after 30 steps, and of the warm server that it was forked from."""
    while run.step < 30:
        time.sleep(0.01)
    assert run.process is not None and run.process.pid
    parent = int(Path(f"/proc/{run.process.pid}/stat").read_text().split()[3])
    return private_megabytes(run.process.pid), private_megabytes(parent)


def watched(manager: Manager, config: ClassifierConfig) -> Watched:
    """Speeds watched and unwatched, in turn."""
    rates, ratios = [], []
    for _ in range(ROUNDS):
        alone, _none = steps_per_second(manager, config, watched=False)
        seen, frames = steps_per_second(manager, config, watched=True)
        ratios.append(seen / alone)
        rates.append(frames)
    return Watched(rates, ratios)


def rows() -> list[Row]:
    """Its rows of the table."""
    goals = {"six layers of 64": (10.0, 0.95), "defaults": (12.0, 0.97)}
    made = []
    with warm_manager() as manager:
        for name, (frames, share) in goals.items():
            seen = watched(manager, CASES[name])
            made.append(Row(f"{name}, at full speed, watched", statistics.median(seen.rates), "frames/s", frames))
            made.append(Row(f"{name}, speed watched / unwatched", statistics.median(seen.ratios), goal=share))
        _took, run = first_frame(manager)
        made.append(Row("private memory of a worker, alone", memory(run)[0], "MB", 20, at_most=True))
    return made


def main() -> None:
    """Print the figures."""
    with warm_manager() as manager:
        times = []
        for number in range(10):
            took, run = first_frame(manager)
            times.append(took)
            if number == 0:
                worker, server = memory(run)
                print(f"private memory of a worker: {worker:.1f} MB")
                print(f"of the warm server it was forked from: {server:.1f} MB, app {os.getpid()}")
            manager.stop(run)
        print(f"start to first frame: median {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")
        for name, config in CASES.items():
            seen = watched(manager, config)
            print(
                f"{name}: watched at {statistics.median(seen.rates):.1f} frames/s it trains at "
                f"{statistics.median(seen.ratios):.3f} x the speed unwatched "
                f"({min(seen.ratios):.3f} to {max(seen.ratios):.3f})"
            )


if __name__ == "__main__":
    main()
