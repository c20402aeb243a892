"""Losses and their gradients, against formulas and autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given

from core.layers import CARDS
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import FEW, result_of

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # torch's own advice on KLDivLoss


@FEW
@given(arguments(CARDS["regression"]))
def test_regression_losses(values: dict[str, Any]) -> None:
    result = result_of("regression", values)
    assert result is not None
    x, t, beta = result.arrays["x"].astype(np.float64), values.get("target", 0.5), values.get("beta", 1.0)
    away = np.abs(x - t)
    near = away < beta
    formulas = {
        "MSELoss": (away**2, 2 * (x - t)),
        "L1Loss": (away, np.sign(x - t)),
        "SmoothL1Loss": (
            np.where(near, away**2 / (2 * (beta or 1)), away - beta / 2),
            np.where(near, (x - t) / (beta or 1), np.sign(x - t)),
        ),
    }
    off = away > 1e-3
    for i, name in enumerate(values.get("functions", formulas)):
        loss, slope = formulas[name]
        np.testing.assert_allclose(result.arrays["y"][i], loss, atol=1e-4)
        np.testing.assert_allclose(result.arrays["slopes"][i][off], slope[off], atol=1e-4)


@FEW
@given(arguments(CARDS["crossentropy"]))
def test_cross_entropy_and_its_gradient(values: dict[str, Any]) -> None:
    result = result_of("crossentropy", values)
    assert result is not None
    logit, smooth, w = values.get("logit", 1.0), values.get("label_smoothing", 0.0), values.get("weight", 1.0)
    x = torch.tensor([0.5, logit, -0.5, 0.2], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([1.0, w, 1.0, 1.0], dtype=torch.float64)
    q = torch.full((4,), smooth / 4, dtype=torch.float64)
    q[1] += 1 - smooth
    loss = -(weight * q * x.log_softmax(dim=0)).sum()
    torch.autograd.backward(loss)
    assert x.grad is not None
    assert result.made["now"].item() == pytest.approx(loss.item(), abs=1e-4)
    np.testing.assert_allclose(result.arrays["gradient"][0], x.grad.numpy(), atol=1e-5)
    np.testing.assert_allclose(result.arrays["bars"][1], q.numpy(), atol=1e-6)
    at = int(np.abs(result.arrays["z"] - logit).argmin())
    near = abs(result.arrays["z"][at] - logit) < 1e-4
    assert not near or result.arrays["slopes"][0][at] == pytest.approx(float(x.grad[1]), abs=1e-4)


@FEW
@given(arguments(CARDS["nll"]))
def test_cross_entropy_is_log_softmax_and_nll(values: dict[str, Any]) -> None:
    result = result_of("nll", values)
    assert result is not None
    loss, same = result.arrays["losses"][:, 0]
    np.testing.assert_allclose(loss, same, rtol=1e-6, equal_nan=True)
    x, target = result.given["x"].detach().double(), result.given["target"]
    weight = torch.tensor([1.0, 1.0, values.get("weight", 1.0)], dtype=torch.float64)
    counts = target != values.get("ignore_index", -100)
    each = -x.log_softmax(dim=1)[torch.arange(4), target] * weight[target] * counts
    total = (weight[target] * counts).sum() if values.get("reduction", "mean") == "mean" else torch.tensor(1.0)
    np.testing.assert_allclose(loss, float(each.sum() / total), rtol=1e-4, atol=1e-6, equal_nan=True)


@FEW
@given(arguments(CARDS["bce"]))
def test_bce_with_logits(values: dict[str, Any]) -> None:
    result = result_of("bce", values)
    assert result is not None
    x = torch.from_numpy(result.arrays["x"]).double().requires_grad_()
    t, w = values.get("target", 1.0), values.get("pos_weight", 1.0)
    loss = -(w * t * F.logsigmoid(x) + (1 - t) * F.logsigmoid(-x))
    (slope,) = torch.autograd.grad(loss.sum(), x)
    np.testing.assert_allclose(result.arrays["y"][0], loss.detach().numpy(), atol=1e-3, rtol=1e-4)
    np.testing.assert_allclose(result.arrays["slopes"][0], slope.numpy(), atol=1e-4)


def test_taken_apart_the_gradient_is_lost_far_out() -> None:
    """What the card says of range 150."""
    result = result_of("bce", {"reach": 150})
    assert result is not None
    together, apart = result.arrays["slopes"]
    assert together[0] == pytest.approx(-1)
    assert apart[0] == 0


@FEW
@given(arguments(CARDS["kldiv"]))
def test_kl_divergence(values: dict[str, Any]) -> None:
    result = result_of("kldiv", values)
    assert result is not None
    p, q = (result.arrays[name][0].astype(np.float64) for name in ("p", "q"))
    divergence = float((p * (np.log(p) - result.made["log_q"].detach().double().numpy()[0])).sum())
    by = 21 if values.get("reduction") == "mean" else 1
    assert result.arrays["loss"][0] == pytest.approx(divergence / by, rel=1e-3, abs=1e-5)
    np.testing.assert_allclose(result.arrays["grad"][0], (q - p) / by, atol=1e-5)
