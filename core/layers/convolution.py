"""Convolutions: a kernel slides over a wave, an image, a film; and the transposed one, which stamps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.config import Problem
from core.layers.card import Card, CardConfig, Result, argument, call, choice, taps
from core.layers.samples import IMAGES, image, volume, wave

Modes = Literal["zeros", "reflect", "replicate", "circular"]
MODES = {"zeros": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
"""padding_mode -> F.pad's mode."""

IMAGE_HELP = "The image that the layer is applied to. Of your own image the middle is cut out and reduced."
KERNEL_SIZE = "How many input numbers each output number sees along each axis."
STRIDE = "How far the window moves from one output number to the next. 2 halves the size."
PADDING = "How many rows and columns are added around the input, so that the kernel also fits at the border."
PADDING_MODE = "What the border is filled with: zeros, the mirrored image, repeated edge pixels, or the opposite side."
DILATION = "The distance between the kernel's numbers: a large receptive field with few parameters."
BIAS = "A number added to every output. At 0 the layer is made without a bias."

PRESETS = {
    "identity": "unchanged",
    "blur": "blur",
    "sharpen": "sharpen",
    "edges": "edges",
    "upright": "vertical edges",
    "level": "horizontal edges",
    "emboss": "emboss",
    "own": "your own",
}
ORDER = [name for name in PRESETS if name != "own"]


def kernel2d(preset: str, size: int) -> Tensor:
    """A well-known kernel, float32 (size, size)."""
    middle = size // 2
    identity = torch.zeros(size, size)
    identity[middle, middle] = 1
    blur = torch.full((size, size), 1 / size**2)
    ramp = torch.linspace(-1, 1, size) if size > 1 else torch.zeros(1)
    smooth = 1 + (1 - ramp.abs())
    if preset == "blur":
        return blur
    if preset == "sharpen":
        return identity + 1.5 * (identity - blur)
    if preset == "edges":
        return identity * size**2 - 1
    if preset == "upright":
        return smooth[:, None] * ramp[None, :]
    if preset == "level":
        return smooth[None, :] * ramp[:, None]
    if preset == "emboss":
        return identity + (ramp[:, None] + ramp[None, :])
    return identity


def resized(values: tuple[float, ...], size: int) -> Tensor:
    """A square kernel's values, cut or filled up with zeros around its middle to (size, size)."""
    side = max(1, round(len(values) ** 0.5))
    kernel = torch.tensor((list(values) + [0.0] * side * side)[: side * side]).reshape(side, side)
    before = size // 2 - side // 2
    after = size - side - before
    return F.pad(kernel, (before, after, before, after))


