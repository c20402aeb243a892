"""What every card has in common: its arguments, the lines that run, and what is drawn of them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import Config, setting
from core.snapshot import undisturbed

NAMES: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "lr_scheduler": torch.optim.lr_scheduler}
"""What the shown lines may use, besides the names that a card gives them."""


class CardConfig(Config):
    """The arguments of a card. `experiment` is the name under which a person's choices are kept."""

    experiment: ClassVar[str] = "layers"


class Refused(ValueError):
    """torch refused to run the lines; the text is torch's own."""


@dataclass
class Result:
    """What a card shows for one config. The lines have run when it is made.

    Attributes:
        given: the names that the lines start with.
        lines: the lines of PyTorch.
        drawn: name of an array in the picture -> the expression that it is after the lines have run.
        kind: which picture is drawn: "windows", "wave", "film", "panels", "plots" or "surface".
        formula: LaTeX, with this config's numbers.
        layer: an expression of the lines whose parameters are counted, if it has any.
        input, output: expressions whose shapes are shown.
        arrays: what else the picture needs.
        facts: plain values that go with them.
        one, lines_of_it: the index of the line that is the card's subject, and how many lines it takes.
        known: what the lines make, where it was made before and need not be made again.
        made: all names after the lines have run.
    """

    given: dict[str, Any]
    lines: tuple[str, ...]
    drawn: dict[str, str]
    kind: str
    formula: str = ""
    layer: str = ""
    input: str = "x"
    output: str = "y"
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    one: int = 0
    lines_of_it: int = 1
    known: dict[str, Any] | None = None
    made: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.made = run(self.lines, self.given) if self.known is None else NAMES | self.given | self.known
        self.arrays = {name: plain_array(self.value(text)) for name, text in self.drawn.items()} | self.arrays

    def value(self, expression: str) -> Any:
        """What an expression of the lines' names is."""
        return eval(expression, self.made)

    @property
    def parameters(self) -> int | None:
        """How many numbers the layer learns."""
        return sum(p.numel() for p in self.value(self.layer).parameters()) if self.layer else None

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """The shapes of what goes in and what comes out."""
        if not self.input or not self.output:
            return None
        return tuple(self.value(self.input).shape), tuple(self.value(self.output).shape)


@dataclass(frozen=True)
class Card:
    """One card: its config, and what it shows.

    Attributes:
        name: its name in links.
        title: torch's own name of it.
        family: the family it belongs to.
        show: show(config, own) -> Result; `own` is the person's image, uint8 (H, W, 3), or None.
    """

    name: str
    title: str
    family: str
    config: type[CardConfig]
    show: Callable[[Any, np.ndarray | None], Result]


def run(lines: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Run lines of PyTorch that a card wrote; returns all names after it.

    Tensors that are given are copied first, so that no line changes them for the next one. Raises Refused.
    """
    names = NAMES | {name: copied(value) for name, value in given.items()}
    with undisturbed():
        try:
            exec(compile("\n".join(lines), "<card>", "exec"), names)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise Refused(str(error).split("\n")[0]) from None
    return names


def copied(value: Any) -> Any:
    """A tensor's copy, with gradients asked for where they were; anything else as it is."""
    return value.detach().clone().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value


def call(name: str, *given: Any, **options: Any) -> str:
    """The text of a call, without the options that are torch's own defaults."""
    parameters = inspect.signature(eval(name, dict(NAMES))).parameters
    texts = [text_of(value) for value in given]
    for option, value in options.items():
        default = parameters[option].default if option in parameters else inspect.Parameter.empty
        if type(value) is type(default) and value == default:
            continue
        texts.append(f"{option}={text_of(value)}")
    return f"{name}({', '.join(texts)})"


def text_of(value: Any) -> str:
    """A value as one would write it."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def argument(name: str, default: Any, help: str, **more: Any) -> Any:
    """Declare an argument of torch's, shown under its own name, as code."""
    return setting(default, label=f"`{name}`", help=help, group="network", folded=False, **more)


def choice(default: Any, label: str, help: str, **more: Any) -> Any:
    """Declare something that is not an argument of torch's: the input, or how it is looked at."""
    return setting(default, label=label, help=help, group="data", folded=False, **more)


def plain_array(value: Tensor) -> np.ndarray:
    """A tensor as float32 or int32, as it is sent to the browser."""
    tensor = value.detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor.int()).contiguous().numpy()


def taps(count: int, size: int, stride: int, dilation: int = 1, padding: int = 0, length: int | None = None) -> Any:
    """Which input positions each output position reads along one axis.

    Args:
        count: output positions.
        size: taps of the kernel.
        padding: how far the first window starts before the input.
        length: input positions; taps outside of them are -1. Without it nothing is outside.

    Returns:
        int32 (count, size).
    """
    positions = np.arange(count)[:, None] * stride + np.arange(size)[None, :] * dilation - padding
    if length is not None:
        positions = np.where((positions < 0) | (positions >= length), -1, positions)
    return positions.astype(np.int32)
