"""A person's own points from a CSV: two numeric columns and a label."""

from __future__ import annotations

import re

from core.data.csv_table import CsvRefused, is_number, read_number, read_rows

LARGEST = 10_000

Point = tuple[float, float, int]


def read_points(text: str, most_points: int, most_classes: int) -> tuple[list[Point], list[str]]:
    """Read points from CSV text: columns separated by comma, semicolon or tab, a first line of titles if you like.

    Numbers are rounded to 4 decimals. Labels may be words; classes are numbered in the labels' sorted order.

    Returns:
        the points (x1, x2, class), and each class's label.

    Raises:
        CsvRefused: not such a CSV, with the first line at fault.
    """
    rows = read_rows(text)
    first = 1 if len(rows) > 1 and not any(map(is_number, rows[0][1][:2])) else 0
    if len(rows) - first > most_points:
        raise CsvRefused(
            "The CSV has {count} points; at most {most} fit here.", count=len(rows) - first, most=most_points
        )
    points = [_row(number, cells) for number, cells in rows[first:]]
    labels = sorted({label for _, _, label in points}, key=_order)
    if len(labels) < 2:
        raise CsvRefused("All points have the same label “{label}”; two classes are needed.", label=labels[0])
    if len(labels) > most_classes:
        raise CsvRefused(
            "The CSV has {count} different labels; at most {most} fit here.", count=len(labels), most=most_classes
        )
    return [(x, y, labels.index(label)) for x, y, label in points], labels


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers first and by size, then words by letter."""
    number = re.fullmatch(r"[+-]?\d+(\.\d*)?", label) is not None
    return (not number, float(label) if number else 0.0, label)


def _row(number: int, cells: list[str]) -> tuple[float, float, str]:
    if len(cells) < 3:
        raise CsvRefused(
            "Line {line} has {count} columns; x1, x2 and a label are needed.", line=number, count=len(cells)
        )
    x1, x2 = (round(read_number(number, cell, LARGEST), 4) for cell in cells[:2])
    label = cells[2].strip()[:40]
    if not label:
        raise CsvRefused("Line {line} has no label.", line=number)
    return x1, x2, label
