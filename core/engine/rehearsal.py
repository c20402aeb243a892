"""What each worker does at its start, done once before the first of them is forked.

Modules that are imported late, tables that PyTorch builds when it first needs them, data that several configs share:
what is in memory by then every worker shares, and finds ready. It trains nothing: autograd may start threads where
there is a GPU, and what has threads can't be forked.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from core import checkpoints
from core.experiments import experiment, experiments
from core.frames import encode
from core.processes import scratch
from core.tensorboard.config import LogConfig
from core.tensorboard.logbook import Logbook

BUDGET = 10_000_000
"""Bytes that the log may take, which is thrown away."""


def rehearse() -> None:
    """Begin a run of each experiment, and take no step."""
    for name in experiments():
        try:
            with tempfile.TemporaryDirectory(prefix=scratch.prefix()) as folder:
                _begin(name, Path(folder))
        except Exception:  # runs start without it, too, a little slower
            logging.warning("The start of %s could not be rehearsed.", name, exc_info=True)


def _begin(name: str, folder: Path) -> None:
    rehearsed = experiment(name)
    config = rehearsed.config.create(rehearsed.smallest).changed(device="cpu")
    snapshot = rehearsed.untrained(config)
    encode(rehearsed.frames({"run": config}, {"run": snapshot}))
    checkpoints.save({"run": checkpoints.checkpoint(snapshot, [])}, folder / "start.pt")
    book = Logbook(config, LogConfig(), folder / "log", BUDGET)
    book.describe(snapshot)
    book.end(snapshot, finite=True)
