"""How long an epoch of a VGG's run takes on this machine: a few steps of it, measured as a job."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import torch

from core.experiments.vgg.config import VGGConfig
from core.experiments.vgg.loop import build_net, to_input
from core.optimizers import build_optimizer
from core.processes.jobs import Job, Jobs, Tell, limits_of_a_job

PATIENCE = 90.0
"""Seconds after which a measurement is given up."""
STEP_FLOPS = 3e11
"""About as many floating-point operations a measured step may take; of larger ones a part of the batch is measured."""
REMEMBERED = 100
RELEVANT = (
    "dataset", "own_images", "size", "in_channels", "cfg", "width", "batch_norm", "head", "optimizer", "batch_size",
    "precision", "channels_last",
)  # fmt: skip
"""The settings that the pace depends on."""


@dataclass(frozen=True)
class Cost:
    """How long the images of a run take.

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
    """Take two training steps and a test, after one of each that does not count, on random images."""
    torch.set_num_threads(1)
    images = int(max(2, min(config.batch_size, STEP_FLOPS // (3 * config.stack.flops))))
    image_set = config.image_set
    side = image_set.size
    shape = (images, side, side) if image_set.channels == 1 else (images, 3, side, side)
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


def report_cost(tell: Tell, folder: Path, config: VGGConfig) -> None:
    """`measure` as a job; tells "cost"."""
    tell({"kind": "cost", "cost": measure(config)})


class Measurement:
    """One config being measured."""

    def __init__(self, config: VGGConfig, job: Job):
        self.config = config
        self.job = job

    @property
    def done(self) -> bool:
        """Whether it has ended by itself; one that another request ended starts again."""
        return not self.job.alive and self.job.status != "ended"

    @property
    def cost(self) -> Cost | None:
        """What was measured; None before the end, or if it failed."""
        return next((event["cost"] for event in self.job.events), None)


_known: OrderedDict[str, Measurement] = OrderedDict()
_lock = threading.Lock()


def measured(config: VGGConfig, owner: str, jobs: Jobs) -> Measurement:
    """The measurement of a config, begun at the first call, whoever asked first.

    It is a job of its own purpose: a person's new request ends the one before, and nothing else of theirs. What was
    ended begins again, if it is still asked for, when the person's other measurement is done: two tabs take turns.

    Raises:
        Refused: too many people are waiting for the cores.
    """
    relevant = {name: getattr(config, name) for name in RELEVANT}
    on_cpu = VGGConfig.create({**relevant, "device": "cpu"})
    key = on_cpu.model_dump_json()
    with _lock:
        known = _known.get(key)
        busy = any(other.job.owner == owner and other.job.alive for other in _known.values())
        if known is None or (known.job.status == "ended" and not busy):
            limits = limits_of_a_job(PATIENCE, silence=None)
            _known[key] = Measurement(on_cpu, jobs.start(owner, report_cost, on_cpu, limits, purpose="cost"))
            if len(_known) > REMEMBERED:
                _known.popitem(last=False)
        return _known[key]
