"""Optimizers compared on a surface, and schedules of the learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from core.config import Problem
from core.layers.card import Card, CardConfig, Result, argument, call, choice

Name = Literal["SGD", "momentum", "Nesterov", "RMSprop", "Adagrad", "Adam", "AdamW"]
OPTIMIZERS = ("SGD", "momentum", "Nesterov", "RMSprop", "Adagrad", "Adam", "AdamW")
PLAIN = ("SGD", "momentum", "Nesterov")
MOST_STEPS = 200

SURFACES = {
    "rosenbrock": "(1 - x) ** 2 + 100 * (y - x ** 2) ** 2",
    "saddle": "x ** 2 - y ** 2 + y ** 4 / 4",
    "ravine": "0.05 * x ** 2 + 2.5 * y ** 2",
    "beale": "(1.5 - x + x * y) ** 2 + (2.25 - x + x * y ** 2) ** 2 + (2.625 - x + x * y ** 3) ** 2",
}
"""Each surface as a line of Python; x and y are numbers of the point."""
FRAMES = {
    "rosenbrock": (-2.0, 2.0, -1.0, 3.0),
    "saddle": (-2.5, 2.5, -2.5, 2.5),
    "ravine": (-10.0, 10.0, -4.0, 4.0),
    "beale": (-4.5, 4.5, -4.5, 4.5),
}
"""What is shown of each: left, right, bottom, top."""
MINIMA = {
    "rosenbrock": [[1.0, 1.0]],
    "saddle": [[0.0, 2**0.5], [0.0, -(2**0.5)]],
    "ravine": [[0.0, 0.0]],
    "beale": [[3.0, 0.5]],
}
STARTS = {"rosenbrock": (-1.5, 2.0), "saddle": (2.0, 0.01), "ravine": (-9.0, 2.5), "beale": (-2.0, 2.5)}


class OptimizersConfig(CardConfig):
    """Arguments of the optimizers card."""

    experiment: ClassVar[str] = "layers optimizers"

    surface: Literal["rosenbrock", "saddle", "ravine", "beale"] = choice(
        "ravine",
        "Surface",
        "The function to minimise. All optimizers start from the same point.",
        choices={"rosenbrock": "Rosenbrock's valley", "saddle": "a saddle", "ravine": "a ravine", "beale": "Beale"},
    )
    functions: tuple[Name, ...] = choice(
        ("SGD", "momentum", "RMSprop", "Adam"),
        "Optimizers",
        "Optimizers to compare.",
        choices={name: name for name in OPTIMIZERS},
        length=(1, 7),
    )
    lr_plain: float = choice(
        0.05,
        "lr of SGD, momentum, Nesterov",
        "A step is the gradient times this, so it must be small where the surface is steep.",
        low=0.0001,
        high=1,
        log=True,
    )
    lr_adaptive: float = choice(
        0.2,
        "lr of RMSprop, Adagrad, Adam, AdamW",
        "These divide by the size of the gradient, so a step is about this long.",
        low=0.001,
        high=2,
        log=True,
    )
    steps: int = choice(100, "Steps", "How many steps each optimizer takes.", low=1, high=MOST_STEPS)
    momentum: float = argument(
        "momentum", 0.9, "How much of the last step momentum and Nesterov keep.", low=0, high=0.99, step=0.01
    )
    weight_decay: float = argument(
        "weight_decay",
        0.0,
        "How strongly Adam and AdamW pull towards zero. Adam adds the pull to the gradient, AdamW applies it "
        "separately. It has no effect on the others.",
        low=0,
        high=1,
        step=0.05,
    )
    start_x: float = choice(
        -99.0, "Start, x", "Where the optimizers start. You can also click on the surface.", low=-99, high=10
    )
    start_y: float = choice(
        -99.0, "Start, y", "Where the optimizers start. You can also click on the surface.", low=-99, high=10
    )

    def problems(self) -> Iterator[Problem]:
        if "Nesterov" in self.functions and self.momentum == 0:
            yield Problem(
                "momentum", "Nesterov needs a momentum above 0: without it there is no next position to look at."
            )


def start_of(config: OptimizersConfig) -> tuple[float, float]:
    """The starting point: the surface's own until one inside its frame was chosen."""
    left, right, bottom, top = FRAMES[config.surface]
    if left <= config.start_x <= right and bottom <= config.start_y <= top:
        return config.start_x, config.start_y
    return STARTS[config.surface]


