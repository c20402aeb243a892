"""A person's own series from a CSV: one number a line, or a column of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from core.data.csv_table import PLAIN, CsvRefused, Reading, Table, is_number, read_number, read_table, telling

MOST_POINTS = 2000
LARGEST = 1_000_000


@dataclass(frozen=True)
class SeriesRead:
    """A series, and the table that it comes from; its reading names the column."""

    numbers: tuple[float, ...]
    table: Table


def number_columns(table: Table) -> list[int]:
    """The columns that have numbers."""
    return [number for number, cells in enumerate(table.columns) if any(map(is_number, cells))]


def _upright(table: Table) -> Table:
    """A table of one line, most of it numbers, as a column."""
    if len(table.rows) > 1 or any(table.titles) or table.unread:
        return table
    [(line, cells)] = table.rows
    if len(cells) < 3 or 2 * sum(map(is_number, cells)) <= len(cells):
        return table
    return replace(table, titles=(), rows=tuple((line, (cell,)) for cell in cells))


def read_series(source: str | bytes, wanted: Reading = PLAIN) -> SeriesRead:
    """Read a series from a CSV; a first line of titles is welcome.

    Of several columns the last one with numbers is taken, so that dates or times may stand before it; all numbers may
    stand in one line as well. Numbers keep 6 digits.

    Args:
        source: a file, or a text that was pasted.
        wanted: what the person chose where it can be read in several ways.

    Raises:
        CsvRefused: not such a CSV, with the first line at fault.
    """
    table = _upright(read_table(source, MOST_POINTS, wanted, series=True))
    possible = number_columns(table)
    unasked = (possible or [0])[-1]
    [column] = wanted.columns if len(wanted.columns) == 1 and wanted.columns[0] in possible else [unasked]
    table = table.taking((column,), possible, (unasked,))
    with telling(table):
        return SeriesRead(_numbers(table), table)


def _numbers(table: Table) -> tuple[float, ...]:
    """The numbers in the column that is taken."""
    for (line, _), (following, _) in pairwise(table.rows):
        if (
            following > line + 1 and not table.listed
        ):  # a blank line: what is missing there would shift all that follows in time
            read_number(line + 1, "", LARGEST)
    if table.count > MOST_POINTS:
        raise CsvRefused("The CSV has {count} numbers; at most {most} fit here.", count=table.count, most=MOST_POINTS)
    [column] = table.reading.columns
    cells = zip(table.rows, table.column(column), strict=True)
    numbers = (read_number(line, cell, LARGEST, table.written) for (line, _cells), cell in cells)
    return tuple(float(f"{number:.6g}") for number in numbers)
