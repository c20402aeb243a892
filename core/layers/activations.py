"""Activations and their derivatives, softmax with a temperature, and a deep stack that gradients must get through."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from core.layers.card import Card, CardConfig, Result, argument, call, choice

Name = Literal["ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Hardswish"]
NAMES = {name: name for name in ("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Hardswish")}


class ActivationsConfig(CardConfig):
    """Arguments of the activations card."""

    experiment: ClassVar[str] = "layers activations"

    functions: tuple[Name, ...] = choice(
        ("ReLU", "GELU", "Tanh"), "Functions", "Choose several to compare them.", choices=NAMES, length=(1, 8)
    )
    negative_slope: float = argument(
        "negative_slope", 0.1, "LeakyReLU's slope below zero. torch's own default is 0.01.", low=0, high=1, step=0.01
    )
    alpha: float = argument("alpha", 1.0, "ELU approaches -alpha far to the left of zero.", low=0, high=3, step=0.1)
    approximate: Literal["none", "tanh"] = argument(
        "approximate",
        "none",
        "Compute GELU exactly, or approximate it with tanh.",
        choices={"none": "none", "tanh": "tanh"},
    )
    reach: int = choice(4, "Range of x", "How far the plot reaches on both sides.", low=2, high=10)


def made_of(config: Any, name: str) -> str:
    """The text that makes an activation."""
    options = {
        "LeakyReLU": {"negative_slope": getattr(config, "negative_slope", 0.01)},
        "ELU": {"alpha": getattr(config, "alpha", 1.0)},
        "GELU": {"approximate": getattr(config, "approximate", "none")},
    }
    return call(f"nn.{name}", **options.get(name, {}))


def colours_of(names: tuple[str, ...]) -> list[int]:
    """Each function's colour, the same whichever others are chosen."""
    return [list(NAMES).index(name) for name in names]


def show_activations(config: ActivationsConfig, own: np.ndarray | None) -> Result:
    """The activations card."""
    layers = ", ".join(f'"{name}": {made_of(config, name)}' for name in config.functions)
    result = Result(
        {"x": torch.linspace(-config.reach, config.reach, 241, requires_grad=True)},
        (
            f"layers = {{{layers}}}",
            "y = torch.stack([layer(x) for layer in layers.values()])",
            "slopes = torch.stack([torch.autograd.grad(layer(x).sum(), x)[0] for layer in layers.values()])",
        ),
        {"x": "x", "y": "y", "slopes": "slopes"},
        "plots",
        input="",
        output="",
    )
    same = {"x": "x", "names": list(config.functions), "colours": colours_of(config.functions)}
    result.facts = {
        "plots": [
            {"title": "function", "lines": "y", "xlabel": "x", **same},
            {"title": "derivative", "lines": "slopes", "xlabel": "x", **same},
        ],
        "beside": True,
    }
    formulas = {
        "ReLU": r"\max(0, x)",
        "LeakyReLU": rf"\max(0, x) + {config.negative_slope:g}\min(0, x)",
        "ELU": rf"\begin{{cases}}x & x > 0\\ {config.alpha:g}(e^x - 1) & x \le 0\end{{cases}}",
        "GELU": r"x\,\Phi(x)",
        "SiLU": r"x\,\sigma(x)",
        "Sigmoid": r"\sigma(x) = \frac{1}{1 + e^{-x}}",
        "Tanh": r"\tanh(x)",
        "Hardswish": r"x\,\frac{\min(\max(x + 3, 0), 6)}{6}",
    }
    result.formula = r",\quad ".join(rf"\text{{{name}}}: {formulas[name]}" for name in config.functions[:3])
    return result


LOGIT = "A logit: the score of a class before softmax."


class SoftmaxConfig(CardConfig):
    """Arguments of the softmax card."""

    experiment: ClassVar[str] = "layers softmax"

    z0: float = choice(2.0, "z[0]", LOGIT, low=-5, high=5, step=0.1)
    z1: float = choice(1.0, "z[1]", LOGIT, low=-5, high=5, step=0.1)
    z2: float = choice(0.0, "z[2]", LOGIT, low=-5, high=5, step=0.1)
    z3: float = choice(-1.0, "z[3]", LOGIT, low=-5, high=5, step=0.1)
    temperature: float = choice(
        1.0,
        "Temperature T",
        "The logits are divided by T before softmax. Near 0 the largest logit gets everything; far above 1 all "
        "classes become equally probable.",
        low=0.05,
        high=20,
        log=True,
    )


