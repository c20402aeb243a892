"""The CNN in the app, watched by a real Chromium, against the tutorial's loop: images a second as a ratio in one run.

Run: TORCH_PLAYGROUND_DATA=FOLDER_WITH_MNIST python -m tests.benchmarks.cnn_watched
"""

import os
import statistics
from pathlib import Path

import torch

from tests.benchmarks.cnn_speed import tutorial
from tests.benchmarks.watched import watched_app

ROUNDS = 5
BATCH = 50


def main() -> None:
    """Print the ratios, rounds in turn."""
    torch.set_num_threads(1)
    ratios: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    with watched_app(Path(os.environ["TORCH_PLAYGROUND_DATA"])) as steps_per_second:
        for _round in range(ROUNDS):
            plain = tutorial()
            for precision, measured_ratios in ratios.items():
                speed = BATCH * steps_per_second(f"/cnn?dataset=mnist&precision={precision}&evaluate_every=1000")
                measured_ratios.append(speed / plain)
    for precision, measured_ratios in ratios.items():
        print(f"{precision}, watched: {statistics.median(measured_ratios):.2f} x the tutorial's loop ({ROUNDS} pairs)")


if __name__ == "__main__":
    main()
