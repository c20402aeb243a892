"""A row of the table of benchmarks: what was measured, its goal, and what a slower machine would make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

SLOWER = 4
"""How many times slower the machine is for which the figures are worked out as well."""
TIMES = ("s", "ms")
"""Units of times: they grow on a slower machine."""
RATES = ("frames/s", "images/s", "steps/s")
"""Units of what falls on a slower machine; ratios and memory stay."""
WHOLE = ("ms", "people", "runs", "machines", "clicks", "handles", "requests")
"""Units of what is told without a decimal."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: what was measured.
        value: the figure; None if it could not be measured here, for which `note` gives the reason.
        unit: its unit; "x" for a ratio.
        goal: what it should be at least, or with `at_most` at the most; None where there is no goal.
        note: a word on how it was measured.
        scales: whether it is processor time that a slower machine changes; not what a link takes, for one.
    """

    what: str
    value: float | None
    unit: str = "x"
    goal: float | None = None
    at_most: bool = False
    note: str = ""
    scales: bool = True

    @property
    def slower(self) -> float | None:
        """The figure on a machine that is `SLOWER` times slower, if all of it is processor time."""
        if self.value is None or not self.scales:
            return self.value
        return self.value * SLOWER if self.unit in TIMES else self.value / SLOWER if self.unit in RATES else self.value

    def meets(self, value: float | None) -> bool | None:
        """Whether a figure meets the goal; None where there is no goal or no figure."""
        if value is None or math.isnan(value) or self.goal is None:
            return None
        return value <= self.goal if self.at_most else value >= self.goal

    def as_line(self) -> str:
        """Its line in a Markdown table."""
        bound = "" if self.goal is None else f"{'at most' if self.at_most else 'at least'} {self._text(self.goal)}"
        met = {True: "met", False: "**not met**", None: ""}
        cells = [self.what, self._text(self.value), bound, met[self.meets(self.value)], self._text(self.slower)]
        return "| " + " | ".join([*cells, self.note]) + " |"

    def _text(self, value: float | None) -> str:
        if value is None or math.isnan(value):
            return "not measured"
        digits = 0 if self.unit in WHOLE else 1 if self.unit in ("MB", *RATES) else 2
        return f"{value:,.{digits}f} {self.unit}".strip()


HEAD = f"| What | Now | Goal | | On a machine {SLOWER} times slower | |\n| --- | ---: | ---: | --- | ---: | --- |"
"""The head of a table of rows."""


def table(rows: list[Row]) -> str:
    """A Markdown table."""
    return "\n".join([HEAD, *(row.as_line() for row in rows)])
