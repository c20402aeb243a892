"""A person's CSV becomes points, or one sentence that names the line."""

import io
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import csv_table
from core.data.csv_points import read_points
from core.data.csv_series import read_series
from core.data.csv_table import CsvRefused, Reading


def read(text: str) -> tuple[list[tuple[float, float, int]], list[str]]:
    read = read_points(text, most_points=2000, most_classes=5)
    return read.points, read.labels


def refusal(text: str, most_points: int = 2000, most_classes: int = 5) -> str:
    with pytest.raises(CsvRefused) as caught:
        read_points(text, most_points, most_classes)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "1,2,a\n3,4.5,b",
        "1;2;a\r\n3;4.5;b\r\n",
        "1\t2\ta\n3\t4.5\tb\n",
        "x1,x2,label\n1,2,a\n3,4.5,b\n",
        "\ufeff1,2,a\n\n  \n3,4.5,b\n",
        '"1","2","a"\n 3 , 4.5 , b \n',
        "1,2,more,a\n3,4.5,columns,b\n",
        "sep=;\r\nx1;x2;label\r\n1;2;a\r\n3;4.5;b\r\n",
        '\n"sep=,"\n1,2,a\n3,4.5,b\n',
        "SEP=;;;\n1;2;a;\n3;4.5;b;\n",
        "1|2|a\n3|4.5|b\n",
        "| x1 | x2 | label |\n|---:|---:|:-----|\n| 1 | 2 | a |\n| 3 | 4.5 | b |\n",
        "x1 x2  label\n 1 2 a\n3  4.5 b\n",
        '"x1" "x2" "label"\n"one" 1 2 "a"\n"two" 3 4.5 "b"\n',
        "# measured by Anna, Ben\n# x1 x2 label\n1 2 a\n3 4.5 b\n",
        "# x1,x2,label\n1,2,a\n3,4.5,b\n",
    ],
)
def test_common_forms_are_read(text: str) -> None:
    assert read(text) == ([(1.0, 2.0, 0), (3.0, 4.5, 1)], ["a", "b"])


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["10", "2", "-1"], ["-1", "2", "10"]),
        (["1.0", "10.0", "2.0"], ["1.0", "2.0", "10.0"]),
        (["猫", "狗", "cat"], ["cat", "狗", "猫"]),
        (["b", "3", "--5", "²", "-"], ["3", "-", "--5", "b", "²"]),
    ],
)
def test_classes_are_numbered_in_the_labels_order(labels: list[str], order: list[str]) -> None:
    points, names = read("\n".join(f"0,0,{label}" for label in labels))
    assert names == order
    assert [names[label] for _, _, label in points] == labels


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The CSV is empty."),
        (" \n\n", "The CSV is empty."),
        (",,\n", "The CSV is empty."),
        ("1,2,a\n3,4,a", "All points have the same label “a”; two classes are needed."),
        ("1,2,a\nnan,4,b", "Line 2: “nan” is not a finite number."),
        ("1,2,a\n3,-inf,b", "Line 2: “-inf” is not a finite number."),
        ("1,2,a\n3,1e999,b", "Line 2: “1e999” is not a finite number."),
        ("1,2,a\n3,x,b", "Line 2: “x” is not a number."),
        ("1,2,a\n3,,b", "Line 2 has a gap where a number is needed."),
        ("1,2,a\n3,10001,b", "Line 2: 10001 is too large; numbers up to 10000 fit here."),
        ("1,2,a\n3,4", "Line 2 has 2 columns; x1, x2 and a label are needed."),
        ("1\n2", "Line 1 has one column; x1, x2 and a label are needed."),
        ("1,2,a\n3,4, ", "Line 2 has no label."),
        ("x,y,label\n\n1,2,a\n\n3,oops,b", "Line 5: “oops” is not a number."),
        ("x,y,label\nNA,2,a\n3,4,b", "Line 2: “NA” is not a number."),
        ("species,island,a,b\nx,p,1,2\ny,q,3,4\ny,p,NA,NA\nx,q,1,5", "Line 4: “NA” is not a number."),
        ("x1;x2;label\n1;2;3;a\n4;5;6;b", "Line 2 has 4 columns and the line of titles 3."),
        ('1,2,a\n"1,5","1,000.5",b', "Line 2: “1,5” has a comma where a point is needed."),
        (
            "x1,x2,klasse\n0,5,1,2,a\n0,3,2,0,b",
            "Line 2 has 5 columns and the line of titles 3: where commas are decimal points, semicolons must separate "
            "the columns.",
        ),
        ("GIF89a\0\1", "This is not a text file."),
        ("1,2,a\n" + "3,4," + "b" * 200_000, "This can't be read as a CSV."),
        ("1,2,a\n" * 200_000, "The CSV is larger than 1 MB."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


def test_too_many_points_or_labels_are_refused() -> None:
    assert refusal("1,2,a\n3,4,b\n5,6,c", most_points=2) == "The CSV has 3 points; at most 2 fit here."
    assert refusal("1,2,a\n3,4,b\n5,6,c", most_classes=2) == "The CSV has 3 different labels; at most 2 fit here."


def calls_of(read: Callable[[str], object], text: str) -> int:
    """How many functions of Python and C are called while a CSV is read or refused."""
    count = 0

    def called(frame: object, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        read(text)
    except CsvRefused:
        pass
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "form",
    [
        lambda n: "\n".join(",".join(str((row + at) % 3) for at in range(n)) for row in range(4)),
        lambda n: "\n".join(f"{row},{row % 5},{row % 2}" for row in range(n)),
        lambda n: "1,2,a\n3,4,b\n" * n + "1,2,a" + "," * n,
        lambda n: ",".join(map(str, range(n))) + "\n1,2,a" * n,
        lambda n: ",".join(["x"] * n) + "\n1,2,a" * n,
        lambda n: "# a\n" * n + "1,2,a" + ",1" * n,
        lambda n: ("1;" * n + "\n") + "1,5;2\n" * n,
    ],
    ids=["wide", "long", "empty columns", "one long line", "long titles", "remarks", "semicolons"],
)
@pytest.mark.parametrize("read", [lambda text: read_points(text, 2000, 5), read_series], ids=["points", "series"])
def test_reading_takes_as_long_as_the_file_is(read: Callable[[str], object], form: Callable[[int], str]) -> None:
    calls_of(read, form(10))
    assert calls_of(read, form(1600)) < 2.2 * calls_of(read, form(800))


def test_rows_are_counted_before_they_are_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    converted = 0
    with_point = csv_table._with_point

    def counted(cell: str, comma: str) -> str:
        nonlocal converted
        converted += 1
        return with_point(cell, comma)

    monkeypatch.setattr(csv_table, "_with_point", counted)
    for titles in ("", "x,y,label\n"):
        assert refusal(titles + "1,2,0\n" * 50_000) == "The CSV has 50000 points; at most 2000 fit here."
        with pytest.raises(CsvRefused, match="The CSV has 50000 numbers; at most 2000 fit here"):
            read_series(titles[1:] + "1\n" * 50_000)
        assert len(read(titles + "1,2,0\n3,4,1\n" * 1000)[0]) == 2000
    assert converted < 50_000


def test_of_a_wide_table_the_first_columns_and_those_taken_are_offered() -> None:
    rows = [",".join(["0"] + ["1"] * 300 + ["2"] * 200 + [label]) for label in "ab"]
    table = read_points("\n".join(rows), 2000, 5).table
    assert table.reading.columns == (0, 1, 501) and table.possible == 502
    assert table.offered == (*range(100), 501)
    chosen = read_points("\n".join(rows), 2000, 5, Reading(columns=(0, 301, 501))).table
    assert chosen.offered == (*range(100), 301, 501)
    other = read_points(
        "\n".join(f"{row},{label}" for row, label in zip("01", rows, strict=True)), 2000, 5, Reading(columns=(1, 2, 0))
    ).table
    assert other.offered == (*range(100), 502), "what was taken unasked can be taken again"


@pytest.mark.parametrize(
    "text",
    [
        "[[1,2,0],[3,4,1],[2,2,0],[1,1,1]]",
        "[[1, 2, 0],\n [3, 4, 1],\n [2, 2, 0],\n [1, 1, 1]]\n",
        "[1, 2, '0'],\n[3, 4, '1'],\n[2, 2, '0'],\n[1, 1, '1'],",
        '[(1, 2, "0"), (3, 4, "1"), (2, 2, "0"), (1, 1, "1")]',
        "[[1. 2. 0.]\n [3. 4. 1.]\n [2. 2. 0.]\n [1. 1. 1.]]",
        "[\n  [\n    1,\n    2,\n    0\n  ],\n [3, 4, 1],\n [2,2,0], [1,1,1]\n]",
    ],
)
def test_a_list_in_brackets_is_read(text: str) -> None:
    points, labels = read(text)
    assert points == [(1, 2, 0), (3, 4, 1), (2, 2, 0), (1, 1, 1)] and [float(label) for label in labels] == [0, 1]


def test_brackets_that_are_no_list_lose_nothing_silently() -> None:
    for text in ("np.array([[1,2,0],[3,4,1],[2,2,0],[1,1,1]])", "[[1,2,0],[3,4,1],[2,2,0],[1,1,1"):
        with pytest.raises(CsvRefused, match="At least 4 points are needed, each on a line of its own; the CSV has 1"):
            read_points(text, 2000, 5, fewest_points=4)
    assert refusal("[[1,2,'a'],\n[3,x,'b'],\n[3,4,'b']]") == "Line 2: “x” is not a number."


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_points_are_counted(count: int) -> None:
    text = "\n".join(f"{row},0,{row % 2}" for row in range(count))
    with pytest.raises(CsvRefused) as refused:
        read_points(text, 2000, 5, fewest_points=4)
    assert str(refused.value) == f"At least 4 points are needed, each on a line of its own; the CSV has {count}."


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (["1", "1.0", "01", "+1", "2"], ["1", "2"]),
        (["1.0", "2.0", "1.0"], ["1.0", "2.0"]),
        (["\uff11", "1", "2"], ["1", "2"]),
        (["a", "A", "b"], ["A", "a", "b"]),
        (["1_0", "10", "1"], ["1", "10", "1_0"]),
        (["\u0661", "1"], ["1", "\u0661"]),
    ],
)
def test_labels_that_are_one_number_are_one_class(given: list[str], labels: list[str]) -> None:
    points, names = read("\n".join(f"0,0,{label}" for label in given))
    assert names == labels and len(points) == len(given)


