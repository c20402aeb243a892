"""What holds for every card: the lines shown are what the picture shows, and torch and the card refuse the same."""

from __future__ import annotations

import ast
import inspect
import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.config import ConfigError
from core.layers import CARDS, FAMILIES
from core.layers.card import NAMES, Refused, Result, call, copied, plain_array
from core.layers.samples import house
from tests.core.layers.arguments import arguments

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # torch's own advice on KLDivLoss

OURS = {"kernel", "warmup"}
"""Fields in which the card is stricter than torch."""
SLOW = {"deep_stack": 6, "optimizers": 8, "crossentropy": 8}

own_image = (house() * 255).to(torch.uint8).permute(1, 2, 0).numpy()


def ran_alone(result: Result) -> dict[str, Any]:
    """The names after the shown lines ran by themselves, as somebody would run them who copied them."""
    names: dict[str, Any] = {name: NAMES[name] for name in ("torch", "nn", "F", "lr_scheduler")}
    names |= {name: copied(value) for name, value in result.given.items()}
    exec("\n".join(result.lines), names)
    return names


def assert_the_lines_give_the_picture(result: Result) -> None:
    names = ran_alone(result)
    assert result.drawn
    for array, expression in result.drawn.items():
        recomputed = plain_array(eval(expression, names))
        np.testing.assert_array_equal(result.arrays[array], recomputed, err_msg=expression)


@pytest.mark.parametrize("name", CARDS)
def test_any_arguments(name: str) -> None:
    """Whatever is chosen: the lines give the picture's numbers, or torch refuses what the card refuses."""
    card = CARDS[name]

    @settings(max_examples=SLOW.get(name, 20), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(arguments(card), st.sampled_from([None, own_image]))
    def check(values: dict[str, Any], own: np.ndarray | None) -> None:
        try:
            config = card.config.create(values)
        except ConfigError as error:
            if {problem.field for problem in error.problems} <= OURS:
                return
            with pytest.raises((Refused, ValueError, AssertionError, RuntimeError, ZeroDivisionError)):
                card.show(card.config.model_construct(**{**dict(card.config()), **values}), own)
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            before = torch.get_rng_state()
            result = card.show(config, own)
            assert torch.equal(torch.get_rng_state(), before), "a card disturbs nobody's chance"
            assert_the_lines_give_the_picture(result)
        json.dumps(result.facts, allow_nan=False)
        assert all(array.dtype in (np.float32, np.int32) for array in result.arrays.values())
        assert sum(array.nbytes for array in result.arrays.values()) < 120_000
        assert card.config.create(card.config.create(config.to_query()).to_query()) == config

    check()


@pytest.mark.parametrize("name", CARDS)
def test_the_marked_line_is_the_cards_own(name: str) -> None:
    card = CARDS[name]
    result = card.show(card.config(), None)
    assert 0 <= result.one < len(result.lines)
    ast.parse("\n".join(result.lines))
    start = result.lines[result.one]
    assert any(word in start for word in ("nn.", "x.", "activation", "optimizers", "schedules")), start


def test_cards_have_names_of_their_own() -> None:
    assert len(CARDS) == 29
    assert len(FAMILIES) == 8
    desks = [card.config.experiment for card in CARDS.values()]
    assert len(set(desks)) == len(desks)


def test_call_leaves_out_torchs_defaults() -> None:
    assert call("nn.Conv2d", 1, 2, kernel_size=3, stride=1, padding=0, bias=True) == "nn.Conv2d(1, 2, kernel_size=3)"
    assert call("nn.Conv2d", 1, 2, kernel_size=3, bias=False) == "nn.Conv2d(1, 2, kernel_size=3, bias=False)"
    assert call("nn.MSELoss", reduction="none") == 'nn.MSELoss(reduction="none")'
    assert call("nn.BatchNorm2d", 4, eps=1e-05, momentum=0.1) == "nn.BatchNorm2d(4)"
    assert "affine" in inspect.signature(torch.nn.BatchNorm2d).parameters


def test_what_is_given_is_not_changed_by_the_lines() -> None:
    x = torch.zeros(3)
    result = Result({"x": x}, ("x.add_(1)", "y = x"), {"y": "y"}, "plots")
    assert torch.equal(x, torch.zeros(3))
    assert isinstance(result.given["x"], Tensor)
    assert result.arrays["y"].tolist() == [1, 1, 1]


def test_torchs_own_words_where_a_line_fails() -> None:
    with pytest.raises(Refused, match="shape"):
        Result({"x": torch.zeros(3)}, ("y = x.view(2)",), {"y": "y"}, "plots")
