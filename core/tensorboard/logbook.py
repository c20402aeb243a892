"""Logs a run around its training loop: what, when, at what cost, and until the budget is spent or the disk is full."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from core.config import Config
from core.experiments import Snapshot, experiment
from core.experiments.base import undisturbed
from core.tensorboard import lines
from core.tensorboard.config import LogConfig, hparams, kinds
from core.tensorboard.writer import BudgetSpent, Writer

Row = tuple[int, int, dict[str, float]]
"""One step: step, epoch, metrics."""
FLUSH_INTERVAL = 1.0
"""Seconds after which what was written can be read by others at the latest."""
FILES_TO_COME = 500_000
"""Bytes that the files beside the event file may take: an embedding's table, labels and images."""


class Logbook:
    """The log of one lane of a run.

    Attributes:
        costs: kind -> [seconds, how often].
        stopped: why nothing is logged any more: "budget", "disk", or empty.
    """

    def __init__(self, config: Config, log: LogConfig, folder: Path, budget: int):
        self.config = config
        self.log = log
        self.kinds = kinds(config, log)
        self.costs: dict[str, list[float]] = {}
        self.final: dict[str, float] = {}
        self.stopped = ""
        self._between_tests = getattr(config, "evaluate_every", 1)
        self._last_flush = time.perf_counter()
        self._writer: Writer | None = None
        self._batch: tuple[torch.Tensor, torch.Tensor] | None = None
        self._every = log.every if {"scalars", "learning_rate"} & set(self.kinds) else 0
        self._histograms_every = log.histograms_every if "histograms" in self.kinds else 0
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
                self._do("graph", lambda writer: lines.log_graph(writer, snapshot.net, self.batch[0]))
            if "images" in self.kinds:
                self._do("images", lambda writer: lines.log_images(writer, self.batch[0]))
        for step, _epoch, metrics in rows:
            self.scalars(step, metrics)
            self.final.update(metrics)
        self.flush()

    def scalars(self, step: int, metrics: Mapping[str, float]) -> None:
        """Log a step's loss and accuracy, if it is one of those to log."""
        if "scalars" not in self.kinds:
            return
        if step % self.log.every == 0:
            self._do("scalars", lambda writer: lines.log_scalars(writer, step, dict(metrics)))
        if "loss/test" in metrics and step % self.log.every < self._between_tests:
            self._do("scalars", lambda writer: lines.log_test(writer, step, dict(metrics)))

    def after(self, snapshot: Snapshot) -> None:
        """Log a step."""
        step, metrics = snapshot.step, snapshot.metrics
        if len(metrics) > 1:
            self.final.update(metrics)
        if self._writer is None:
            return
        if self._every and (step % self._every == 0 or "loss/test" in metrics):
            self.scalars(step, metrics)
            if "learning_rate" in self.kinds and step % self._every == 0:
                self._do("learning_rate", lambda writer: lines.log_learning_rate(writer, step, snapshot.optimizer))
        if self._histograms_every and step % self._histograms_every == 0 and math.isfinite(metrics["loss/train"]):
            self._do("histograms", lambda writer: lines.log_histograms(writer, step, snapshot.net))

    def flush(self) -> None:
        """Let others read what was written."""
        if self._writer is not None:
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
        self.final.update(snapshot.metrics)
        with undisturbed():
            if "pr_curves" in self.kinds and finite:
                self._do("pr_curves", lambda writer: lines.log_pr_curves(writer, step, net, *self.batch))
            if "embedding" in self.kinds and finite and self._has_room():
                self._do("embedding", lambda writer: lines.log_embedding(writer, step, net, *self.batch))
        if "hparams" in self.kinds:
            self._do("hparams", lambda writer: lines.log_hparams(writer, step, hparams(self.config), self.final))
        if self._writer is not None:
            self._safely(self._writer.close)

    def state(self) -> dict[str, Any]:
        """What the page tells of it."""
        return {"costs": self.costs, "stopped": self.stopped}

    def _has_room(self) -> bool:
        if self._writer is not None and self._writer.size + FILES_TO_COME > self._writer.budget:
            self._stop("budget")
        return self._writer is not None

    def _do(self, kind: str, line: Callable[[Writer], None]) -> None:
        writer = self._writer
        if writer is None:
            return
        start = time.perf_counter()
        self._safely(lambda: line(writer))
        cost = self.costs.setdefault(kind, [0.0, 0])
        cost[0] += time.perf_counter() - start
        cost[1] += 1

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
