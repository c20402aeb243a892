"""A person's CSV becomes points, or one sentence that names the line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.csv_points import read_points
from core.data.csv_table import CsvRefused


def read(text: str) -> tuple[list[tuple[float, float, int]], list[str]]:
    return read_points(text, most_points=2000, most_classes=5)


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
        "1,2,a,more\n3,4.5,b,columns\n",
        "sep=;\r\nx1;x2;label\r\n1;2;a\r\n3;4.5;b\r\n",
        '\n"sep=,"\n1,2,a\n3,4.5,b\n',
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
        ("1,2,a\n3,4, ", "Line 2 has no label."),
        ("x,y,label\n\n1,2,a\n\n3,oops,b", "Line 5: “oops” is not a number."),
        ("x,y,label\nNA,2,a\n3,4,b", "Line 2: “NA” is not a number."),
        ("x;y;label\n1,5;2,0;a\n3,5;4,0;b", "Line 2: “1,5” is not a number."),
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
