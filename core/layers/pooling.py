"""Pooling: a window becomes one number. Which pixel won, and where the gradient flows back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np

from core.config import Problem
from core.layers.card import Card, CardConfig, Result, argument, call, choice, taps
from core.layers.convolution import DILATION, IMAGE_HELP
from core.layers.samples import IMAGES, image

Images = Literal["house", "digit", "stripes", "own"]
SIDE = "The image is reduced to this size first, so that each pixel can be seen."
WINDOW = "How many rows and columns become one number."
STRIDE = "How far the window moves each time. torch's default is the window's own size."
PADDING = "A border added around the input; at most half of kernel_size."
CEIL = "Whether a window that only partly fits at the end is kept."


class PoolConfig(CardConfig):
    """What pools have in common."""

    def window(self) -> Iterator[Problem]:
        """Why torch would refuse the window."""
        own: Any = self
        dilation, padding = getattr(own, "dilation", 1), getattr(own, "padding", 0)
        reach = dilation * (own.kernel_size - 1) + 1
        if padding > own.kernel_size // 2:
            yield Problem(
                "padding",
                "The padding may be at most half of kernel_size: {most} here. Otherwise a window could lie in the "
                "padding completely.",
                {"most": own.kernel_size // 2},
            )
        elif reach > own.side + 2 * padding:
            yield Problem(
                "kernel_size",
                "The window spans {reach} pixels, but the input with its padding has only {size}.",
                {"reach": reach, "size": own.side + 2 * padding},
            )


class MaxPool2dConfig(PoolConfig):
    """Arguments of the MaxPool2d card."""

    experiment: ClassVar[str] = "layers maxpool2d"

    image: Images = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    side: int = choice(16, "Input pixels", SIDE, low=4, high=24)
    kernel_size: int = argument("kernel_size", 2, WINDOW, low=1, high=6)
    stride: int = argument("stride", 2, STRIDE, low=1, high=6)
    padding: int = argument("padding", 0, PADDING, low=0, high=3)
    dilation: int = argument("dilation", 1, DILATION, low=1, high=3)
    ceil_mode: bool = argument("ceil_mode", False, CEIL)

    def problems(self) -> Iterator[Problem]:
        yield from self.window()


class AvgPool2dConfig(PoolConfig):
    """Arguments of the AvgPool2d card."""

    experiment: ClassVar[str] = "layers avgpool2d"

    image: Images = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    side: int = choice(16, "Input pixels", SIDE, low=4, high=24)
    kernel_size: int = argument("kernel_size", 2, WINDOW, low=1, high=6)
    stride: int = argument("stride", 2, STRIDE, low=1, high=6)
    padding: int = argument("padding", 0, PADDING, low=0, high=3)
    ceil_mode: bool = argument("ceil_mode", False, CEIL)
    count_include_pad: bool = argument(
        "count_include_pad",
        True,
        "Whether the zeros of the border count in the mean. If they do, the edge becomes darker.",
    )

    def problems(self) -> Iterator[Problem]:
        yield from self.window()


class LPPool2dConfig(PoolConfig):
    """Arguments of the LPPool2d card."""

    experiment: ClassVar[str] = "layers lppool2d"

    image: Images = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    side: int = choice(16, "Input pixels", SIDE, low=4, high=24)
    norm_type: float = argument(
        "norm_type",
        2.0,
        "The power p. At 1 the output is the sum; the larger p is, the more the largest number dominates.",
        low=1,
        high=10,
        step=0.5,
    )
    kernel_size: int = argument("kernel_size", 2, WINDOW, low=1, high=4)
    stride: int = argument("stride", 2, STRIDE, low=1, high=6)
    ceil_mode: bool = argument("ceil_mode", False, CEIL)

    def problems(self) -> Iterator[Problem]:
        yield from self.window()


class AdaptiveAvgPool2dConfig(CardConfig):
    """Arguments of the AdaptiveAvgPool2d card."""

    experiment: ClassVar[str] = "layers adaptiveavgpool2d"

    image: Images = choice("house", "Image", IMAGE_HELP, choices=IMAGES)
    side: int = choice(16, "Input pixels", SIDE, low=4, high=24)
    rows: int = argument(
        "output_size[0]", 5, "The number of rows of the output; torch computes the windows.", low=1, high=24
    )
    columns: int = argument("output_size[1]", 5, "The number of columns of the output.", low=1, high=24)


def pool_size(size: int, kernel: int, stride: int, padding: int, dilation: int, out: int, ceil: bool) -> str:
    """How long an axis becomes, in LaTeX, with numbers."""
    left, right = (r"\left\lceil", r"\right\rceil") if ceil else (r"\left\lfloor", r"\right\rfloor")
    plain = rf"{left}\frac{{H_{{in}} + 2p - d(k-1) - 1}}{{s}}{right} + 1"
    numbers = rf"{left}\frac{{{size} + 2\cdot{padding} - {dilation}\cdot{kernel - 1} - 1}}{{{stride}}}{right} + 1"
    by_hand = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride
    last = (math.ceil(by_hand) if ceil else math.floor(by_hand)) + 1
    # A window that would start in the padding at the end is left out, whatever ceil_mode says.
    return rf"H_{{out}} = {plain} = {numbers} = {last}" + (rf"\;\rightarrow\;{out}" if out != last else "")


def divisors(count: int, kernel: int, stride: int, padding: int, length: int, include: bool) -> np.ndarray:
    """By how much each window's sum is divided along one axis, int32 (count,)."""
    start = np.arange(count) * stride - padding
    end = np.minimum(start + kernel, length + padding)
    if not include:
        start, end = np.maximum(start, 0), np.minimum(end, length)
    return (end - start).astype(np.int32)


