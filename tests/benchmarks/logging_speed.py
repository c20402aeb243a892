"""What logging scalars costs: a run's loop with its log around it against the loop alone. Ratios, from one run.

Run: python -m tests.benchmarks.logging_speed
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from core.experiments import experiment
from core.tensorboard.config import LogConfig
from core.tensorboard.logbook import Logbook

ROUNDS = 31
"""Pairs in turn; the fastest of each is the one that nothing else on the machine disturbed."""
RUNS: dict[str, dict[str, Any]] = {
    "classifier": {"device": "cpu", "num_steps": 1000},
    "cnn": {"device": "cpu", "num_epochs": 1},
    "rnn": {"device": "cpu", "num_steps": 1000},
}
SCALARS = LogConfig(graph=False, images=False, hparams=False)
"""Loss, accuracy, test curves and learning rate, every 50 steps."""


def seconds(name: str, logged: bool) -> float:
    """Processor seconds that a run's steps take, from the first to the last, with the flush of its log."""
    trained = experiment(name)
    config = trained.config.create(RUNS[name])
    with tempfile.TemporaryDirectory() as folder:
        book = Logbook(config, SCALARS, Path(folder), 10**9) if logged else None
        steps = trained.train(config, {})
        first = next(steps)
        if book is not None:
            book.describe(first)
        start = time.process_time()
        for snapshot in steps:
            if book is not None:
                book.after(snapshot)
        if book is not None:
            book.end(snapshot, True)
        return time.process_time() - start


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    for name in RUNS:
        pairs = [(seconds(name, False), seconds(name, True)) for _ in range(ROUNDS)]
        fastest = min(with_log for _, with_log in pairs) / min(plain for plain, _ in pairs)
        median = statistics.median(with_log / plain for plain, with_log in pairs)
        print(f"{name}: with scalars logged every 50 steps {fastest:.3f} x the time (median of the pairs {median:.3f})")


if __name__ == "__main__":
    main()
