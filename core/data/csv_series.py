"""A person's own series from a CSV: one number a line, or the last column of a table."""

from itertools import pairwise

from core.data.csv_table import CsvRefused, is_number, read_number, read_rows

MOST_POINTS = 2000
LARGEST = 1_000_000


def read_series(text: str) -> tuple[float, ...]:
    """Read a series from CSV text; a first line of titles is welcome.

    Of several columns the last is taken, so that dates or times may stand before it. Numbers keep 6 digits.

    Raises:
        CsvRefused: not such a CSV, with the first line at fault.
    """
    rows = read_rows(text)
    cells = [(line, row[-1]) for line, row in rows]
    for (line, _), (following, _) in pairwise(cells):
        if following > line + 1:  # a blank line: what is missing there would shift all that follows in time
            read_number(line + 1, "", LARGEST)
    if len(cells) > 1 and not is_number(cells[0][1]):
        cells = cells[1:]
    if len(cells) > MOST_POINTS:
        raise CsvRefused("The CSV has {count} numbers; at most {most} fit here.", count=len(cells), most=MOST_POINTS)
    return tuple(float(f"{read_number(line, cell, LARGEST):.6g}") for line, cell in cells)
