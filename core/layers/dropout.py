"""Dropout: numbers are set to 0 randomly in training, and never in testing."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F

from core.layers.card import Card, CardConfig, Result, argument, call, choice
from core.layers.convolution import IMAGE_HELP
from core.layers.samples import IMAGES, feature_maps, image

Mode = Literal["train", "eval"]
MODES = {"train": "train()", "eval": "eval()"}
P = "The probability that a number is set to 0. The others are divided by 1 - p."
MODE = "train() sets numbers to 0 randomly; eval() changes nothing."
DRAW = "The seed of torch's random numbers: another value gives another draw."
DRAWS = "The mean of this many draws. The more there are, the closer it is to the input."
FORMULA = r"y%s = \frac{x%s\, m%s}{1 - p},\quad m%s \sim \text{Bernoulli}(1 - p),\quad E[y] = x,\quad p = %g"


class DropoutConfig(CardConfig):
    """Arguments of the Dropout card."""

    experiment: ClassVar[str] = "layers dropout"

    image: Literal["house", "digit", "stripes", "own"] = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    p: float = argument("p", 0.5, P, low=0, high=1, step=0.05)
    mode: Mode = choice("train", "Mode", MODE, choices=MODES)
    draw: int = choice(0, "Draw", DRAW, low=0, high=50)
    draws: int = choice(50, "Draws in the mean", DRAWS, low=1, high=200)


class Dropout2dConfig(CardConfig):
    """Arguments of the Dropout2d card."""

    experiment: ClassVar[str] = "layers dropout2d"

    p: float = argument("p", 0.5, P, low=0, high=1, step=0.05)
    mode: Mode = choice("train", "Mode", MODE, choices=MODES)
    draw: int = choice(0, "Draw", DRAW, low=0, high=50)
    draws: int = choice(50, "Draws in the mean", DRAWS, low=1, high=200)


def dropout_lines(layer: str, mode: str, draw: int, draws: int) -> tuple[str, ...]:
    """The lines that make one draw, and the mean of many."""
    return (
        f"drop = {layer}" + (".eval()" if mode == "eval" else ""),
        f"torch.manual_seed({draw})",
        "y = drop(x)",
        f"mean = torch.stack([drop(x) for _ in range({draws})]).mean(dim=0)",
    )


def show_dropout(config: DropoutConfig, own: np.ndarray | None) -> Result:
    """The Dropout card."""
    x = image(config.image, own, 1, 24)
    lines = dropout_lines(call("nn.Dropout", p=config.p), config.mode, config.draw, config.draws)
    return Result(
        {"x": x},
        lines,
        {"x": "x[0, 0]", "y": "y[0, 0]", "mean": "mean[0, 0]"},
        "panels",
        layer="drop",
        formula=FORMULA % ("_i", "_i", "_i", "_i", config.p),
        facts={
            "rows": [["x", "y", "mean"]],
            "panels": {
                name: {"look": "grey", "most": 1, "title": title}
                for name, title in (("x", "input"), ("y", "one_draw"), ("mean", "mean_of_draws"))
            },
            "together": ["x", "y", "mean"],
            "tell": "dropout",
            "values": {"draws": config.draws},
        },
    )


def show_dropout2d(config: Dropout2dConfig, own: np.ndarray | None) -> Result:
    """The Dropout2d card."""
    lines = dropout_lines(call("nn.Dropout2d", p=config.p), config.mode, config.draw, config.draws)
    result = Result(
        {"x": feature_maps(14)},
        lines,
        {"x": "x[0]", "y": "y[0]", "mean": "mean[0]"},
        "panels",
        layer="drop",
        formula=FORMULA % ("_{chw}", "_{chw}", "_c", "_c", config.p),
    )
    most = float(np.abs(result.arrays["x"]).max())
    result.facts = {
        "rows": [["x", "y", "mean"]],
        "panels": {
            name: {"look": "signed", "most": most, "title": title}
            for name, title in (("x", "input"), ("y", "one_draw"), ("mean", "mean_of_draws"))
        },
        "together": ["x", "y", "mean"],
        "tell": "dropout",
        "values": {"draws": config.draws},
    }
    return result


class AlphaDropoutConfig(CardConfig):
    """Arguments of the AlphaDropout card."""

    experiment: ClassVar[str] = "layers alphadropout"

    p: float = argument("p", 0.3, P, low=0, high=0.95, step=0.05)
    mode: Mode = choice("train", "Mode", MODE, choices=MODES)
    draw: int = choice(0, "Draw", DRAW, low=0, high=50)


BINS = 60
REACH = 4.0


def show_alphadropout(config: AlphaDropoutConfig, own: np.ndarray | None) -> Result:
    """The AlphaDropout card: what it does to a distribution, beside plain dropout."""
    random = torch.Generator().manual_seed(1)
    tail = ".eval()" if config.mode == "eval" else ""
    result = Result(
        {"x": F.selu(torch.randn(4000, generator=random))},
        (
            f"torch.manual_seed({config.draw})",
            f"y = {call('nn.AlphaDropout', p=config.p)}{tail}(x)",
            f"plain = {call('nn.Dropout', p=config.p)}{tail}(x)",
        ),
        {"spread": "torch.stack([torch.stack([t.mean(), t.std()]) for t in (x, y, plain)])"},
        "plots",
        one=1,
        formula=r"y = a\,\big(x\,m + \alpha'(1 - m)\big) + b,\quad \alpha' = -1.7581,\quad "
        r"a, b:\ E[y] = E[x],\ \mathrm{Var}[y] = \mathrm{Var}[x]",
    )
    middle = np.linspace(-REACH, REACH, BINS + 1)[:-1] + REACH / BINS
    counts = [torch.histc(result.made[name].clamp(-REACH, REACH), BINS, -REACH, REACH) for name in ("x", "y", "plain")]
    result.arrays |= {"middle": middle.astype(np.float32), "counts": torch.stack(counts).numpy()}
    names = ["SELU(x)", "AlphaDropout", "Dropout"]
    result.facts = {
        "plots": [
            {"title": "histogram", "x": "middle", "lines": "counts", "names": names, "from_zero": True},
            {"title": "mean_and_spread", "bars": "spread", "labels": ["mean", "std"], "names": names, "wide": True},
        ]
    }
    return result


CARDS = [
    Card("dropout", "Dropout", "dropout", DropoutConfig, show_dropout),
    Card("dropout2d", "Dropout2d", "dropout", Dropout2dConfig, show_dropout2d),
    Card("alphadropout", "AlphaDropout", "dropout", AlphaDropoutConfig, show_alphadropout),
]