def test_numbers_are_those_of_csvs() -> None:
    assert refusal("1,2,a\n1_0,2,b") == "Line 2: “1_0” is not a number."
    assert refusal("1,2,a\n\u0661,2,b") == "Line 2: “\u0661” is not a number."
    assert read("1,2,a\n\uff0d\uff11\uff0e\uff15,2,b")[0][1] == (-1.5, 2, 1)
    assert read("1.,.5,a\n1E1,-2e-1,b")[0] == [(1, 0.5, 0), (10, -0.2, 1)]


def test_a_quotation_mark_that_is_not_closed_joins_no_lines() -> None:
    assert refusal('1,2,"a\n3,4,b\n5,6,a') == "Line 1: a quotation mark is not closed."
    assert refusal('1,2,a\n1,2,"a\n3,4,"b"\n5,6,a') == "Line 2: a quotation mark is not closed."
    assert read('1,2,"a\nb"\n3,4,c')[1] == ["a b", "c"]


def test_numbers_are_rounded_for_the_link() -> None:
    assert read("0.123456,2,a\n3,4,b")[0][0] == (0.1235, 2.0, 0)


CELLS = st.sampled_from(
    [",", ";", "\t", "\n", '"', " ", "1", "-2.5", "nan", "a", "b", "--5", "猫", "\u2028", "\r", "e9"]
)


