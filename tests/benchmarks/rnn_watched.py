"""The RNN in the app, watched by a real Chromium, against the tutorial's loop: steps a second as a ratio in one run.

Run: python -m tests.benchmarks.rnn_watched
"""

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from tests.benchmarks.rnn_speed import CASES, HIDDEN, tutorial
from tests.benchmarks.rows import Row
from tests.benchmarks.watched import watched_app

ROUNDS = 3
Case = tuple[str, int, int, int]
"""A cell, points in a window, steps of the tutorial's loop, and units."""


def measure(cases: Sequence[Case]) -> Iterator[tuple[Case, float]]:
    """The median ratio of each case, rounds in turn."""
    torch.set_num_threads(1)
    tutorial("RNN", 10, 20)
    with tempfile.TemporaryDirectory() as folder, watched_app(Path(folder)) as steps_per_second:
        for cell, time_steps, steps, hidden in cases:
            path = f"/rnn?cell={cell}&time_steps={time_steps}&hidden_size={hidden}&num_steps=50000"
            ratios = []
            for _round in range(ROUNDS):
                plain = tutorial(cell, time_steps, steps, hidden)
                ratios.append(steps_per_second(path) / plain)
            yield (cell, time_steps, steps, hidden), statistics.median(ratios)


def rows() -> list[Row]:
    """Its rows of the table: 100 points in a window, and 100 units."""
    (_, points), (_, units) = measure([("RNN", 100, 120, HIDDEN), ("RNN", 10, 400, 100)])
    return [
        Row("RNN with 100 points in a window, watched / the tutorial's loop", points, goal=2.0),
        Row("RNN with 100 units, watched / the tutorial's loop", units),
    ]


def main() -> None:
    """Print the ratios."""
    for (cell, time_steps, _, _), ratio in measure([(*case, HIDDEN) for case in CASES]):
        print(f"{cell}, {time_steps} points, watched: {ratio:.2f} x the tutorial's loop")


if __name__ == "__main__":
    main()
