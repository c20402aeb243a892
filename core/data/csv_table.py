"""What all readings of a person's CSV have in common: its rows, its numbers, and one sentence on what is wrong."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from core.config import Problem
from core.data.encodings import decoded
from core.limits import MEGABYTE

MEGABYTES = 1
"""Of a CSV, at most."""
DELIMITERS = "\t;；|，,"
"""What separates columns, the surest first: a comma may be a decimal one. Two are those of a Chinese keyboard."""
SPACE = " "
"""What separates columns where no line has one of the others, as np.savetxt and R write them."""
SEPARATOR = re.compile(rf'"?sep=(?P<mark>[{DELIMITERS}])"?[;,\s]*', re.IGNORECASE)
"""A first line that Excel understands, and what separates columns below it."""
RULE = re.compile(r"[\s|:+=]*-[\s|:+=-]*")
"""The line between titles and rows in Markdown."""
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
"""A number with a decimal point, and what programs write for those that are none."""
WIDE = {0xFEE0 + ord(mark): mark for mark in "0123456789+-.eE"} | {0x2212: "-"}
"""What a Chinese keyboard and a typesetter write in numbers -> what others write."""
WITH_COMMA = re.compile(r"[+-]?[0-9]{0,3}(?:[.\s']?[0-9]{3})*,[0-9]+(?:[eE][+-]?[0-9]+)?")
"""A number with a decimal comma, perhaps with marks or spaces between thousands."""
WHOLE = re.compile(r"[+-]?[0-9]{1,3}(?:[.\s']?[0-9]{3})*|[+-]?[0-9]+")
"""The whole part of such a number."""
AFTER_COMMA = re.compile(r"[0-9]+(?:e[+-]?[0-9]+)?", re.IGNORECASE)
"""What may follow the comma in it."""
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
"""A number with commas between thousands."""
DATED = 1_000_000
"""Where all whole numbers before a comma are larger, they are times or dates, and the comma separates columns."""
GROUP = re.compile(r"[\[(]([^\[\]()]*)[\])]")
"""A list in brackets that has no other list in it."""
UNTITLED = re.compile(r"(?:unnamed: ?0)?", re.IGNORECASE)
"""The title that a column of row numbers has."""
MOST_OFFERED = 100
"""Columns from which a person may choose, besides those that are taken unasked."""
LONGEST_NAME = 40
"""Characters of a title that are shown."""


class CsvRefused(ValueError):
    """A CSV that can't be used. `problem` says why in one sentence, `table` how it was read as far as it was."""

    table: Table | None = None

    def __init__(self, sentence: str, **values: object):
        self.problem = Problem("", sentence, values)
        super().__init__(str(self.problem))


@dataclass(frozen=True)
class Reading:
    """How a CSV is read; where it can be read in several ways, the person may have chosen one.

    Attributes:
        encoding: the name of its encoding; empty for a text that was pasted.
        comma: what a comma in it is: "columns" (it separates them, or there is none), "decimal" or "thousands".
        titles: whether the first line is titles: "yes" or "no".
        columns: the numbers of the columns that are used.
    """

    encoding: str = ""
    comma: str = ""
    titles: str = ""
    columns: tuple[int, ...] = ()


PLAIN = Reading()
"""Nobody chose anything."""


@dataclass(frozen=True)
class Table:
    """A CSV as it was read.

    Attributes:
        titles: of each column; empty where there are none.
        rows: the number of a line, and its cells; decimal commas have become points.
        reading: how it was read.
        choices: field of `Reading` -> the values it might have as well, where that is not plain.
        row_numbers: whether a first column of row numbers was left out; it has no place in `titles` and `rows`.
        unread: the number of further rows, which nobody converted since they are too many.
        possible: the number of columns that could be taken.
        offered: those of them from which a person may choose.
        listed: whether it is a list in brackets, where blank lines mean nothing.
        written: a line and a number in it as Python writes it -> what the CSV has there, where that is another text.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    reading: Reading
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    row_numbers: bool = False
    unread: int = 0
    possible: int = 0
    offered: tuple[int, ...] = ()
    listed: bool = False
    written: Mapping[tuple[int, str], str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of rows, with those that nobody converted."""
        return len(self.rows) + self.unread

    @cached_property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The cells of each column; it has fewer than the table has rows where a row is too short."""
        columns: list[list[str]] = [[] for _ in range(max(len(cells) for _line, cells in self.rows))]
        for _line, cells in self.rows:
            for column, cell in zip(columns, cells, strict=False):
                column.append(cell.strip())
        return tuple(map(tuple, columns))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The beginning of each column's title; its number, from 1, where it has none."""
        titles = [*self.titles, *[""] * len(self.columns)][: len(self.columns)]
        return tuple(title[:LONGEST_NAME] or str(number) for number, title in enumerate(titles, 1))

    def column(self, number: int) -> list[str]:
        """The cells of a column; an empty one where a row is too short."""
        return [cells[number].strip() if number < len(cells) else "" for _line, cells in self.rows]

    def taking(self, columns: tuple[int, ...], possible: Sequence[int], unasked: tuple[int, ...]) -> Table:
        """The table with the columns that are taken, of those possible; `unasked`: those taken if nobody chooses."""
        offered = tuple(sorted({*possible[:MOST_OFFERED], *columns, *unasked} & set(possible)))
        return replace(self, reading=replace(self.reading, columns=columns), possible=len(possible), offered=offered)


