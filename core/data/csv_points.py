"""A person's own points from a CSV: two numeric columns and a label."""

from __future__ import annotations

import csv
import math
import re

from core.config import Problem

MAX_BYTES = 1_000_000
LARGEST = 10_000

Point = tuple[float, float, int]


class CsvRefused(ValueError):
    """A CSV that can't be used. `problem` says why in one sentence."""

    def __init__(self, sentence: str, **values: object):
        self.problem = Problem("points", sentence, values)
        super().__init__(str(self.problem))


def read_points(text: str, most_points: int, most_classes: int) -> tuple[list[Point], list[str]]:
    """Read points from CSV text: columns separated by comma, semicolon or tab, a first line of titles if you like.

    Numbers are rounded to 4 decimals. Labels may be words; classes are numbered in the labels' sorted order.

    Returns:
        the points (x1, x2, class), and each class's label.

    Raises:
        CsvRefused: not such a CSV, with the first line at fault.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise CsvRefused("The CSV is larger than 1 MB.")
    if "\0" in text:
        raise CsvRefused("This is not a text file.")
    rows = _rows(text.lstrip("\ufeff").splitlines())
    first = 1 if len(rows) > 1 and not _are_numbers(rows[0][1][:2]) and _are_numbers(rows[1][1][:2]) else 0
    if len(rows) - first > most_points:
        raise CsvRefused(
            "The CSV has {count} points; at most {most} fit here.", count=len(rows) - first, most=most_points
        )
    found = [_row(number, cells) for number, cells in rows[first:]]
    labels = sorted({label for _, _, label in found}, key=_order)
    if len(labels) < 2:
        raise CsvRefused("All points have the same label “{label}”; two classes are needed.", label=labels[0])
    if len(labels) > most_classes:
        raise CsvRefused(
            "The CSV has {count} different labels; at most {most} fit here.", count=len(labels), most=most_classes
        )
    return [(x, y, labels.index(label)) for x, y, label in found], labels


def _rows(lines: list[str]) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with the line's number."""
    header = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(",;\t", key=header.count))
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise CsvRefused("This can't be read as a CSV.") from None
    if not rows:
        raise CsvRefused("The CSV is empty.")
    return rows


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers first and by size, then words by letter."""
    number = re.fullmatch(r"[+-]?\d+(\.\d*)?", label) is not None
    return (not number, float(label) if number else 0.0, label)


def _are_numbers(cells: list[str]) -> bool:
    try:
        return len([float(cell) for cell in cells]) == 2
    except ValueError:
        return False


def _row(number: int, cells: list[str]) -> tuple[float, float, str]:
    if len(cells) < 3:
        raise CsvRefused(
            "Line {line} has {count} columns; x1, x2 and a label are needed.", line=number, count=len(cells)
        )
    numbers = []
    for cell in cells[:2]:
        try:
            value = float(cell)
        except ValueError:
            raise CsvRefused("Line {line}: “{value}” is not a number.", line=number, value=cell.strip()[:40]) from None
        if not math.isfinite(value):
            raise CsvRefused("Line {line}: “{value}” is not a finite number.", line=number, value=cell.strip()[:40])
        if abs(value) > LARGEST:
            raise CsvRefused(
                "Line {line}: {value} is too large; numbers up to {most} fit here.",
                line=number,
                value=cell.strip()[:40],
                most=LARGEST,
            )
        numbers.append(round(value, 4))
    label = cells[2].strip()[:40]
    if not label:
        raise CsvRefused("Line {line} has no label.", line=number)
    return numbers[0], numbers[1], label
