"""What a person brings along to the pages on images and series: what was taken of it, and another way to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.core.test_own_images import png, zipped
from tests.pages.tabs import Tab


def box_of(tab: Tab, label: str) -> Any:
    """The select box of that name."""
    [box] = [box for box in tab.at.selectbox if box.label == label]
    return box


def test_a_series_says_what_was_taken_of_it_and_lets_choose(open_tab: Callable[..., Tab]) -> None:
    rnn = open_tab().open("rnn")
    lines = [f"{10 + i % 3},{i % 10}" for i in range(40)]
    rnn.widget("rnn.series file").upload("wert.csv", "\n".join(lines).encode(), "text/csv")
    rnn.run().press("Use this series")
    assert rnn.errors == [] and rnn.config.signal == "own"
    assert rnn.config.series[:4] == (10.0, 11.1, 12.2, 10.3)
    assert "40 numbers from 10 to 12.9. Read as UTF-8. Commas are decimal points." in rnn.words
    box_of(rnn, "A comma").set_value("columns")
    rnn.run()
    assert rnn.config.series[:4] == (0, 1, 2, 3)
    assert "Column: 2. Read as UTF-8. Commas separate columns." in rnn.words
    box_of(rnn, "Column for the series").set_value(0)
    rnn.run()
    assert rnn.config.series[:4] == (10, 11, 12, 10)


def test_a_series_that_is_refused_can_still_be_read_in_another_way(open_tab: Callable[..., Tab]) -> None:
    rnn = open_tab().open("rnn")
    lines = [f"{10 + i % 3},{i % 10}" for i in range(40)] + ["1600000000,7"]
    rnn.widget("rnn.series file").upload("wert.csv", "\n".join(lines).encode(), "text/csv")
    rnn.run().press("Use this series")
    assert any("Line 41: 1600000000,7 is too large" in sentence for sentence in rnn.errors)
    assert rnn.config.signal != "own" and box_of(rnn, "A comma").value == "decimal"
    box_of(rnn, "A comma").set_value("columns")
    rnn.run()
    assert rnn.errors == [] and rnn.config.series[-2:] == (9, 7)
    box_of(rnn, "A comma").set_value("decimal")
    rnn.run()
    assert len(rnn.errors) == 1 and "Still in use: 41 numbers from 0 to 9." in rnn.words
    assert box_of(rnn, "A comma").value == "decimal" and rnn.config.series[-1] == 7


def test_points_that_are_refused_can_still_be_read_in_another_way(open_tab: Callable[..., Tab]) -> None:
    classifier = open_tab().open("classifier")
    text = "a,b,c,label\n" + "\n".join(f"{row},20000,{row * 2},{row % 2}" for row in range(6))
    classifier.set("classifier.csv text", text).press("Use these points")
    assert classifier.errors == ["Line 2: 20000 is too large; numbers up to 10000 fit here."]
    box_of(classifier, "Column for x1").set_value(0)
    classifier.run()
    assert classifier.errors == [] and classifier.config.points[1] == (1, 2, 1)
    assert "Columns: a, c, label." in classifier.words


def test_of_a_wide_csv_a_hundred_columns_are_offered(open_tab: Callable[..., Tab]) -> None:
    classifier = open_tab().open("classifier")
    rows = ["id," + ",".join(f"pixel {at}" for at in range(400)) + ",label"]
    rows += [f"{row}," + ",".join(str(row * at % 7) for at in range(400)) + f",{row % 2}" for row in range(6)]
    classifier.widget("classifier.csv file").upload("wide.csv", "\n".join(rows).encode(), "text/csv")
    classifier.run().press("Use these points")
    assert classifier.errors == []
    box = box_of(classifier, "Column for the label")
    assert box.options == ["id", *(f"pixel {at}" for at in range(99)), "label"] and box.value == 401
    assert "402 columns are possible; the first 100 and those taken at first can be chosen." in classifier.words


@pytest.mark.one_in(3)
@pytest.mark.parametrize("page", ["cnn", "vgg", "build"])
def test_a_zip_says_its_classes_and_lets_choose_the_folder(open_tab: Callable[..., Tab], page: str) -> None:
    tab = open_tab().open(page)
    paths = [f"{kind}/{person}" for kind in ("cat", "dog") for person in ("anna", "ben", "carl")]
    files = {f"{path}/{number}.png": png(30, 30, ink=60 * number + 60) for path in paths for number in range(3)}
    data = zipped({**files, "cat/anna/3.HEIC": b"", "cat/anna/4.tif": b"", "dog/ben/5.tif": b""})
    tab.widget(f"{page}.images file").upload("pets.zip", data, "application/zip")
    tab.run().press("Use these images")
    assert tab.errors == [] or page == "build", tab.errors
    assert "14 images to train on and 4 for testing, in 2 classes: cat, dog." in tab.words
    assert "Left out, since images of this kind are not read: 1 × .heic, 2 × .tif." in tab.words
    box = box_of(tab, "Folders that are the classes")
    assert box.options == ["cat, dog", "anna, ben, carl"]
    box.set_value(1)
    tab.run()
    assert "12 images to train on and 6 for testing, in 3 classes: anna, ben, carl." in tab.words
