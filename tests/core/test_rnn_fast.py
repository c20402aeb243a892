"""The RNN's fast loop yields what the plain one does, bit for bit: losses, weights, gradients, hidden state, chance."""

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
from core.experiments.rnn import EXPERIMENT, RNNConfig, fast, train
from core.export import script
from core.snapshot import Snapshot
from tests.core.alike import assert_equal, same, state_of
from tests.core.scripts import Scripts

STEPS = 500
SERIES = tuple(math.sin(x / 3) + x / 50 for x in range(60))
VALUES: dict[str, list[Any]] = {
    "signal": ["shifted", "sum", "square", "damped", "noisy", "formula"],
    "formula": ["sin(t)^2"],
    "shift": [-2.0],
    "series": [SERIES],
    "predict": ["next"],
    "time_steps": [5, 11],
    "hidden_size": [1, 3, 100, 256],
    "h_state": ["reset"],
    "nonlinearity": ["relu"],
    "compare": [True],
    "seed": [2],
    "optimizer": ["SGD", "AdamW", "RMSprop"],
    "lr": [1e-5, 10.0],
    "clip": [0.1],
    "num_steps": [1, 17],
}
"""What each field may be beside its default where the fast loop fits."""
ALONE: dict[str, list[Any]] = {
    "cell": ["LSTM", "GRU"],
    "num_layers": [2],
    "bias": [False],
    "batch_first": [False],
    "bidirectional": [True],
    "dropout": [0.5],
    "device": ["cuda:0", "mps"],
    "bugs": [("no_detach",), ("no_zero_grad",)],
}
"""Where the plain loop runs."""
TOGETHER: list[dict[str, Any]] = [
    {"signal": "own", "series": SERIES},
    {"signal": "shifted", "shift": -2.0, "h_state": "reset", "nonlinearity": "relu"},
    {"time_steps": 100, "num_steps": 100},
    {"time_steps": 200, "hidden_size": 64, "num_steps": 30, "clip": 1.0, "optimizer": "SGD"},
]
SINGLE = [{name: value} for name, values in VALUES.items() for value in values]


def config_of(**values: Any) -> RNNConfig:
    return RNNConfig.create({"device": "cpu", "num_steps": STEPS, **values})


@pytest.mark.one_in(4)
@pytest.mark.parametrize("values", [{}, *SINGLE, *TOGETHER], ids=lambda values: str(values)[:50])
def test_yields_the_same_bit_for_bit(values: dict[str, Any]) -> None:
    config = config_of(**values)
    assert fast.fits(config)
    assert_equal(fast.train(config, {}), train(config, {}))


@pytest.mark.parametrize("values", [{name: value} for name, given in ALONE.items() for value in given], ids=str)
def test_other_settings_are_left_to_the_plain_loop(values: dict[str, Any]) -> None:
    assert EXPERIMENT.fast(RNNConfig.model_construct(**{**dict(config_of()), **values})) is None


def test_each_setting_is_tried() -> None:
    assert {*VALUES, *ALONE} == set(RNNConfig.settings())


@st.composite
def configs(draw: Callable[..., Any]) -> RNNConfig | None:
    """A config of some values that are not the default."""
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=6, unique=True))
    values = {name: draw(st.sampled_from(VALUES[name])) for name in names}
    try:
        return config_of(**{**values, "num_steps": 40})
    except ConfigError:
        return None


@settings(max_examples=30)
@given(configs())
def test_settings_together_yield_the_same_bit_for_bit(config: RNNConfig | None) -> None:
    if config is not None:
        assert_equal(fast.train(config, {}), train(config, {}))


def test_a_changed_learning_rate_acts_alike() -> None:
    config, changes = config_of(num_steps=90), {4: {"lr": 0.5}, 61: {"lr": 0.001}}
    assert_equal(fast.train(config, changes), train(config, changes))


@pytest.mark.parametrize("values", [{}, {"optimizer": "SGD"}, {"h_state": "reset"}], ids=str)
@pytest.mark.parametrize("step", [0, 33])
@pytest.mark.parametrize("first, second", [(train, fast.train), (fast.train, train)])
def test_one_loop_continues_from_the_others_checkpoint(
    first: Callable[..., Iterator[Snapshot]],
    second: Callable[..., Iterator[Snapshot]],
    step: int,
    values: dict[str, Any],
    tmp_path: Path,
) -> None:
    config = config_of(num_steps=60, **values)
    for snapshot in first(config, {}):
        if snapshot.step == step:
            checkpoints.save(checkpoints.checkpoint(snapshot, [0.0] * step), tmp_path / "kept.pt")
    *_, last = second(config, {}, checkpoints.load(tmp_path / "kept.pt"))
    assert same(state_of(last), state_of(snapshot))


@pytest.mark.parametrize("values, file", [({}, "fast.py"), ({"bias": False}, "loop.py")], ids=str)
def test_a_run_trained_by_it_repeats_what_the_script_prints(
    values: dict[str, Any], file: str, run_script: Scripts
) -> None:
    config = config_of(num_steps=60, **values)
    lane = Lane(EXPERIMENT, config, {}, None, alone=True)
    loop: Any = lane.generator
    assert Path(loop.gi_code.co_filename).name == file
    while not lane.ended:
        lane.advance()
    assert [{"step": step, "epoch": epoch, **metrics} for step, epoch, metrics in lane.rows] == run_script(
        script(config)
    )
