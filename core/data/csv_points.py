"""A person's own points from a CSV: two columns of numbers and one of labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.data.csv_table import (
    PLAIN,
    CsvRefused,
    Reading,
    Table,
    count_rows,
    is_number,
    read_number,
    read_table,
    telling,
)

LARGEST = 10_000
LABELS = re.compile(
    r"(class|classes|label|labels|target|category|group|species|klasse|type)|.*(类别|类|标签|分类|种类|品种).*",
    re.IGNORECASE,
)
"""Titles of a column of labels."""
FEWEST_ROWS = 4
"""Rows from which on it is no chance that a first column counts them."""
WITH_EXPONENT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{1,2}")
"""A number as np.savetxt writes it."""

WITHOUT_EXPONENT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
"""Another number; labels that are the same one are the same label."""

Point = tuple[float, float, int]


@dataclass(frozen=True)
class PointsRead:
    """Points, each class's label, and the table that they come from; its reading names their three columns."""

    points: list[Point]
    labels: list[str]
    table: Table


def read_points(
    source: str | bytes, most_points: int, most_classes: int, wanted: Reading = PLAIN, *, fewest_points: int = 1
) -> PointsRead:
    """Read points from a CSV: columns separated by comma, semicolon, tab, bar or spaces, a line of titles if you like.

    Numbers are rounded to 4 decimals. Labels may be words; classes are numbered in the labels' sorted order.

    Args:
        source: a file, or a text that was pasted.
        wanted: what the person chose where it can be read in several ways.

    Raises:
        CsvRefused: not such a CSV, with the first line at fault.
    """
    table = read_table(source, most_points, wanted)
    unasked = _columns(table, most_classes)
    columns = wanted.columns if _possible(wanted.columns, table) else unasked
    table = table.taking(columns, range(len(table.columns)), unasked)
    with telling(table):
        return _read(table, fewest_points, most_points, most_classes)


def _read(table: Table, fewest_points: int, most_points: int, most_classes: int) -> PointsRead:
    """The points in the columns that are taken."""
    if table.count > most_points:
        raise CsvRefused("The CSV has {count} points; at most {most} fit here.", count=table.count, most=most_points)
    points = [_row(table, line, cells) for line, cells in table.rows]
    if len(points) < fewest_points:
        raise CsvRefused(
            "At least {least} points are needed, each on a line of its own; the CSV has {count}.",
            least=fewest_points,
            count=len(points),
        )
    names = _names(label for _, _, label in points)
    labels = sorted(set(names.values()), key=_order)
    if len(labels) < 2:
        raise CsvRefused("All points have the same label “{label}”; two classes are needed.", label=labels[0])
    if len(labels) > most_classes:
        raise CsvRefused(
            "The CSV has {count} different labels; at most {most} fit here.", count=len(labels), most=most_classes
        )
    return PointsRead([(x, y, labels.index(names[label])) for x, y, label in points], labels, table)


def _possible(columns: tuple[int, ...], table: Table) -> bool:
    return len(columns) == 3 and all(0 <= column < len(table.columns) for column in columns)


def _columns(table: Table, most_classes: int) -> tuple[int, int, int]:
    """The columns of x1, x2 and the label, where nobody chose them.

    The label is the column whose title says so, else the last one of words, else the third, or of more the last one
    with few enough values; x1 and x2 are the first columns of numbers besides, without a first one that counts the rows
    where there are enough others.
    """
    cells, rows = table.columns, len(table.rows)
    every = range(len(cells))
    numbers = [sum(map(is_number, column)) for column in cells]
    values = [len({*column, *[""][: rows - len(column)]}) for column in cells]
    titled = [number for number, title in enumerate(table.titles) if LABELS.fullmatch(title)]
    few = [number for number in every if 2 <= values[number] <= most_classes]
    words = [number for number in few if numbers[number] < rows]
    label = [*([2] if len(cells) == 3 else few or [2]), *words, *titled][-1]
    others = [number for number in every if number != label]
    numeric = [number for number in others if numbers[number] == rows]
    if len(numeric) < 2:  # then what is no number there is named, not a column of words
        numeric = [number for number in others if 2 * numbers[number] > rows]
    if len(numeric) > 2 and numeric[0] == 0 and rows >= FEWEST_ROWS and count_rows(cells[0]):
        numeric = numeric[1:]
    first, second, *_ = [*(numeric if len(numeric) > 1 else others), 0, 1]
    return first, second, label


def _names(labels: Iterable[str]) -> dict[str, str]:
    """Each label -> the shortest one that is the same word or the same number: 1 for 1.0 and 01."""
    names: dict[str | Decimal, str] = {}
    named = {}
    for label in sorted(set(labels), key=lambda label: (len(label), label)):
        value = Decimal(label) if WITHOUT_EXPONENT.fullmatch(label) else label
        named[label] = names.setdefault(value, label)
    return named


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers first and by size, then words by letter."""
    number = WITHOUT_EXPONENT.fullmatch(label) is not None
    return (not number, float(label) if number else 0.0, label)


def _row(table: Table, number: int, cells: tuple[str, ...]) -> tuple[float, float, str]:
    """x1, x2 and the label in a line."""
    columns = table.reading.columns
    if len(cells) == 1:
        raise CsvRefused("Line {line} has one column; x1, x2 and a label are needed.", line=number)
    if len(cells) <= max(2, *columns):
        raise CsvRefused(
            "Line {line} has {count} columns; x1, x2 and a label are needed.", line=number, count=len(cells)
        )
    x1, x2 = (round(read_number(number, cells[column], LARGEST, table.written), 4) for column in columns[:2])
    label = cells[columns[2]].strip()[:40]
    if not label:
        raise CsvRefused("Line {line} has no label.", line=number)
    return x1, x2, f"{float(label):.12g}" if WITH_EXPONENT.fullmatch(label) else label
