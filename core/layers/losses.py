"""Losses and their gradients as the prediction moves."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import torch

from core.layers.card import Card, CardConfig, Result, argument, call, choice

REGRESSION = {"MSELoss": "MSELoss", "L1Loss": "L1Loss", "SmoothL1Loss": "SmoothL1Loss"}


class RegressionConfig(CardConfig):
    """Arguments of the card of MSE, L1 and SmoothL1."""

    experiment: ClassVar[str] = "layers regression"

    functions: tuple[Literal["MSELoss", "L1Loss", "SmoothL1Loss"], ...] = choice(
        ("MSELoss", "L1Loss", "SmoothL1Loss"),
        "Losses",
        "Choose several to compare them.",
        choices=REGRESSION,
        length=(1, 3),
    )
    prediction: float = choice(
        2.0,
        "Prediction",
        "The network's output. Watch how the gradient changes as it approaches the target.",
        low=-4,
        high=4,
        step=0.05,
    )
    target: float = choice(0.5, "Target", "The correct value.", low=-4, high=4, step=0.05)
    beta: float = argument(
        "beta",
        1.0,
        "SmoothL1Loss is a parabola within this distance of the target, and a straight line further away.",
        low=0,
        high=4,
        step=0.1,
    )


def show_regression(config: RegressionConfig, own: np.ndarray | None) -> Result:
    """The card of MSE, L1 and SmoothL1."""
    options: dict[str, dict[str, Any]] = {"SmoothL1Loss": {"beta": config.beta}}
    losses = ", ".join(
        f'"{name}": {call(f"nn.{name}", **options.get(name, {}), reduction="none")}' for name in config.functions
    )
    result = Result(
        {"x": torch.linspace(-4, 4, 321, requires_grad=True), "target": torch.tensor(config.target).expand(321)},
        (
            f"losses = {{{losses}}}",
            "y = torch.stack([loss(x, target) for loss in losses.values()])",
            "slopes = torch.stack([torch.autograd.grad(loss(x, target).sum(), x)[0] for loss in losses.values()])",
        ),
        {"x": "x", "y": "y", "slopes": "slopes"},
        "plots",
        input="",
        output="",
    )
    same = {
        "x": "x",
        "names": list(config.functions),
        "colours": [list(REGRESSION).index(name) for name in config.functions],
        "marker": config.prediction,
        "second": config.target,
        "xlabel": "prediction",
    }
    result.facts = {
        "plots": [
            {"title": "loss", "lines": "y", "range": [0, 12], **same},
            {"title": "gradient", "lines": "slopes", "range": [-6, 6], **same},
        ],
        "beside": True,
    }
    result.formula = (
        r"\text{MSE} = (x - t)^2,\quad \text{L1} = |x - t|,\quad \text{SmoothL1} = \begin{cases}"
        rf"(x-t)^2 / (2\cdot{config.beta:g}) & |x-t| < {config.beta:g}\\ "
        rf"|x-t| - {config.beta / 2:g} & |x-t| \ge {config.beta:g}"
        r"\end{cases}"
    )
    return result


class CrossEntropyConfig(CardConfig):
    """Arguments of the CrossEntropyLoss card."""

    experiment: ClassVar[str] = "layers crossentropy"

    logit: float = choice(
        1.0, "Logit of the true class", "The network's score for the correct class, class 1.", low=-8, high=8, step=0.1
    )
    label_smoothing: float = argument(
        "label_smoothing",
        0.0,
        "Takes this share from the true class and spreads it over all classes, so that overconfidence is penalised.",
        low=0,
        high=1,
        step=0.05,
    )
    weight: float = choice(
        1.0, "weight[1]", "The weight of the true class: its examples count this many times.", low=0, high=5, step=0.1
    )


def crossentropy_plots(logit: float) -> list[dict[str, Any]]:
    """The CrossEntropyLoss card's plots: loss and gradient over one logit, and the example's four classes."""
    same = {"x": "z", "marker": logit, "xlabel": "logit"}
    return [
        {"title": "loss", "lines": "y", "names": ["CrossEntropyLoss"], **same},
        {"title": "gradient", "lines": "slopes", "names": ["x.grad"], **same},
        {
            "title": "probability_target_gradient",
            "bars": "bars",
            "labels": ["0", "1", "2", "3"],
            "names": ["softmax(x)", "target", "x.grad"],
            "range": [-1, 1],
            "wide": True,
        },
    ]


def show_crossentropy(config: CrossEntropyConfig, own: np.ndarray | None) -> Result:
    """The CrossEntropyLoss card: one example of class 1 among four."""
    z = torch.linspace(-8, 8, 321)
    others = [0.5, None, -0.5, 0.2]
    sweep = torch.stack([z if other is None else torch.full_like(z, other) for other in others], dim=1)
    given: dict[str, Any] = {
        "x": sweep.requires_grad_(),
        "target": torch.full((321,), 1),
        "x_now": torch.tensor([[config.logit if other is None else other for other in others]], requires_grad=True),
    }
    text = call("nn.CrossEntropyLoss", label_smoothing=config.label_smoothing)
    if config.weight != 1:
        given["weight"] = torch.tensor([1.0, config.weight, 1.0, 1.0])
        text = text.replace("(", "(weight=weight, ", 1).replace(", )", ")")
    # reduction="sum": one example after another, each with its own weight, as the plot shows them.
    loss = text[:-1] + (', reduction="sum")' if not text.endswith("()") else 'reduction="sum")')
    result = Result(
        given,
        (
            f"loss = {loss}",
            "y = torch.stack([loss(logits, label) for logits, label in zip(x, target)])",
            "y.sum().backward()",
            "now = loss(x_now, target[:1])",
            "now.backward()",
        ),
        {
            "z": "x[:, 1]",
            "y": "y[None]",
            "slopes": "x.grad[:, 1][None]",
            "probability": "x_now.softmax(dim=1)",
            "gradient": "x_now.grad",
        },
        "plots",
        input="x_now",
        output="now",
    )
    smooth = config.label_smoothing
    q = torch.full((4,), smooth / 4)
    q[1] += 1 - smooth
    result.arrays["bars"] = np.concatenate([result.arrays["probability"], q[None].numpy(), result.arrays["gradient"]])
    result.facts = {"plots": crossentropy_plots(config.logit), "beside": True}
    result.formula = (
        r"L = -\sum_c w_c\, q_c \log p_c,\quad p = \text{softmax}(x),\quad "
        rf"q_1 = {1 - smooth + smooth / 4:.4g},\ q_{{c \neq 1}} = {smooth / 4:.4g},\quad "
        r"w = 1:\ \frac{\partial L}{\partial x} = p - q"
    )
    return result


class NLLConfig(CardConfig):
    """Arguments of the card that shows CrossEntropyLoss as LogSoftmax and NLLLoss."""

    experiment: ClassVar[str] = "layers nll"

    scale: float = choice(
        1.0,
        "Scale of the logits",
        "How confident the network is: the logits are multiplied by this.",
        low=0,
        high=5,
        step=0.1,
    )
    ignore_index: Literal[-100, 0, 1, 2] = argument(
        "ignore_index",
        -100,
        "Examples of this class are ignored, for example padding. torch's default, -100, ignores none.",
        choices={-100: "-100", 0: "0", 1: "1", 2: "2"},
    )
    weight: float = choice(
        1.0,
        "weight[2]",
        "The weight of class 2: its examples count this many times in the mean.",
        low=0,
        high=5,
        step=0.1,
    )
    reduction: Literal["mean", "sum"] = argument(
        "reduction",
        "mean",
        "Whether the losses of the examples are averaged or added up.",
        choices={"mean": "mean", "sum": "sum"},
    )


LOGITS = [[2.0, 0.5, -1.0], [0.2, 0.4, 0.1], [-0.5, 1.5, 1.0], [-1.0, 0.0, 2.5]]
TARGET = [0, 1, 2, 2]


def show_nll(config: NLLConfig, own: np.ndarray | None) -> Result:
    """The card that shows CrossEntropyLoss as LogSoftmax and NLLLoss."""
    given: dict[str, Any] = {
        "x": (torch.tensor(LOGITS) * config.scale).requires_grad_(),
        "target": torch.tensor(TARGET),
    }
    options: dict[str, Any] = {"ignore_index": config.ignore_index, "reduction": config.reduction}
    cross, nll = call("nn.CrossEntropyLoss", **options), call("nn.NLLLoss", **options)
    if config.weight != 1:
        given["weight"] = torch.tensor([1.0, 1.0, config.weight])
        cross, nll = (text.replace("(", "(weight=weight, ", 1).replace(", )", ")") for text in (cross, nll))
    result = Result(
        given,
        (
            f"loss = {cross}(x, target)",
            "log_p = nn.LogSoftmax(dim=1)(x)",
            f"same = {nll}(log_p, target)",
            "loss.backward()",
        ),
        {
            "x": "x",
            "log_p": "log_p",
            "grad": "x.grad",
            "target": "target[:, None]",
            "losses": "torch.stack([loss, same])[:, None]",
        },
        "panels",
        output="loss",
    )
    links = [[[i, j] for j in range(3)] for i in range(4)]
    per_row = [{"x": row, "log_p": row, "grad": row, "target": [[i, 0]]} for i, row in enumerate(links)]
    result.facts = {
        "rows": [["x", "log_p", "target"], ["grad", "losses"]],
        "panels": {
            "x": {"title": "logits", "numbers": True, "links": [per_row[i // 3] for i in range(12)]},
            "log_p": {"title": "log_softmax", "numbers": True, "links": [per_row[i // 3] for i in range(12)]},
            "target": {"title": "target", "numbers": True, "plain": True, "links": per_row},
            "grad": {"title": "gradient_of_input", "numbers": True, "links": [per_row[i // 3] for i in range(12)]},
            "losses": {
                "title": "equal_numbers",
                "numbers": True,
                "plain": True,
                "digits": 4,
                "cell_width": 96,
                "row_names": ["CrossEntropyLoss", "LogSoftmax + NLLLoss"],
            },
        },
        "tell": "nll",
        "values": {"loss": float(result.value("loss").detach()), "same": float(result.value("same").detach())},
    }
    for name in ("loss", "same"):
        if not np.isfinite(result.facts["values"][name]):
            result.facts["values"][name] = "NaN"
    result.formula = r"L = -\sum_n w_{t_n} \log p_{n, t_n}" + (
        r"\;\Big/\;\sum_n w_{t_n}" if config.reduction == "mean" else ""
    )
    return result


class BCEConfig(CardConfig):
    """Arguments of the BCEWithLogitsLoss card."""

    experiment: ClassVar[str] = "layers bce"

    logit: float = choice(
        1.0, "Logit", "The network's output: above 0 means yes, below 0 means no.", low=-6, high=6, step=0.05
    )
    target: float = choice(
        1.0, "Target", "1 means yes, 0 means no; values between are unsure.", low=0, high=1, step=0.05
    )
    pos_weight: float = choice(
        1.0, "pos_weight", "How many times a yes counts. Useful when yes is rare.", low=0.1, high=10, log=True
    )
    reach: Literal[6, 30, 150] = choice(
        6,
        "Range of the logit",
        "Far from 0, Sigmoid followed by BCELoss loses its gradient; the combined loss does not.",
        choices={6: "6", 30: "30", 150: "150"},
    )


def show_bce(config: BCEConfig, own: np.ndarray | None) -> Result:
    """The BCEWithLogitsLoss card, beside Sigmoid followed by BCELoss."""
    given: dict[str, Any] = {
        "x": torch.linspace(-config.reach, config.reach, 241, requires_grad=True),
        "target": torch.tensor(config.target).expand(241),
    }
    text = 'nn.BCEWithLogitsLoss(reduction="none")'
    if config.pos_weight != 1:
        text = text.replace("(", "(pos_weight=pos_weight, ")
        given["pos_weight"] = torch.tensor(config.pos_weight)
    result = Result(
        given,
        (
            f"y = {text}(x, target)",
            "slope, = torch.autograd.grad(y.sum(), x)",
            'apart = nn.BCELoss(reduction="none")(x.sigmoid(), target)',
            "slope_apart, = torch.autograd.grad(apart.sum(), x)",
        ),
        {"x": "x", "y": "torch.stack([y, apart])", "slopes": "torch.stack([slope, slope_apart])"},
        "plots",
    )
    same = {"x": "x", "names": ["BCEWithLogitsLoss", "Sigmoid + BCELoss"], "marker": config.logit, "xlabel": "logit"}
    result.facts = {
        "plots": [
            {"title": "loss", "lines": "y", "from_zero": True, "dashes": [0, 1], **same},
            {"title": "gradient", "lines": "slopes", "dashes": [0, 1], **same},
        ],
        "beside": True,
    }
    result.formula = (
        r"L = -\big(w_{pos}\,t\,\log\sigma(x) + (1 - t)\log(1 - \sigma(x))\big),\quad "
        r"w_{pos} = 1:\ \frac{\partial L}{\partial x} = \sigma(x) - t"
    )
    return result


class KLDivConfig(CardConfig):
    """Arguments of the KLDivLoss card."""

    experiment: ClassVar[str] = "layers kldiv"

    middle: float = choice(
        2.0, "Middle of Q", "The middle of the distribution that the network predicts.", low=-4, high=4, step=0.1
    )
    width: float = choice(1.0, "Width of Q", "How wide the predicted distribution is.", low=0.3, high=3, step=0.1)
    shape: Literal["one", "two"] = choice(
        "one", "P", "The true distribution: with one peak or with two.", choices={"one": "one peak", "two": "two peaks"}
    )
    reduction: Literal["batchmean", "mean", "sum"] = argument(
        "reduction",
        "batchmean",
        "batchmean gives the KL divergence of the textbooks; mean also divides by the number of bins.",
        choices={"batchmean": "batchmean", "mean": "mean", "sum": "sum"},
    )


BINS = 21


def hills(at: torch.Tensor, middle: Any, width: Any) -> torch.Tensor:
    """The logarithm of a hill, not yet a distribution."""
    logarithms: torch.Tensor = -(((at - middle) / width) ** 2) / 2
    return logarithms


def show_kldiv(config: KLDivConfig, own: np.ndarray | None) -> Result:
    """The KLDivLoss card."""
    at = torch.linspace(-5, 5, BINS)
    if config.shape == "two":
        p = (hills(at, -2.5, 0.7).exp() + hills(at, 2.0, 0.7).exp())[None]
    else:
        p = hills(at, -1.0, 0.9).exp()[None]
    middles = torch.linspace(-4, 4, 161)
    result = Result(
        {
            "p": p / p.sum(),
            "x": hills(at, config.middle, config.width)[None].requires_grad_(),
            "moved": hills(at, middles[:, None], config.width),
        },
        (
            f'kl = nn.KLDivLoss(reduction="{config.reduction}")',
            "log_q = F.log_softmax(x, dim=1)",
            "loss = kl(log_q, p)",
            "loss.backward()",
            "curve = torch.stack([kl(F.log_softmax(row, dim=0)[None], p) for row in moved])",
        ),
        {"q": "log_q.exp()", "p": "p", "grad": "x.grad", "curve": "curve[None]", "loss": "loss[None]"},
        "plots",
        input="log_q",
        output="loss",
    )
    result.arrays |= {"both": np.concatenate([result.arrays["p"], result.arrays["q"]]), "middles": middles.numpy()}
    labels = [f"{value:g}" if i % 4 == 2 else "" for i, value in enumerate(at.tolist())]
    result.facts = {
        "plots": [
            {"title": "p_and_q", "bars": "both", "labels": labels, "names": ["P", "Q"], "from_zero": True},
            {"title": "gradient_of_input", "bars": "grad", "labels": labels, "names": ["x.grad"]},
            {
                "title": "loss_by_middle",
                "x": "middles",
                "lines": "curve",
                "names": ["KLDivLoss"],
                "marker": config.middle,
                "wide": True,
                "from_zero": True,
                "xlabel": "middle_of_q",
            },
        ],
        "beside": True,
    }
    result.formula = r"D_{KL}(P\,\|\,Q) = \sum_i p_i\,(\log p_i - \log q_i)" + (
        {"mean": rf"\;/\;{BINS}", "sum": "", "batchmean": ""}[config.reduction]
        + rf" = {float(result.value('loss').detach()):.4f}"
    )
    return result


CARDS = [
    Card("regression", "MSE, L1, SmoothL1", "losses", RegressionConfig, show_regression),
    Card("crossentropy", "CrossEntropyLoss", "losses", CrossEntropyConfig, show_crossentropy),
    Card("nll", "LogSoftmax + NLLLoss", "losses", NLLConfig, show_nll),
    Card("bce", "BCEWithLogitsLoss", "losses", BCEConfig, show_bce),
    Card("kldiv", "KLDivLoss", "losses", KLDivConfig, show_kldiv),
]
