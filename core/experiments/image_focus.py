"""What a viewer may look at of a network that reads images: one of them, a drawing, or the whole test set."""

from collections.abc import Sequence
from typing import Any

from core.data.drawn import read_drawing

SHOWN = 1000
"""Test images that can be looked at, the first ones."""


def image_focus(asked: Any, parts: Sequence[str], numbers: Sequence[tuple[str, int]] = ()) -> dict[str, Any]:
    """What is asked for, checked.

    Args:
        asked: "part", one of `parts`; "image", the number of a test image, or "drawing", see `read_drawing`;
            "version", a number that the frame carries back, so that the viewer knows which drawing it shows.
        parts: what the picture has, the first one is shown at first.
        numbers: more numbers that may be asked for, by name, and how large each may be.

    Raises:
        ValueError: it makes no sense.
    """
    if not isinstance(asked, dict) or asked.get("part", parts[0]) not in parts:
        raise ValueError("no such part")
    found: dict[str, Any] = {"part": asked.get("part", parts[0])}
    for name, most in (("image", SHOWN - 1), ("version", 10**9), *numbers):
        number = asked.get(name, 0)
        if not isinstance(number, int) or not 0 <= number <= most:
            raise ValueError(f"no such {name}")
        found[name] = number
    if asked.get("drawing") is not None:
        read_drawing(asked["drawing"])
        found["drawing"] = asked["drawing"]
    return found