@given(st.lists(CELLS, max_size=40).map("".join) | st.text(max_size=60))
@settings(max_examples=500)
def test_any_text_gives_points_or_a_refusal(text: str) -> None:
    try:
        points, labels = read(text)
    except CsvRefused as refused:
        assert str(refused)
        return
    assert 2 <= len(labels) <= 5
    assert {label for _, _, label in points} == set(range(len(labels)))


@pytest.mark.parametrize(
    ("content", "points", "labels", "reading"),
    [
        ("x1;x2;klasse\n0,5;1,2;a\n-0,3;2,0;b\n1,1;0,4;a\n2,0;1,0;b", 4, ["a", "b"], ("", "decimal", "yes")),
        (
            "x1,x2,类别\n0.5,1.2,猫\n-0.3,2.0,狗\n1.1,0.4,猫\n2.0,1.0,狗".encode("gb18030"),
            4,
            ["狗", "猫"],
            ("GB18030", "columns", "yes"),
        ),
        (",x1,x2,label\n0,0.5,1.2,a\n1,-0.3,2.0,b", 2, ["a", "b"], ("", "columns", "yes")),
        ("0,1,2\n0.5,1.2,0\n-0.3,2.0,1\n1.1,0.4,0\n2.0,1.0,1", 4, ["0", "1"], ("", "columns", "yes")),
        ("sep=;\nx1;x2;label\n0.5;1.2;a\n-0.3;2.0;b\n1;1;a\n2;2;b", 4, ["a", "b"], ("", "columns", "yes")),
    ],
    ids=["decimal commas", "GBK", "row numbers", "titles that are numbers", "sep="],
)
def test_what_other_programs_write_is_read_and_said(
    content: str | bytes, points: int, labels: list[str], reading: tuple[str, str, str]
) -> None:
    read = read_points(content, 2000, 5)
    (x1, x2, _label), (y1, y2, _other), *_rest = read.points
    assert (x1, x2) == (0.5, 1.2) and (y1, y2) == (-0.3, 2)
    assert (len(read.points), read.labels) == (points, labels)
    taken = read.table.reading
    assert (taken.encoding, taken.comma, taken.titles) == reading and taken.columns == (0, 1, 2)


