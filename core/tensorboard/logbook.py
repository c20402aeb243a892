"""Logs a run around its training loop: what, when, at what cost. Whatever goes wrong ends the log, never the run."""

from __future__ import annotations

import logging
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import torch
from torch import nn

from core.config import TrainingConfig
from core.experiments import experiment
from core.snapshot import Row, Snapshot, undisturbed
from core.tensorboard import lines
from core.tensorboard.config import LogConfig, hparams, kinds
from core.tensorboard.writer import BudgetSpent, Writer

IN_A_ROW = 10
"""Steps whose scalars are written at once."""
FLUSH_INTERVAL = 1.0
"""Seconds after which what was written can be read by others at the latest."""
FILES_TO_COME = 500_000
"""Bytes that the files beside the event file may take: an embedding's table, labels and images."""
LONGEST_REASON = 200
"""Characters of an error that are reported."""
Given = ParamSpec("Given")


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
            if "loss/validation" in point.metrics:
                lines.log_validation(writer, point.step, point.metrics)


def _write_lr(point: Point, writer: Writer) -> None:
    assert point.lr is not None
    with writer.at(point.time):
        lines.log_learning_rate(writer, point.step, point.lr)


@contextmanager
def untouched(net: nn.Module) -> Iterator[None]:
    """While inside, neither the run's chance nor the network's mode is changed for what comes after."""
    modes = [(module, module.training) for module in net.modules()]
    try:
        with undisturbed():
            yield
    finally:
        for module, training in modes:
            module.training = training


def ends_the_log(write: Callable[Concatenate[Logbook, Given], None]) -> Callable[Concatenate[Logbook, Given], None]:
    """A method of `Logbook` in which whatever goes wrong ends the log, never the run."""

    @wraps(write)
    def writing(book: Logbook, /, *args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            write(book, *args, **kwargs)
        except BudgetSpent:
            book.stop("budget")
        except OSError as error:
            book.stop("disk", error)
        except Exception as error:
            logging.warning("The log of a run ended before the run did.", exc_info=True)
            book.stop("error", error)

    return writing


class Logbook:
    """The log of one lane of a run.

    Attributes:
        kinds: what is logged.
        costs: kind -> [seconds, how often].
        stopped: why nothing is logged any more: "budget", "disk", "error", or empty.
        reason: the error itself, if it was one.
    """

    def __init__(self, config: TrainingConfig, log: LogConfig, folder: Path, budget: int):
        self.config = config
        self.log = log
        self.kinds: list[str] = []
        self.costs: dict[str, list[float]] = {}
        self.final: dict[str, float] = {}
        self.stopped = self.reason = ""
        self._between_tests = getattr(config, "evaluate_every", 1)
        self._last_flush = time.perf_counter()
        self._writer: Writer | None = None
        self._pending: list[Point] = []
        self._batch: tuple[torch.Tensor, torch.Tensor] | None = None
        self._open(folder, budget)
        self._every = log.every if {"scalars", "learning_rate"} & set(self.kinds) else 0
        self._histograms_every = log.histograms_every if "histograms" in self.kinds else 0
        self._stride = math.gcd(self._every, self._histograms_every) or sys.maxsize

    @ends_the_log
    def _open(self, folder: Path, budget: int) -> None:
        with undisturbed():
            self.kinds = kinds(self.log, experiment(self.config.experiment).pictured(self.config))
        if self.kinds:
            self._writer = Writer(folder, budget)

    @property
    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Input of the network that is not trained on, and its labels."""
        if self._batch is None:
            self._batch = experiment(self.config.experiment).logged_batch(self.config)
        return self._batch

    @ends_the_log
    def begin(self, rows: Iterable[Row]) -> None:
        """Log the steps before the first one, where a run continues from another."""
        for step, _epoch, metrics in rows:
            self._note(step, metrics, None)
            self.final.update(metrics)
        self.flush()

    @ends_the_log
    def describe(self, snapshot: Snapshot) -> None:
        """Log what is the same at every step: the network's graph, and a batch of what it is given.

        It takes as long as a hundred steps of a small network, and may come after some of them.
        """
        with untouched(snapshot.net), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # add_graph goes by torch.jit.trace
            if "graph" in self.kinds:
                self._do("graph", [lambda writer: lines.log_graph(writer, snapshot.net, self.batch[0])])
            if "images" in self.kinds:
                self._do("images", [lambda writer: lines.log_images(writer, self.batch[0])])

    @ends_the_log
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
            with untouched(snapshot.net):
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

    @ends_the_log
    def flush(self) -> None:
        """Let others read what was logged."""
        if self._writer is not None:
            self._last_flush = time.perf_counter()
            self._write_scalars()
            self._writer.flush()

    def flush_if_due(self) -> bool:
        """Do it from time to time; whether it was done."""
        due = time.perf_counter() - self._last_flush > FLUSH_INTERVAL
        if due:
            self.flush()
        return due

    @ends_the_log
    def end(self, snapshot: Snapshot, finite: bool) -> None:
        """Log what is known after the last step, and close.

        Args:
            finite: whether the network still gives numbers.
        """
        step, net = snapshot.step, snapshot.net
        self._note_last(snapshot)
        self._write_scalars()
        self.final.update(snapshot.metrics)
        with untouched(net):
            if "pr_curves" in self.kinds and finite:
                self._do("pr_curves", [lambda writer: lines.log_pr_curves(writer, step, net, *self.batch)])
            if "embedding" in self.kinds and finite and self._has_room():
                self._do("embedding", [lambda writer: lines.log_embedding(writer, step, net, *self.batch)])
        if "hparams" in self.kinds:
            self._do("hparams", [lambda writer: lines.log_hparams(writer, step, hparams(self.config), self.final)])
        if self._writer is not None:
            self._writer.close()

    def state(self) -> dict[str, Any]:
        """What a page says of it: its costs, and why it ended before the run."""
        return {"costs": self.costs, "stopped": self.stopped, "reason": self.reason}

    def _has_room(self) -> bool:
        if self._writer is not None and self._writer.size + FILES_TO_COME > self._writer.budget:
            raise BudgetSpent
        return self._writer is not None

    def _do(self, kind: str, calls: list[Callable[[Writer], None]]) -> None:
        """Write, and count what it costs."""
        start = time.perf_counter()
        for call in calls:
            if self._writer is not None:
                call(self._writer)
        if calls and self._writer is not None:
            cost = self.costs.setdefault(kind, [0.0, 0])
            cost[0] += time.perf_counter() - start
            cost[1] += len(calls)

    def stop(self, why: str, error: Exception | None = None) -> None:
        """Log nothing any more; what was logged can be read."""
        self.stopped = why
        self.reason = f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST_REASON] if error else ""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(OSError):
                writer.close()
