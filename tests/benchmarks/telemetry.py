"""What being watched costs, in a real worker at full speed; the memory of a worker; the time to the first frame.

Run: python -m tests.benchmarks.telemetry
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig

STEPS = 20_000
ROUNDS = 5


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


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(Store(Path(folder)))
        manager.warm()
        times = []
        for _ in range(10):
            took, run = first_frame(manager)
            times.append(took)
            if run.process is not None and run.process.pid and _ == 0:
                while run.step < 30:
                    time.sleep(0.01)
                parent = int(Path(f"/proc/{run.process.pid}/stat").read_text().split()[3])
                print(f"private memory of a worker: {private_megabytes(run.process.pid):.1f} MB")
                print(f"of the warm server it was forked from: {private_megabytes(parent):.1f} MB, app {os.getpid()}")
            manager.stop(run)
        print(f"start to first frame: median {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")
        for name, config in (
            ("defaults", ClassifierConfig(device="cpu", num_steps=STEPS)),
            ("six layers of 64", ClassifierConfig(device="cpu", num_steps=STEPS // 10, hidden_sizes=(64,) * 6)),
        ):
            ratios, rates = [], []
            for _ in range(ROUNDS):
                alone, _none = steps_per_second(manager, config, watched=False)
                seen, frames = steps_per_second(manager, config, watched=True)
                ratios.append(seen / alone)
                rates.append(frames)
            print(
                f"{name}: watched at {statistics.median(rates):.1f} frames/s it trains at "
                f"{statistics.median(ratios):.3f} x the speed unwatched ({min(ratios):.3f} to {max(ratios):.3f})"
            )
        manager.close()


if __name__ == "__main__":
    main()