@contextmanager
def telling(table: Table) -> Iterator[None]:
    """What is refused inside says how the table was read, so that the person may choose another way."""
    try:
        yield
    except CsvRefused as refused:
        refused.table = refused.table or table
        raise


def text_of(content: bytes, encoding: str = "") -> tuple[str, str, tuple[str, ...]]:
    """The text of an uploaded file, its encoding, and the encodings that are possible (raises CsvRefused)."""
    _check_size(len(content))
    try:
        return decoded(content, encoding)
    except UnicodeDecodeError:
        raise CsvRefused("This is not a text file.") from None


def _check_size(size: int) -> None:
    if size > MEGABYTES * MEGABYTE:
        raise CsvRefused("The CSV is larger than {most} MB.", most=MEGABYTES)


def read_table(source: str | bytes, most_rows: int, wanted: Reading = PLAIN, *, series: bool = False) -> Table:
    """The table in a CSV: columns separated by comma, semicolon, tab, bar or spaces.

    Args:
        source: a file, or a text that was pasted.
        most_rows: from which on the others are counted and not converted.
        wanted: what the person chose where it can be read in several ways.
        series: whether one column of numbers is enough, so that a comma may be a decimal one all through.

    Raises:
        CsvRefused: too large, empty, or no CSV.
    """
    text, encoding, encodings = text_of(source, wanted.encoding) if isinstance(source, bytes) else (source, "", ())
    listed = _listed(text)
    every, delimiter = (listed, SPACE) if listed else _rows(text, series)
    rows = every[: most_rows + 1]  # one of them may be titles
    choices = {"encoding": encodings} if encodings else {}
    commas = _undivided(rows) if series and delimiter == "," else ()
    comma = wanted.comma if wanted.comma in commas else next(iter(commas), "columns")
    if commas and comma != "columns":
        rows = [(line, [",".join(cell.strip() for cell in cells)]) for line, cells in rows]
    inside = _in_numbers(rows, delimiter)
    if not commas and inside:
        commas = inside
        comma = wanted.comma if wanted.comma in commas else commas[0]
    if len(commas) > 1:
        choices["comma"] = commas
    given, rows = rows, [(line, [_with_point(cell, comma) for cell in cells]) for line, cells in rows]
    written = {
        (line, cell): before.strip()
        for (line, old), (_line, new) in zip(given, rows, strict=True)
        for before, cell in zip(old, new, strict=True)
        if cell != before.strip()
    }
    rows = _without_empty_end(rows)
    named = _is_titles(rows, series)
    if _counts_columns(rows, series) and not rows[0][1][0].strip():
        named = True
    elif _counts_columns(rows, series):
        choices["titles"] = ("yes", "no")
        named = (wanted.titles or ("yes" if _are_likely_titles(rows) else "no")) == "yes"
    if named and len(rows) == 1:
        named = False
    below = rows[1:] if named else rows
    titles = tuple(cell.strip() for cell in rows[0][1]) if named else ()
    titles = ("", *titles) if named and _are_row_names(titles, below) else titles
    kept = tuple((line, tuple(cells)) for line, cells in below)
    reading = Reading(encoding, comma, "yes" if named else "no")
    table = Table(titles, kept, reading, choices, unread=len(every) - len(rows), listed=bool(listed), written=written)
    if named:
        with telling(table):
            _check_widths(table, delimiter)
    return _without_row_numbers(table)


