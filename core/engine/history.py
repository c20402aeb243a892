"""What a run has measured, held small: 50,000 losses take a fifth of a megabyte, as Python's own numbers 23 MB."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

Lengths = dict[str, dict[str, int]]
"""Lane -> metric -> how many of its values a viewer knows."""
Values = dict[str, dict[str, dict[str, list[Any]]]]
"""Lane -> metric -> {"step": [...], "value": [...]}."""


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
        """The steps, from the one with that number on."""
        for first, distance, count in self._runs:
            if begin < count:
                yield from (first + distance * number for number in range(begin, count))
            begin = max(0, begin - count)

    def values(self, begin: int = 0) -> list[float | None]:
        """The values, from the one with that number on."""
        return [None if math.isnan(value) else value for value in self._values[begin:]]

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

    def since(self, known: Lengths) -> Values:
        """What came after."""
        news: Values = {}
        for lane, columns in self.lanes.items():
            for name, column in columns.items():
                begin = known.get(lane, {}).get(name, 0)
                if begin < len(column):
                    values: dict[str, list[Any]] = {"step": list(column.steps(begin)), "value": column.values(begin)}
                    news.setdefault(lane, {})[name] = values
        return news

    def last(self, lane: str) -> dict[str, float | None]:
        """The last value of each metric of a lane."""
        return {name: column.last[1] for name, column in self.lanes.get(lane, {}).items()}
