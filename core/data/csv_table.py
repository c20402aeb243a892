"""What all readings of a person's CSV have in common: its rows, its numbers, and one sentence on what is wrong."""

from __future__ import annotations

import csv
import math

from core.config import Problem
from core.limits import MEGABYTE

MEGABYTES = 1
"""Of a CSV, at most."""


SEPARATORS = {f"{quote}sep={mark}{quote}": mark for mark in ",;\t" for quote in ("", '"')}
"""A first line that Excel understands, and what separates columns below it."""


class CsvRefused(ValueError):
    """A CSV that can't be used. `problem` says why in one sentence."""

    def __init__(self, sentence: str, **values: object):
        self.problem = Problem("", sentence, values)
        super().__init__(str(self.problem))


def text_of(content: bytes) -> str:
    """The text of an uploaded file (raises CsvRefused)."""
    _check_size(len(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CsvRefused("This file is no text in UTF-8: save the CSV as “CSV UTF-8”.") from None


def _check_size(size: int) -> None:
    if size > MEGABYTES * MEGABYTE:
        raise CsvRefused("The CSV is larger than {most} MB.", most=MEGABYTES)


def read_rows(text: str) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with the line's number; separated by comma, semicolon or tab.

    Raises:
        CsvRefused: too large, empty, or no CSV.
    """
    _check_size(len(text.encode("utf-8", "replace")))
    if "\0" in text:
        raise CsvRefused("This is not a text file.")
    lines = text.lstrip("\ufeff").splitlines()
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    header = lines[first] if lines else ""
    delimiter = max(",;\t", key=header.count)
    if header in SEPARATORS:
        lines[first], delimiter = "", SEPARATORS[header]
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise CsvRefused("This can't be read as a CSV.") from None
    if not rows:
        raise CsvRefused("The CSV is empty.")
    return rows


def is_number(cell: str) -> bool:
    """Whether a cell can be read as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_number(line: int, cell: str, largest: float) -> float:
    """A cell's number, finite and of at most that size (raises CsvRefused)."""
    given = cell.strip()[:40]
    if not given:
        raise CsvRefused("Line {line} has a gap where a number is needed.", line=line)
    if not is_number(cell):
        raise CsvRefused("Line {line}: “{value}” is not a number.", line=line, value=given)
    value = float(cell)
    if not math.isfinite(value):
        raise CsvRefused("Line {line}: “{value}” is not a finite number.", line=line, value=given)
    if abs(value) > largest:
        raise CsvRefused(
            "Line {line}: {value} is too large; numbers up to {most} fit here.", line=line, value=given, most=largest
        )
    return value
