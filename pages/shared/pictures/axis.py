"""A logarithmic axis that names its numbers in full: Plotly's own labels between two powers of ten are bare digits."""

from __future__ import annotations

import math
from typing import Any


def log_axis(low: float, high: float) -> dict[str, Any]:
    """An axis from a little below low to a little above high, both above zero, for a figure's layout."""
    first, last = math.log10(low), math.log10(high)
    room = max(0.08, 0.05 * (last - first))
    places = [place for place in ticks(low, high) if first - room <= math.log10(place) <= last + room]
    return {"type": "log", "tickvals": places, "ticktext": named(places), "range": [first - room, last + room]}


def ticks(low: float, high: float) -> list[float]:
    """Where the numbers stand: powers of ten, or 1, 2 and 5 times such, or equal steps where the range is narrow."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if high > 1000 * low:
        return [10.0**power for power in range(first, last + 1)]
    if high > 4 * low:
        return [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    step = 10.0 ** math.floor(math.log10(max(high - low, low / 10)))
    step *= 2 if (high - low) / step > 5 else 1
    return [number * step for number in range(max(1, math.floor(low / step)), math.ceil(high / step) + 1)]


def named(numbers: list[float]) -> list[str]:
    """The numbers of an axis as they are written, all in one style: 0.05 and 2,000, or as powers of ten."""
    if all(number * 1.001 > 1e-4 and number < 1e6 for number in numbers):
        return [f"{number:,.6g}" for number in numbers]
    return [_power(number) for number in numbers]


def _power(number: float) -> str:
    digits, power = f"{number:.5e}".split("e")
    digits = digits.rstrip("0").rstrip(".")
    return (f"{digits}·" if digits != "1" else "") + f"10<sup>{int(power)}</sup>"
