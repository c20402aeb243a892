"""The settings of one measurement of a DataLoader."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Literal

from core.config import Config, Problem, setting

PYTORCH = "PyTorch's default"
LONGEST_BATCH = 4.0
"""Seconds that one batch may take to be decoded."""
MOST_FRESH = 4
"""Workers that may start as a fresh Python, each with some 300 MB of its own."""
FRESH = ("spawn", "forkserver")
LOADER = ("map", "stream", "split")
"""Styles that a DataLoader reads."""


class LoadingConfig(Config):
    """What is loaded, by what DataLoader, and what the training does with it."""

    experiment: ClassVar[str] = "loading"

    # fmt: off
    dataset: Literal["memory", "drawn", "files", "slow"] = setting(
        "slow", label="Data set", group="data", folded=False,
        choices={
            "memory": "images in memory", "drawn": "images drawn on the spot", "files": "JPEG files",
            "slow": "a slow decode",
        },
        help="Where a sample comes from. The time that one sample takes decides whether workers pay off.",
    )
    decode_ms: int = setting(
        5, label="Decode (ms per sample)", group="data", low=0, high=50, step=1, folded=False,
        shown_if=("dataset", ("slow",)),
        help="How long it takes to decode one sample. A photo of 12 megapixels takes 50 ms or more.",
    )
    decode: Literal["computing", "waiting"] = setting(
        "computing", label="The decode is", group="data", folded=False, shown_if=("dataset", ("slow",)),
        choices={"computing": "computing", "waiting": "waiting"},
        help="Computing keeps a core busy, as a JPEG does. Waiting, as for a slow disk or network, leaves it free.",
    )
    file_size: Literal[64, 128, 256] = setting(
        256, label="Side of the JPEGs (pixels)", group="data", folded=False, shown_if=("dataset", ("files",)),
        choices={64: "64", 128: "128", 256: "256"},
        help="Each file is read, decoded and reduced to 32 x 32. Four times the pixels are four times the work.",
    )
    style: Literal["map", "stream", "split", "tensor"] = setting(
        "map", label="Read as", group="data", folded=False,
        choices={
            "map": "Dataset (by index)", "stream": "IterableDataset, not split",
            "split": "IterableDataset, split among workers", "tensor": "one tensor, no DataLoader",
        },
        help="Read samples by index, as a stream, or all at once into one tensor that is then indexed.",
    )
    samples: int = setting(
        256, label="Samples", group="data", low=32, high=2048, step=32,
        help="Samples in the data set. With more of them an epoch is longer and the measured times vary less.",
    )
    num_workers: int = setting(
        0, label="num_workers", group="loader", low=0, high=8, step=1, folded=False, source=PYTORCH,
        help="Processes that prepare batches in advance. With 0 the training fetches each itself and waits for it.",
    )
    batch_size: int = setting(
        32, label="batch_size", group="loader", low=1, high=256, step=1, folded=False,
        help="Samples in a batch. One worker always makes a whole batch.",
    )
    prefetch_factor: int = setting(
        2, label="prefetch_factor", group="loader", low=1, high=8, step=1, source=PYTORCH,
        help="Batches that each worker may prepare in advance. More of them compensate for slow ones, but need memory.",
    )
    persistent_workers: bool = setting(
        False, label="persistent_workers", group="loader", source=PYTORCH,
        help="Keep the workers after an epoch. Otherwise each epoch starts new ones.",
    )
    shuffle: bool = setting(
        False, label="shuffle", group="loader", source=PYTORCH,
        help="Use a new order in each epoch. This takes almost no time, because only indices are shuffled.",
    )
    drop_last: bool = setting(
        False, label="drop_last", group="loader", source=PYTORCH,
        help="Leave out the last batch if it isn't full.",
    )
    pin_memory: bool = setting(
        False, label="pin_memory", group="loader", source=PYTORCH,
        help="Copy batches into memory that a GPU can read by itself. Without a GPU it only causes a warning.",
    )
    collate_fn: Literal["default", "floats"] = setting(
        "default", label="collate_fn", group="loader", source=PYTORCH,
        choices={"default": "default_collate", "floats": "floats made by the worker"},
        help="How samples become a batch. As floats, four times as many bytes travel from worker to training.",
    )
    context: Literal["default", "fork", "forkserver", "spawn"] = setting(
        "default", label="multiprocessing_context", group="loader", source=PYTORCH,
        choices={"default": "this system's default", "fork": "fork", "forkserver": "forkserver", "spawn": "spawn"},
        help="How a worker starts: fork copies the process; spawn starts a new Python, as on Windows and macOS.",
    )
    step: Literal["none", "cnn", "accelerator"] = setting(
        "cnn", label="Training step", group="training", folded=False,
        choices={
            "none": "none, only load", "cnn": "a small CNN on the CPU", "accelerator": "as on a GPU: the CPU waits",
        },
        help="What is done with each batch. On the CPU it competes with the workers for cores; on a GPU it would not.",
    )
    step_ms: int = setting(
        20, label="Step (ms per batch)", group="training", low=0, high=100, step=5, folded=False,
        shown_if=("step", ("accelerator",)),
        help="How long the CPU waits for the GPU with each batch. Workers can't shorten this.",
    )
    num_epochs: int = setting(
        2, label="Epochs", group="training", low=1, high=5, step=1, folded=False,
        help="Passes through the data. The first one includes the start of the workers.",
    )
    seed: int = setting(
        1, label="Seed", group="training", low=0, high=9999, step=1,
        help="Fixes the images, their order and the first weights. Times still differ from run to run.",
    )
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.style != "tensor":
            yield from self._loader_problems()
        if self.dataset == "slow" and self.batch_size * self.decode_ms / 1000 > LONGEST_BATCH:
            yield Problem(
                "decode_ms",
                "One batch would take {seconds} s: choose a smaller batch_size or a shorter decode.",
                {"seconds": f"{self.batch_size * self.decode_ms / 1000:.1f}"},
            )
        if self.drop_last and self.batches_per_epoch == 0:
            yield Problem("drop_last", "No batch would be full, so with drop_last none is left.")

    def _loader_problems(self) -> Iterator[Problem]:
        if self.persistent_workers and self.num_workers == 0:
            yield Problem("persistent_workers", "DataLoader refuses persistent_workers without workers.")
        if self.shuffle and self.style in ("stream", "split"):
            yield Problem("shuffle", "DataLoader refuses to shuffle an IterableDataset: a stream has its own order.")
        if self.context in FRESH and self.num_workers > MOST_FRESH:
            yield Problem(
                "num_workers",
                "At most {count} workers with spawn or forkserver here: each needs some 300 MB.",
                {"count": MOST_FRESH},
            )

    @property
    def parts(self) -> list[int]:
        """The samples that each stream of an epoch has: one for all, or with an IterableDataset one for each worker."""
        workers = max(1, self.num_workers)
        if self.style == "stream":
            return [self.samples] * workers
        if self.style == "split":
            return [len(range(first, self.samples, workers)) for first in range(workers)]
        return [self.samples]

    @property
    def batches_per_epoch(self) -> int:
        """Batches that an epoch has."""
        if self.drop_last and self.style != "tensor":
            return sum(part // self.batch_size for part in self.parts)
        return sum(math.ceil(part / self.batch_size) for part in self.parts)

    def with_workers(self, num_workers: int) -> LoadingConfig:
        """The same with another number of workers, and all that goes with it (raises ConfigError)."""
        persistent = self.persistent_workers and num_workers > 0
        return self.changed(num_workers=num_workers, persistent_workers=persistent)
