"""What the cards are tried on: small images, waves and a moving volume, drawn on the spot, or a person's own image."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from core.config import Problem
from core.data.digits import digits
from core.data.opened_images import MOST_PIXELS, NoImage, TooManyPixels, opened, size_of
from core.limits import MEGABYTE

IMAGES = {"house": "a house", "digit": "a digit", "stripes": "stripes", "own": "your own image"}
"""The images of the 2-D cards: name -> label."""
SIDE = 48
"""Pixels of an image's longer side."""
MEGABYTES = 5
"""Of a person's own image, at most."""
MIN_SIDE = 8


class ImageRefused(ValueError):
    """An image that can't be used. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def read_image(data: bytes) -> np.ndarray:
    """The middle of a person's image, made small: uint8 (48, 48, 3) (raises ImageRefused)."""
    if len(data) > MEGABYTES * MEGABYTE:
        raise ImageRefused(Problem("image", "The image is larger than {most} MB.", {"most": MEGABYTES}))
    try:
        width, height = size_of(data)
        if min(width, height) < MIN_SIDE:
            values = {"width": width, "height": height, "least": MIN_SIDE}
            raise ImageRefused(
                Problem("image", "The image has only {width} x {height} pixels; {least} x {least} are needed.", values)
            )
        whole = opened(data, least=4 * SIDE)
    except TooManyPixels:
        most = {"most": MOST_PIXELS // 1_000_000}
        raise ImageRefused(
            Problem("image", "The image has too many pixels: at most {most} million are read.", most)
        ) from None
    except NoImage:
        raise ImageRefused(Problem("image", "This image can't be read.")) from None
    side = min(whole.size)
    left, top = ((size - side) // 2 for size in whole.size)
    square = whole.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def image(name: str, own: np.ndarray | None, channels: int = 1, side: int = SIDE) -> Tensor:
    """An image for a 2-D card.

    Args:
        name: one of IMAGES; "own" is the house until there is one.
        own: uint8 (48, 48, 3).
        channels: 1 for grey, 3 for RGB.
        side: pixels of a side, at most; a digit has 28.

    Returns:
        float32 (1, channels, side, side), values from 0 to 1.
    """
    if name == "own" and own is not None:
        colour = torch.from_numpy(own.copy()).permute(2, 0, 1).float() / 255
    elif name == "digit":
        colour = digit().expand(3, -1, -1)
    elif name == "stripes":
        colour = stripes()
    else:
        colour = house()
    x = colour[None] if channels == 3 else grey(colour)[None, None]
    return F.adaptive_avg_pool2d(x, side) if x.shape[-1] > side else x.clone()


def grey(colour: Tensor) -> Tensor:
    """The brightness of an image (3, H, W), as (H, W)."""
    return (colour * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(dim=0)


@cache
def digit() -> Tensor:
    """A handwritten digit, (1, 28, 28)."""
    images, labels, _, _ = digits()
    return images[labels == 3][0][None].float() / 255


@cache
def stripes() -> Tensor:
    """Rings in the middle, upright stripes above, level ones below: edges of every direction, (3, 48, 48)."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    r = torch.hypot(x, y)
    rings = 0.5 + 0.5 * torch.cos(22 * r)
    upright, level = ((x * 6).floor() % 2), ((y * 6).floor() % 2)
    base = torch.where(r < 0.62, rings, torch.where(y < 0, upright, level))
    return torch.stack([base, 0.25 + 0.6 * base * (1 - 0.3 * r), 1 - 0.75 * base]).clamp(0, 1)


@cache
def house() -> Tensor:
    """A house under the sun, drawn four times as large and averaged down: (3, 48, 48)."""
    size = 4 * SIDE
    y, x = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")

    def colour(red: float, green: float, blue: float) -> Tensor:
        return torch.tensor([red, green, blue])[:, None, None]

    scene = colour(0.45, 0.68, 0.92) + (y * colour(0.4, 0.22, 0.05))[:]

    def paint(where: Tensor, shade: Tensor) -> None:
        nonlocal scene
        scene = torch.where(where, shade, scene)

    paint(torch.hypot(x - 0.8, y - 0.18) < 0.1, colour(1.0, 0.86, 0.3))
    cloud = torch.minimum(torch.hypot((x - 0.3) / 1.6, y - 0.16), torch.hypot((x - 0.42) / 1.3, y - 0.2))
    paint(cloud < 0.06, colour(0.97, 0.97, 1.0))
    paint(y > 0.62 + 0.07 * torch.sin(5 * x + 0.6), colour(0.38, 0.62, 0.34))
    paint(y > 0.8 + 0.03 * torch.sin(9 * x), colour(0.25, 0.47, 0.24))
    paint((x > 0.24) & (x < 0.64) & (y > 0.46) & (y < 0.82), colour(0.9, 0.8, 0.65))
    paint((y > 0.26) & (y < 0.47) & ((x - 0.44).abs() < (y - 0.24) * 1.12), colour(0.72, 0.24, 0.18))
    paint((x > 0.54) & (x < 0.6) & (y > 0.25) & (y < 0.38), colour(0.5, 0.2, 0.16))
    paint((x > 0.4) & (x < 0.5) & (y > 0.6) & (y < 0.82), colour(0.35, 0.2, 0.12))
    for left in (0.28, 0.54):
        pane = (x > left) & (x < left + 0.08) & (y > 0.54) & (y < 0.64)
        paint(pane, colour(0.2, 0.3, 0.45))
        paint(pane & (((x - left - 0.04).abs() < 0.006) | ((y - 0.59).abs() < 0.006)), colour(0.95, 0.93, 0.88))
    paint((x > 0.79) & (x < 0.83) & (y > 0.55) & (y < 0.83), colour(0.4, 0.26, 0.16))
    paint(torch.hypot(x - 0.81, (y - 0.5) * 0.85) < 0.115, colour(0.14, 0.4, 0.2))
    paint(((x * 16) % 1 < 0.4) & (y > 0.86) & (y < 0.97) & (x < 0.98), colour(0.85, 0.82, 0.76))
    paint((y > 0.9) & (y < 0.92), colour(0.85, 0.82, 0.76))
    return F.avg_pool2d(scene[None], 4)[0].clamp(0, 1)


@cache
def feature_maps(side: int) -> Tensor:
    """Six maps that a first layer makes of the house: its colours, its edges, its outline: (1, 6, side, side)."""
    x = F.adaptive_avg_pool2d(house()[None], side)
    slope = torch.tensor([-1.0, 0.0, 1.0])
    level = F.conv2d(grey(x[0])[None, None], slope[None, None, None], padding=(0, 1))
    upright = F.conv2d(grey(x[0])[None, None], slope[None, None, :, None], padding=(1, 0))
    return torch.cat([x, level, upright, level.abs() + upright.abs()], dim=1)


def wave(name: str, length: int = 128) -> Tensor:
    """A sound-like wave, float32 (1, 1, length), between -1 and 1 or so.

    Args:
        name: "tone" (a tone and noise), "chirp" (rises), "beat" (two near tones) or "clicks".
    """
    t = torch.arange(length) / length
    random = torch.Generator().manual_seed(0)
    if name == "chirp":
        x = torch.sin(2 * math.pi * (2 * t + 14 * t**2))
    elif name == "beat":
        x = 0.5 * torch.sin(2 * math.pi * 11 * t) + 0.5 * torch.sin(2 * math.pi * 13.5 * t)
    elif name == "clicks":
        x = torch.zeros(length)
        for at, size in ((12, 1.0), (44, -0.7), (70, 0.9), (104, 0.5)):
            x[at:] += size * torch.exp(-torch.arange(length - at) / 5) * torch.cos(torch.arange(length - at) * 1.1)
    else:
        x = 0.7 * torch.sin(2 * math.pi * 4 * t) + 0.25 * torch.randn(length, generator=random)
    return x.float()[None, None]


def volume(frames: int = 8, side: int = 16) -> Tensor:
    """A ball that flies over a standing wall: float32 (1, 1, frames, side, side), values from 0 to 1."""
    y, x = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    film = torch.zeros(frames, side, side)
    film[:, :, side - 4 : side - 2] = 0.6
    for frame in range(frames):
        share = frame / (frames - 1)
        middle_x, middle_y = 2.5 + share * (side - 6), side - 4.5 - 4 * share * (1 - share) * (side - 7)
        ball = (2.4 - torch.hypot(x - middle_x, y - middle_y)).clamp(0, 1)
        film[frame] = torch.maximum(film[frame], ball)
    return film[None, None]