def test_decimal_commas_are_read_where_they_can_be_nothing_else() -> None:
    read = read_points("x1;x2;klasse\n0,5;1,2;a\n-1.000,25;2;b\n0.75;1;a", 2000, 5)
    assert read.points == [(0.5, 1.2, 0), (-1000.25, 2.0, 1), (0.75, 1.0, 0)]
    assert read.table.reading.comma == "decimal"
    assert read_points('1,2,a\n"1,000",3,b', 2000, 5).points[1] == (1000, 3, 1)
    assert read_points('1,2,a\n"1,5",3,b', 2000, 5).points[1] == (1.5, 3, 1)


def test_commas_in_numbers_that_could_be_two_things_are_said_and_chosen() -> None:
    text = '1,2,a\n"1,234",3,b'
    read = read_points(text, 2000, 5)
    assert read.points[1] == (1234, 3, 1) and read.table.choices == {"comma": ("thousands", "decimal")}
    assert read_points(text, 2000, 5, Reading(comma="decimal")).points[1] == (1.234, 3, 1)
    text = "1;2;a\n1,234;3;b"
    read = read_points(text, 2000, 5)
    assert read.points[1] == (1.234, 3, 1) and read.table.choices == {"comma": ("decimal", "thousands")}
    assert read_points(text, 2000, 5, Reading(comma="thousands")).points[1] == (1234, 3, 1)
    assert read_points(f"{text}\n1,5;2;a", 2000, 5).table.choices == {}


@pytest.mark.parametrize(
    "text",
    [
        ",x1,x2,label\n0,0.5,1.0,a\n1,-0.3,2.0,b",
        "Unnamed: 0,x1,x2,label\n0,0.5,1.0,a\n1,-0.3,2.0,b",
        '"","x1","x2","label"\n"1",0.5,1.0,"a"\n"2",-0.3,2.0,"b"',
        '"x1","x2","label"\n"1",0.5,1.0,"a"\n"2",-0.3,2.0,"b"',
        ",0,1,2\n0,0.5,1.0,a\n1,-0.3,2.0,b",
        ",x1,x2,label\n7,0.5,1.0,a\n3,-0.3,2.0,b",
    ],
    ids=["pandas", "pandas twice", "R", "R without a title", "pandas without titles", "pandas, a sample of the rows"],
)
def test_row_numbers_are_left_out(text: str) -> None:
    read = read_points(text, 2000, 5)
    assert read.points == [(0.5, 1.0, 0), (-0.3, 2.0, 1)] and read.labels == ["a", "b"]
    assert read.table.row_numbers and len(read.table.names) == 3


