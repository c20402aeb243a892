"""Notes of when each worker fetched what, which travel to the training together with the batch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import Dataset, IterableDataset, get_worker_info

Note = tuple[int, int, float, float, int]
"""Who fetched a batch (a worker's number, -1: the training), its process, from when to when, and how many samples."""


class Clock:
    """When the batch in the making was begun. Each worker has its own, shared by its Dataset and its collate_fn."""

    def __init__(self) -> None:
        self.start: float | None = None

    def begin(self) -> None:
        """Store when the first sample was begun."""
        if self.start is None:
            self.start = time.perf_counter()


class Noted(Dataset[Any]):
    """A map-style data set that says when it is asked for a batch."""

    def __init__(self, dataset: Any, clock: Clock):
        self.dataset = dataset
        self.clock = clock

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        self.clock.begin()
        return self.dataset[index]


class NotedStream(IterableDataset[Any]):
    """An IterableDataset that notes when each of its samples was fetched."""

    def __init__(self, dataset: Any, clock: Clock):
        self.dataset = dataset
        self.clock = clock

    def __iter__(self) -> Iterator[Any]:
        self.clock.start = None
        samples = iter(self.dataset)
        while True:
            self.clock.begin()
            try:
                yield next(samples)
            except StopIteration:
                return


class NotedCollate:
    """A collate_fn that puts a `Note` beside its batch."""

    def __init__(self, collate_fn: Callable[[list[Any]], Any], clock: Clock):
        self.collate_fn = collate_fn
        self.clock = clock

    def __call__(self, samples: list[Any]) -> tuple[Any, Note]:
        batch = self.collate_fn(samples)
        start, self.clock.start = self.clock.start or time.perf_counter(), None
        worker = get_worker_info()
        return batch, (worker.id if worker else -1, os.getpid(), start, time.perf_counter(), len(samples))
