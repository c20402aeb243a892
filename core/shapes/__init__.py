"""Each layer's input and output before anything is trained: the network is built and run on the meta device."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from core.config import Problem

Shape = tuple[int, ...]
FLOAT, PLACE = 4, 8
"""Bytes of a float32, and of the place that max pooling remembers for each of its outputs."""

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_POOLINGS = (nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d)
_ADAPTIVE = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d)


@dataclass(frozen=True)
class LayerShape:
    """One layer of a network.

    Attributes:
        name: where it is in the network, such as "conv1.0" or "2.layers.0"; empty for a reshaping between two layers.
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


def trace(
    build: Callable[[], nn.Module], input_shape: Shape, batch: int = 1, training: bool = False
) -> list[LayerShape]:
    """Every layer from the first to the last, or to the one that can't work.

    A layer made of others, such as a residual block, follows those it is made of; only Sequential is not told.

    Args:
        build: makes the network; nothing is allocated for it.
        input_shape: of one input, without the batch, such as (1, 28, 28).
        batch: inputs at once.
        training: whether the layers behave as in training; then batch norm needs more than one value a channel.
    """
    with torch.device("meta"):
        net = build().train(training)
        x = torch.empty(batch, *input_shape)
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
        rows.append(
            LayerShape(
                name,
                written(layer),
                tuple(inputs[0].shape[1:]),
                tuple(output.shape[1:]),
                _own_parameters(layer),
                (total - counted) // batch,
            )
        )
        counted = total

    for name, layer in net.named_modules():
        if not list(layer.children()) or (layer is not net and not isinstance(layer, nn.Sequential)):
            layer.register_forward_pre_hook(before(name))
            layer.register_forward_hook(after)
    try:
        with counter, torch.no_grad():
            net(x)
    except (RuntimeError, ValueError, IndexError) as error:
        name, layer, given = started.pop()
        made = rows[-1].output if rows else None
        reason = _reason(layer, given, made, error)
        rows.append(LayerShape(name, written(layer), tuple(given.shape[1:]), None, _own_parameters(layer), 0, reason))
    return rows


def _own_parameters(layer: nn.Module) -> int:
    """Numbers that a layer learns, without those of the layers it is made of."""
    return sum(p.numel() for p in layer.parameters(recurse=False))


def written(layer: nn.Module) -> str:
    """A layer as one would write it: what PyTorch prints, without what is a default or the same along both axes."""
    name = type(layer).__name__
    if isinstance(layer, _CONVOLUTIONS):
        more = {"kernel_size": layer.kernel_size, "stride": layer.stride, "padding": layer.padding}
        sizes = ", ".join(f"{argument}={_first(size)}" for argument, size in more.items())
        return f"{name}({layer.in_channels}, {layer.out_channels}, {sizes})"
    if isinstance(layer, _POOLINGS):
        kernel, stride, padding = (_first(size) for size in (layer.kernel_size, layer.stride, layer.padding))
        options = [str(kernel), *([f"stride={stride}"] if stride != kernel else [])]
        return f"{name}({', '.join([*options, *([f'padding={padding}'] if padding else [])])})"
    if isinstance(layer, nn.Linear):
        return f"Linear({layer.in_features}, {layer.out_features})"
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        return f"{name}({layer.num_features})"
    return "x + layers(x)" if list(layer.children()) else str(layer)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as one reads it."""
    return " x ".join(map(str, shape))


def _reason(layer: nn.Module, given: Tensor, made: Shape | None, error: Exception) -> Problem:
    """Why a layer refuses its input, in one sentence.

    Args:
        made: what the layers that it is made of make of its input.
    """
    name = type(layer).__name__
    shape = given.shape[1:]
    values: dict[str, Any] = {"name": name, "given": shape_text(shape)}
    if isinstance(layer, nn.Linear):
        values["wanted"] = layer.in_features
        if len(shape) > 1:
            return Problem(
                "", "Linear wants {wanted} numbers on the last axis and gets {given}: put Flatten before it.", values
            )
        values["given"] = given.shape[-1]
        return Problem("", "Linear has in_features={wanted}, but its input has {given}.", values)
    if isinstance(layer, (*_CONVOLUTIONS, *_POOLINGS, *_ADAPTIVE, nn.BatchNorm2d)) and len(shape) != _axes(layer):
        if _axes(layer) == 3:
            return Problem("", "{name} wants channels x height x width here and gets {given}.", values)
        return Problem("", "{name} wants channels x length here and gets {given}.", values)
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        values |= {"wanted": layer.num_features, "channels": shape[0]}
        if len(shape) > 2 and isinstance(layer, nn.BatchNorm1d):
            return Problem("", "{name} wants numbers, or channels x length, here and gets {given}.", values)
        if shape[0] == layer.num_features:
            return Problem("", "{name} gets one number a channel to take a mean of: it needs two or more.", values)
        return Problem("", "{name} has num_features={wanted}, but its input has {channels}.", values)
    if isinstance(layer, nn.LayerNorm):
        values["wanted"] = shape_text(layer.normalized_shape)
        return Problem("", "{name} wants a shape here that ends in {wanted} and gets {given}.", values)
    if isinstance(layer, _CONVOLUTIONS):
        if shape[0] != layer.in_channels:
            values |= {"wanted": layer.in_channels, "given": shape[0]}
            return Problem("", "{name} has in_channels={wanted}, but its input has {given}.", values)
        values |= {"kernel": shape_text(layer.kernel_size), "padding": layer.padding[0]}
        return Problem(
            "", "{name} gets {given}: with padding {padding} that is too small for a {kernel} kernel.", values
        )
    if isinstance(layer, _POOLINGS):
        kernel, padding = _first(layer.kernel_size), _first(layer.padding)
        values |= {"kernel": kernel, "padding": padding, "most": kernel // 2}
        if padding > kernel // 2:
            return Problem(
                "", "{name}: padding can be at most half of kernel_size, {most} here, not {padding}.", values
            )
        if kernel == 2:
            return Problem("", "{name} gets {given}: too small to halve it once more.", values)
        return Problem("", "{name} gets {given}: too small for a kernel of {kernel}.", values)
    if isinstance(layer, nn.Flatten):
        values |= {"start": layer.start_dim, "end": layer.end_dim}
        return Problem("", "Flatten can't join dimensions {start} to {end} of {given}.", values)
    if list(layer.children()) and made is not None:
        values["made"] = shape_text(made)
        return Problem(
            "", "x + layers(x) needs equal shapes, but x is {given} and the layers make {made} of it.", values
        )
    return Problem("", "{name} can't take {given}: {error}", {**values, "error": str(error).split("\n")[0]})


def _axes(layer: nn.Module) -> int:
    """How many axes one input of a layer for sequences or images has."""
    return 2 if type(layer).__name__.endswith("1d") else 3


def _first(size: Any) -> Any:
    """A size that may be given for each axis, along the first one."""
    return size[0] if isinstance(size, tuple) else size
