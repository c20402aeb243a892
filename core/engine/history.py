"""A run's measurements in little memory: 50,000 losses take 0.2 MB here, and 23 MB as Python's own numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

Lengths = dict[str, dict[str, int]]
"""Lane -> metric -> how many of its values a viewer knows."""
Values = dict[str, dict[str, dict[str, list[Any]]]]
"""Lane -> metric -> {"step": [...], "value": [...]}."""


Series = dict[str, list[Any]]
"""The steps and the values of one metric."""


def extremes(values: np.ndarray, most: int) -> np.ndarray:
    """Which of values (N,) a plot of `most` points shows: bool (N,).

    They are the first, the last, and the lowest, the highest and a gap of each part.
    """
    size = math.ceil(len(values) / (most / 2))
    starts = np.arange(0, len(values), size)
    padded = np.full(len(starts) * size, np.nan)
    padded[: len(values)] = values
    parts = padded.reshape(-1, size)
    gaps = np.isnan(parts)
    chosen = np.zeros(len(padded), bool)
    chosen[starts + np.where(gaps, np.inf, parts).argmin(axis=1)] = True
    chosen[starts + np.where(gaps, -np.inf, parts).argmax(axis=1)] = True
    chosen[(starts + gaps.argmax(axis=1))[gaps.any(axis=1)]] = True
    chosen = chosen[: len(values)]
    chosen[[0, -1]] = True
    return chosen


class Column:
    """One metric of one lane: the steps at which it was measured, and what it was.

    Values are exact. They take 4 bytes each while float32 holds them all, as it does every loss, and then 8.
    """

    def __init__(self) -> None:
        self._runs: list[list[int]] = []  # of steps at one distance: the first one, the distance, how many
        self._values = array("f")

    def __len__(self) -> int:
        return len(self._values)

    def append(self, step: int, value: float | None) -> None:
        """Add a value; None where it was no finite number."""
        last = self._runs[-1] if self._runs else None
        if last is not None and last[2] == 1:
            last[1:] = [step - last[0], 2]
        elif last is not None and step == last[0] + last[1] * last[2]:
            last[2] += 1
        else:
            self._runs.append([step, 1, 1])
        number = math.nan if value is None else value
        if self._values.typecode == "f" and value is not None and array("f", [number])[0] != number:
            self._values = array("d", self._values)
        self._values.append(number)

    def steps(self, begin: int = 0) -> Iterator[int]:
        """The steps from the index `begin` on."""
        for first, distance, count in self._runs:
            if begin < count:
                yield from (first + distance * number for number in range(begin, count))
            begin = max(0, begin - count)

    def values(self, begin: int = 0) -> list[float | None]:
        """The values from the index `begin` on."""
        return [None if math.isnan(value) else value for value in self._values[begin:]]

    def thinned(
        self, most: int, keep: Collection[int], begin: int = 0, of: tuple[float, float] | None = None
    ) -> Series:
        """The values from the index `begin` on, reduced for a plot that is `most` points wide.

        Each of its parts keeps its lowest and its highest value and a gap; values have seven digits where some are
        left out.

        Args:
            most: about how many are left.
            keep: steps that are not left out.
            begin: the index of the first value.
            of: the first and the last step, if not all.
        """
        steps, values = np.fromiter(self.steps(begin), np.int64), np.array(self._values[begin:])
        if of is not None:
            inside = slice(*np.searchsorted(steps, [of[0], of[1] + 0.5]))
            steps, values = steps[inside], values[inside]
        if len(steps) <= most:
            return {
                "step": steps.tolist(),
                "value": [None if math.isnan(value) else value for value in values.tolist()],
            }
        chosen = extremes(values, most) | np.isin(steps, np.fromiter(keep, np.int64))
        numbers = [None if math.isnan(value) else float(f"{value:.7g}") for value in values[chosen].tolist()]
        return {"step": steps[chosen].tolist(), "value": numbers}

    @property
    def last(self) -> tuple[int, float | None]:
        """The last step and its value."""
        first, distance, count = self._runs[-1]
        return first + distance * (count - 1), self.values(len(self) - 1)[0]


class History:
    """All metrics of all lanes of a run, in the order in which they came."""

    def __init__(self) -> None:
        self.lanes: dict[str, dict[str, Column]] = {}

    def add(self, lane: str, row: Mapping[str, Any]) -> None:
        """Add a line of a lane's record: "step", "epoch", and the metrics of that step."""
        columns = self.lanes.setdefault(lane, {})
        for name, value in row.items():
            if name not in ("step", "epoch"):
                columns.setdefault(name, Column()).append(row["step"], value)

    def lengths(self) -> Lengths:
        """How much there is by now."""
        return {lane: {name: len(column) for name, column in columns.items()} for lane, columns in self.lanes.items()}

    def since(
        self, known: Lengths, most: int | None = None, keep: Collection[int] = (), of: tuple[float, float] | None = None
    ) -> Values:
        """What was measured after what a viewer knows.

        Args:
            most: about how many values of a metric at most, see `Column.thinned`; all of them if None.
            keep: steps whose values are not left out.
            of: the first and the last step, if not all; with `most` alone.
        """
        news: Values = {}
        for lane, columns in self.lanes.items():
            for name, column in columns.items():
                begin = known.get(lane, {}).get(name, 0)
                if begin < len(column):
                    values: Series = (
                        {"step": list(column.steps(begin)), "value": column.values(begin)}
                        if most is None
                        else column.thinned(most, keep, begin, of)
                    )
                    news.setdefault(lane, {})[name] = values
        return news

    def last(self, lane: str) -> dict[str, float | None]:
        """The last value of each metric of a lane."""
        return {name: column.last[1] for name, column in self.lanes.get(lane, {}).items()}