def made_of(name: str, config: OptimizersConfig) -> str:
    """The text that makes an optimizer for the parameters [p]."""
    options: dict[str, Any] = {"lr": config.lr_plain if name in PLAIN else config.lr_adaptive}
    if name in ("momentum", "Nesterov"):
        options["momentum"] = config.momentum
    if name == "Nesterov":
        options["nesterov"] = True
    if name == "AdamW" or (name == "Adam" and config.weight_decay):
        options["weight_decay"] = config.weight_decay
    kind = "SGD" if name in PLAIN else name
    text = call(f"torch.optim.{kind}", **options)
    return text.replace("(", "([p], ", 1).replace(", )", ")")


@lru_cache(maxsize=2048)
def path(surface: str, start: tuple[float, float], optimizer: str) -> Tensor:
    """Where an optimizer goes: float32 (MOST_STEPS + 1, 2). The lines of the card do the same for all of them."""
    f = eval(f"lambda x, y: {SURFACES[surface]}")
    p = torch.tensor(start, requires_grad=True)
    rolling = eval(optimizer, {"torch": torch, "p": p})
    places = [p.detach().clone()]
    for _ in range(MOST_STEPS):
        rolling.zero_grad()
        f(*p).backward()
        rolling.step()
        places.append(p.detach().clone())
    return torch.stack(places)


@lru_cache(maxsize=8)
def heights(surface: str, side: int = 96) -> np.ndarray:
    """The surface's heights, float32 (side, side), the first row at the top."""
    left, right, bottom, top = FRAMES[surface]
    x, y = torch.meshgrid(torch.linspace(left, right, side), torch.linspace(top, bottom, side), indexing="xy")
    f = eval(f"lambda x, y: {SURFACES[surface]}")
    values: np.ndarray = f(x, y).numpy()
    return values


