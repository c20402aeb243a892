"""Digits drawn by hand, brought into the form that MNIST's makers gave to their scans."""

import base64
import binascii

import torch
from torch import Tensor

SIDE = 112
"""Side in pixels of the pad that a digit is drawn on."""
BOX, SIZE = 20, 28
MOST_ENLARGED = 2.0
"""A dot stays a dot: nothing is made more than this many times larger than on a pad reduced to 28 pixels."""


def read_drawing(text: str) -> Tensor:
    """The pad's pixels, uint8 (112, 112) with bright strokes on 0, from base64 (raises ValueError)."""
    if not isinstance(text, str) or len(text) > SIDE * SIDE * 2:
        raise ValueError("no drawing")
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no drawing") from error
    if len(content) != SIDE * SIDE:
        raise ValueError("no drawing")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8).reshape(SIDE, SIDE)


def centred(drawing: Tensor) -> Tensor:
    """Scale a drawing into a 20 x 20 box and put its centre of mass into the middle of 28 x 28 pixels, at (14, 14).

    So MNIST was made (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section III A).

    Args:
        drawing: uint8 (H, W), bright strokes on 0.

    Returns:
        uint8 (28, 28), its brightest pixel 255; all 0 for an empty drawing.
    """
    rows, columns = (drawing.amax(dim=axis).nonzero()[:, 0] for axis in (1, 0))
    if len(rows) == 0:
        return torch.zeros(SIZE, SIZE, dtype=torch.uint8)
    cut = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].float()
    scale = min(BOX / max(cut.shape), MOST_ENLARGED * SIZE / max(drawing.shape))
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    small = torch.nn.functional.interpolate(cut[None, None], size=(height, width), mode="bilinear", antialias=True)[
        0, 0
    ]
    mass = small.sum()
    down = (small.sum(dim=1) * torch.arange(height)).sum() / mass
    right = (small.sum(dim=0) * torch.arange(width)).sum() / mass
    top = min(max(round(SIZE / 2 - float(down)), 0), SIZE - height)
    left = min(max(round(SIZE / 2 - float(right)), 0), SIZE - width)
    image = torch.zeros(SIZE, SIZE)
    image[top : top + height, left : left + width] = small
    return (255 * image / image.max()).round().to(torch.uint8)
