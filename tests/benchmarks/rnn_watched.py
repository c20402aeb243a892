"""The RNN in the app, watched by a real Chromium, against the tutorial's loop: steps a second as a ratio in one run.

Run: python -m tests.benchmarks.rnn_watched
"""

import statistics
import tempfile
from pathlib import Path

import torch

from tests.benchmarks.rnn_speed import CASES, tutorial
from tests.benchmarks.watched import watched_app

ROUNDS = 3


def main() -> None:
    """Print the ratios, rounds in turn."""
    torch.set_num_threads(1)
    tutorial("RNN", 10, 20)
    with tempfile.TemporaryDirectory() as folder, watched_app(Path(folder)) as steps_per_second:
        for cell, time_steps, steps in CASES:
            ratios = []
            for _round in range(ROUNDS):
                plain = tutorial(cell, time_steps, steps)
                ratios.append(steps_per_second(f"/rnn?cell={cell}&time_steps={time_steps}&num_steps=50000") / plain)
            print(f"{cell}, {time_steps} points, watched: {statistics.median(ratios):.2f} x the tutorial's loop")


if __name__ == "__main__":
    main()
