"""What two workers gain with a decode of 5 ms, and whether the page's figures agree with the exported script's.

Run: python -m tests.benchmarks.loading
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from core.engine.manager import Manager
from core.engine.store import Store
from core.loading.config import LoadingConfig
from core.loading.measure import Order, Result, measure
from core.loading.script import script
from core.loading.situations import SITUATIONS, situation
from core.processes.jobs import Jobs

ROUNDS = 5
MOST_TRIES = 15
QUIET = 0.25
"""Cores that other programs may keep busy: with more, a round says nothing."""


def measured(jobs: Jobs, configs: list[LoadingConfig]) -> list[Result]:
    """The results that the page shows of these settings."""
    job = jobs.start("benchmark", measure, Order(configs))
    job.over.wait()
    assert job.status == "finished", job.problem
    return [event["result"] for event in job.events if event["kind"] == "result"]


def alone(config: LoadingConfig, folder: Path) -> float:
    """Batches per second as the exported script prints them, in a Python of its own."""
    path = folder / "loading.py"
    path.write_text(script(config))
    ran = subprocess.run([sys.executable, "-I", path], capture_output=True, text=True, check=True, cwd=folder)
    rate: float = json.loads(ran.stdout.splitlines()[-1])["batches_per_second"]
    return rate


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manager = Manager(Store(folder / "data"))
        manager.warm()
        jobs = Jobs(lambda owner: True, at_once=1)
        configs = list(situation("slow"))
        pages: list[list[float]] = []
        scripts: list[list[float]] = []
        tries = 0
        while len(pages) < ROUNDS and tries < MOST_TRIES:
            tries += 1
            results = measured(jobs, configs)
            own = [alone(config, folder) for config in configs]
            others = [result.others or 0.0 for result in results]
            if max(others) < QUIET:
                pages.append([result.rate for result in results])
                scripts.append(own)
        print(f"{len(pages)} of {tries} rounds were quiet: others kept less than {QUIET} cores busy")
        if not pages:
            return
        none, two = (statistics.median(column) for column in zip(*pages, strict=True))
        gains = sorted(b / a for a, b in pages)
        print(f"decode of 5 ms: {none:.2f} batches/s without workers, {two:.2f} with two")
        print(f"gain of two workers: median {statistics.median(gains):.2f} x, from {gains[0]:.2f} to {gains[-1]:.2f}")
        for number, title in enumerate(("no worker", "two workers")):
            ratios = sorted(page[number] / run[number] for page, run in zip(pages, scripts, strict=True))
            print(f"page / exported script, {title}: median {statistics.median(ratios):.3f}, {ratios}")
        for kind in SITUATIONS:
            a, b = measured(jobs, list(situation(kind)))
            summary = " | ".join(
                f"{r.rate:.1f}/s idle {r.idle:.0%} epochs {[round(s, 2) for s in r.epochs]} prepared {r.prepared:.2f} "
                f"others {r.others if r.others is None else round(r.others, 1)}"
                for r in (a, b)
            )
            print(f"{kind}: B/A {b.rate / a.rate:.2f}: {summary}")
        jobs.close()
        manager.close()


if __name__ == "__main__":
    main()
