"""Linear, Embedding, shapes and recurrent cells."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

from core.config import ConfigError
from core.layers import CARDS
from core.layers.linear import EmbeddingConfig, ShapesConfig
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import FEW, result_of


@FEW
@given(arguments(CARDS["linear"]))
def test_linear(values: dict[str, Any]) -> None:
    result = result_of("linear", values)
    assert result is not None
    x, weight, y = (result.arrays[name] for name in ("x", "weight", "y"))
    bias = result.arrays["bias"][:, 0] if "bias" in result.arrays else 0
    np.testing.assert_allclose(x @ weight.T + bias, y, atol=1e-5)
    assert result.parameters == weight.size + np.size(bias) * (values.get("bias", True))
    for written, value in zip(result.facts["by_cell"]["sum"], y.ravel(), strict=True):
        text = written.replace("−", "-").replace("·", "*")
        assert eval(re.sub(r"- -", "+ ", text)) == pytest.approx(value, abs=0.06)


@FEW
@given(arguments(CARDS["embedding"]))
def test_embedding(values: dict[str, Any]) -> None:
    result = result_of("embedding", values)
    if result is None:
        return
    index, weight = result.arrays["index"][:, 0], result.arrays["weight"]
    np.testing.assert_array_equal(result.arrays["y"], weight[index])
    padding = values.get("padding_idx", -1)
    for row in range(len(weight)):
        times = 0 if row == padding else int((index == row).sum())
        assert (result.arrays["grad"][row] == times).all()
    if padding >= 0:
        assert not weight[padding].any()


@FEW
@given(arguments(CARDS["shapes"]))
def test_shapes_hold_the_same_numbers(values: dict[str, Any]) -> None:
    result = result_of("shapes", values)
    if result is None:
        return
    assert sorted(result.arrays["y"].ravel()) == list(range(24))
    moved = result.made["y"].data_ptr() != result.made["x"].data_ptr()
    assert result.facts["tell"] == ("shapes_copied" if moved else "shapes_shared")


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"operation": "view", "size": "5, 5"}, "size", "multiply to 25"),
        ({"operation": "view", "size": "-1, -1"}, "size", "Only one size"),
        ({"operation": "transposed view", "size": "24"}, "size", "reshape"),
        ({"operation": "flatten", "start_dim": "2", "end_dim": "0"}, "start_dim", "after end_dim"),
        ({"operation": "permute", "dims": "0, 0, 1"}, "dims", "exactly once"),
    ],
)
def test_shapes_torch_refuses(values: dict[str, str], field: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        ShapesConfig.create(values)
    [problem] = refused.value.problems
    assert problem.field == field
    assert reason in str(problem)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("7", "out of range"), ("-1", "out of range"), ("a", "whole numbers"), ("", "1 to 8"), ("1 " * 9, "1 to 8")],
)
def test_indices_torch_refuses(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        EmbeddingConfig.create({"indices": text})


@FEW
@given(arguments(CARDS["cells"]))
def test_gates_by_hand_make_the_cells_own_step(values: dict[str, Any]) -> None:
    result = result_of("cells", values)
    assert result is not None
    arrays = result.arrays
    np.testing.assert_allclose(arrays["by_hand"], arrays["h_new"], atol=1e-5)
    if values.get("cell", "LSTMCell") == "LSTMCell":
        c = arrays["f"] * arrays["c"] + arrays["i"] * arrays["g"]
        np.testing.assert_allclose(c, arrays["c_new"], atol=1e-5)


def test_a_closed_forget_gate_forgets() -> None:
    shut, open_ = (result_of("cells", {"gate": gate}) for gate in (-6.0, 6.0))
    assert shut is not None
    assert open_ is not None
    new = shut.arrays["i"] * shut.arrays["g"]
    assert np.abs(shut.arrays["c_new"] - new).max() < 0.02
    assert np.abs(open_.arrays["c_new"] - new - open_.arrays["c"]).max() < 0.02
    assert torch.is_tensor(shut.made["cell"].bias_hh)