def test_what_numpy_saves_is_read() -> None:
    table = np.array([[0.5, 1.2, 0], [-0.3, 2, 10], [1.1, 0.4, 2]])
    for options in ({}, {"header": "x1 x2 label"}, {"delimiter": ","}, {"delimiter": ",", "header": "x1,x2,label"}):
        file = io.StringIO()
        np.savetxt(file, table, **options)
        read = read_points(file.getvalue(), 2000, 5)
        assert read.points == [(0.5, 1.2, 0), (-0.3, 2, 2), (1.1, 0.4, 1)] and read.labels == ["0", "2", "10"]
        assert read.table.titles == (("x1", "x2", "label") if "header" in options else ())


@pytest.mark.parametrize("title", ["Id", "序号", "nr"])
def test_a_first_column_that_counts_the_rows_is_not_taken_unasked(title: str) -> None:
    rows = [f"{number},{number / 2},{number % 3},{'ab'[number % 2]}" for number in range(1, 7)]
    for text in ("\n".join([f"{title},x1,x2,label", *rows]), "\n".join(rows)):
        read = read_points(text, 2000, 5)
        assert read.table.reading.columns == (1, 2, 3) and not read.table.row_numbers
        assert read_points(text, 2000, 5, Reading(columns=(0, 1, 3))).points[1] == (2, 1, 0)
    few = read_points("1,2,3,a\n2,4,5,b", 2000, 5)
    assert few.table.reading.columns == (0, 1, 3), "of two rows that may be chance"


@pytest.mark.parametrize("titles", ["1,2,3", "0.0,1.0,2.0", "1.0,2.0,3.0"])
def test_so_are_those_from_one_on_and_with_a_point_where_no_label_is_the_last(titles: str) -> None:
    read = read_points(f"{titles}\n0.5,1.2,0\n-0.3,2.0,1", 2000, 5)
    assert read.points == [(0.5, 1.2, 0), (-0.3, 2.0, 1)] and read.table.choices == {"titles": ("yes", "no")}
    label = titles.split(",")[-1]
    among = read_points(f"{titles}\n0.5,1.2,0\n-0.3,2.0,{label}", 2000, 5)
    assert len(among.points) == 3 and among.table.choices == {"titles": ("yes", "no")}


def test_numbers_that_count_the_columns_are_titles() -> None:
    text = "0,1,2\n0.5,1.2,0\n-0.3,2.0,1"
    read = read_points(text, 2000, 5)
    assert read.points == [(0.5, 1.2, 0), (-0.3, 2.0, 1)]
    assert read.table.choices == {"titles": ("yes", "no")} and read.table.names == ("0", "1", "2")
    chosen = read_points(text, 2000, 5, Reading(titles="no"))
    assert chosen.points[0] == (0, 1, 2) and len(chosen.points) == 3
    named = read_points("0,1,label\n0.5,1.2,a\n-0.3,2.0,b", 2000, 5)
    assert named.points == [(0.5, 1.2, 0), (-0.3, 2.0, 1)] and named.table.names == ("0", "1", "label")
    assert read_points("0,1,a\n0.5,1.2,a\n-0.3,2.0,b", 2000, 5).points[0] == (0, 1, 0), "a label that others have"
    whole = read_points("0,1,2\n3,4,0\n1,1,1", 2000, 5)
    assert whole.points[0] == (0, 1, 2), "among whole numbers it is a point like the others"
    assert read_points("0,1,2\n3,4,0\n1,1,1", 2000, 5, Reading(titles="yes")).points == [(3, 4, 0), (1, 1, 1)]