def show_softmax(config: SoftmaxConfig, own: np.ndarray | None) -> Result:
    """The softmax card."""
    result = Result(
        {
            "z": torch.tensor([config.z0, config.z1, config.z2, config.z3]),
            "temperatures": torch.logspace(math.log10(0.05), math.log10(20), 161),
        },
        (
            f"y = nn.Softmax(dim=-1)(z / {config.temperature!r})",
            "curves = nn.Softmax(dim=-1)(z / temperatures[:, None])",
        ),
        {"z": "z[None]", "y": "y[None]", "temperatures": "temperatures", "curves": "curves.T"},
        "plots",
        input="z",
        formula=r"y_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}},\quad T = " + f"{config.temperature:g}",
    )
    labels = ["0", "1", "2", "3"]
    result.facts = {
        "plots": [
            {"title": "logits", "bars": "z", "labels": labels, "names": ["z"], "each": True, "range": [-5, 5]},
            {"title": "probabilities", "bars": "y", "labels": labels, "names": ["y"], "each": True, "range": [0, 1]},
            {
                "title": "by_temperature",
                "x": "temperatures",
                "lines": "curves",
                "names": [f"y[{i}]" for i in labels],
                "log_x": True,
                "marker": config.temperature,
                "range": [0, 1],
                "wide": True,
                "xlabel": "T",
            },
        ],
        "beside": True,
    }
    return result


class DeepStackConfig(CardConfig):
    """Arguments of the deep stack card."""

    experiment: ClassVar[str] = "layers deep_stack"

    functions: tuple[Literal["ReLU", "ELU", "GELU", "Sigmoid", "Tanh"], ...] = choice(
        ("ReLU", "Sigmoid", "Tanh"),
        "Activations",
        "One stack is built with each activation that you choose.",
        choices={name: name for name in ("ReLU", "ELU", "GELU", "Sigmoid", "Tanh")},
        length=(1, 5),
    )
    depth: int = choice(20, "Number of layers", "The number of Linear layers in a row.", low=2, high=40)
    init: Literal["default", "xavier", "kaiming", "small", "large"] = choice(
        "default",
        "First weights",
        "How the random weights are drawn before training.",
        choices={
            "default": "torch's default",
            "xavier": "xavier_normal_",
            "kaiming": "kaiming_normal_",
            "small": "normal_(std=0.01)",
            "large": "normal_(std=0.5)",
        },
    )
    norm: bool = choice(
        False, "LayerNorm after each Linear", "Normalises the numbers of each layer to standard deviation 1."
    )
    residual: bool = choice(False, "Skip connections", "Adds each layer's input to its output, as in ResNet.")


INIT = {
    "default": "",
    "xavier": "nn.init.xavier_normal_(linear.weight)",
    "kaiming": 'nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")',
    "small": "nn.init.normal_(linear.weight, std=0.01)",
    "large": "nn.init.normal_(linear.weight, std=0.5)",
}
WIDTH = 32


def show_deep_stack(config: DeepStackConfig, own: np.ndarray | None) -> Result:
    """The deep stack card."""
    stacks = ", ".join(f'"{name}": nn.{name}()' for name in config.functions)
    step = "activation(norm(linear(h)))" if config.norm else "activation(linear(h))"
    lines = [
        f"activations = {{{stacks}}}",
        "norm = " + call("nn.LayerNorm", [WIDTH], elementwise_affine=False),
        "spread, grads = [], []",
        "for activation in activations.values():",
        "    torch.manual_seed(0)",
        f"    linears = [nn.Linear({WIDTH}, {WIDTH}) for _ in range({config.depth})]",
        "    h, stds = x, []",
        "    for linear in linears:",
        f"        {INIT[config.init]}",
        f"        h = {'h + ' if config.residual else ''}{step}",
        "        stds.append(h.detach().std())",
        "    h.square().mean().backward()",
        "    spread.append(torch.stack(stds))",
        "    grads.append(torch.stack([linear.weight.grad.norm() for linear in linears]))",
    ]
    if not config.norm:
        del lines[1]
    lines = [line for line in lines if line.strip()]
    result = Result(
        {"x": torch.randn(64, WIDTH, generator=torch.Generator().manual_seed(0))},
        tuple(lines),
        {"spread": "torch.stack(spread)", "grads": "torch.stack(grads)"},
        "plots",
        input="x",
        output="h",
        one=next(i for i, line in enumerate(lines) if " h = " in line),
    )
    result.arrays["layer"] = np.arange(1, config.depth + 1, dtype=np.float32)
    same = {
        "x": "layer",
        "names": list(config.functions),
        "colours": colours_of(config.functions),
        "log_y": True,
        "xlabel": "layer",
        "dots": True,
    }
    result.facts = {
        "plots": [
            {"title": "gradient_norms", "lines": "grads", **same},
            {"title": "activation_spread", "lines": "spread", **same},
        ],
        "beside": True,
    }
    result.formula = (
        r"\frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial h_{n}}\cdot"
        r"\frac{\partial h_{n}}{\partial h_{n-1}}\cdots\frac{\partial h_2}{\partial h_1}\cdot"
        rf"\frac{{\partial h_1}}{{\partial W_1}},\quad n = {config.depth}"
    )
    return result


CARDS = [
    Card("activations", "Activations", "activations", ActivationsConfig, show_activations),
    Card("softmax", "Softmax", "activations", SoftmaxConfig, show_softmax),
    Card("deep_stack", "Deep stack", "activations", DeepStackConfig, show_deep_stack),
]
