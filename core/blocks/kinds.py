"""The kinds of blocks: which arguments each has, within which bounds, and what else PyTorch lets one write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MOST_BLOCKS = 64
"""Blocks of a network, those inside residual blocks included."""
MOST_TEXT = 8_000
"""Characters of a network's text."""
WIDEST = 8192
"""Channels or numbers that a block may put out."""
MOST_NUMBERS = 1_000_000
"""Numbers that a Linear may be given."""

REQUIRED = object()


@dataclass(frozen=True)
class Argument:
    """One argument of a block.

    Attributes:
        name: as PyTorch calls it.
        default: `REQUIRED` if it must be given; None for a pooling's stride, which then equals its kernel_size.
        low, high: inclusive bounds.
        start: what it is in a fresh block.
        is_float: whether it may have decimals.
        is_bool: whether it is True or False.
        most: how many whole numbers it may have; more than 1 for a shape.
    """

    name: str
    default: Any = REQUIRED
    low: float = 0
    high: float = 0
    start: Any = None
    is_float: bool = False
    is_bool: bool = False
    most: int = 1


def _size(name: str, start: int, high: int = WIDEST, default: Any = REQUIRED, low: int = 1) -> Argument:
    return Argument(name, default, low, high, start)


_KERNEL, _STRIDE = _size("kernel_size", 3, 64), _size("stride", 1, 64, 1)
_PADDING, _BIAS = _size("padding", 0, 64, 0, low=0), Argument("bias", True, start=True, is_bool=True)
_CONV = (_size("in_channels", 1), _size("out_channels", 16), _KERNEL, _STRIDE, _PADDING, _BIAS)
_POOL = (_size("kernel_size", 2, 64), _size("stride", 2, 64, None), _PADDING)
_ADAPTIVE = (_size("output_size", 1, 256),)
_P = Argument("p", 0.5, 0, 1, 0.5, is_float=True)

KINDS: dict[str, tuple[Argument, ...]] = {
    "Conv2d": _CONV,
    "Conv1d": _CONV,
    "Linear": (_size("in_features", 1, MOST_NUMBERS), _size("out_features", 10), _BIAS),
    "MaxPool2d": _POOL,
    "MaxPool1d": _POOL,
    "AvgPool2d": _POOL,
    "AvgPool1d": _POOL,
    "AdaptiveAvgPool2d": _ADAPTIVE,
    "AdaptiveAvgPool1d": _ADAPTIVE,
    "AdaptiveMaxPool2d": _ADAPTIVE,
    "AdaptiveMaxPool1d": _ADAPTIVE,
    "BatchNorm2d": (_size("num_features", 1),),
    "BatchNorm1d": (_size("num_features", 1),),
    "LayerNorm": (Argument("normalized_shape", REQUIRED, 1, MOST_NUMBERS, 1, most=3),),
    "Dropout": (_P,),
    "Dropout2d": (_P,),
    "ReLU": (),
    "LeakyReLU": (Argument("negative_slope", 0.01, 0, 1, 0.01, is_float=True),),
    "ELU": (),
    "GELU": (),
    "SiLU": (),
    "Sigmoid": (),
    "Tanh": (),
    "Softmax": (_size("dim", 1, 1, low=-1),),
    "Flatten": (_size("start_dim", 1, 3, 1), _size("end_dim", -1, 3, -1, low=-3)),
    "Residual": (),
}
"""Name of a class of torch.nn, or Residual -> its arguments."""

_CONV_ORDER = "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"
_MAX_ORDER = "kernel_size stride padding dilation return_indices ceil_mode"
_AVG_ORDER = "kernel_size stride padding ceil_mode count_include_pad"
_NORM_ORDER = "num_features eps momentum affine track_running_stats device dtype bias"
ORDER: dict[str, str] = {
    "Conv2d": _CONV_ORDER,
    "Conv1d": _CONV_ORDER,
    "MaxPool2d": _MAX_ORDER,
    "MaxPool1d": _MAX_ORDER,
    "AvgPool2d": f"{_AVG_ORDER} divisor_override",
    "AvgPool1d": _AVG_ORDER,
    "AdaptiveMaxPool2d": "output_size return_indices",
    "AdaptiveMaxPool1d": "output_size return_indices",
    "BatchNorm2d": _NORM_ORDER,
    "BatchNorm1d": _NORM_ORDER,
    "LayerNorm": "normalized_shape eps elementwise_affine bias",
    "Dropout": "p inplace",
    "Dropout2d": "p inplace",
    "ReLU": "inplace",
    "LeakyReLU": "negative_slope inplace",
    "ELU": "alpha inplace",
    "GELU": "approximate",
    "SiLU": "inplace",
}
"""Kind -> all names of its arguments in PyTorch's order, where there are more than in `KINDS`."""
FIXED: dict[str, Any] = {
    "dilation": 1,
    "groups": 1,
    "padding_mode": "zeros",
    "return_indices": False,
    "ceil_mode": False,
    "count_include_pad": True,
    "divisor_override": None,
    "eps": 1e-05,
    "momentum": 0.1,
    "affine": True,
    "track_running_stats": True,
    "elementwise_affine": True,
    "bias": True,
    "alpha": 1.0,
    "approximate": "none",
}
"""Arguments that no block here has -> PyTorch's default, which may stand in a text."""
NO_MATTER = ("inplace", "device", "dtype")
"""Arguments that change nothing of what a network computes here."""
PUNCTUATION = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | str.maketrans("，、。“”‘’　", ",,.\"\"'' ")
"""What a Chinese keyboard writes -> what Python reads."""
INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
"""What copying from a page or a file may put into a text unseen; translated to nothing."""
STOP = re.compile(r"(?<=[)）])[ \t]*(?:[。．](?=\s*$)|\.(?=\s*\Z))", re.MULTILINE)
"""The full stop of a sentence that ends with a layer."""


def as_python(text: str) -> str:
    """A text with the characters that Python reads instead of those that a Chinese keyboard writes, or a page holds."""
    return STOP.sub("", text.translate(INVISIBLE)).replace("\xa0", " ").translate(PUNCTUATION)


MOVES = "to|cuda|cpu|float|double|half|bfloat16|eval|train|apply|requires_grad_|share_memory"
"""Methods of a layer that return it."""

GROUPS: dict[str, tuple[str, ...]] = {
    "layers": ("Conv2d", "Conv1d", "Linear", "Flatten", "Residual"),
    "pooling": tuple(kind for kind in KINDS if "Pool" in kind),
    "normalisation": ("BatchNorm2d", "BatchNorm1d", "LayerNorm", "Dropout", "Dropout2d"),
    "activation": ("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax"),
}
"""The kinds, as one looks for them."""
