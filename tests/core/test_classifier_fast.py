"""The classifier's fast loop yields what the plain one does, bit for bit: losses, weights, gradients, chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import checkpoints
from core.config import ConfigError
from core.engine.lane import Lane
from core.experiments.classifier import EXPERIMENT, ClassifierConfig, fast, train
from core.export import script
from core.snapshot import Snapshot
from tests.core.alike import assert_equal, same, state_of
from tests.core.scripts import Scripts

STEPS = 500
OWN_POINTS = tuple((x / 10 - 2, math.sin(x), x % 3) for x in range(40))
VALUES: dict[str, list[Any]] = {
    "dataset": ["moons", "circles", "xor", "spirals", "blobs"],
    "points_per_class": [20, 500],
    "spread": [0.2, 4.0],
    "noise": [0.3],
    "test_fraction": [0.1, 0.9],
    "features": [("x1*x2",), ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")],
    "standardize": [True],
    "points": [OWN_POINTS],
    "hidden_sizes": [(), (1,), (4, 2), (8, 8, 8), (64,) * 6],
    "activation": ["Tanh", "Sigmoid", "Identity"],
    "init": ["xavier_uniform_", "kaiming_normal_", "normal_", "zeros_"],
    "seed": [2, 9999],
    "optimizer": ["Adam", "AdamW", "RMSprop"],
    "lr": [1e-4, 1.0, 100.0],
    "momentum": [0.9],
    "batch_size": [1, 7, 10, 32, 1000],
    "weight_decay": [0.01, 10.0],
    "num_steps": [1, 17],
    "evaluate_every": [1, 7],
    "bugs": [("softmax",), ("no_activation",), ("high_lr",)],
}
"""What each field may be beside its default where the fast loop fits."""
ALONE: dict[str, list[Any]] = {
    "activation": ["ELU", "one that comes later"],
    "dropout": [0.5],
    "batch_norm": [True],
    "l1": [0.01],
    "loss": ["MSELoss"],
    "device": ["cuda:0", "mps"],
    "bugs": [("no_zero_grad",), ("softmax", "no_zero_grad"), ("softmax", "one that comes later")],
}
"""Where the plain loop runs."""
TOGETHER: list[dict[str, Any]] = [
    {"n_classes": 5, "dataset": "blobs", "batch_size": 13},
    {"dataset": "own", "points": OWN_POINTS, "batch_size": 3},
    {"momentum": 0.5, "nesterov": True, "batch_size": 10, "weight_decay": 0.1},
    {"optimizer": "RMSprop", "momentum": 0.9, "batch_size": 10},
    {"optimizer": "Adam", "weight_decay": 0.1, "batch_size": 10, "hidden_sizes": (8, 8)},
    {"bugs": ("softmax",), "batch_size": 10, "hidden_sizes": (8, 8), "dataset": "blobs"},
    {"stop": "accuracy", "target_accuracy": 0.9},
    {"stop": "plateau", "patience": 5, "lr": 0.0001, "batch_size": 10},
    {"stop": "validation_accuracy", "target_accuracy": 0.9, "batch_size": 10},
    {"stop": "validation_loss", "patience": 20, "spread": 4, "optimizer": "Adam", "validation_fraction": 0.5},
    {"stop": "validation_loss", "dataset": "own", "points": OWN_POINTS, "standardize": True, "bugs": ("softmax",)},
]
SINGLE = [{name: value} for name, values in VALUES.items() for value in values]


def config_of(**values: Any) -> ClassifierConfig:
    return ClassifierConfig.create({"device": "cpu", "num_steps": STEPS, "hidden_sizes": (10,), **values})


@pytest.mark.one_in(4)
@pytest.mark.parametrize("values", [{}, *SINGLE, *TOGETHER], ids=str)
def test_yields_the_same_bit_for_bit(values: dict[str, Any]) -> None:
    config = config_of(**values)
    assert fast.fits(config)
    assert_equal(fast.train(config, {}), train(config, {}))


@pytest.mark.parametrize("values", [{name: value} for name, given in ALONE.items() for value in given], ids=str)
def test_other_settings_are_left_to_the_plain_loop(values: dict[str, Any]) -> None:
    assert EXPERIMENT.fast(ClassifierConfig.model_construct(**{**dict(config_of()), **values})) is None


def test_each_setting_is_tried() -> None:
    tried = {*VALUES, *ALONE, *(name for values in TOGETHER for name in values)}
    assert tried == set(ClassifierConfig.settings())


@st.composite
def configs(draw: Callable[..., Any]) -> ClassifierConfig | None:
    """A config of some values that are not the default."""
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=6, unique=True))
    values = {name: draw(st.sampled_from(VALUES[name])) for name in names}
    try:
        return config_of(**{**values, "num_steps": 60})
    except ConfigError:
        return None


@settings(max_examples=40)
@given(configs())
def test_settings_together_yield_the_same_bit_for_bit(config: ClassifierConfig | None) -> None:
    if config is not None:
        assert_equal(fast.train(config, {}), train(config, {}))


@pytest.mark.parametrize("batch_size", [0, 10])
def test_a_changed_learning_rate_acts_alike(batch_size: int) -> None:
    config, changes = config_of(batch_size=batch_size, num_steps=90), {4: {"lr": 0.5}, 61: {"lr": 0.001}}
    assert_equal(fast.train(config, changes), train(config, changes))


@pytest.mark.parametrize(
    "values",
    [{}, {"momentum": 0.9}, {"optimizer": "Adam"}, {"weight_decay": 0.1}, {"stop": "validation_loss", "spread": 4}],
    ids=str,
)
@pytest.mark.parametrize("step", [0, 33, 40])
@pytest.mark.parametrize("first, second", [(train, fast.train), (fast.train, train)])
def test_one_loop_continues_from_the_others_checkpoint(
    first: Callable[..., Iterator[Snapshot]],
    second: Callable[..., Iterator[Snapshot]],
    step: int,
    values: dict[str, Any],
    tmp_path: Path,
) -> None:
    config = config_of(batch_size=10, num_steps=90, **values)
    losses = [0.0] * step
    for snapshot in first(config, {}):
        if snapshot.step == step:
            checkpoints.save(checkpoints.checkpoint(snapshot, losses), tmp_path / "kept.pt")
    whole = state_of(snapshot)
    *_, last = second(config, {}, checkpoints.load(tmp_path / "kept.pt"))
    assert same(state_of(last), whole)


@pytest.mark.parametrize("values, file", [({}, "fast.py"), ({"batch_norm": True}, "loop.py")], ids=str)
def test_a_run_trained_by_it_repeats_what_the_script_prints(
    values: dict[str, Any], file: str, run_script: Scripts
) -> None:
    config = config_of(batch_size=10, num_steps=60, **values)
    lane = Lane(EXPERIMENT, config, {}, None, alone=True)
    loop: Any = lane.generator
    assert Path(loop.gi_code.co_filename).name == file
    while not lane.ended:
        lane.advance()
    records = run_script(script(config))
    assert [{"step": step, "epoch": epoch, **metrics} for step, epoch, metrics in lane.rows] == records