def show_pool(
    config: Any, own: np.ndarray | None, layer: str, mode: str, lines: tuple[str, ...], **more: str
) -> Result:
    """A pool's card: windows, and the gradient of y.sum()."""
    x = image(config.image, own, 1, config.side).requires_grad_()
    result = Result(
        {"x": x},
        (f"pool = {layer}", *lines, "y.sum().backward()"),
        {"x": "x[0]", "y": "y[0]", "grad": "x.grad[0]", **more},
        "windows",
        layer="pool",
        facts={"mode": mode, "colour": "grey", "border": [0, 0], "groups": 1, "look": "grey"},
    )
    result.facts["brightest"] = max(1.0, float(result.arrays["y"].max()))
    return result


def add_windows(result: Result, config: Any) -> None:
    """Where the windows lie, and the formula."""
    _, height, width = result.arrays["y"].shape
    padding, dilation = getattr(config, "padding", 0), getattr(config, "dilation", 1)
    length = result.arrays["x"].shape[1]
    for name, count in (("rows", height), ("columns", width)):
        result.arrays[name] = taps(count, config.kernel_size, config.stride, dilation, padding, length)
    result.formula = pool_size(length, config.kernel_size, config.stride, padding, dilation, height, config.ceil_mode)


def stride_of(config: Any) -> dict[str, int]:
    """The stride, unless it is torch's own default."""
    return {} if config.stride == config.kernel_size else {"stride": config.stride}


def show_maxpool2d(config: MaxPool2dConfig, own: np.ndarray | None) -> Result:
    """The MaxPool2d card."""
    layer = call(
        "nn.MaxPool2d",
        kernel_size=config.kernel_size,
        **stride_of(config),
        padding=config.padding,
        dilation=config.dilation,
        return_indices=True,
        ceil_mode=config.ceil_mode,
    )
    result = show_pool(config, own, layer, "max", ("y, index = pool(x)",), winner="index[0]")
    add_windows(result, config)
    return result


def show_avgpool2d(config: AvgPool2dConfig, own: np.ndarray | None) -> Result:
    """The AvgPool2d card."""
    layer = call(
        "nn.AvgPool2d",
        kernel_size=config.kernel_size,
        **stride_of(config),
        padding=config.padding,
        ceil_mode=config.ceil_mode,
        count_include_pad=config.count_include_pad,
    )
    result = show_pool(config, own, layer, "average", ("y = pool(x)",))
    add_windows(result, config)
    _, height, width = result.arrays["y"].shape
    how = (config.kernel_size, config.stride, config.padding, result.arrays["x"].shape[1], config.count_include_pad)
    result.arrays["divisor"] = divisors(height, *how)[:, None] * divisors(width, *how)[None, :]
    return result


def show_lppool2d(config: LPPool2dConfig, own: np.ndarray | None) -> Result:
    """The LPPool2d card."""
    layer = call(
        "nn.LPPool2d",
        norm_type=config.norm_type,
        kernel_size=config.kernel_size,
        **stride_of(config),
        ceil_mode=config.ceil_mode,
    )
    result = show_pool(config, own, layer, "power", ("y = pool(x)",))
    add_windows(result, config)
    result.facts["power"] = config.norm_type
    result.formula = rf"y = \Big(\sum_{{x \in W}} x^{{p}}\Big)^{{1/p}},\quad p = {config.norm_type:g}"
    return result


def adaptive_taps(count: int, length: int) -> np.ndarray:
    """The windows that torch finds for `count` output numbers: int32 (count, longest), -1 where one is shorter."""
    starts = np.arange(count) * length // count
    ends = -(-(np.arange(count) + 1) * length // count)
    positions = starts[:, None] + np.arange((ends - starts).max())[None, :]
    return np.where(positions < ends[:, None], positions, -1).astype(np.int32)


def show_adaptiveavgpool2d(config: AdaptiveAvgPool2dConfig, own: np.ndarray | None) -> Result:
    """The AdaptiveAvgPool2d card."""
    layer = call("nn.AdaptiveAvgPool2d", output_size=(config.rows, config.columns))
    result = show_pool(config, own, layer, "average", ("y = pool(x)",))
    length = result.arrays["x"].shape[1]
    rows, columns = adaptive_taps(config.rows, length), adaptive_taps(config.columns, length)
    result.arrays |= {"rows": rows, "columns": columns}
    result.arrays["divisor"] = ((rows >= 0).sum(axis=1)[:, None] * (columns >= 0).sum(axis=1)[None, :]).astype(np.int32)
    result.formula = (
        r"W_i = \left[\left\lfloor\tfrac{i\,H_{in}}{H_{out}}\right\rfloor,\;"
        r"\left\lceil\tfrac{(i+1)H_{in}}{H_{out}}\right\rceil\right),\quad "
        rf"H_{{in}} = {length},\; H_{{out}} = {config.rows}"
    )
    return result


CARDS = [
    Card("maxpool2d", "MaxPool2d", "pooling", MaxPool2dConfig, show_maxpool2d),
    Card("avgpool2d", "AvgPool2d", "pooling", AvgPool2dConfig, show_avgpool2d),
    Card("adaptiveavgpool2d", "AdaptiveAvgPool2d", "pooling", AdaptiveAvgPool2dConfig, show_adaptiveavgpool2d),
    Card("lppool2d", "LPPool2d", "pooling", LPPool2dConfig, show_lppool2d),
]
