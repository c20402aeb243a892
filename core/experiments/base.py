"""What the engine needs of an experiment's module, and what several of these modules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from core.config import Config, Problem
from core.snapshot import Bench, Frame, Snapshot


def classifier_bench(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Bench:
    """A network that gives logits, on the bench with one batch x and its labels y (batch,)."""

    def loss() -> Tensor:
        found: Tensor = nn.CrossEntropyLoss()(net(x), y)
        return found

    return Bench(net, optimizer, loss)


def bug_lanes(config: Config) -> dict[str, Config]:
    """The run itself and, where a bug is switched on, the correct run beside it."""
    return {"run": config, "correct": config.changed(bugs=())} if config.bugs else {"run": config}


@dataclass(frozen=True)
class Experiment:
    """One experiment, as the engine sees it.

    Attributes:
        name: its name in links, on the command line and in the index of runs.
        config: its Config class, with a property `steps_per_epoch`.
        train: train(config, changes, resume) -> Iterator[Snapshot], the visible loop.
        view: view(config, snapshot, focus) -> Frame: what the screen draws; an empty focus is what it draws at first.
        untrained: untrained(config) -> Snapshot of step 0.
        lanes: lanes(config) -> name -> Config: the runs trained side by side; the first is the run itself.
        bench: bench(config) -> Bench, for the step-by-step section.
        focus: focus(asked) -> what a viewer asks to look at, checked; raises ValueError where it makes no sense.
        logged_batch: logged_batch(config) -> x, y: what the network is given of the test set, and what is asked for.
        pictured: pictured(config) -> whether it is given images.
        missing: missing(config) -> why a run can't start yet, such as images that were not fetched; None if it can.
        smallest: values of the smallest run worth testing, 10 to 30 steps in well under a second; where it has epochs,
            two and more, and the seventh step ends none. The tests that go over all experiments train it.
    """

    name: str
    config: type[Config]
    train: Callable[..., Iterator[Snapshot]]
    view: Callable[[Any, Any, Mapping[str, Any]], Frame]
    untrained: Callable[[Any], Snapshot]
    lanes: Callable[[Any], Mapping[str, Config]]
    bench: Callable[[Any], Bench]
    logged_batch: Callable[[Any], tuple[Tensor, Tensor]]
    focus: Callable[[Any], Mapping[str, Any]] = lambda asked: {}
    missing: Callable[[Any], Problem | None] = lambda config: None
    pictured: Callable[[Any], bool] = lambda config: False
    smallest: Mapping[str, Any] = field(kw_only=True)

    def frames(
        self, config: Config, snapshots: Mapping[str, Snapshot], focus: Mapping[str, Any] | None = None
    ) -> dict[str, Frame]:
        """What the screen draws of each lane."""
        lanes = self.lanes(config)
        return {name: self.view(lanes[name], snapshot, focus or {}) for name, snapshot in snapshots.items()}
