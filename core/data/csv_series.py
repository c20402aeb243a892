"""A person's own series from a CSV: one number a line, or the last column of a table."""

from __future__ import annotations

import csv
import math

from core.config import Problem

MAX_BYTES = 1_000_000
MOST_POINTS = 2000
LARGEST = 1e6


class SeriesRefused(ValueError):
    """A CSV that can't be used. `problem` says why in one sentence."""

    def __init__(self, sentence: str, **values: object):
        self.problem = Problem("series", sentence, values)
        super().__init__(str(self.problem))


def read_series(content: bytes) -> tuple[float, ...]:
    """Read a series from a CSV: columns separated by comma, semicolon or tab, a first line of titles if you like.

    Of several columns the last is taken, so that dates or times may stand before it. Numbers keep 6 digits.

    Raises:
        SeriesRefused: not such a CSV, with the first line at fault.
    """
    if len(content) > MAX_BYTES:
        raise SeriesRefused("The CSV is larger than 1 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SeriesRefused("This is not a text file.") from None
    if "\0" in text:
        raise SeriesRefused("This is not a text file.")
    rows = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not rows:
        raise SeriesRefused("The CSV is empty.")
    delimiter = max(",;\t", key=rows[0][1].count)
    try:
        cells = [(number, next(csv.reader([line], delimiter=delimiter))[-1].strip()) for number, line in rows]
    except csv.Error:
        raise SeriesRefused("This can't be read as a CSV.") from None
    if len(cells) > 1 and not _is_number(cells[0][1]):
        cells = cells[1:]
    if len(cells) > MOST_POINTS:
        raise SeriesRefused("The CSV has {count} numbers; at most {most} fit here.", count=len(cells), most=MOST_POINTS)
    return tuple(_number(number, cell) for number, cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(line: int, cell: str) -> float:
    if not cell:
        raise SeriesRefused("Line {line} has a gap where a number is needed.", line=line)
    if not _is_number(cell):
        raise SeriesRefused("Line {line}: “{value}” is not a number.", line=line, value=cell[:40])
    value = float(cell)
    if not math.isfinite(value):
        raise SeriesRefused("Line {line}: “{value}” is not a finite number.", line=line, value=cell[:40])
    if abs(value) > LARGEST:
        raise SeriesRefused(
            "Line {line}: {value} is too large; numbers up to {most} fit here.",
            line=line,
            value=cell[:40],
            most=f"{LARGEST:,.0f}",
        )
    return float(f"{value:.6g}")