def _check_widths(table: Table, delimiter: str) -> None:
    """Refuse a table with a row that has more cells than there are titles."""
    titles = len(table.titles)
    for line, cells in table.rows:
        if len(cells) > titles and delimiter != ",":
            raise CsvRefused(
                "Line {line} has {count} columns and the line of titles {titles}.",
                line=line,
                count=len(cells),
                titles=titles,
            )
        if len(cells) > titles:
            raise CsvRefused(
                "Line {line} has {count} columns and the line of titles {titles}: where commas are decimal points, "
                "semicolons must separate the columns.",
                line=line,
                count=len(cells),
                titles=titles,
            )


def _listed(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a list as Python, JSON and NumPy write it, with the line where each begins; empty if it is none.

    Each number of a list without lists in it is a row.
    """
    _check_size(len(text.encode("utf-8", "replace")))
    text = text.lstrip("\ufeff")
    other = text.lstrip()[:1] not in ("[", "(") or re.search(r"[^\[\](),;\s]", GROUP.sub("", text))
    if other or "\0" in text:
        return []
    groups = list(GROUP.finditer(text))
    rows: list[tuple[int, list[str]]] = []
    line, end = 1, 0
    for group in groups:
        line += text.count("\n", end, group.start())
        end = group.start()
        cells = group[1].rstrip().removesuffix(",").split(",") if "," in group[1] else group[1].split()
        if len(groups) > 1:
            rows.append((line, [_unquoted(cell) for cell in cells]))
            continue
        for cell in cells:
            begin = cell[: len(cell) - len(cell.lstrip())]
            rows.append((line + begin.count("\n"), [_unquoted(cell)]))
            line += cell.count("\n")
    return rows if any(any(cells) for _line, cells in rows) else []


def _unquoted(cell: str) -> str:
    """A text without the quotation marks that Python or JSON puts around it."""
    cell = cell.strip()
    quoted = len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'"
    return cell[1:-1] if quoted else cell


def _rows(text: str, series: bool) -> tuple[list[tuple[int, list[str]]], str]:
    """The cells of each line that is not blank, with the line's number, and what separates them."""
    _check_size(len(text.encode("utf-8", "replace")))
    if "\0" in text:
        raise CsvRefused("This is not a text file.")
    lines = _without_remarks(text.lstrip("\ufeff").splitlines())
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    header = lines[first] if lines else ""
    full = [line for line in lines if line.strip()]
    even = [mark for mark in DELIMITERS if header.count(mark) and len({line.count(mark) for line in full}) == 1]
    delimiter = even[0] if even else max(DELIMITERS, key=header.count)
    said = SEPARATOR.fullmatch(header)
    if said is not None:
        lines[first], delimiter = "", said["mark"]
    elif not header.count(delimiter):  # one title above columns
        delimiter = max(DELIMITERS, key="\n".join(lines).count)
    joined = "\n".join(lines)
    if not any(mark in joined for mark in DELIMITERS) and _has_spaced_columns(full, series):
        lines, delimiter = [" ".join(line.split()) for line in lines], SPACE
    if delimiter == "|":
        lines = ["" if RULE.fullmatch(line) else line.strip().strip("|") for line in lines]
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    rows, end = [], 0
    try:
        for cells in reader:
            start, end = end, reader.line_num
            if end > start + 1:
                _check_quotes(lines[start:end], start + 1, delimiter)
            if any(cell.strip() for cell in cells):
                rows.append((start + 1, [" ".join(cell.split("\n")) for cell in cells]))
    except csv.Error:
        raise CsvRefused("This can't be read as a CSV.") from None
    if not rows:
        raise CsvRefused("The CSV is empty.")
    return rows, delimiter


def _check_quotes(lines: Sequence[str], line: int, delimiter: str) -> None:
    """Refuse a row of several lines that a quotation mark holds together by mistake."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        raise CsvRefused("Line {line}: a quotation mark is not closed.", line=line) from None


def _without_remarks(lines: Sequence[str]) -> list[str]:
    """Lines with blank ones for remarks at the beginning, "# ...", but for titles in the last of them."""
    kept = list(lines)
    start = next((at for at, line in enumerate(kept) if line.strip() and not line.lstrip().startswith("#")), 0)
    below = kept[start] if kept else ""
    titles = kept[start - 1].strip().lstrip("#").strip(SPACE) if start else ""
    kept[:start] = [""] * start
    counts = [(titles.count(mark), below.count(mark)) for mark in DELIMITERS]
    counts.append((len(titles.split()) - 1, len(below.split()) - 1))
    if start and any(above == under > 0 for above, under in counts):
        kept[start - 1] = titles
    return kept


def _has_spaced_columns(lines: Sequence[str], series: bool) -> bool:
    """Whether spaces part each line into as many cells; the titles may lack that of the row names, as R writes them."""
    cells = [line.split() for line in lines]
    widths = {len(each) for each in cells[1:]} or {len(cells[0])} if cells else {0}
    [width] = widths if len(widths) == 1 else (0,)
    if series and width == 2 and all(re.fullmatch(r"\d{3}", each[1]) for each in cells[1:]):
        return False  # "1 234" may be one number
    return width > 1 and len(cells[0]) in (width, width - 1)


def _undivided(rows: Sequence[tuple[int, list[str]]]) -> tuple[str, ...]:
    """What commas may be where nothing else separates, "10,0": the likelier first; none where that is plain."""
    first = rows[0][1][0].strip()
    titled = not WHOLE.fullmatch(first) and not is_number(first)
    below = [cells for _line, cells in (rows[1:] if titled else rows)]
    if not below or (titled and len(rows[0][1]) > 1):
        return ()
    divided = [cells for cells in below if len(cells) > 1]
    alone = [abs(float(cells[0])) for cells in below if len(cells) == 1 and is_number(cells[0])]
    decimal = all(
        len(cells) == 2 and WHOLE.fullmatch(cells[0].strip()) and AFTER_COMMA.fullmatch(cells[1].rstrip())
        for cells in divided
    )
    thousands = all(THOUSANDS.fullmatch(",".join(cells).strip()) for cells in divided)
    thousands = thousands and not any(number >= 1000 for number in alone)
    if not divided or not (decimal or thousands):
        return ()
    heads = [float(re.sub(r"[.\s']", "", cells[0])) for cells in divided]
    numbers = ["decimal"] * decimal + ["thousands"] * thousands
    if all(cells[-1].rstrip().endswith("00") for cells in divided) or max(alone, default=0) > 2 * max(map(abs, heads)):
        numbers.reverse()
    steps = {after - before for before, after in pairwise(heads)}
    even = len(heads) > 2 and len(steps) == 1 and 0 not in steps
    padded = any(re.match(r"0\d", cell) for cells in divided for cell in cells[1:])
    columns = len(set(map(len, below))) == 1 and not titled and not padded and (even or len(below[0]) > 2)
    if columns or min(map(abs, heads)) > DATED:
        return ("columns", *numbers)
    return (*numbers, "columns")


def _in_numbers(rows: Sequence[tuple[int, list[str]]], delimiter: str) -> tuple[str, ...]:
    """What commas within cells may be, the likelier first; none where there are none."""
    cells = [cell.strip() for _line, cells in rows for cell in cells if "," in cell]
    numbers = [cell for cell in cells if WITH_COMMA.fullmatch(cell) or THOUSANDS.fullmatch(cell)]
    if not numbers:
        return ()
    decimal = any(not THOUSANDS.fullmatch(cell) for cell in numbers)
    thousands = any(not WITH_COMMA.fullmatch(cell) for cell in numbers)
    if decimal or thousands:
        return () if decimal and thousands else ("decimal",) if decimal else ("thousands",)
    return ("thousands", "decimal") if delimiter == "," else ("decimal", "thousands")


def _with_point(cell: str, comma: str) -> str:
    """A number as Python writes it."""
    number = cell.strip().translate(WIDE)
    if comma == "decimal" and WITH_COMMA.fullmatch(number):
        return re.sub(r"[.\s']", "", number).replace(",", ".")
    if comma == "thousands" and THOUSANDS.fullmatch(number):
        return number.replace(",", "")
    return number if is_number(number) else cell


def _without_empty_end(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Rows without last columns that are empty in all of them: Excel writes such ones."""
    width = max(at for _line, cells in rows for at, cell in enumerate(cells, 1) if cell.strip())
    return [(line, cells[:width]) for line, cells in rows]


def _is_titles(rows: Sequence[tuple[int, list[str]]], series: bool) -> bool:
    """Whether the first line has no number where all others have one."""
    first, below = rows[0][1], [cells for _line, cells in rows[1:]]
    width = min(map(len, below), default=0)
    numeric = [at for at in range(width) if all(is_number(cells[at]) for cells in below)]
    if not numeric:
        numeric = [len(first) - 1] if series else [0, 1]
    cells = [first[at] if at < len(first) else "" for at in numeric]
    return not any(map(is_number, cells)) and any(cell.strip() for cell in first)


def _counts_columns(rows: Sequence[tuple[int, list[str]]], series: bool) -> bool:
    """Whether the first line may be titles that count the columns, as a program writes that was given none.

    They are 0, 1, 2 or 1, 2, 3, perhaps as 0.0, 1.0, 2.0.
    Those of columns that were added later are words that are in no row below.
    """
    cells = [cell.strip() for cell in rows[0][1]]
    untitled = len(cells) > 1 and not cells[0]
    counted = cells[1:] if untitled else cells
    below = [line[untitled:] for _number, line in rows[1:]]
    words = {at for at, cell in enumerate(counted) if not is_number(cell)}
    new = all(all(at < len(line) and line[at].strip() != counted[at] for line in below) for at in words)
    counts = [
        [cell if at in words else f"{at + start}{end}" for at, cell in enumerate(counted)]
        for start in (0, 1)
        for end in ("", ".0")
        if not words or (start, end) == (0, "")
    ]
    enough = len(words) < len(counted) - 1 and (untitled or len(counted) > 2)
    return len(rows) > 1 and counted in counts and new and enough and not (series and not untitled)


def _are_likely_titles(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether a first line that counts the columns is no row like those below, which hold fractions.

    1, 2, 3 and 0.0, 1.0, 2.0 may be numbers, too: of these the last one, as a label, would stand in other rows as well.
    """
    first, below = rows[0][1], rows[1:]
    plain = [cell.strip() for cell in first if cell.strip()][:1] == ["0"]
    again = any(cells and cells[-1].strip() == first[-1].strip() for _line, cells in below)
    return _has_fractions(below) and (plain or not again)


def _has_fractions(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether any number is no whole one."""
    return any(is_number(cell) and not re.fullmatch(r"\s*[+-]?\d+\s*", cell) for _line, cells in rows for cell in cells)


def _are_row_names(titles: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether a first column has no title, as R writes names or numbers of rows."""
    if any(len(cells) != len(titles) + 1 for _line, cells in rows):
        return False
    first = [cells[0].strip() for _line, cells in rows]
    return (count_rows(first) and _has_fractions(rows)) or not any(map(is_number, first))


def _number_rows(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers, each another one, as those of rows that were shuffled or left out."""
    return all(re.fullmatch(r"\d+", cell) for cell in cells) and len(set(cells)) == len(cells)


def count_rows(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2 ... or 1, 2, 3 ..."""
    return any(list(cells) == [str(number) for number in range(start, start + len(cells))] for start in (0, 1))


def _without_row_numbers(table: Table) -> Table:
    """A table without an untitled first column that numbers its rows, perhaps those of a larger table."""
    if len(table.titles) < 2 or not UNTITLED.fullmatch(table.titles[0]) or not _number_rows(table.column(0)):
        return table
    rows = tuple((line, cells[1:]) for line, cells in table.rows)
    return replace(table, titles=table.titles[1:], rows=rows, row_numbers=True)


def is_number(cell: str) -> bool:
    """Whether a cell is a number as CSVs have it, in digits of ASCII."""
    return NUMBER.fullmatch(cell.strip()) is not None


def read_number(line: int, cell: str, largest: float, written: Mapping[tuple[int, str], str] | None = None) -> float:
    """A cell's number, finite and of at most that size (raises CsvRefused); `written`: see `Table`."""
    given = (written or {}).get((line, cell.strip()), cell.strip())[:40]
    if not given:
        raise CsvRefused("Line {line} has a gap where a number is needed.", line=line)
    if not is_number(cell):
        if WITH_COMMA.fullmatch(given):
            raise CsvRefused("Line {line}: “{value}” has a comma where a point is needed.", line=line, value=given)
        raise CsvRefused("Line {line}: “{value}” is not a number.", line=line, value=given)
    value = float(cell)
    if not math.isfinite(value):
        raise CsvRefused("Line {line}: “{value}” is not a finite number.", line=line, value=given)
    if abs(value) > largest:
        raise CsvRefused(
            "Line {line}: {value} is too large; numbers up to {most} fit here.", line=line, value=given, most=largest
        )
    return value
