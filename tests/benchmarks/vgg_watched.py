"""VGG-16 at a quarter of its width in the app, watched by a real Chromium, against the plain float32 loop.

Run: python -m tests.benchmarks.vgg_watched
"""

import statistics
import tempfile
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
    with tempfile.TemporaryDirectory() as folder, watched_app(Path(folder)) as steps_per_second:
        for _round in range(ROUNDS):
            loop = plain()
            for precision in speeds:
                path = f"/vgg?precision={precision}&batch_size={BATCH}&evaluate_every=1000&num_epochs=40"
                speeds[precision].append(BATCH * steps_per_second(path))
                ratios[precision].append(speeds[precision][-1] / loop)
    for precision, found in ratios.items():
        fastest, ratio = max(speeds[precision]), statistics.median(found)
        print(f"{precision}, watched: {fastest:,.0f} images/s, {ratio:.2f} x the plain loop ({ROUNDS} rounds)")


if __name__ == "__main__":
    main()
