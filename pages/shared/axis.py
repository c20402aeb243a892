"""A logarithmic axis that names its numbers in full: Plotly's own labels between two powers of ten are bare digits."""

from __future__ import annotations

import math
from typing import Any


def log_axis(low: float, high: float) -> dict[str, Any]:
    """An axis from a little below low to a little above high, both above zero, for a figure's layout."""
    places = ticks(low, high)
    return {
        "type": "log",
        "tickvals": places,
        "ticktext": [named(place) for place in places],
        "range": [math.log10(low) - 0.08, math.log10(high) + 0.08],
    }


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


def named(number: float) -> str:
    """The number as it is written: 0.05, 2,000, and powers of ten far from 1 as such."""
    power = round(math.log10(number)) if number > 0 else 0
    if not -3 <= power <= 5 and math.isclose(number, 10.0**power):
        return f"10<sup>{power}</sup>"
    return f"{number:,.6g}"
