"""Normalisation: numbers of one colour share a mean and a variance, and a guest changes only BatchNorm's output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.layers import CARDS
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import result_of

NORMS = ("batchnorm2d", "layernorm", "groupnorm", "instancenorm2d")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(NORMS).flatmap(lambda name: st.tuples(st.just(name), arguments(CARDS[name]))))
def test_mean_and_variance_of_each_group_make_the_output(drawn: tuple[str, dict[str, Any]]) -> None:
    name, values = drawn
    result = result_of(name, values)
    if result is None:
        return
    x, tags = result.arrays["x"], result.arrays["tags"]
    mean, var = (np.array(result.facts["by_tag"][key])[tags] for key in ("mean", "var"))
    eps = values.get("eps", 1e-5)
    np.testing.assert_allclose((x - mean) / np.sqrt(var + eps), result.arrays["y"], atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize(("name", "mode", "changes"), [
    ("batchnorm2d", "train", True), ("batchnorm2d", "eval", False), ("layernorm", "train", False),
    ("groupnorm", "train", False), ("instancenorm2d", "train", False),
])  # fmt: skip
def test_whose_output_changes_when_an_image_joins(name: str, mode: str, changes: bool) -> None:
    result = result_of(name, {"joins": True, "mode": mode})
    assert result is not None
    assert result.arrays["x"].shape[0] == 4
    most = np.abs(result.arrays["change"]).max()
    assert most > 0.3 if changes else most < 1e-5


def test_running_statistics_follow_the_batches() -> None:
    none, one, all_ = (result_of("batchnorm2d", {"batches": count, "mode": "eval"}) for count in (0, 1, 50))
    assert none is not None
    assert one is not None
    assert all_ is not None
    assert none.arrays["running"].tolist() == [[0] * 4, [1] * 4]
    first = one.given["batches"][0]
    expected = 0.1 * first.mean(dim=(0, 2, 3))
    np.testing.assert_allclose(one.arrays["running"][0], expected.numpy(), atol=1e-6)
    spread = 0.9 + 0.1 * first.var(dim=(0, 2, 3))
    np.testing.assert_allclose(one.arrays["running"][1], spread.numpy(), atol=1e-6)
    every = np.stack([batch.mean(dim=(0, 2, 3)).numpy() for batch in all_.given["batches"]])
    assert np.abs(all_.arrays["running"][0] - every.mean(axis=0)).max() < 0.15
