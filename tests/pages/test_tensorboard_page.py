"""TensorBoard's page, without a browser."""

from __future__ import annotations

from collections.abc import Callable

from tests.pages.tabs import Tab


def test_code_records_and_picture_follow_the_form(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("tensorboard")
    assert "i * 2" in page.words and "101 records" in page.words
    page.set("first log.function", "square").set("first log.points", 12)
    assert page.errors == []
    assert "i ** 2" in page.words and "range(12)" in page.words and "13 records" in page.words
    [table] = page.at.dataframe
    assert table.value.iloc[-1].tolist()[2:] == ["11", "y = 121"]
    page.set("first log.run", "../../x")
    [told] = page.errors
    assert "“../../x” can't be a run here" in told and "range(12)" in page.words


def test_mistakes_each_have_words_and_a_program(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("tensorboard").set("section tensorboard", "mistakes")
    for name, told in (("one_folder", "runs/all"), ("no_flush", "os._exit"), ("tensor", "grad_fn")):
        page.set("logging mistake", name)
        assert told in page.words
