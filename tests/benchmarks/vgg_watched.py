"""VGG-16 at a quarter of its width in the app, watched by a real Chromium, against the plain float32 loop.

On the whole of MNIST, where no test at the end of an epoch falls into what is measured: the plain loop has none.

Run: TORCH_PLAYGROUND_DATA=FOLDER_WITH_MNIST python -m tests.benchmarks.vgg_watched
"""

import os
import statistics
from pathlib import Path

import torch

from tests.benchmarks.vgg_speed import BATCH, plain
from tests.benchmarks.watched import watched_app

ROUNDS = 3


def main() -> None:
    """Print images a second and the ratios, rounds in turn."""
    torch.set_num_threads(1)
    speeds: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    ratios: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    with watched_app(Path(os.environ["TORCH_PLAYGROUND_DATA"])) as steps_per_second:
        for _round in range(ROUNDS):
            loop = plain()
            for precision in speeds:
                path = f"/vgg?dataset=mnist&precision={precision}&batch_size={BATCH}&evaluate_every=1000"
                speeds[precision].append(BATCH * steps_per_second(path))
                ratios[precision].append(speeds[precision][-1] / loop)
    for precision, measured_ratios in ratios.items():
        fastest, ratio = max(speeds[precision]), statistics.median(measured_ratios)
        print(f"{precision}, watched: {fastest:,.0f} images/s, {ratio:.2f} x the plain loop ({ROUNDS} rounds)")


if __name__ == "__main__":
    main()
