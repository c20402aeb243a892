"""Going on from a checkpoint: one that somebody uploaded, and what happens without the optimizer's state."""

from __future__ import annotations

import copy
import json
import math
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core import checkpoints
from core.changes import Changes
from core.checkpoints import KeptStep
from core.config import ConfigError, EpochConfig, Problem, TrainingConfig
from core.experiments import Experiment, experiment, experiments
from core.files.uploads.packed import pack, raw, unpack
from core.foreign import quoted
from core.frames import encode
from core.processes.confined import Unable, confined
from core.snapshot import Snapshot, undisturbed

MOST_LANES = 8
LANE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
"""Names of lanes; a lane's record is a file of that name."""


class Uploaded(KeptStep):
    """The step of an uploaded checkpoint, each part of it checked."""

    @property
    def in_epochs(self) -> bool:
        """Whether its experiment counts runs in epochs; in steps otherwise."""
        return isinstance(self.config, EpochConfig)

    def more(self) -> tuple[int, int]:
        """How many more steps or epochs it may run, as `in_epochs` says: what the run lacks, and the most there may be.

        A run that had come to its end gets as many more as it had; most is below 1 where no run may be longer.
        """
        name = "num_epochs" if self.in_epochs else "num_steps"
        done, had = self.step // self._unit, getattr(self.config, name)
        most = int(type(self.config).settings()[name].high or 0) - done
        return min(most, had - done if self.step < self.config.num_steps else had), most

    def steps_with(self, more: int) -> int:
        """The steps in all after this many more steps or epochs; an epoch that was begun counts as one of them."""
        return (self.step // self._unit + more) * self._unit

    @property
    def _unit(self) -> int:
        return self.config.steps_per_epoch if self.in_epochs else 1


def unfit() -> Unable:
    """The refusal of a checkpoint whose parts do not belong together."""
    return Unable(Problem("", "This checkpoint does not fit the network and optimizer that it names."))


def check(value: Mapping[str, Any]) -> Uploaded:
    """Check what `uploads.read` found in a checkpoint.

    Raises:
        Unable: no run can continue from it.
    """
    config = config_of(value)
    changes = _changes(value["changes"] if "changes" in value else value.get("lr_changes", []), config)
    beside = value.get("beside", {})
    lanes = _lanes(beside, config)
    for lane in lanes.values():
        missing = experiment(lane.experiment).missing(lane)
        if missing:
            raise Unable(missing)
    states = {"run": value, **beside}
    made = unpack(confined(rebuild, lanes, changes, pack({lane: states[lane] for lane in lanes}), memory=2000))
    return Uploaded(lanes, changes, made["states"], raw(made["frame"]))


def _lanes(beside: Any, config: TrainingConfig) -> dict[str, TrainingConfig]:
    """The run and what is trained beside it; in older files its configs are missing, and the experiment proposes them.

    Args:
        beside: lane -> its state and its config.
    """
    if not isinstance(beside, dict) or len(beside) >= MOST_LANES:
        raise unfit()
    if beside and all(isinstance(state, dict) and "config" in state for state in beside.values()):
        if not all(isinstance(name, str) and LANE.fullmatch(name) and name != "run" for name in beside):
            raise unfit()
        of_all = {"experiment": config.experiment}
        return {"run": config} | {lane: config_of(state | of_all) for lane, state in beside.items()}
    proposed = dict(experiment(config.experiment).lanes(config))
    if set(beside) != set(proposed) - {"run"}:
        raise unfit()
    return proposed


def config_of(value: Mapping[str, Any]) -> TrainingConfig:
    """The config that a checkpoint carries, for the CPU (raises Unable)."""
    name, settings = value.get("experiment"), value.get("config")
    if not isinstance(name, str) or name not in experiments() or not isinstance(settings, dict):
        raise Unable(Problem("", "This checkpoint belongs to none of this app's experiments."))
    try:
        return experiment(name).config.create(
            {**{str(field): value for field, value in settings.items()}, "device": "cpu"}
        )
    except ConfigError as error:
        problem = error.problems[0]
        raise Unable(
            Problem("", "Its setting {name} can't be used here.", {"name": quoted(problem.field) or "?"})
        ) from None


def _changes(pairs: Any, config: TrainingConfig) -> dict[int, dict[str, Any]]:
    """What was changed while the run trained, as [step, {field: value}], or [step, learning rate] in older files."""
    if not isinstance(pairs, list) or len(pairs) > config.num_steps + 1:  # one at most before each step
        raise unfit()
    changes = {}
    for pair in pairs:
        match pair:
            case [int() as step, dict() as fields] if all(_acts_at_once(config, field) for field in fields):
                changes[step] = _checked(config, fields)
            case [int() as step, int() | float() as lr]:
                changes[step] = _checked(config, {"lr": float(lr)})
            case _:
                raise unfit()
    return changes


def _acts_at_once(config: TrainingConfig, field: Any) -> bool:
    """Whether something is the name of a field that may be changed while a run trains."""
    return isinstance(field, str) and field in config.acting("at once")


def _checked(config: TrainingConfig, fields: Mapping[str, Any]) -> dict[str, Any]:
    try:
        changed = config.changed(**fields)
    except ConfigError:
        raise unfit() from None
    return {field: getattr(changed, field) for field in fields}


def rebuild(lanes: Mapping[str, TrainingConfig], changes: Changes, packed: bytes) -> bytes:
    """The same states put together from nothing but the tensors and numbers that belong there, and their picture.

    Takes one step with each, to see that it can.

    Args:
        packed: the states; as tensors, each would need a file descriptor on its way to this process.
    """
    states = unpack(packed)
    trained = experiment(lanes["run"].experiment)
    clean, snapshots = {}, {}
    try:
        for lane, config in lanes.items():
            fresh = trained.untrained(config)
            clean[lane] = state_of(states[lane], fresh)
            snapshots[lane] = checkpoints.recall(clean[lane], fresh)
        frame = encode(trained.frames(lanes, snapshots))
        for lane, config in lanes.items():
            further = config.with_steps(clean[lane]["step"] + 1)
            next(trained.train(further, changes, copy.deepcopy(clean[lane])), None)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError, StopIteration) as error:
        if "allocate memory" in str(error):
            raise MemoryError from None
        raise unfit() from None
    return pack({"states": clean, "frame": torch.frombuffer(bytearray(frame), dtype=torch.uint8)})


