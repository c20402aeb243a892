"""Each layer's input and output before anything is trained: the network is built and run on the meta device."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from core.config import Problem

Shape = tuple[int, ...]
FLOAT, PLACE = 4, 8
"""Bytes of a float32, and of the place that max pooling remembers for each of its outputs."""


@dataclass(frozen=True)
class LayerShape:
    """One layer of a network.

    Attributes:
        name: where it is in the network, such as "conv1.0"; empty for a reshaping between two layers.
        layer: the layer with its arguments, as one would write it.
        input, output: shapes without the batch; the output is None where the layer can't work.
        parameters: numbers it learns.
        flops: floating-point operations for one image, a multiplication and an addition counted as two.
        problem: why it can't work.
    """

    name: str
    layer: str
    input: Shape
    output: Shape | None
    parameters: int = 0
    flops: int = 0
    problem: Problem | None = None

    @property
    def kept(self) -> int:
        """Bytes that training in float32 keeps of its output for one image, until the backward pass has used it."""
        if self.output is None or not self.name or "inplace=True" in self.layer:
            return 0
        return math.prod(self.output) * (PLACE + FLOAT if self.layer.startswith("MaxPool") else FLOAT)


def trace(build: Callable[[], nn.Module], input_shape: Shape) -> list[LayerShape]:
    """Every layer from the first to the last, or to the one that can't work.

    Args:
        build: makes the network; nothing is allocated for it.
        input_shape: of one input, without the batch, such as (1, 28, 28).
    """
    with torch.device("meta"):
        net = build().eval()
        x = torch.empty(1, *input_shape)
    rows: list[LayerShape] = []
    started: list[tuple[str, nn.Module, Tensor]] = []
    counter = FlopCounterMode(display=False)
    counted = 0

    def before(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            given = tuple(inputs[0].shape[1:])
            last = rows[-1].output if rows else input_shape
            if given != last:
                rows.append(LayerShape("", "flatten(start_dim=1)", last or (), given))
            started.append((name, layer, inputs[0]))

        return hook

    def after(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal counted
        name, _, _ = started.pop()
        total = counter.get_total_flops()
        count = sum(p.numel() for p in layer.parameters())
        rows.append(
            LayerShape(
                name, written(layer), tuple(inputs[0].shape[1:]), tuple(output.shape[1:]), count, total - counted
            )
        )
        counted = total

    for name, layer in net.named_modules():
        if not list(layer.children()):
            layer.register_forward_pre_hook(before(name))
            layer.register_forward_hook(after)
    try:
        with counter, torch.no_grad():
            net(x)
    except RuntimeError as error:
        name, layer, given = started.pop()
        count = sum(p.numel() for p in layer.parameters())
        rows.append(
            LayerShape(name, written(layer), tuple(given.shape[1:]), None, count, 0, _reason(layer, given, error))
        )
    return rows


def written(layer: nn.Module) -> str:
    """A layer as one would write it: what PyTorch prints, without what is a default or the same along both axes."""
    if isinstance(layer, nn.Conv2d):
        more = {"kernel_size": layer.kernel_size, "stride": layer.stride, "padding": layer.padding}
        sizes = ", ".join(f"{name}={size[0]}" for name, size in more.items())
        return f"Conv2d({layer.in_channels}, {layer.out_channels}, {sizes})"
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        return f"{type(layer).__name__}({layer.kernel_size})"
    if isinstance(layer, nn.Linear):
        return f"Linear({layer.in_features}, {layer.out_features})"
    if isinstance(layer, nn.BatchNorm2d):
        return f"BatchNorm2d({layer.num_features})"
    return str(layer)


def _reason(layer: nn.Module, given: Tensor, error: RuntimeError) -> Problem:
    """Why a layer refuses its input, in one sentence."""
    values: dict[str, Any] = {"name": type(layer).__name__, "given": " x ".join(str(n) for n in given.shape[1:])}
    if isinstance(layer, nn.Linear):
        values |= {"wanted": layer.in_features, "given": given.shape[-1]}
        return Problem("", "Linear wants {wanted} numbers here and gets {given}: use in_features={given}.", values)
    if isinstance(layer, nn.Conv2d):
        if given.dim() == 4 and given.shape[1] != layer.in_channels:
            values |= {"wanted": layer.in_channels, "given": given.shape[1]}
            return Problem("", "Conv2d wants {wanted} channels here and gets {given}.", values)
        values |= {"kernel": layer.kernel_size[0], "padding": layer.padding[0]}
        return Problem(
            "",
            "{name} gets {given}: with padding {padding} that is too small for a {kernel} x {kernel} kernel.",
            values,
        )
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        return Problem("", "{name} gets {given}: too small to halve it once more.", values)
    return Problem("", "{name} can't take {given}: {error}", {**values, "error": str(error).split("\n")[0]})
