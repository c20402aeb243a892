"""What a config asks for: the same plan is built to be measured and written into the script to take home."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch.utils.data import DataLoader

from core.loading.config import LoadingConfig
from core.loading.datasets import DrawnShapes, ShapesInFiles, ShapesInMemory, SlowShapes, Stream
from core.loading.loop import OneTensor, floats, no_step, step_on_gpu, training_step

FOLDER = "images"
"""The folder, in the one where it runs, that the JPEGs are in."""


@dataclass(frozen=True)
class Call:
    """A class or function, and what it is called with."""

    function: Callable[..., Any]
    arguments: dict[str, Any]

    def __call__(self, *more: Any, **changes: Any) -> Any:
        return self.function(*more, **{**self.arguments, **changes})


def dataset(config: LoadingConfig) -> Call:
    """The call that makes the map-style Dataset."""
    both = {"samples": config.samples, "seed": config.seed}
    if config.dataset == "memory":
        return Call(ShapesInMemory, both)
    if config.dataset == "drawn":
        return Call(DrawnShapes, both)
    if config.dataset == "files":
        return Call(ShapesInFiles, {"folder": FOLDER})
    return Call(SlowShapes, {**both, "decode_ms": config.decode_ms, "decode": config.decode})


def stream(config: LoadingConfig) -> Call | None:
    """The IterableDataset around it, if there is one; called with the Dataset."""
    if config.style in ("stream", "split"):
        return Call(Stream, {"split": config.style == "split"})
    return None


def loader(config: LoadingConfig) -> Call:
    """What batches come from; called with the data set. Of a DataLoader's arguments only those that mean something."""
    if config.style == "tensor":
        return Call(OneTensor, {"batch_size": config.batch_size, "shuffle": config.shuffle})
    arguments: dict[str, Any] = {"batch_size": config.batch_size, "num_workers": config.num_workers}
    if config.style == "map":
        arguments["shuffle"] = config.shuffle
    if config.num_workers > 0:
        arguments["prefetch_factor"] = config.prefetch_factor
        arguments["persistent_workers"] = config.persistent_workers
        if config.context != "default":
            arguments["multiprocessing_context"] = config.context
    if config.drop_last:
        arguments["drop_last"] = True
    if config.pin_memory:
        arguments["pin_memory"] = True
    if config.collate_fn == "floats":
        arguments["collate_fn"] = floats
    return Call(DataLoader, arguments)


def step(config: LoadingConfig) -> Call:
    """The call that makes the training step."""
    if config.step == "cnn":
        return Call(training_step, {"seed": config.seed})
    if config.step == "accelerator":
        return Call(step_on_gpu, {"step_ms": config.step_ms})
    return Call(no_step, {})


def start_method(config: LoadingConfig) -> str:
    """How worker processes start: fork, spawn or forkserver."""
    return multiprocessing.get_context().get_start_method() if config.context == "default" else config.context
