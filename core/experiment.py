"""What an experiment consists of, for the engine and the pages; and parts that several experiments share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.config import Problem, TrainingConfig
from core.settings import CELLS
from core.snapshot import Bench, Frame, Snapshot


def classifier_bench(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Bench:
    """A network that gives logits, on the bench with one batch x and its labels y (batch,)."""

    def loss() -> Tensor:
        value: Tensor = nn.CrossEntropyLoss()(net(x), y)
        return value

    return Bench(net, optimizer, loss)


def bug_lanes(config: TrainingConfig) -> dict[str, TrainingConfig]:
    """The run itself and, where a bug is switched on, the correct run beside it."""
    return {"run": config, "correct": config.changed(bugs=())} if config.bugs else {"run": config}


def cell_lanes(config: Any) -> dict[str, TrainingConfig]:
    """The run itself and, beside it, the correct run where a bug is switched on, or the other two cells."""
    if config.compare:
        return {"run": config, **{cell: config.changed(cell=cell) for cell in CELLS if cell != config.cell}}
    return bug_lanes(config)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment: a module or a folder in `core.experiments` has it as EXPERIMENT.

    Attributes:
        config: its Config class, which also has its name.
        train: train(config, changes, resume) -> Iterator[Snapshot], the visible loop.
        view: view(config, snapshot, focus) -> Frame: what the screen draws; an empty focus is what it draws at first.
        moving: moving(config, snapshot, focus) -> Frame with the same arrays, cheaper where `view` is expensive: while
            it trains one picture replaces the other. None if there is no such thing.
        parts: names of what `view` and `moving` leave out where the focus has them under "left_out": what a panel draws
            that may be closed. Kept frames have them always.
        fast: fast(config) -> another loop that yields what `train` yields, bit for bit, in less time; None for a config
            that has none. Runs are trained with it; scripts and lessons show `train`.
        untrained: untrained(config) -> Snapshot of step 0.
        bench: bench(config) -> Bench, to take one step by hand.
        logged_batch: logged_batch(config) -> x, y: what the network is given of the test set, and what is asked for.
            Its source is part of the scripts that log: it is plain code, without `undisturbed`.
        smallest: values of the smallest run worth testing, 10 to 30 steps in well under a second; where it has epochs,
            two and more, and the seventh step ends none. The tests that go over all experiments train it.
        tested: whether its loop measures "loss/test" now and then.
        order: its place in lists, the smallest first.
        lanes: lanes(config) -> name -> Config: what to train side by side; "run", the first, is the run itself. The
            record of a run holds them from its start on.
        focus: focus(wish) -> what a viewer wants to look at, checked; raises ValueError where it makes no sense.
        missing: missing(config) -> why a run can't start yet, such as images that were not fetched; None if it can.
        pictured: pictured(config) -> whether the network is given images, and answers with a logit for each class.
        batch_axis: batch_axis(config) -> the axis of what the network is given that counts the examples.
        carried: carried(config, net, x) -> what the network is given beside x, as it hands it on itself: the hidden
            state of a recurrent one, tensor or tuple of them, each (layer, batch, feature); None if it gets x alone.
        ending: ending(config, snapshot) -> why the loop ended before the config's last step: "code" of the message, and
            what goes with it.
    """

    config: type[TrainingConfig]
    train: Callable[..., Iterator[Snapshot]]
    view: Callable[[Any, Any, Mapping[str, Any]], Frame]
    untrained: Callable[[Any], Snapshot]
    bench: Callable[[Any], Bench]
    logged_batch: Callable[[Any], tuple[Tensor, Tensor]]
    smallest: Mapping[str, Any]
    moving: Callable[[Any, Any, Mapping[str, Any]], Frame] | None = None
    parts: tuple[str, ...] = ()
    fast: Callable[[Any], Callable[..., Iterator[Snapshot]] | None] = lambda config: None
    tested: bool = True
    order: int = 100
    lanes: Callable[[Any], Mapping[str, TrainingConfig]] = bug_lanes
    focus: Callable[[Any], Mapping[str, Any]] = lambda wish: {}
    missing: Callable[[Any], Problem | None] = lambda config: None
    pictured: Callable[[Any], bool] = lambda config: False
    batch_axis: Callable[[Any], int] = lambda config: 0
    carried: Callable[[Any, Any, Tensor], Any] = lambda config, net, x: None
    ending: Callable[[Any, Any], Mapping[str, Any]] = lambda config, snapshot: {"code": "reached_steps"}

    @property
    def name(self) -> str:
        """Its name in links, on the command line and in the index of runs, and that of its module."""
        return self.config.experiment

    def frames(
        self,
        lanes: Mapping[str, TrainingConfig],
        snapshots: Mapping[str, Snapshot],
        focus: Mapping[str, Any] | None = None,
        moving: bool = False,
    ) -> dict[str, Frame]:
        """What the screen draws of each lane of a run, at the snapshot that is given of it.

        Args:
            moving: whether the next picture will soon replace this one; it may be cheaper then.
        """
        draw = self.moving if moving and self.moving else self.view
        return {name: draw(lanes[name], snapshot, focus or {}) for name, snapshot in snapshots.items()}
