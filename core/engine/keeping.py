"""Keeps steps of a run to go back to, and finds the last weights that were finite numbers."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch

from core import checkpoints, disk
from core.changes import Changes
from core.engine.lane import Lane, furthest_step
from core.engine.record import Folder

KEEP_SHARE = 0.01
"""The share of training time that keeping may take when training runs at full speed."""
KEPT_STEPS = 40
"""About how many steps of a run are kept to go back to."""
RETRY_INTERVAL = 1.0
"""Seconds before a disk that did not take a step is asked again."""
RETRY_SHARE = 0.1
"""The share of training time that asking again may take when training runs at full speed."""
STATES = 4
"""Numbers that a checkpoint stores for each parameter, at most: itself, its gradient, two of the optimizer's."""


class Keeper:
    """Keeps steps in a run's folder.

    Attributes:
        every: about every how many steps one is kept.
        kept: the steps kept so far.
        refused: what the disk said when it did not take the last one; None if it took it.
    """

    def __init__(self, folder: Folder, lanes: Mapping[str, Lane], num_steps: int, budget: int):
        """Keep steps of these lanes.

        Args:
            budget: bytes that the kept steps may take; of large networks fewer are kept, the first and the last always.
        """
        self.folder = folder
        self.budget = budget
        self.lanes = lanes
        numbers = sum(p.numel() for lane in lanes.values() for p in lane.snapshot.net.parameters())
        on_the_way = max(1, min(KEPT_STEPS, budget // (4 * STATES * numbers)))
        self.every = max(1, num_steps // on_the_way)
        self.kept = set(folder.kept())
        self.refused: disk.DiskError | None = None
        self._sizes = {step: self._size(step) for step in self.kept}
        self._last_time = self._cost = 0.0

    def is_due(self, step: int, now: float, unhurried: bool) -> bool:
        """Whether to keep a step; at full speed fewer are kept where keeping takes long.

        After one that the disk refused, the next step is due as soon as the disk may be asked again.
        """
        waited = now - self._last_time
        if self.refused is not None:
            return waited > (RETRY_INTERVAL if unhurried else max(RETRY_INTERVAL, self._cost / RETRY_SHARE))
        return step % self.every == 0 and (unhurried or waited > self._cost / KEEP_SHARE)

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
        except disk.DiskError as error:
            self.refused = error.alone()
        else:
            self.refused = None
            self.kept.add(step)
            self._sizes[step] = self._size(step)
        self._last_time = time.perf_counter()
        self._cost = self._last_time - start
        return self.refused is None

    @property
    def size(self) -> int:
        """Bytes that the kept steps take."""
        return sum(self._sizes.values())

    def thin(self) -> list[int]:
        """Drop kept steps beyond the budget, the oldest first, but never the first or the last; returns them."""
        dropped = []
        for step in sorted(self.kept)[1:-1]:
            if self.size <= self.budget:
                break
            self.folder.drop(step)
            self.kept.discard(step)
            del self._sizes[step]
            dropped.append(step)
        return dropped

    def _size(self, step: int) -> int:
        files = self.folder.checkpoint_file(step), self.folder.frame_file(step)
        return sum(file.stat().st_size for file in files if file.exists())

    def last_kept(self, step: int) -> int:
        """The last step kept up to a step; 0 if there is none."""
        return max([0, *(kept for kept in self.kept if kept <= step)])

    def _state_before(self, name: str, step: int) -> Any:
        """A lane's state at the last step kept before another; None, for the beginning, if none can be read."""
        for kept in sorted(self.kept, reverse=True):
            if kept < step:
                with suppress(disk.Damaged, OSError):
                    return self.folder.states(kept)[name]
        return None

    def restore_last_finite(self, name: str, changes: Changes) -> None:
        """Bring a lane whose loss is no longer finite back to its last finite weights.

        The weights may have overflowed before the loss shows it, and the step with that loss has already drawn
        random numbers and moved batch norm's statistics. Runs repeat bit for bit, so the state before it is found by
        training again from the last kept one.
        """
        lane = self.lanes[name]
        state = self._state_before(name, lane.diverged_step)
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
