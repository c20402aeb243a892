"""One of the trainings of a run: the experiment's own loop, a step at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from core import checkpoints
from core.changes import Changes
from core.config import TrainingConfig
from core.experiments import Experiment
from core.processes.confined import is_out_of_memory
from core.snapshot import Row, Snapshot


class Lane:
    """One of the trainings that advance side by side, each with its own stream of random numbers."""

    def __init__(self, trained: Experiment, config: TrainingConfig, changes: Changes, resume: Any, alone: bool):
        self.trained = trained
        self.config = config
        self.alone = alone
        self.losses: list[float] = resume["losses"].tolist() if resume else []
        self.rows: list[Row] = []
        self.diverged = False
        self.diverged_step = self.kept_step = 0
        self.ended = False
        self.failure = ""
        self.out_of_memory = False
        train = trained.fast(config) or trained.train
        self.generator: Iterator[Snapshot] = train(config, changes, resume)
        self.rng = torch.get_rng_state()
        self.snapshot = self._resumed(resume) if resume else next(self.generator)
        self.rng = torch.get_rng_state()

    def _resumed(self, state: Any) -> Snapshot:
        """The snapshot of a checkpoint, before any further step."""
        return checkpoints.recall(state, self.trained.untrained(self.config))

    def stay_ended(self, diverged_step: int, kept_step: int) -> None:
        """Take no further step: this lane had ended before the kept step that the run continues from."""
        self.ended, self.diverged = True, diverged_step > 0
        self.diverged_step, self.kept_step = diverged_step, kept_step

    def advance(self) -> None:
        """Take one step."""
        if not self.alone:
            torch.set_rng_state(self.rng)
        try:
            snapshot = next(self.generator)
        except StopIteration:
            self.ended = True
            return
        except (RuntimeError, MemoryError) as error:  # a mistake, such as a graph walked through twice
            self.ended = True
            self.out_of_memory = is_out_of_memory(error)
            self.failure = str(error).split("\n")[0]
            return
        if not self.alone:
            self.rng = torch.get_rng_state()
        loss = snapshot.metrics["loss/train"]
        self.rows.append((snapshot.step, snapshot.epoch, snapshot.metrics))
        self.losses.append(loss)
        if math.isfinite(loss):
            self.snapshot = snapshot
        else:
            self.diverged = self.ended = True
            self.diverged_step = snapshot.step

    def state(self) -> dict[str, Any]:
        """The checkpoint of the last step with a finite loss."""
        if not self.alone:
            torch.set_rng_state(self.rng)
        state = checkpoints.checkpoint(self.snapshot, self.losses[: self.snapshot.step])
        return {**state, "diverged_step": self.diverged_step}


def furthest_step(lanes: Mapping[str, Lane]) -> int:
    """The last step of the lane that has come furthest."""
    return max(lane.snapshot.step for lane in lanes.values())
