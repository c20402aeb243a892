"""How soon a killed worker is noticed, and how soon nothing is left of a server that ended.

Run: python -m tests.benchmarks.ends
"""

import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

from core.engine.manager import Manager
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.browser.app import App
from tests.core.engine.test_worker_and_manager import pid_of
from tests.waiting import until, until_gone

TRIES = 10
CONFIG = ClassifierConfig(num_steps=50_000)


def told(manager: Manager) -> float:
    """Milliseconds from kill -9 of a worker to the status that says so."""
    run = manager.start("bench", CONFIG, speed=200)
    until(lambda: run.step > 20)
    start = time.perf_counter()
    os.kill(pid_of(run), signal.SIGKILL)
    until(lambda: run.status == "crashed")
    return 1000 * (time.perf_counter() - start)


def ended(folder: Path, how: signal.Signals) -> float:
    """Milliseconds from a server's signal until none of its processes is left."""
    app = App(folder)
    start = time.perf_counter()
    until_gone(app.end(how))
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        manager = Manager(Store(Path(name)))
        manager.warm()
        times = [told(manager) for _ in range(TRIES)]
        manager.close()
    print(
        f"kill -9 of a worker to the word of it: median {statistics.median(times):.0f} ms, at most {max(times):.0f} ms"
    )
    for how in (signal.SIGKILL, signal.SIGTERM):
        with tempfile.TemporaryDirectory() as name:
            print(f"{how.name} of a server to none of its processes: {ended(Path(name), how):.0f} ms")


if __name__ == "__main__":
    main()