def state_of(saved: Mapping[str, Any], fresh: Snapshot) -> dict[str, Any]:
    """A checkpoint's state with the shape of a fresh snapshot's, its parts taken one by one (raises ValueError)."""
    parameters = list(fresh.net.parameters())
    step, epoch = number(saved["step"]), number(saved["epoch"])
    losses = like(saved["losses"], torch.zeros(step, dtype=torch.float64))
    order = like(saved["order"], fresh.order)
    if not torch.equal(order.sort().values, torch.arange(len(order))):
        raise ValueError("no permutation")
    gradients = saved["gradients"]
    if len(gradients) != len(parameters):
        raise ValueError("another number of gradients")
    return {
        "step": step,
        "epoch": epoch,
        "metrics": {str(name)[:40]: float(value) for name, value in saved["metrics"].items()},
        "net": {name: like(saved["net"][name], tensor) for name, tensor in fresh.net.state_dict().items()},
        "gradients": [
            None if gradient is None else like(gradient, parameter)
            for gradient, parameter in zip(gradients, parameters, strict=True)
        ],
        "optimizer": optimizer_state(saved["optimizer"], fresh.optimizer, parameters),
        "order": order,
        **{name: saved[name] for name in checkpoints.own_fields(fresh)},
        "rng": like(saved["rng"], torch.get_rng_state()),
        "losses": losses,
        "diverged_step": number(saved.get("diverged_step", 0)),
    }


def optimizer_state(
    saved: Mapping[str, Any], fresh: torch.optim.Optimizer, parameters: list[nn.Parameter]
) -> dict[str, Any]:
    """An optimizer's state: the learning rate and the tensors are the file's, all else is this optimizer's own."""
    own = fresh.state_dict()
    lr = float(saved["param_groups"][0]["lr"])
    if not math.isfinite(lr) or not 0 <= lr <= 1000:
        raise ValueError("no learning rate")
    state: dict[int, dict[str, Any]] = {}
    for index, kept in saved["state"].items():
        parameter = parameters[number(index)]
        state[number(index)] = {
            str(name)[:40]: None if value is None else placed(value, parameter) for name, value in kept.items()
        }
    return {"state": state, "param_groups": [{**group, "lr": lr} for group in own["param_groups"]]}


def placed(value: Tensor, parameter: nn.Parameter) -> Tensor:
    """A part of the optimizer's state: one number, or as many as the parameter has, in the same order in memory."""
    if value.dim() == 0:
        return value
    return torch.empty_like(parameter, requires_grad=False).copy_(like(value, parameter))


def number(value: Any) -> int:
    """A whole number from 0 on (raises ValueError)."""
    if type(value) is not int or not 0 <= value < 10**9:
        raise ValueError("no number")
    return value


def like(value: Any, wanted: Tensor) -> Tensor:
    """The value, if it is a tensor with the wanted shape and kind of numbers (raises ValueError)."""
    if not isinstance(value, Tensor) or value.shape != wanted.shape or value.dtype != wanted.dtype:
        raise ValueError("another tensor")
    return value


WAYS = ("full", "weights")
"""Ways to continue: with all of the checkpoint, or with the weights alone and a new optimizer."""


def ways_on(
    config: TrainingConfig, changes: Changes, checkpoint: Path, ways: Iterable[str], steps: int, seconds: float
) -> dict[str, list[float]]:
    """The losses of the steps after a kept one, for each way to continue.

    Args:
        steps: how many steps at most.
        seconds: how long each way may take; on a slow network it ends before its last step.
    """
    made = confined(go_on, config, changes, checkpoint, tuple(ways), steps, seconds, memory=2000)
    losses: dict[str, list[float]] = json.loads(made)
    return losses


def go_on(
    config: TrainingConfig, changes: Changes, checkpoint: Path, ways: tuple[str, ...], steps: int, seconds: float
) -> bytes:
    """`ways_on` in the process of its own."""
    trained = experiment(config.experiment)
    config = config.changed(device="cpu")
    kept = torch.load(checkpoint, map_location="cpu", weights_only=True)["run"]
    further = config.with_steps(kept["step"] + steps)
    losses: dict[str, list[float]] = {}
    for way in ways:
        state = copy.deepcopy(kept)
        if way == "weights":
            state["optimizer"] = forgotten(trained, config, state)
        losses[way] = []
        end = time.perf_counter() + seconds
        for snapshot in trained.train(further, changes, state):
            losses[way].append(snapshot.metrics["loss/train"])
            if len(losses[way]) == steps or time.perf_counter() > end:
                break
    return json.dumps(losses).encode()


def forgotten(trained: Experiment, config: TrainingConfig, state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a new optimizer, at the learning rate that the old one had."""
    with undisturbed():
        own = trained.untrained(config).optimizer.state_dict()
    lr = state["optimizer"]["param_groups"][0]["lr"]
    return {"state": {}, "param_groups": [{**group, "lr": lr} for group in own["param_groups"]]}
