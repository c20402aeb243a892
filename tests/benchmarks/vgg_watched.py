"""VGG-16 at a quarter of its width in the app, watched by a real Chromium, against the plain float32 loop.

On as many images as MNIST has, so that no test at the end of an epoch falls into what is measured: the plain loop has
none.

Run: python -m tests.benchmarks.vgg_watched
"""

import statistics

import torch

from tests.benchmarks.repeated_digits import mnist_of_digits
from tests.benchmarks.rows import Row
from tests.benchmarks.vgg_speed import BATCH, plain
from tests.benchmarks.watched import watched_app

ROUNDS = 3


def measure(precisions: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Of each precision the fastest images a second and the median ratio, rounds in turn."""
    torch.set_num_threads(1)
    speeds: dict[str, list[float]] = {precision: [] for precision in precisions}
    ratios: dict[str, list[float]] = {precision: [] for precision in precisions}
    with mnist_of_digits() as folder, watched_app(folder) as steps_per_second:
        for _round in range(ROUNDS):
            loop = plain()
            for precision in speeds:
                path = f"/vgg?dataset=mnist&precision={precision}&batch_size={BATCH}&evaluate_every=1000"
                speeds[precision].append(BATCH * steps_per_second(path))
                ratios[precision].append(speeds[precision][-1] / loop)
    return {precision: (max(speeds[precision]), statistics.median(ratios[precision])) for precision in precisions}


def rows() -> list[Row]:
    """Its rows of the table."""
    speed, ratio = measure(("float32",))["float32"]
    return [
        Row("VGG at 1/4 width, float32, watched / the plain loop", ratio, goal=1.25),
        Row("VGG at 1/4 width, float32, watched", speed, "images/s"),
    ]


def main() -> None:
    """Print images a second and the ratios."""
    for precision, (speed, ratio) in measure(("float32", "bfloat16")).items():
        print(f"{precision}, watched: {speed:,.0f} images/s, {ratio:.2f} x the plain loop ({ROUNDS} rounds)")


if __name__ == "__main__":
    main()