class Conv2dConfig(CardConfig):
    """Arguments of the Conv2d card."""

    experiment: ClassVar[str] = "layers conv2d"

    image: Literal["house", "digit", "stripes", "own"] = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    preset: Literal["identity", "blur", "sharpen", "edges", "upright", "level", "emboss", "own"] = choice(
        "edges", "Kernel", "Well-known kernels. Change any number below to make your own.", choices=PRESETS
    )
    kernel: tuple[float, ...] = choice(
        (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
        "Kernel's numbers",
        "The kernel's numbers, row by row. In a CNN, training finds them.",
        low=-100,
        high=100,
        length=(1, 49),
    )
    kernel_size: int = argument("kernel_size", 3, KERNEL_SIZE, low=1, high=7)
    stride: int = argument("stride", 1, STRIDE, low=1, high=4)
    same: bool = argument("padding='same'", False, "Let torch choose the padding so that the size stays the same.")
    padding: int = argument("padding", 1, PADDING, low=0, high=6, shown_if=("same", (False,)))
    padding_mode: Modes = argument("padding_mode", "zeros", PADDING_MODE, choices=MODES)
    dilation: int = argument("dilation", 1, DILATION, low=1, high=4)
    in_channels: Literal[1, 3] = argument(
        "in_channels", 1, "1 uses the brightness of the image, 3 its red, green and blue.", choices={1: "1", 3: "3"}
    )
    out_channels: int = argument(
        "out_channels",
        1,
        "The number of kernels. The first is the one chosen above; the others are the next ones in the list.",
        low=1,
        high=4,
    )
    groups: int = argument(
        "groups",
        1,
        "Into how many groups the channels are split: an output sees only the inputs of its own group.",
        low=1,
        high=4,
    )
    bias: float = argument("bias", 0.0, BIAS, low=-1, high=1, step=0.05)

    def problems(self) -> Iterator[Problem]:
        yield from bad_values(self.kernel)
        yield from bad_groups(self.groups, self.in_channels, self.out_channels)
        if self.same and self.stride > 1:
            yield Problem(
                "same",
                "With padding='same' torch accepts only stride 1: with a larger stride the size could not stay the "
                "same.",
            )


def bad_values(kernel: tuple[float, ...]) -> Iterator[Problem]:
    """Why numbers make no square kernel."""
    if round(len(kernel) ** 0.5) ** 2 != len(kernel):
        yield Problem(
            "kernel",
            "{count} numbers do not form a square: 1, 4, 9, 16, 25, 36 or 49 are needed.",
            {"count": len(kernel)},
        )


def bad_groups(groups: int, in_channels: int, out_channels: int) -> Iterator[Problem]:
    """Why channels can't be split into groups."""
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            yield Problem(
                "groups",
                "{name} = {channels} can't be split into {groups} equal groups.",
                {"name": name, "channels": channels, "groups": groups},
            )
            return


def weight2d(config: Conv2dConfig) -> Tensor:
    """The card's kernels, float32 (out_channels, in_channels / groups, kernel_size, kernel_size).

    Each of them is divided by the number of channels that it adds up, so that brightness stays what it is.
    """
    size, inputs = config.kernel_size, config.in_channels // config.groups
    first = resized(config.kernel, size) if config.preset == "own" else kernel2d(config.preset, size)
    start = ORDER.index(config.preset) if config.preset in ORDER else -1
    others = [kernel2d(ORDER[(start + 1 + i) % len(ORDER)], size) for i in range(config.out_channels - 1)]
    return (torch.stack([first, *others])[:, None] / inputs).repeat(1, inputs, 1, 1)


def size_formula(name: str, size: int, padding: int, dilation: int, kernel: int, stride: int, out: int) -> str:
    """How long an axis becomes, in LaTeX, with numbers."""
    plain = rf"\left\lfloor\frac{{{name}_{{in}} + 2p - d(k-1) - 1}}{{s}}\right\rfloor + 1"
    numbers = (
        rf"\left\lfloor\frac{{{size} + 2\cdot{padding} - {dilation}\cdot{kernel - 1} - 1}}{{{stride}}}\right\rfloor + 1"
    )
    return rf"{name}_{{out}} = {plain} = {numbers} = {out}"


def padded(x: Tensor, padding: int, mode: str, axes: int) -> Tensor:
    """The input with its border, as the layer sees it."""
    return F.pad(x, (padding,) * 2 * axes, mode=PAD[mode]) if padding else x


def show_conv2d(config: Conv2dConfig, own: np.ndarray | None) -> Result:
    """The Conv2d card."""
    x = image(config.image, own, config.in_channels)
    weight = weight2d(config)
    size, dilation, stride = config.kernel_size, config.dilation, config.stride
    reach = dilation * (size - 1)
    before, after = (reach // 2, reach - reach // 2) if config.same else (config.padding,) * 2
    layer = call(
        "nn.Conv2d",
        config.in_channels,
        config.out_channels,
        kernel_size=size,
        stride=stride,
        padding="same" if config.same else config.padding,
        dilation=dilation,
        groups=config.groups,
        bias=bool(config.bias),
        padding_mode=config.padding_mode,
    )
    given: dict[str, Any] = {"x": x, "weight": weight}
    lines = [f"conv = {layer}", "conv.weight.data = weight"]
    if config.bias:
        given["bias"] = torch.full((config.out_channels,), config.bias)
        lines.append("conv.bias.data = bias")
    result = Result(
        given,
        (*lines, "y = conv(x)"),
        {"y": "y[0]", "weight": "conv.weight"},
        "windows",
        layer="conv",
        facts={
            "mode": "convolution",
            "colour": "rgb" if config.in_channels == 3 else "grey",
            "border": [before, after],
            "groups": config.groups,
            "bias": config.bias,
        },
    )
    height, width = result.value("y.shape[2:]")
    seen = F.pad(x, (before, after) * 2, mode=PAD[config.padding_mode]) if before + after else x
    result.arrays |= {
        "x": seen[0].numpy(),
        "rows": taps(height, size, stride, dilation),
        "columns": taps(width, size, stride, dilation),
    }
    result.facts["looks"] = ["grey" if total > 0.5 else "signed" for total in weight.sum(dim=(1, 2, 3)).tolist()]
    padding = reach / 2 if config.same else config.padding
    result.formula = size_formula("H", x.shape[2], f"{padding:g}", dilation, size, stride, height)  # type: ignore[arg-type]
    return result


class ConvTranspose2dConfig(CardConfig):
    """Arguments of the ConvTranspose2d card."""

    experiment: ClassVar[str] = "layers convtranspose2d"

    image: Literal["house", "digit", "stripes", "own"] = choice("digit", "Image", IMAGE_HELP, choices=IMAGES)
    side: int = choice(
        8,
        "Input pixels",
        "The image is reduced to this size first, so that the copy of each pixel can be seen.",
        low=2,
        high=16,
    )
    preset: Literal["ones", "bilinear", "cone", "corner"] = choice(
        "bilinear",
        "Kernel",
        "The block of numbers that each input pixel adds to the output, multiplied by the pixel.",
        choices={"ones": "all ones", "bilinear": "bilinear", "cone": "a cone", "corner": "one corner"},
    )
    kernel_size: int = argument("kernel_size", 4, "How large the block of one input pixel is.", low=1, high=7)
    stride: int = argument(
        "stride", 2, "The distance between two neighbouring blocks: 2 doubles the size.", low=1, high=4
    )
    padding: int = argument("padding", 1, "How many rows and columns are cut off around the output.", low=0, high=3)
    output_padding: int = argument(
        "output_padding",
        0,
        "Rows and columns added at the end. A stride above 1 allows several output sizes; this chooses one.",
        low=0,
        high=3,
    )
    dilation: int = argument("dilation", 1, DILATION, low=1, high=3)

    def problems(self) -> Iterator[Problem]:
        if self.output_padding >= max(self.stride, self.dilation):
            yield Problem(
                "output_padding",
                "output_padding must be smaller than stride or dilation: it only chooses between the sizes that a "
                "stride leaves open.",
            )
        length = transposed_length(self)
        if length < 1:
            yield Problem(
                "padding", "The padding cuts off the whole output: {size} rows would be left.", {"size": length}
            )


def transposed_length(config: ConvTranspose2dConfig) -> int:
    """How many rows the output of the transposed convolution has."""
    reach = config.dilation * (config.kernel_size - 1)
    return (config.side - 1) * config.stride - 2 * config.padding + reach + config.output_padding + 1


def stamp(preset: str, size: int) -> Tensor:
    """A kernel for the transposed convolution, float32 (size, size)."""
    if preset == "ones":
        return torch.ones(size, size)
    if preset == "corner":
        corner = torch.zeros(size, size)
        corner[0, 0] = 1
        return corner
    ramp = 1 - (torch.arange(size) - (size - 1) / 2).abs() / ((size + 1) // 2 if preset == "bilinear" else size)
    if preset == "bilinear":
        return ramp[:, None] * ramp[None, :]
    middle = torch.hypot(*torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij"))
    return (1 - middle).clamp(min=0) if size > 1 else torch.ones(1, 1)


def transposed_taps(count: int, size: int, stride: int, dilation: int, padding: int, length: int) -> np.ndarray:
    """Which input position reaches each output position through each tap: int32 (count, size), -1 where none does."""
    target = np.arange(count)[:, None] + padding - np.arange(size)[None, :] * dilation
    positions = np.where(target % stride == 0, target // stride, -1)
    return np.where((positions < 0) | (positions >= length), -1, positions).astype(np.int32)


def show_convtranspose2d(config: ConvTranspose2dConfig, own: np.ndarray | None) -> Result:
    """The ConvTranspose2d card."""
    x = image(config.image, own, 1, config.side)
    layer = call(
        "nn.ConvTranspose2d",
        1,
        1,
        kernel_size=config.kernel_size,
        stride=config.stride,
        padding=config.padding,
        output_padding=config.output_padding,
        bias=False,
        dilation=config.dilation,
    )
    result = Result(
        {"x": x, "weight": stamp(config.preset, config.kernel_size)[None, None]},
        (f"conv = {layer}", "conv.weight.data = weight", "y = conv(x)"),
        {"x": "x[0]", "y": "y[0]", "weight": "conv.weight"},
        "windows",
        layer="conv",
        facts={"mode": "transposed", "colour": "grey", "border": [0, 0], "groups": 1, "bias": 0, "look": "grey"},
    )
    result.facts["brightest"] = max(1.0, float(result.arrays["y"].max()))
    height, width = result.value("y.shape[2:]")
    how = (config.kernel_size, config.stride, config.dilation, config.padding)
    result.arrays |= {
        "rows": transposed_taps(height, *how, x.shape[2]),
        "columns": transposed_taps(width, *how, x.shape[3]),
    }
    result.formula = (
        r"H_{out} = (H_{in} - 1)s - 2p + d(k-1) + o + 1 = "
        rf"({x.shape[2]} - 1)\cdot{config.stride} - 2\cdot{config.padding} + {config.dilation}\cdot"
        rf"{config.kernel_size - 1} + {config.output_padding} + 1 = {height}"
    )
    return result


class Conv1dConfig(CardConfig):
    """Arguments of the Conv1d card."""

    experiment: ClassVar[str] = "layers conv1d"

    wave: Literal["tone", "chirp", "beat", "clicks"] = choice(
        "tone",
        "Wave",
        "The sound that the kernel slides over: 128 numbers.",
        choices={"tone": "a tone in noise", "chirp": "a rising tone", "beat": "two similar tones", "clicks": "clicks"},
    )
    preset: Literal["average", "difference", "peaks", "echo"] = choice(
        "average",
        "Kernel",
        "What the kernel's numbers do to the sound.",
        choices={"average": "average", "difference": "difference", "peaks": "peaks", "echo": "echo"},
    )
    kernel_size: int = argument("kernel_size", 7, KERNEL_SIZE, low=1, high=25)
    stride: int = argument("stride", 1, STRIDE, low=1, high=8)
    padding: int = argument("padding", 3, PADDING, low=0, high=24)
    padding_mode: Modes = argument("padding_mode", "zeros", PADDING_MODE, choices=MODES)
    dilation: int = argument("dilation", 1, DILATION, low=1, high=8)

    def problems(self) -> Iterator[Problem]:
        reach = self.dilation * (self.kernel_size - 1) + 1
        if reach > 128 + 2 * self.padding:
            yield Problem(
                "kernel_size",
                "The kernel spans {reach} numbers, but the padded input has only {size}.",
                {"reach": reach, "size": 128 + 2 * self.padding},
            )


def kernel1d(preset: str, size: int) -> Tensor:
    """A kernel for a wave, float32 (size,)."""
    ramp = torch.linspace(-1, 1, size) if size > 1 else torch.zeros(1)
    if preset == "difference":
        return ramp / ramp.abs().sum().clamp(min=1) * 2
    if preset == "peaks":
        bump = torch.full((size,), -1 / size)
        bump[size // 2] += 1
        return 2 * bump
    if preset == "echo":
        echo = torch.zeros(size)
        echo[0] = 0.6
        echo[-1] += 0.4
        return echo
    return torch.full((size,), 1 / size)


def show_conv1d(config: Conv1dConfig, own: np.ndarray | None) -> Result:
    """The Conv1d card."""
    x = wave(config.wave)
    layer = call(
        "nn.Conv1d",
        1,
        1,
        kernel_size=config.kernel_size,
        stride=config.stride,
        padding=config.padding,
        dilation=config.dilation,
        bias=False,
        padding_mode=config.padding_mode,
    )
    result = Result(
        {"x": x, "weight": kernel1d(config.preset, config.kernel_size)[None, None]},
        (f"conv = {layer}", "conv.weight.data = weight", "y = conv(x)"),
        {"y": "y[0, 0]", "weight": "conv.weight[0, 0]"},
        "wave",
        layer="conv",
        facts={"border": [config.padding, config.padding]},
    )
    count = len(result.arrays["y"])
    result.arrays |= {
        "x": padded(x, config.padding, config.padding_mode, 1)[0, 0].numpy(),
        "taps": taps(count, config.kernel_size, config.stride, config.dilation),
    }
    result.formula = size_formula(
        "L", x.shape[2], config.padding, config.dilation, config.kernel_size, config.stride, count
    )
    return result


class Conv3dConfig(CardConfig):
    """Arguments of the Conv3d card."""

    experiment: ClassVar[str] = "layers conv3d"

    preset: Literal["trail", "motion", "still", "edges"] = choice(
        "motion",
        "Kernel",
        "What the kernel computes across time and within the image.",
        choices={"trail": "trail", "motion": "only what moves", "still": "only what stays still", "edges": "edges"},
    )
    kernel_time: int = argument("kernel_size[0]", 3, "How many frames each output number sees.", low=1, high=5)
    kernel_size: int = argument(
        "kernel_size[1:]", 1, "How many rows and columns each output number sees.", low=1, high=5
    )
    stride_time: int = argument("stride[0]", 1, "How many frames the window moves each time.", low=1, high=3)
    stride: int = argument("stride[1:]", 1, "How many rows and columns the window moves each time.", low=1, high=3)
    padding_time: int = argument("padding[0]", 1, "Empty frames before and after the film.", low=0, high=2)
    padding: int = argument("padding[1:]", 0, "Rows and columns of zeros around each frame.", low=0, high=2)


def kernel3d(preset: str, time: int, size: int) -> Tensor:
    """A kernel for a film, float32 (time, size, size)."""
    space = kernel2d("edges", size) / max(1, size**2 - 1) if preset == "edges" else torch.full((size, size), size**-2.0)
    middle = torch.zeros(time)
    middle[time // 2] = 1
    mean = torch.full((time,), 1 / time)
    along = {"trail": mean, "motion": middle - mean, "still": 2 * mean - middle, "edges": middle}[preset]
    return along[:, None, None] * space


def show_conv3d(config: Conv3dConfig, own: np.ndarray | None) -> Result:
    """The Conv3d card."""
    x = volume()
    sizes = (config.kernel_time, config.kernel_size, config.kernel_size)
    strides = (config.stride_time, config.stride, config.stride)
    paddings = (config.padding_time, config.padding, config.padding)
    layer = call("nn.Conv3d", 1, 1, kernel_size=sizes, stride=strides, padding=paddings, bias=False)
    result = Result(
        {"x": x, "weight": kernel3d(config.preset, config.kernel_time, config.kernel_size)[None, None]},
        (f"conv = {layer}", "conv.weight.data = weight", "y = conv(x)"),
        {"x": "x[0, 0]", "y": "y[0, 0]", "weight": "conv.weight[0, 0]"},
        "film",
        layer="conv",
    )
    counts = result.arrays["y"].shape
    for name, count, size, stride, padding, length in zip(
        ("frames", "rows", "columns"), counts, sizes, strides, paddings, x.shape[2:], strict=True
    ):
        result.arrays[name] = taps(count, size, stride, 1, padding, length)
    result.formula = size_formula(
        "D", x.shape[2], config.padding_time, 1, config.kernel_time, config.stride_time, counts[0]
    )
    return result


CARDS = [
    Card("conv1d", "Conv1d", "convolution", Conv1dConfig, show_conv1d),
    Card("conv2d", "Conv2d", "convolution", Conv2dConfig, show_conv2d),
    Card("conv3d", "Conv3d", "convolution", Conv3dConfig, show_conv3d),
    Card("convtranspose2d", "ConvTranspose2d", "convolution", ConvTranspose2dConfig, show_convtranspose2d),
]
