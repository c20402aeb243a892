"""The sizes of a stack of convolutions, by arithmetic alone: nothing is built, however large the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

KERNEL = 9
"""Weights of a 3 x 3 kernel."""
FLOAT, HALF, INDEX = 4, 2, 8
"""Bytes of a float32, a bfloat16, and of a place that max pooling remembers."""
MAPPED = 32 << 20
"""Bytes from which on glibc gives an array pages of its own, and takes them back when it is freed."""
FRAGMENTS = 1.5
"""What smaller arrays take more than they hold: between freed ones of many sizes gaps remain (measured)."""


@dataclass(frozen=True)
class Sized:
    """The sizes of one layer.

    Attributes:
        kind: "conv", "M" or "linear".
        inputs, channels: what goes in and comes out: channels, of a Linear numbers.
        side: side of its input in pixels; 1 for a Linear.
        parameters: numbers it learns, those of its batch norm included.
        flops: floating-point operations for one image.
    """

    kind: str
    inputs: int
    channels: int
    side: int
    parameters: int = 0
    flops: int = 0

    @property
    def outputs(self) -> int:
        """Numbers it puts out for one image."""
        side = self.side // 2 if self.kind == "M" else self.side
        return self.channels * side * side


@dataclass(frozen=True)
class Stack:
    """All layers of a network made by make_layers, and its head.

    Attributes:
        broken: the number of the first M that can't halve its input, from 0; None if all can.
        features: numbers that come out of the last layer before the head, for one image.
        smallest: the smallest side that a convolution gets.
    """

    layers: tuple[Sized, ...]
    pixels: int
    batch_norm: bool
    broken: int | None
    features: int
    smallest: int

    @property
    def weighted(self) -> list[Sized]:
        """The layers that have weights."""
        return [layer for layer in self.layers if layer.parameters]

    @property
    def block_sides(self) -> list[int]:
        """The side of each block's maps; a block ends before an M, and at the end."""
        before_head = [layer for layer in self.layers if layer.kind != "linear"]
        sides = [layer.side for layer in before_head if layer.kind == "M"]
        return sides if before_head[-1].kind == "M" else [*sides, before_head[-1].side]

    @property
    def parameters(self) -> int:
        """Numbers that the network learns."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def flops(self) -> int:
        """Floating-point operations of one image's forward pass."""
        return sum(layer.flops for layer in self.layers)

    def training_bytes(self, batch_size: int, copies: int, half: bool) -> int:
        """What training takes at its peak, data not counted.

        The peak is at the end of the forward pass, or in the backward pass of a layer: then all that the layers
        before it have saved is still there, the gradients of those behind it are there already, and three arrays of
        the layer's own size are on their way.

        Args:
            batch_size: images in a step.
            copies: numbers that the optimizer keeps of each parameter.
            half: whether the forward pass is in bfloat16.
        """
        number = HALF if half else FLOAT
        learned = FLOAT * self.parameters
        cast = HALF * self.parameters if half else 0
        held = batch_size * self.pixels * (FLOAT + (HALF if half else 0))
        saved = [self._saved(layer, batch_size, number) for layer in self.layers]
        peak = learned + held + sum(saved)
        gradients = 0
        for at in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[at]
            gradients += FLOAT * layer.parameters
            before = layer.inputs * layer.side**2
            moving = 3 * _taken(batch_size * number * layer.outputs) + _taken(batch_size * number * before)
            peak = max(peak, held + sum(saved[: at + 1]) + gradients + moving)
        return int(learned * (1 + copies) + cast + peak)

    def _saved(self, layer: Sized, batch_size: int, number: int) -> float:
        """What the forward pass keeps of a layer until its backward pass: its output, with batch norm also the input
        of that, of a pooling also the places. ReLU works in place."""
        count = batch_size * layer.outputs
        if layer.kind == "M":
            return _taken(count * number) + _taken(count * INDEX)
        return _taken(count * number) * (2 if self.batch_norm and layer.kind == "conv" else 1)


def _taken(size: int) -> float:
    """Bytes that an array of a size takes in the long run."""
    return size if size >= MAPPED else FRAGMENTS * size


@lru_cache(maxsize=1024)
def stack(
    cfg: Sequence[int | str], size: int, in_channels: int, batch_norm: bool, hidden: int, n_classes: int
) -> Stack:
    """The sizes of a VGG.

    Args:
        cfg: channels of each convolution, or "M".
        size: side of the images in pixels.
        hidden: outputs of the paper's first two Linears, 0 for a single one.
    """
    layers: list[Sized] = []
    side, channels, broken, smallest = size, in_channels, None, size
    for number, v in enumerate(cfg):
        if isinstance(v, str):
            if side < 2 and broken is None:
                broken = number
            layers.append(Sized("M", channels, channels, side))
            side //= 2
        else:
            smallest = min(smallest, side)
            weights = KERNEL * channels * v
            layers.append(
                Sized("conv", channels, v, side, weights + v + (2 * v if batch_norm else 0), 2 * weights * side * side)
            )
            channels = v
    features = channels * max(1, side) ** 2
    for inputs, outputs in _head(features, hidden, n_classes):
        layers.append(Sized("linear", inputs, outputs, 1, inputs * outputs + outputs, 2 * inputs * outputs))
    return Stack(tuple(layers), in_channels * size * size, batch_norm, broken, features, smallest)


def _head(features: int, hidden: int, n_classes: int) -> Iterator[tuple[int, int]]:
    if hidden:
        yield from ((features, hidden), (hidden, hidden), (hidden, n_classes))
    else:
        yield features, n_classes