def show_optimizers(config: OptimizersConfig, own: np.ndarray | None) -> Result:
    """The optimizers card."""
    start = start_of(config)
    made = {name: made_of(name, config) for name in config.functions}
    lines = (
        "optimizers = {",
        *(f'    "{name}": lambda p: {text},' for name, text in made.items()),
        "}",
        f"f = lambda x, y: {SURFACES[config.surface]}",
        "paths = []",
        "for make in optimizers.values():",
        f"    p = torch.tensor({list(start)}, requires_grad=True)",
        "    optimizer = make(p)",
        "    places = [p.detach().clone()]",
        f"    for _ in range({config.steps}):",
        "        optimizer.zero_grad()",
        "        f(*p).backward()",
        "        optimizer.step()",
        "        places.append(p.detach().clone())",
        "    paths.append(torch.stack(places))",
    )
    paths = torch.stack([path(config.surface, start, text)[: config.steps + 1] for text in made.values()])
    f = eval(f"lambda x, y: {SURFACES[config.surface]}")
    reached = f(paths[..., 0], paths[..., 1])
    result = Result(
        {},
        lines,
        {"paths": "torch.stack(paths)"},
        "surface",
        input="",
        output="",
        lines_of_it=len(made) + 2,
        # They have been walked already, one by one; the lines walk the same ways.
        known={"paths": list(paths)},
    )
    left, right, bottom, top = FRAMES[config.surface]
    result.arrays |= {"heights": heights(config.surface), "reached": reached.numpy()}
    result.facts = {
        "frame": [left, right, bottom, top],
        "minima": MINIMA[config.surface],
        "lowest": float(min(f(*map(torch.tensor, place)) for place in MINIMA[config.surface])),
        "names": list(config.functions),
        "colours": [OPTIMIZERS.index(name) for name in config.functions],
    }
    result.formula = {
        "rosenbrock": r"f(x, y) = (1 - x)^2 + 100\,(y - x^2)^2",
        "saddle": r"f(x, y) = x^2 - y^2 + y^4 / 4",
        "ravine": r"f(x, y) = 0.05\,x^2 + 2.5\,y^2",
        "beale": r"f(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    }[config.surface]
    return result


SCHEDULES = ("StepLR", "ExponentialLR", "CosineAnnealingLR", "OneCycleLR", "warm-up + cosine")


class SchedulesConfig(CardConfig):
    """Arguments of the schedules card."""

    experiment: ClassVar[str] = "layers schedules"

    functions: tuple[Literal["StepLR", "ExponentialLR", "CosineAnnealingLR", "OneCycleLR", "warm-up + cosine"], ...] = (
        choice(
            ("StepLR", "CosineAnnealingLR", "OneCycleLR", "warm-up + cosine"),
            "Schedules",
            "Choose several to compare them.",
            choices={
                "StepLR": "StepLR",
                "ExponentialLR": "ExponentialLR",
                "CosineAnnealingLR": "CosineAnnealingLR",
                "OneCycleLR": "OneCycleLR",
                "warm-up + cosine": "warm-up, then cosine",
            },
            length=(1, 5),
        )
    )
    lr: float = argument(
        "lr", 0.1, "The optimizer's learning rate; for OneCycleLR it is the highest.", low=0.001, high=1, log=True
    )
    epochs: int = choice(100, "Steps of the scheduler", "How many times scheduler.step() is called.", low=2, high=200)
    step_size: int = argument(
        "step_size", 30, "StepLR lowers the rate each time after this many steps.", low=1, high=100
    )
    gamma: float = argument("gamma", 0.5, "StepLR multiplies the rate by this each time.", low=0.05, high=1, step=0.05)
    decay: float = choice(
        0.97,
        "gamma of ExponentialLR",
        "ExponentialLR multiplies the rate by this at every step.",
        low=0.8,
        high=1,
        step=0.01,
    )
    eta_min: float = argument("eta_min", 0.0, "The lowest rate of CosineAnnealingLR.", low=0, high=0.1, step=0.005)
    pct_start: float = argument(
        "pct_start", 0.3, "OneCycleLR: the share of the steps in which the rate rises.", low=0, high=1, step=0.05
    )
    warmup: int = choice(
        10,
        "Steps of warm-up",
        "During this many steps the rate rises in a straight line from a hundredth of lr.",
        low=1,
        high=50,
    )

    def problems(self) -> Iterator[Problem]:
        if "warm-up + cosine" in self.functions and self.warmup >= self.epochs:
            yield Problem(
                "warmup",
                "The warm-up must be shorter than the whole schedule: fewer than {epochs} steps.",
                {"epochs": self.epochs},
            )


def schedule_of(name: str, config: SchedulesConfig) -> str:
    """The text that makes a scheduler for `optimizer`."""
    space = "lr_scheduler"

    def with_optimizer(kind: str, *given: Any, **options: Any) -> str:
        return call(f"{space}.{kind}", *given, **options).replace("(", "(optimizer, ", 1).replace(", )", ")")

    if name == "StepLR":
        return with_optimizer("StepLR", step_size=config.step_size, gamma=config.gamma)
    if name == "ExponentialLR":
        return with_optimizer("ExponentialLR", gamma=config.decay)
    if name == "CosineAnnealingLR":
        return with_optimizer("CosineAnnealingLR", T_max=config.epochs, eta_min=config.eta_min)
    if name == "OneCycleLR":
        return with_optimizer("OneCycleLR", max_lr=config.lr, total_steps=config.epochs, pct_start=config.pct_start)
    rise = with_optimizer("LinearLR", start_factor=0.01, total_iters=config.warmup)
    fall = with_optimizer("CosineAnnealingLR", T_max=config.epochs - config.warmup, eta_min=config.eta_min)
    return f"{space}.SequentialLR(optimizer, [{rise}, {fall}], milestones=[{config.warmup}])"


def show_schedules(config: SchedulesConfig, own: np.ndarray | None) -> Result:
    """The schedules card."""
    lines = (
        "schedules = {",
        *(f'    "{name}": lambda optimizer: {schedule_of(name, config)},' for name in config.functions),
        "}",
        "rates = []",
        "for make in schedules.values():",
        f"    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr={config.lr!r}, momentum=0.9)",
        "    scheduler = make(optimizer)",
        "    lrs = []",
        f"    for _ in range({config.epochs}):",
        '        lrs.append(optimizer.param_groups[0]["lr"])',
        "        optimizer.step()",
        "        if len(lrs) < " + f"{config.epochs}:",
        "            scheduler.step()",
        "    rates.append(lrs)",
    )
    result = Result(
        {}, lines, {"rates": "torch.tensor(rates)"}, "plots", input="", output="", lines_of_it=len(config.functions) + 2
    )
    result.arrays["step"] = np.arange(config.epochs, dtype=np.float32)
    result.facts = {
        "plots": [
            {
                "title": "learning_rate",
                "x": "step",
                "lines": "rates",
                "names": list(config.functions),
                "xlabel": "step",
                "colours": [SCHEDULES.index(name) for name in config.functions],
                "from_zero": True,
                "tall": 1.7,
            }
        ]
    }
    result.formula = (
        r"\text{StepLR}: lr\cdot\gamma^{\lfloor t / s\rfloor},\quad \text{CosineAnnealingLR}: "
        r"\eta_{min} + \tfrac{1}{2}(lr - \eta_{min})\left(1 + \cos\tfrac{\pi t}{T}\right)"
    )
    return result


CARDS = [
    Card("optimizers", "Optimizers", "optimizers", OptimizersConfig, show_optimizers),
    Card("schedules", "Schedules", "optimizers", SchedulesConfig, show_schedules),
]
