"""What a viewer may look at of a network that reads images: one of them, a drawing, or the whole test set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.data.drawn import centred, read_drawing
from core.data.image_sets import Choice, chosen_set, load_images, missing
from core.snapshot import Frame, Snapshot, undisturbed

SHOWN = 1000
"""Test images that can be looked at, the first ones."""


def image_focus(wish: Any, parts: Sequence[str], numbers: Sequence[tuple[str, int]] = ()) -> dict[str, Any]:
    """What a viewer wants to look at, checked.

    Args:
        wish: "part", one of `parts`; "image", the number of a test image, or "drawing", see `read_drawing`;
            "version", a number that the frame carries back, so that the viewer knows which drawing it shows.
        parts: what the picture has, the first one is shown at first.
        numbers: more numbers that it may have, by name, and how large each may be.

    Raises:
        ValueError: it makes no sense.
    """
    if not isinstance(wish, dict) or wish.get("part", parts[0]) not in parts:
        raise ValueError("no such part")
    focus: dict[str, Any] = {"part": wish.get("part", parts[0])}
    for name, most in (("image", SHOWN - 1), ("version", 10**9), *numbers):
        number = wish.get(name, 0)
        if not isinstance(number, int) or not 0 <= number <= most:
            raise ValueError(f"no such {name}")
        focus[name] = number
    if wish.get("drawing") is not None:
        read_drawing(wish["drawing"])
        focus["drawing"] = wish["drawing"]
    return focus


@dataclass(frozen=True)
class _Chosen:
    dataset: str
    own_images: str


def shown_images(config: Choice) -> tuple[Tensor, Tensor]:
    """The test images that can be looked at, uint8 (M, ...), and their labels (M,); none before the images are here."""
    if missing(config):
        known = chosen_set(config)
        shape = (known.size, known.size) if known.channels == 1 else (known.channels, known.size, known.size)
        return torch.zeros(0, *shape, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64)
    return _first_ones(_Chosen(config.dataset, config.own_images if config.dataset == "own" else ""))


@lru_cache(maxsize=8)
def _first_ones(chosen: _Chosen) -> tuple[Tensor, Tensor]:
    with undisturbed():
        _, _, images, labels = load_images(chosen)
        return images[:SHOWN].clone(), labels[:SHOWN].clone()


def looked_at(focus: Mapping[str, Any], images: Tensor, labels: Tensor, drawn: bool = True) -> tuple[Tensor, int]:
    """What a viewer looks at, and its label; -1 for a drawing, or where there is nothing yet.

    Args:
        focus: see `image_focus`.
        images: the test images, as `shown_images` gives them.
        labels: their labels.
        drawn: whether drawings are looked at.
    """
    if drawn and "drawing" in focus:
        return centred(read_drawing(focus["drawing"])), -1
    if not len(images):
        return images.new_zeros(images.shape[1:]), -1
    number = focus.get("image", 0) % len(images)
    return images[number], int(labels[number])


def image_frame(
    snapshot: Snapshot,
    focus: Mapping[str, Any],
    label: int,
    views: Mapping[str, Callable[[], dict[str, np.ndarray]]],
    **facts: Any,
) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at, drawn in eval mode without gradients.

    Args:
        label: the true class of what is looked at, -1 if nobody knows.
        views: each part's arrays; the first one is shown at first.
        facts: what goes with them.
    """
    part = focus.get("part", next(iter(views)))
    snapshot.net.eval()
    with torch.no_grad():
        arrays = views[part]()
    snapshot.net.train()
    if part == "test":
        facts = {"tested": len(arrays["labels"])}
    else:
        facts |= {"image": focus.get("image", 0), "label": label, "drawn": "drawing" in focus}
    return Frame(snapshot.step, snapshot.epoch, arrays, {"part": part, "version": focus.get("version", 0), **facts})
