"""What a small cfg learns of 10,000 real CIFAR-10 images in ten minutes of one core, by the app's own loop.

Run: python -m tests.benchmarks.vgg_cifar SAMPLE.npz [field=value ...]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from core.experiments.vgg import PRESETS, VGGConfig, train

VALUES = {"cfg": PRESETS["middle"], "flip": True, "shift": 3, "precision": "bfloat16", "num_epochs": 30}
MINUTES = 10


def kept_as_own_images(sample: Path, root: Path) -> str:
    """Put the sample where a person's own images are; returns its key."""
    arrays = np.load(sample)
    key = f"c1fa{0:012x}-{len(arrays['train_images'])}-{len(arrays['classes'])}-3"
    (root / "own").mkdir(parents=True, exist_ok=True)
    np.savez(
        root / "own" / f"{key}.npz",
        images=arrays["train_images"].transpose(0, 3, 1, 2),
        labels=arrays["train_labels"].astype(np.int64),
        test_images=arrays["test_images"].transpose(0, 3, 1, 2),
        test_labels=arrays["test_labels"].astype(np.int64),
        names=arrays["classes"],
    )
    return key


def main(sample: Path, *values: str) -> None:
    """Print the accuracy on all test images after each epoch."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCH_PLAYGROUND_DATA"] = folder
        key = kept_as_own_images(sample, Path(folder))
        settings = {**VALUES, **dict(value.split("=") for value in values)}
        config = VGGConfig.create({"dataset": "own", "own_images": key, "device": "cpu", **settings})
        began, start = time.process_time(), time.perf_counter()
        best = 0.0
        for snapshot in train(config, {}):
            if snapshot.step and snapshot.step % config.steps_per_epoch == 0:
                accuracy = snapshot.metrics["accuracy/test"]
                best = max(best, accuracy)
                core, clock = time.process_time() - began, time.perf_counter() - start
                took = f"{core:.0f} s of one core, {clock:.0f} s of the clock"
                print(f"epoch {snapshot.epoch}: {accuracy:.1%}, best {best:.1%}, {took}", flush=True)
                if core > 60 * MINUTES:
                    break


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
