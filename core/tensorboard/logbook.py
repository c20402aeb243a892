"""Logs a run around its training loop: what, when, at what cost, and until the budget is spent or the disk is full."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.config import TrainingConfig
from core.experiments import experiment
from core.snapshot import Snapshot, undisturbed
from core.tensorboard import lines
from core.tensorboard.config import LogConfig, hparams, kinds
from core.tensorboard.writer import BudgetSpent, Writer

Row = tuple[int, int, dict[str, float]]
"""One step: step, epoch, metrics."""
IN_A_ROW = 10
"""Steps whose scalars are written at once."""
FLUSH_INTERVAL = 1.0
"""Seconds after which what was written can be read by others at the latest."""
FILES_TO_COME = 500_000
"""Bytes that the files beside the event file may take: an embedding's table, labels and images."""


@dataclass
class Point:
    """A step whose scalars are to be logged.

    Attributes:
        time: when it was taken, in seconds since 1970.
        due: whether it is one for the training's own scalars.
        tested: whether it is one for the test set's.
        lr: its learning rate, if that is logged here.
    """

    time: float
    step: int
    metrics: dict[str, float]
    due: bool
    tested: bool
    lr: float | None


def _write_point(point: Point, writer: Writer) -> None:
    with writer.at(point.time):
        if point.due:
            lines.log_scalars(writer, point.step, point.metrics)
        if point.tested:
            lines.log_test(writer, point.step, point.metrics)


def _write_lr(point: Point, writer: Writer) -> None:
    assert point.lr is not None
    with writer.at(point.time):
        lines.log_learning_rate(writer, point.step, point.lr)


