"""The CNN in the app, watched by a real Chromium, against the tutorial's loop: images a second as a ratio in one run.

Run: python -m tests.benchmarks.cnn_watched
"""

import statistics

import torch

from tests.benchmarks.cnn_speed import tutorial
from tests.benchmarks.repeated_digits import mnist_of_digits
from tests.benchmarks.rows import Row
from tests.benchmarks.watched import watched_app

ROUNDS = 5
BATCH = 50


def measure(precisions: tuple[str, ...]) -> dict[str, float]:
    """The median ratio of each precision, rounds in turn."""
    torch.set_num_threads(1)
    ratios: dict[str, list[float]] = {precision: [] for precision in precisions}
    with mnist_of_digits() as folder, watched_app(folder) as steps_per_second:
        for _round in range(ROUNDS):
            plain = tutorial()
            for precision, measured_ratios in ratios.items():
                speed = BATCH * steps_per_second(f"/cnn?dataset=mnist&precision={precision}&evaluate_every=1000")
                measured_ratios.append(speed / plain)
    return {precision: statistics.median(measured_ratios) for precision, measured_ratios in ratios.items()}


def rows() -> list[Row]:
    """Its row of the table."""
    return [Row("CNN, float32, watched / the tutorial's loop", measure(("float32",))["float32"], goal=2.0)]


def main() -> None:
    """Print the ratios."""
    for precision, ratio in measure(("float32", "bfloat16")).items():
        print(f"{precision}, watched: {ratio:.2f} x the tutorial's loop ({ROUNDS} pairs)")


if __name__ == "__main__":
    main()