@pytest.mark.parametrize(
    ("text", "columns", "labels"),
    [
        ("a,b,c,species\n1,2,3,x\n4,5,6,y", (0, 1, 3), ["x", "y"]),
        ("label,a,b\nx,1,2\ny,4,5", (1, 2, 0), ["x", "y"]),
        ("name,class,a,b\nanna,1,1,2\nben,0,4,5", (2, 3, 1), ["0", "1"]),
        ("甲,乙,品种,备注\n1,2,猫,好\n4,5,狗,坏", (0, 1, 2), ["狗", "猫"]),
        ("1,2,3,0\n4,5,6,1", (0, 1, 3), ["0", "1"]),
    ],
)
def test_the_columns_are_chosen_by_their_titles_and_what_is_in_them(
    text: str, columns: tuple[int, ...], labels: list[str]
) -> None:
    read = read_points(text, 2000, 5)
    assert read.table.reading.columns == columns and read.labels == labels
    assert [point[:2] for point in read.points] == [(1, 2), (4, 5)]
    other = read_points("a,b,c,d\n1,2,3,0\n4,5,6,1", 2000, 5, Reading(columns=(2, 0, 3)))
    assert other.points == [(3, 1, 0), (6, 4, 1)]
    assert read_points(text, 2000, 5, Reading(columns=(9, 0, 3))).table.reading.columns == columns


@pytest.mark.parametrize("text", ["1，2，猫\n3，4，狗", "x；y；类别\n1；2；猫\n3；4；狗", "1,2,猫\n\u22123,4,狗"])
def test_what_a_chinese_keyboard_and_a_typesetter_write(text: str) -> None:
    assert read(text)[1] == ["狗", "猫"]


ENCODED = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}


@pytest.mark.parametrize("codec", [*ENCODED, "gb18030", "cp1252"])
def test_every_encoding_that_can_be_told_is_read(codec: str) -> None:
    words = ["Größe", "klein"] if codec == "cp1252" else ["猫", "狗"]
    text = f"x1,x2,{words[1]}\n" + "".join(f"{i},{i / 2},{words[i % 2]}\n" for i in range(6))
    read = read_points(text.encode(codec), 2000, 5)
    assert set(read.labels) == set(words) and len(read.points) == 6
    name = ENCODED.get(codec, {"gb18030": "GB18030", "cp1252": "Windows-1252"}.get(codec))
    assert read.table.reading.encoding == name


@pytest.mark.parametrize(
    ("words", "codec"),
    [
        (["苹果", "梨"], "gb18030"),
        (["类别", "猫"], "gb18030"),
        (["骑行", "鸢尾花"], "gb18030"),
        (["Äpfel", "Öl"], "cp1252"),
        (["été", "hiver"], "cp1252"),
        (["sí", "niño"], "cp1252"),
        (["groß", "größer"], "cp1252"),
        (["ねこ", "いぬ"], "cp932"),
        (["リンゴ", "赤いリンゴ"], "cp932"),
        (["кот", "собака"], "cp1251"),
        (["Яблоко", "груша"], "cp1251"),
    ],
)
def test_chinese_and_accents_are_told_apart(words: list[str], codec: str) -> None:
    text = "".join(f"{i},{i},{words[i % 2]}\n" for i in range(4)).encode(codec)
    assert set(read_points(text, 2000, 5).labels) == set(words)


def test_the_person_may_choose_another_encoding() -> None:
    data = "1,2,猫\n3,4,狗".encode("gb18030")
    assert read_points(data, 2000, 5).table.choices == {"encoding": ("GB18030", "Windows-1252", "Big5", "EUC-KR")}
    assert read_points(data, 2000, 5, Reading(encoding="Windows-1252")).labels == ["¹·", "Ã¨"]
    traditional = "1,2,貓\n3,4,狗".encode("big5")
    assert read_points(traditional, 2000, 5).labels == ["狗", "貓"], (
        "in GB18030 it would be no characters of any language"
    )
    korean = "1,2,사과\n3,4,배나무".encode("euc_kr")
    assert read_points(korean, 2000, 5, Reading(encoding="EUC-KR")).labels == ["배나무", "사과"]
    japanese = "1,2,猫\n3,4,犬".encode("cp932")
    assert read_points(japanese, 2000, 5, Reading(encoding="Shift_JIS")).labels == ["犬", "猫"]
    other = "1,2,類\n3,4,別".encode("big5")
    assert read_points(other, 2000, 5, Reading(encoding="Big5")).labels == ["別", "類"]
    for broken in (b"1,2,\x81\xff\n3,4,b", b"\xff\xfe1", b"\x00\x01" * 9):
        with pytest.raises(CsvRefused, match="not a text file"):
            read_points(broken, 2000, 5)