class Logbook:
    """The log of one lane of a run.

    Attributes:
        costs: kind -> [seconds, how often].
        stopped: why nothing is logged any more: "budget", "disk", or empty.
    """

    def __init__(self, config: TrainingConfig, log: LogConfig, folder: Path, budget: int):
        self.config = config
        self.log = log
        self.kinds = kinds(config, log)
        self.costs: dict[str, list[float]] = {}
        self.final: dict[str, float] = {}
        self.stopped = ""
        self._between_tests = getattr(config, "evaluate_every", 1)
        self._last_flush = time.perf_counter()
        self._writer: Writer | None = None
        self._pending: list[Point] = []
        self._batch: tuple[torch.Tensor, torch.Tensor] | None = None
        self._every = log.every if {"scalars", "learning_rate"} & set(self.kinds) else 0
        self._histograms_every = log.histograms_every if "histograms" in self.kinds else 0
        self._stride = math.gcd(self._every, self._histograms_every) or sys.maxsize
        if self.kinds:
            self._safely(lambda: self._open(folder, budget))

    def _open(self, folder: Path, budget: int) -> None:
        self._writer = Writer(folder, budget)

    @property
    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Input of the network that is not trained on, and its labels."""
        if self._batch is None:
            self._batch = experiment(self.config.experiment).logged_batch(self.config)
        return self._batch

    def begin(self, snapshot: Snapshot, rows: Iterable[Row] = ()) -> None:
        """Log what is known before the first step.

        Args:
            rows: the steps before it, where a run goes on from another one.
        """
        with undisturbed(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # add_graph goes by torch.jit.trace
            if "graph" in self.kinds:
                self._do("graph", [lambda writer: lines.log_graph(writer, snapshot.net, self.batch[0])])
            if "images" in self.kinds:
                self._do("images", [lambda writer: lines.log_images(writer, self.batch[0])])
        for step, _epoch, metrics in rows:
            self._note(step, metrics, None)
            self.final.update(metrics)
        self.flush()

    def after(self, snapshot: Snapshot) -> None:
        """Log a step."""
        step, metrics = snapshot.step, snapshot.metrics
        if (
            len(metrics) == 1 and step % self._stride and step > 1
        ):  # most steps leave here: it costs a share of each of them
            return
        self.final.update(metrics)
        if self._writer is None:
            return
        self._note(step, metrics, snapshot.optimizer)
        if self._histograms_every and step % self._histograms_every == 0 and math.isfinite(metrics["loss/train"]):
            self._do("histograms", [lambda writer: lines.log_histograms(writer, step, snapshot.net)])

    def _note(self, step: int, metrics: dict[str, float], optimizer: torch.optim.Optimizer | None) -> None:
        """Remember a step's scalars, if it is one of those to log. In a row, they take a third of the time to write."""
        due = self._every > 0 and (step == 1 or step % self._every == 0)
        tested = self._every > 0 and "loss/test" in metrics and step % self._every < self._between_tests
        if due or tested:
            lr = optimizer.param_groups[0]["lr"] if due and optimizer is not None else None
            self._pending.append(Point(time.time(), step, metrics, due, tested, lr))
            if len(self._pending) >= IN_A_ROW:
                self._write_scalars()

    def _note_last(self, snapshot: Snapshot) -> None:
        """Remember the last step's scalars, as far as they are not logged anyway."""
        step, metrics = snapshot.step, snapshot.metrics
        if not (self._every and metrics and self._writer is not None):
            return
        due = step > 1 and step % self._every > 0
        tested = "loss/test" in metrics and step % self._every >= self._between_tests
        if due or tested:
            lr = snapshot.optimizer.param_groups[0]["lr"] if due else None
            self._pending.append(Point(time.time(), step, metrics, due, tested, lr))

    def _write_scalars(self) -> None:
        """Write the scalars noted, with the times of their steps."""
        pending, self._pending = self._pending, []
        if "scalars" in self.kinds:
            self._do("scalars", [partial(_write_point, point) for point in pending])
        if "learning_rate" in self.kinds:
            self._do("learning_rate", [partial(_write_lr, point) for point in pending if point.lr is not None])

    def flush(self) -> None:
        """Let others read what was logged."""
        if self._writer is not None:
            self._write_scalars()
            self._last_flush = time.perf_counter()
            self._safely(self._writer.flush)

    def flush_if_due(self) -> bool:
        """The same, from time to time; whether it was done."""
        due = time.perf_counter() - self._last_flush > FLUSH_INTERVAL
        if due:
            self.flush()
        return due

    def end(self, snapshot: Snapshot, finite: bool) -> None:
        """Log what is known after the last step, and close.

        Args:
            finite: whether the network still gives numbers.
        """
        step, net = snapshot.step, snapshot.net
        self._note_last(snapshot)
        self._write_scalars()
        self.final.update(snapshot.metrics)
        with undisturbed():
            if "pr_curves" in self.kinds and finite:
                self._do("pr_curves", [lambda writer: lines.log_pr_curves(writer, step, net, *self.batch)])
            if "embedding" in self.kinds and finite and self._has_room():
                self._do("embedding", [lambda writer: lines.log_embedding(writer, step, net, *self.batch)])
        if "hparams" in self.kinds:
            self._do("hparams", [lambda writer: lines.log_hparams(writer, step, hparams(self.config), self.final)])
        if self._writer is not None:
            self._safely(self._writer.close)

    def state(self) -> dict[str, Any]:
        """What the page tells of it."""
        return {"costs": self.costs, "stopped": self.stopped}

    def _has_room(self) -> bool:
        if self._writer is not None and self._writer.size + FILES_TO_COME > self._writer.budget:
            self._stop("budget")
        return self._writer is not None

    def _do(self, kind: str, calls: list[Callable[[Writer], None]]) -> None:
        """Write, and count what it costs."""
        start = time.perf_counter()
        for call in calls:
            if self._writer is not None:
                self._safely(partial(call, self._writer))
        if calls and self._writer is not None:
            cost = self.costs.setdefault(kind, [0.0, 0])
            cost[0] += time.perf_counter() - start
            cost[1] += len(calls)

    def _safely(self, write: Callable[[], None]) -> None:
        """Write; what goes wrong ends the log, never the run."""
        try:
            write()
        except BudgetSpent:
            self._stop("budget")
        except OSError:
            self._stop("disk")

    def _stop(self, why: str) -> None:
        self.stopped = why
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(OSError):
                writer.close()
