"""How long an epoch of a run takes on this machine: a few steps of it, measured in a process of its own.

python -m core.processes.cost vgg field=value ...      measure, and print what was found as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from core.config import TrainingConfig
from core.experiments.vgg import VGGConfig, build_net, to_input
from core.optimizers import build_optimizer

PATIENCE = 90.0
"""Seconds after which a measurement is given up."""
STEP_FLOPS = 3e11
"""About as many floating-point operations a measured step may take; of larger ones a part of the batch is measured."""
REMEMBERED = 100


@dataclass(frozen=True)
class Cost:
    """What a run takes.

    Attributes:
        train: seconds for one training image, forward, backward and its share of the step.
        test: seconds for one test image.
        images: images in a measured step.
    """

    train: float
    test: float
    images: int

    def epoch(self, config: VGGConfig) -> float:
        """Seconds that an epoch takes, with its evaluations."""
        between = max(0, config.steps_per_epoch // config.evaluate_every) * min(1000, config.image_set.test)
        return config.n_train * self.train + (between + config.image_set.test) * self.test


def measure(config: VGGConfig) -> Cost:
    """Take two training steps and a test, after one of each that does not count, on images of chance."""
    torch.set_num_threads(1)
    images = int(max(2, min(config.batch_size, STEP_FLOPS // (3 * config.stack.flops))))
    known = config.image_set
    shape = (images, known.size, known.size) if known.channels == 1 else (images, 3, known.size, known.size)
    pixels, labels = torch.randint(256, shape, dtype=torch.uint8), torch.randint(config.n_classes, (images,))
    net, loss_func = build_net(config), torch.nn.CrossEntropyLoss()
    optimizer = build_optimizer(config, net)
    half = config.precision == "bfloat16"

    def step() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = loss_func(net(to_input(config, pixels)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def test() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            net(to_input(config, pixels))

    step()
    start = time.perf_counter()
    step()
    step()
    trained = (time.perf_counter() - start) / 2
    net.eval()
    test()
    start = time.perf_counter()
    test()
    return Cost(trained / images, (time.perf_counter() - start) / images, images)


class Measurement:
    """One config being measured.

    Attributes:
        cost: what was found; None before, or if it failed.
        done: whether it has ended.
    """

    def __init__(self, config: TrainingConfig):
        self.config = config
        self.cost: Cost | None = None
        self.done = False

    def run(self) -> None:
        """Measure in a process of its own, and wait for it."""
        values = [f"{name}={value}" for name, value in self.config.to_query().items()]
        command = [sys.executable, "-m", "core.processes.cost", *values]
        try:
            told = subprocess.run(
                command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=PATIENCE, check=True
            )
            self.cost = Cost(**json.loads(told.stdout))
        except (subprocess.SubprocessError, ValueError, OSError):
            self.cost = None
        self.done = True


_known: OrderedDict[str, Measurement] = OrderedDict()
_waiting: list[Measurement] = []
_lock = threading.Lock()


def measured(config: VGGConfig) -> Measurement:
    """The measurement of a config, begun at the first call; one is made at a time, the newest wish first."""
    relevant = {name: getattr(config, name) for name in RELEVANT}
    asked = VGGConfig.create(relevant)
    key = asked.model_dump_json()
    with _lock:
        if key not in _known:
            _known[key] = Measurement(asked)
            _waiting.append(_known[key])
            if len(_known) > REMEMBERED:
                _known.popitem(last=False)
            if len(_waiting) == 1:
                threading.Thread(target=_work, name="measure", daemon=True).start()
        return _known[key]


RELEVANT = (
    "dataset", "own_images", "size", "in_channels", "cfg", "width", "batch_norm", "head", "optimizer", "batch_size",
    "precision", "channels_last",
)  # fmt: skip
"""The settings that the pace depends on."""


def _work() -> None:
    while True:
        with _lock:
            if not _waiting:
                return
            newest = _waiting[-1]
        newest.run()
        with _lock:
            _waiting.remove(newest)


def main(values: Sequence[str]) -> None:
    """Measure a config from field=value texts."""
    config = VGGConfig.create(dict(value.split("=", 1) for value in values)).changed(device="cpu")
    print(json.dumps(measure(config).__dict__))


if __name__ == "__main__":
    main(sys.argv[1:])
