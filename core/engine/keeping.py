"""Keeps steps of a run to go back to, and finds the last weights that were finite numbers."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from core import checkpoints
from core.changes import Changes
from core.engine.lane import Lane, furthest_step
from core.engine.record import Folder

KEEP_SHARE = 0.01
"""The share of training time that keeping may take when training runs at full speed."""
KEPT_STEPS = 40
"""About how many steps of a run are kept to go back to."""
KEPT_BYTES = 2_000_000_000
"""About how much disk they may take; of large networks fewer are kept, the first and the last at least."""
STATES = 4
"""Numbers that a checkpoint has of each parameter at most: itself, its gradient, two of the optimizer's."""


class Keeper:
    """Keeps steps in a run's folder.

    Attributes:
        every: about every how many steps one is kept.
        kept: the steps kept so far.
    """

    def __init__(self, folder: Folder, lanes: Mapping[str, Lane], num_steps: int):
        self.folder = folder
        self.lanes = lanes
        numbers = sum(p.numel() for lane in lanes.values() for p in lane.snapshot.net.parameters())
        on_the_way = max(1, min(KEPT_STEPS, KEPT_BYTES // (4 * STATES * numbers)))
        self.every = max(1, num_steps // on_the_way)
        self.kept = set(folder.kept())
        self._last_time = self._cost = 0.0

    def is_due(self, step: int, now: float, unhurried: bool) -> bool:
        """Whether a step is one to keep; at full speed fewer are, where keeping takes long."""
        return step % self.every == 0 and (unhurried or now - self._last_time > self._cost / KEEP_SHARE)

    def can_keep(self) -> bool:
        """Whether all weights are finite numbers: from others no run could continue."""
        return all(checkpoints.all_finite(lane.snapshot.net) for lane in self.lanes.values())

    def keep(self, draw: Callable[[], bytes]) -> bool:
        """Keep the step that the lanes are at; False if the disk does not take it.

        Args:
            draw: makes the picture of the step.
        """
        start = time.perf_counter()
        step = furthest_step(self.lanes)
        try:
            self.folder.keep(step, {name: lane.state() for name, lane in self.lanes.items()}, draw())
        except OSError:
            return False
        self.kept.add(step)
        self._last_time = time.perf_counter()
        self._cost = self._last_time - start
        return True

    def last_kept(self, step: int) -> int:
        """The last step kept up to a step; 0 if there is none."""
        return max([0, *(kept for kept in self.kept if kept <= step)])

    def restore_last_finite(self, name: str, changes: Changes) -> None:
        """Bring a lane whose loss is no longer finite back to its last finite weights.

        The weights may have overflowed before the loss shows it, and the step with that loss has already drawn its
        chance and moved batch norm's statistics. Runs repeat bit for bit, so the state before it is found by training
        again from the last kept one.
        """
        lane = self.lanes[name]
        start = max((step for step in self.kept if step < lane.diverged_step), default=None)
        state: Any = checkpoints.load(self.folder.checkpoint_file(start))[name] if start is not None else None
        again = Lane(lane.trained, lane.config, changes, state, alone=False)
        last = again.snapshot
        while not again.ended and checkpoints.all_finite(again.snapshot.net):
            last = copy.deepcopy(again.snapshot)
            for kept, trained in zip(last.net.parameters(), again.snapshot.net.parameters(), strict=True):
                kept.grad = copy.deepcopy(trained.grad)
            lane.rng = again.rng
            again.advance()
        lane.snapshot = last
        torch.set_rng_state(lane.rng)
