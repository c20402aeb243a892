"""A person's own series from a CSV: one number a line, or a column of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from core.data.csv_table import PLAIN, CsvRefused, Reading, Table, is_number, read_number, read_table

MOST_POINTS = 2000
LARGEST = 1_000_000


@dataclass(frozen=True)
class SeriesRead:
    """A series, and the table that it comes from; its reading names the column."""

    numbers: tuple[float, ...]
    table: Table


def number_columns(table: Table) -> list[int]:
    """The columns that have numbers."""
    return [number for number in range(len(table.names)) if any(map(is_number, table.column(number)))]


def _upright(table: Table) -> Table:
    """A table of one line of numbers as a column of them."""
    if len(table.rows) > 1 or any(table.titles):
        return table
    [(line, cells)] = table.rows
    if len(cells) < 3 or not all(map(is_number, cells)):
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
    table = _upright(read_table(source, wanted, series=True))
    for (line, _), (following, _) in pairwise(table.rows):
        if following > line + 1:  # a blank line: what is missing there would shift all that follows in time
            read_number(line + 1, "", LARGEST)
    if len(table.rows) > MOST_POINTS:
        raise CsvRefused(
            "The CSV has {count} numbers; at most {most} fit here.", count=len(table.rows), most=MOST_POINTS
        )
    columns = number_columns(table)
    [column] = wanted.columns if len(wanted.columns) == 1 and wanted.columns[0] in columns else (columns or [0])[-1:]
    cells = table.column(column)
    numbers = (read_number(line, cell, LARGEST) for (line, _cells), cell in zip(table.rows, cells, strict=True))
    series = tuple(float(f"{number:.6g}") for number in numbers)
    return SeriesRead(series, replace(table, reading=replace(table.reading, columns=(column,))))
